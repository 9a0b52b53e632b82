"""Taking stock for a wave, slice by slice, and letting it go again. Owns lines' way between open,
allocated and backordered; every unit is claimed by a guarded statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from hub.inventory import claims
from hub.inventory import queries as inventory
from hub.inventory.claims import Claim
from hub.inventory.rules import BinStock, choose_bins
from hub.journal import Act
from hub.orders import lines
from hub.warehouse import queries, rules, waves
from hub.warehouse.queries import Work
from hub.warehouse.rules import OrderDemand, PlannedClaim, reason_text

SLICE_LINES: Final = 150
"""Order lines that one act allocates, releases or lets go: some 15 ms on SQLite."""
RACES_MAX: Final = 20
"""How often other bins are tried when somebody was faster, before units count as missing."""


def allocate_wave(act: Act, wave: bytes) -> bool:
    """Allocate the next slice of a wave; True when it is ALLOCATED. Raises WrongState.

    What no bin has becomes backordered with its reason, and the order ships what there is; an
    order that ships complete then leaves the wave whole. After a kill the next call goes on with
    the lines that are still open.
    """
    before = ("PLANNED", "ALLOCATING")
    waves.enter(act, wave, before, "ALLOCATING", unless_goal="CANCELLED")
    orders = queries.unallocated_in(wave, SLICE_LINES)
    if not orders:
        waves.enter(act, wave, ("ALLOCATING",), "ALLOCATED")
        return True
    demand = queries.demand_of(orders)
    plan = rules.plan_allocation(demand, queries.stock_for(act.site, demand))
    held = _claim_all(act, plan.claims)
    allocated: dict[bytes, int] = {}
    short = [missing for order in demand for missing in _settle(act, order, held, allocated)]
    lines.move_each(act, "open", "allocated", allocated)
    _backorder(act, short)
    return False


class Got(NamedTuple):
    """A claim made just now."""

    id: bytes
    place: bytes
    quantity: int


def _claim_all(act: Act, planned: Iterable[PlannedClaim]) -> dict[bytes, list[Got]]:
    """Claim bin by bin in one order, so that two waves cannot wait for each other in a ring.

    Returns the claims of each line.
    """
    wants = sorted(planned, key=lambda want: want.bin.balance)
    ids = claims.claim_each(act, [_wanted(want) for want in wants])
    held: dict[bytes, list[Got]] = {}
    for want, id in zip(wants, ids, strict=True):
        of_line = held.setdefault(want.line, [])
        if id is not None:
            of_line.append(Got(id, want.bin.place, want.quantity))
        else:
            of_line.extend(claim_elsewhere(act, want))
    act.tx.flush()
    return held


def _wanted(want: PlannedClaim) -> claims.Wanted:
    return claims.Wanted(
        want.bin.balance, want.quantity, want.order, want.line, want.item, want.bin.place,
        want.reason,
    )  # fmt: skip


def _take(act: Act, want: PlannedClaim, state: str = "ALLOCATED") -> Got | None:
    id = claims.claim(
        act, want.bin.balance, want.quantity, order=want.order, order_line=want.line,
        item=want.item, place=want.bin.place, reason=want.reason, state=state,
    )  # fmt: skip
    return None if id is None else Got(id, want.bin.place, want.quantity)


def claim_elsewhere(
    act: Act, want: PlannedClaim, *, state: str = "ALLOCATED", avoid: bytes | None = None
) -> list[Got]:
    """Claim up to the wanted units wherever they are free now; `avoid` is a place to pass by."""
    held: list[Got] = []
    left = want.quantity
    for _ in range(RACES_MAX):
        picks = choose_bins(left, _free_bins(act, want.item, avoid)).picks if left else ()
        if not picks:
            break
        for pick in picks:
            why = reason_text(pick.code, **pick.values)
            chosen = want._replace(bin=pick.bin, quantity=pick.quantity, reason=why)
            got = _take(act, chosen, state)
            if got is not None:
                held.append(got)
                left -= got.quantity
    return held


def _free_bins(act: Act, item: bytes, avoid: bytes | None) -> list[BinStock]:
    act.tx.flush()
    bins = queries.stock_of(act.site, [item]).get(item, [])
    return [bin for bin in bins if bin.place != avoid]


def _settle(
    act: Act, order: OrderDemand, held: dict[bytes, list[Got]], allocated: dict[bytes, int]
) -> list[tuple[bytes, bytes, int]]:
    """Add the order's claimed units to `allocated`; returns (line, item, units) left short."""
    units = {line.line: sum(g.quantity for g in held.get(line.line, ())) for line in order.lines}
    short = [
        (line.line, line.item, line.quantity - units[line.line])
        for line in order.lines
        if units[line.line] < line.quantity
    ]
    if short and order.ships_complete:
        _leave_out(act, order, [got for line in order.lines for got in held.get(line.line, ())])
        return []
    allocated |= {line: quantity for line, quantity in units.items() if quantity}
    return short


def _leave_out(act: Act, order: OrderDemand, held: Iterable[Got]) -> None:
    """An order that ships complete waits whole; what was claimed for it is free again."""
    for got in held:
        claim = claims.get(act, got.id)
        if claim is not None:
            claims.let_go(act, claim, "DEALLOCATED")
    for line in order.lines:
        reason = reason_text("WAITS_FOR_REST")
        lines.move(act, line.line, "open", "backordered", line.quantity, reason)
    act.tx.run("UPDATE sales_order SET wave = NULL WHERE id = ?", (order.order,))


def _backorder(act: Act, short: Sequence[tuple[bytes, bytes, int]]) -> None:
    """Units that nobody has wait, with what could be done about it as the reason."""
    for line, item, quantity in short:
        lines.move(act, line, "open", "backordered", quantity, why_short(act, item))


def why_short(act: Act, item: bytes) -> str:
    """The stored reason for units of an item that no bin can give."""
    code, values = rules.explain_shortage(inventory.item_totals(act.site, [item])[item])
    return reason_text(code, **values)


def cancel_wave(act: Act, wave: bytes) -> bool:
    """Let go of a slice of a wave's stock; True when it is CANCELLED and its orders are free.

    Only a PLANNED or ALLOCATED wave; raises WrongState for others. Work that was written by a
    release cut short, and that nobody can have seen, is taken back too.
    """
    if not waves.has_goal(act, wave, "CANCELLED"):
        waves.set_goal(act, wave, "CANCELLED")
    recall_created(act, wave)
    works = queries.claims_of(queries.orders_in(wave))
    let_go_all(act, works[:SLICE_LINES])
    if len(works) > SLICE_LINES:
        return False
    act.tx.run("UPDATE sales_order SET wave = NULL WHERE wave = ?", (wave,))
    waves.enter(act, wave, ("PLANNED", "ALLOCATED"), "CANCELLED")
    return True


def let_go_all(act: Act, works: Iterable[Work]) -> None:
    """End unreleased claims; their units are open again."""
    freed: dict[bytes, int] = {}
    for work in works:
        claims.let_go(act, as_claim(work, "ALLOCATED"), "DEALLOCATED")
        freed[work.order_line] = freed.get(work.order_line, 0) + work.quantity
    lines.move_each(act, "allocated", "open", freed)


def as_claim(work: Work, state: str) -> Claim:
    return Claim(
        work.id, work.balance, work.order, work.order_line, work.item, work.place, work.quantity,
        state,
    )  # fmt: skip


def recall_created(act: Act, wave: bytes) -> None:
    """Take back the work of a wave that is written but not yet ready."""
    act.tx.flush()
    rows = act.tx.rows("SELECT id FROM assignment WHERE wave = ? AND state = 'CREATED'", (wave,))
    for (id,) in rows:
        recall_lines(act, bytes(id))
        act.tx.run("UPDATE assignment SET state = 'CANCELLED' WHERE id = ?", (bytes(id),))


def recall_lines(act: Act, assignment: bytes) -> list[Work]:
    """Bring the claims of unpicked work lines back to ALLOCATED, their lines with them.

    Returns the claims. Owns no state of the assignment itself.
    """
    rows = act.tx.rows(
        "SELECT c.id, c.balance, c.order_id, c.order_line, c.item, c.place, c.quantity "
        "FROM work_line w JOIN allocation c ON c.id = w.allocation "
        "WHERE w.assignment = ? AND c.state = 'RELEASED' ORDER BY w.sequence",
        (assignment,),
    )
    works = [Work(*row) for row in rows]
    for work in works:
        claims.advance(act, work.id, "RELEASED", "ALLOCATED")
        lines.move(act, work.order_line, "released", "allocated", work.quantity, "recalled")
    act.tx.run(
        "UPDATE work_line SET state = 'CANCELLED', done_at = ? WHERE assignment = ? "
        "AND state NOT IN ('DONE', 'SHORT', 'SUBSTITUTED', 'CANCELLED')",
        (act.now_us, assignment),
    )
    return works
