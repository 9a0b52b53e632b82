"""Taking stock for a wave, slice by slice, and letting it go again. Owns lines' way between open,
allocated and backordered; every unit is claimed by a guarded statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

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
    waves.enter(act, wave, ("PLANNED", "ALLOCATING"), "ALLOCATING")
    orders = queries.unallocated_in(wave, SLICE_LINES)
    if not orders:
        waves.enter(act, wave, ("ALLOCATING",), "ALLOCATED")
        return True
    demand = queries.demand_of(orders)
    plan = rules.plan_allocation(demand, queries.stock_for(act.site, demand))
    held = _claim_all(act, plan.claims)
    short: list[tuple[bytes, bytes, int]] = []
    for order in demand:
        short += _settle(act, order, held)
    _backorder(act, short)
    return False


def _claim_all(act: Act, planned: Iterable[PlannedClaim]) -> dict[bytes, list[bytes]]:
    """Claim bin by bin in one order, so that two waves cannot wait for each other in a ring.

    Returns the claims of each line.
    """
    held: dict[bytes, list[bytes]] = {}
    for want in sorted(planned, key=lambda want: want.bin.balance):
        for id in _claim(act, want):
            held.setdefault(want.line, []).append(id)
    return held


def _claim(act: Act, want: PlannedClaim) -> list[bytes]:
    """The planned claim, or what other bins give when somebody was faster."""
    id = _take(act, want)
    return [id] if id is not None else claim_elsewhere(act, want._replace(reason=""))


def _take(act: Act, want: PlannedClaim, state: str = "ALLOCATED") -> bytes | None:
    return claims.claim(
        act, want.bin.balance, want.quantity, order=want.order, order_line=want.line,
        item=want.item, place=want.bin.place, reason=want.reason, state=state,
    )  # fmt: skip


def claim_elsewhere(
    act: Act, want: PlannedClaim, *, state: str = "ALLOCATED", avoid: bytes | None = None
) -> list[bytes]:
    """Claim up to the wanted units wherever they are free now; `avoid` is a place to pass by."""
    got: list[bytes] = []
    left = want.quantity
    for _ in range(RACES_MAX):
        bins = _free_bins(act, want.item, avoid)
        picks = choose_bins(left, bins).picks if left else ()
        if not picks:
            break
        for pick in picks:
            why = reason_text(pick.code, **pick.values)
            id = _take(act, want._replace(bin=pick.bin, quantity=pick.quantity, reason=why), state)
            if id is not None:
                got.append(id)
                left -= pick.quantity
    return got


def _free_bins(act: Act, item: bytes, avoid: bytes | None) -> list[BinStock]:
    act.tx.flush()
    bins = queries.stock_of(act.site, [item]).get(item, [])
    return [bin for bin in bins if bin.place != avoid]


def _settle(
    act: Act, order: OrderDemand, held: dict[bytes, list[bytes]]
) -> list[tuple[bytes, bytes, int]]:
    """Bring the order's lines in step with its claims; returns (line, item, units) left short."""
    got = {line.line: _read(act, held.get(line.line, ())) for line in order.lines}
    units = {line: sum(claim.quantity for claim in of) for line, of in got.items()}
    short = [
        (line.line, line.item, line.quantity - units[line.line])
        for line in order.lines
        if units[line.line] < line.quantity
    ]
    if short and order.ships_complete:
        _leave_out(act, order, [claim for of in got.values() for claim in of])
        return []
    for line, quantity in units.items():
        if quantity:
            lines.move(act, line, "open", "allocated", quantity)
    return short


def _read(act: Act, ids: Sequence[bytes]) -> list[Claim]:
    return [claim for id in ids if (claim := claims.get(act, id)) is not None]


def _leave_out(act: Act, order: OrderDemand, held: Iterable[Claim]) -> None:
    """An order that ships complete waits whole; what was claimed for it is free again."""
    for claim in held:
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
    for line, quantity in freed.items():
        lines.move(act, line, "allocated", "open", quantity)


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
