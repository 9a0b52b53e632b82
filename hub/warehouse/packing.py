"""Packing: a tote comes to a bench, each unit is seen once more, the last scan closes the parcel.

Owns totes at benches, and how goods get from totes into a parcel. The parcel and its shipment are
`shipping`'s. What is in the tote is a fact: where it differs from the books, a PACK_DIFFERENCE is
opened and packing goes on.
"""

from __future__ import annotations

from typing import Final, Literal

from hub.catalog import queries as catalog
from hub.catalog.rules import normal_code
from hub.errors import BadValue, HubError, NotFound, WrongState
from hub.floor_exceptions import open_exception
from hub.inventory import claims
from hub.inventory import service as inventory
from hub.inventory.posting import Goods, Where, balance_id, place_id, post, virtual
from hub.journal import Act
from hub.orders import lines
from hub.shipping import service as shipping
from hub.shipping.contents import Held, held_in
from hub.warehouse import shared_totes
from hub.warehouse.pack_task import PackTask, Rows, read_task
from hub.warehouse.states import LINE_OVER

Rest = Literal["MISSING", "LATER"]
Pack = PackTask | bytes
"""A task, or the id of its parcel."""

_ORDER_AT_BENCH: Final = (
    "SELECT s.order_id FROM parcel_tote t JOIN parcel p ON p.id = t.parcel "
    "JOIN shipment s ON s.id = p.shipment WHERE t.tote = ?"
)
_ORDERS_IN: Final = (
    "SELECT a.order_id FROM balance b JOIN allocation a ON a.balance = b.id AND a.state = 'PICKED' "
    "WHERE b.place = ? AND b.allocated > 0 ORDER BY a.order_line, a.id"
)
_HANDS_AT_WORK: Final = ("ASSIGNED", "IN_PROGRESS", "SUSPENDED")


class ToteStillPicked(HubError):
    """Somebody is still picking into it; its books are not complete."""

    code = "TOTE_STILL_PICKED"

    def __init__(self, tote: str, lines_left: int, device: str) -> None:
        self.tote, self.lines_left, self.device = tote, lines_left, device
        super().__init__(
            f"Tote {tote} is still being picked: {lines_left} lines are left on {device}. Wait "
            "for them, or pack what there is."
        )


class ToteAtOtherBench(HubError):
    """Another bench was faster."""

    code = "TOTE_AT_OTHER_BENCH"

    def __init__(self, tote: str, bench: str, parcel: str) -> None:
        self.tote, self.bench, self.parcel = tote, bench, parcel
        super().__init__(f"Tote {tote} is being packed at bench {bench} ({parcel}).")


class NothingToPack(HubError):
    """The tote holds nothing that an order waits for."""

    code = "NOTHING_TO_PACK"

    def __init__(self, tote: str, leftovers: int) -> None:
        self.tote, self.leftovers = tote, leftovers
        rest = f"{leftovers} units in it go back into a bin." if leftovers else "It is empty."
        super().__init__(f"Tote {tote} holds nothing for an order. {rest}")


class WrongItemScanned(HubError):
    """What was scanned does not belong into this parcel."""

    code = "WRONG_ITEM_SCANNED"

    def __init__(self, sku: str, name: str, order: str) -> None:
        self.sku, self.name, self.order = sku, name, order
        super().__init__(f"That is {name} ({sku}). It is not for order {order}; put it aside.")


class TooManyScanned(HubError):
    """More than the order gets."""

    code = "TOO_MANY_SCANNED"

    def __init__(self, sku: str, name: str, expected: int, verified: int, scanned: int) -> None:
        self.sku, self.name, self.expected = sku, name, expected
        self.verified, self.scanned = verified, scanned
        super().__init__(
            f"That would be {verified + scanned} of {name} ({sku}), but the order gets "
            f"{expected}. Put {verified + scanned - expected} aside."
        )


# --- a tote comes to the bench -------------------------------------------------------------------


def scan_tote(act: Act, bench: str, tote_code: str, *, anyway: bool = False) -> PackTask:
    """Begin, or go on with, the parcel of the order whose goods the tote holds.

    A second tote of the same order joins the parcel that is open at the bench. The same scan again
    changes nothing. From here the picks in the tote are handed over. `anyway` packs what there is
    while somebody still picks into it. Raises NotFound, NothingToPack, ToteStillPicked,
    ToteAtOtherBench, BadValue.
    """
    if not bench.strip():
        raise BadValue("bench", bench, "say at which bench you pack")
    code = tote_code.strip().upper()
    tote = place_id(act.site, "TOTE", code)
    act.tx.flush()
    here = _at_bench(act, tote)
    if here is not None:
        return _same_bench(act, here, bench, code)
    order = _order_in(act.tx.rows, tote, code)
    if not anyway:
        _refuse_unfinished(act, tote, code)
    arrived = act.tx.run(
        "UPDATE place SET state = 'AT_STATION' WHERE id = ? AND state <> 'AT_STATION'", (tote,)
    )
    if arrived != 1:
        raise WrongState("tote", code, "AT_STATION", "a tote that no bench has")
    parcel = _open_here(act, order, bench) or shipping.open_parcel(act, order, bench)
    act.tx.run("INSERT INTO parcel_tote (tote, parcel) VALUES (?, ?)", (tote, parcel))
    return read(act, parcel)


def read(act: Act, task: Pack) -> PackTask:
    """The task as it is now; raises NotFound."""
    act.tx.flush()
    return read_task(act.tx.rows, _parcel(task), act.site)


def _at_bench(act: Act, tote: bytes) -> shipping.ParcelHead | None:
    row = act.tx.row("SELECT parcel FROM parcel_tote WHERE tote = ?", (tote,))
    return None if row is None else shipping.parcel_head(act, bytes(row[0]))


def _same_bench(act: Act, parcel: shipping.ParcelHead, bench: str, tote: str) -> PackTask:
    if parcel.bench != bench:
        raise ToteAtOtherBench(tote, parcel.bench, parcel.number)
    return read(act, parcel.id)


def parcel_of_tote(rows: Rows, site: str, tote_code: str) -> bytes | None:
    """The parcel whose goods a tote has brought to its bench; None for a tote at none."""
    tote = place_id(site, "TOTE", tote_code.strip().upper())
    found = rows("SELECT parcel FROM parcel_tote WHERE tote = ?", (tote,))
    return bytes(found[0][0]) if found else None


def order_of_tote(rows: Rows, site: str, tote_code: str) -> bytes:
    """The order that a tote would be packed for. Raises NotFound, NothingToPack."""
    code = tote_code.strip().upper()
    tote = place_id(site, "TOTE", code)
    for (order,) in rows(_ORDER_AT_BENCH, (tote,)):
        return bytes(order)
    return _order_in(rows, tote, code)


def _order_in(rows: Rows, tote: bytes, code: str) -> bytes:
    """Whose goods they are: the order the tote was given to, else any that has some in it."""
    places = rows("SELECT holder FROM place WHERE id = ?", (tote,))
    if not places:
        raise NotFound("tote", code)
    found = [bytes(order) for (order,) in rows(_ORDERS_IN, (tote,))]
    if not found:
        rest = rows("SELECT COALESCE(SUM(on_hand), 0) FROM balance WHERE place = ?", (tote,))
        raise NothingToPack(code, int(rest[0][0]))
    holder = places[0][0]
    return bytes(holder) if holder is not None and bytes(holder) in found else found[0]


def _refuse_unfinished(act: Act, tote: bytes, code: str) -> None:
    """Lines of the slot that the tote stands in are left, and it is the slot's last tote."""
    over, busy = ", ".join("?" * len(LINE_OVER)), ", ".join("?" * len(_HANDS_AT_WORK))
    row = act.tx.row(
        "SELECT a.device, COUNT(*) FROM slot_tote s JOIN assignment a ON a.id = s.assignment "
        "JOIN work_line w ON w.assignment = s.assignment AND w.slot = s.slot "
        f"WHERE s.tote = ? AND a.state IN ({busy}) AND w.state NOT IN ({over}) AND s.n = "
        "(SELECT MAX(n) FROM slot_tote x WHERE x.assignment = s.assignment AND x.slot = s.slot) "
        "GROUP BY a.device",
        (tote, *_HANDS_AT_WORK, *LINE_OVER),
    )
    if row is not None:
        raise ToteStillPicked(code, int(row[1]), row[0])


def _open_here(act: Act, order: bytes, bench: str) -> bytes | None:
    row = act.tx.row(
        "SELECT p.id FROM parcel p JOIN shipment s ON s.id = p.shipment "
        "WHERE p.state = 'OPEN' AND p.bench = ? AND s.order_id = ? ORDER BY p.number",
        (bench, order),
    )
    return None if row is None else shipping.lock_open(act, bytes(row[0])).id


# --- each unit is seen ---------------------------------------------------------------------------


def verify_item(
    act: Act, task: Pack, code: str, quantity: int = 1, *, closes: bool = True
) -> PackTask:
    """Units of an article were seen: `quantity` scans of `code`, each worth what the label says.

    The scan that completes the order's last tote closes the parcel (unless `closes` is False).
    Refuses with WrongItemScanned, TooManyScanned, NotFound (no such code), BadValue; nothing is
    counted then.
    """
    if quantity < 1:
        raise BadValue("quantity", quantity, "verify at least one unit")
    head = shipping.lock_open(act, _parcel(task))
    before = read(act, head.id)
    item, worth = _meant(act, before, code)
    _count(act, before, item, quantity * worth)
    after = read(act, head.id)
    if closes and after.is_verified and after.is_last:
        return close_parcel(act, after)
    return after


def _parcel(task: Pack) -> bytes:
    return task if isinstance(task, bytes) else task.parcel


def _meant(act: Act, task: PackTask, code: str) -> tuple[bytes, int]:
    """The article of the parcel that a code means, and the units of one scan."""
    kept = normal_code(code)
    for item, codes in catalog.codes_of(act.tx, [item.item for item in task.items]).items():
        worth = codes.get(kept) or {known.casefold(): n for known, n in codes.items()}.get(
            kept.casefold()
        )
        if worth:
            return item, worth
    other = catalog.item_of_code(inventory.site_facts(act).company, code)
    if other is None:
        raise NotFound("article with the code", code)
    raise WrongItemScanned(other[0].sku, other[0].name, task.order_number)


def _count(act: Act, task: PackTask, item: bytes, units: int) -> None:
    """Share units among the order's lines of the article, in their order."""
    wanted = [line for line in task.items if line.item == item]
    room = sum(line.left for line in wanted)
    if units > room:
        expected, verified = (sum(line.expected for line in wanted),
                              sum(line.verified for line in wanted))  # fmt: skip
        raise TooManyScanned(wanted[0].sku, wanted[0].name, expected, verified, units)
    for line in wanted:
        part = min(units, max(line.left, 0))
        if part:
            shipping.set_verified(act, task.parcel, line.order_line, item, line.verified + part)
        units -= part


def start_over(act: Act, task: Pack) -> PackTask:
    """Forget what was verified: the packer counts again."""
    head = shipping.lock_open(act, _parcel(task))
    act.tx.run("DELETE FROM parcel_line WHERE parcel = ?", (head.id,))
    return read(act, head.id)


def report_surplus(act: Act, task: Pack, tote_code: str, code: str, quantity: int) -> None:
    """The tote holds units that no book knows of: they are booked into it as unexplained, for
    somebody to put them away.

    Units that the books already know as left over need no report: BadValue then.
    """
    head = shipping.lock_open(act, _parcel(task))
    tote = place_id(act.site, "TOTE", tote_code.strip().upper())
    at = _at_bench(act, tote)
    if at is None or at.id != head.id:
        raise NotFound("tote at this parcel", tote_code)
    company = inventory.site_facts(act).company
    found = catalog.item_of_code(company, code)
    if found is None:
        raise NotFound("article with the code", code)
    known = sum(
        left.quantity for left in read(act, head.id).leftovers
        if left.tote == tote and left.item == found[0].id
    )  # fmt: skip
    if quantity <= known:
        raise BadValue("quantity", quantity, f"{known} left-over units are known already")
    _beyond(act, Goods(company, found[0].id), quantity - known, Where(tote), None, head.number)


def _beyond(
    act: Act, goods: Goods, quantity: int, tote: Where, line: bytes | None, parcel: str
) -> None:
    post(act, goods, quantity, virtual(act.site, "UNEXPLAINED"), tote, "surplus at packing")
    open_exception(
        act, "PACK_DIFFERENCE", place=tote.place, item=goods.item, quantity=quantity,
        order_line=line, person=act.actor, parcel=parcel,
    )  # fmt: skip


# --- the parcel is closed ------------------------------------------------------------------------


def close_parcel(act: Act, task: Pack, *, rest: Rest = "MISSING") -> PackTask:
    """Close the parcel over what was verified; its label may be printed. A closed one stays as it
    is, so a repeat is safe.

    Units that were not verified are MISSING: each becomes a PACK_DIFFERENCE, goes from the tote to
    `unexplained`, and its order line waits for stock again. With LATER they stay in their tote,
    which is scanned again for the next parcel: the box was full. Raises NotFound, WrongState.
    """
    now = read(act, task)
    if now.state in ("LABELLED", "SHIPPED", "VOID"):
        return now
    head = shipping.lock_open(act, now.parcel)
    now = read(act, head.id)
    left = {item.order_line: item.verified for item in now.items}
    for place in (head.id, *(tote.place for tote in now.totes)):
        for held in held_in(act, place):
            if held.claim.order == head.order:
                taken = min(left.get(held.claim.order_line, 0), held.claim.quantity)
                left[held.claim.order_line] = left.get(held.claim.order_line, 0) - taken
                _settle(act, held, taken, head, rest)
    _settle_unheld(act, now, left)
    shipping.label_parcel(act, head.id)
    for tote in now.totes:
        _leave_bench(act, tote.place)
    return read(act, head.id)._replace(leftovers=now.leftovers)


def _settle(act: Act, held: Held, taken: int, head: shipping.ParcelHead, rest: Rest) -> None:
    """Verified units of one claim go into the parcel; of the others, what `rest` says."""
    missing = held.claim.quantity - taken
    part = held.claim
    if taken:
        part = claims.split_off(act, held.claim, taken)
        _put_in(act, held._replace(claim=part), head.id)
    if missing and (rest == "MISSING" or held.where.place == head.id):
        whole = claims.get(act, held.claim.id) if taken else held.claim
        if whole is not None:
            _note_missing(act, held._replace(claim=whole), head)


def _put_in(act: Act, held: Held, parcel: bytes) -> None:
    claim, quantity = held.claim, held.claim.quantity
    if held.where.place != parcel:
        target = held.where._replace(place=parcel, lpn="")
        post(act, held.goods, quantity, held.where, target, "pack", claimed=True, keeps_claim=True)
        claims.carry(act, claim, balance_id(act.site, held.goods, target), parcel, "PICKED")
    lines.move(act, claim.order_line, "picked", "packed", quantity)


def _note_missing(act: Act, held: Held, head: shipping.ParcelHead) -> None:
    """The books had units there that the packer does not see: the order waits for others."""
    claim, reason = held.claim, "missing at packing"
    post(
        act, held.goods, claim.quantity, held.where, virtual(act.site, "UNEXPLAINED"), reason,
        claimed=True,
    )  # fmt: skip
    claims.advance(act, claim.id, "PICKED", "DEALLOCATED")
    lines.move(act, claim.order_line, "picked", "released", claim.quantity, reason)
    lines.move(act, claim.order_line, "released", "backordered", claim.quantity, reason)
    open_exception(
        act, "PACK_DIFFERENCE", place=held.where.place, item=claim.item,
        quantity=-claim.quantity, order_line=claim.order_line, person=act.actor,
        parcel=head.number,
    )  # fmt: skip


def _settle_unheld(act: Act, task: PackTask, left: dict[bytes, int]) -> None:
    """Units that were verified while their pick was taken back: they are at the bench after all,
    but the order has no claim on them any more.
    """
    company = inventory.site_facts(act).company
    for item in task.items:
        extra = left.get(item.order_line, 0)
        if extra <= 0:
            continue
        shipping.set_verified(act, task.parcel, item.order_line, item.item, item.verified - extra)
        tote = Where(task.totes[0].place if task.totes else task.parcel)
        _beyond(act, Goods(company, item.item), extra, tote, item.order_line, task.number)


def put_aside(act: Act, task: Pack) -> None:
    """Give up an open parcel: its totes can be scanned at any bench again, nothing has moved."""
    head = shipping.lock_open(act, _parcel(task))
    if held_in(act, head.id):
        raise WrongState("parcel", head.number, "already filled", "a parcel still empty")
    totes = read(act, head.id).totes
    act.tx.run("DELETE FROM parcel_line WHERE parcel = ?", (head.id,))
    shipping.label_parcel(act, head.id)
    for tote in totes:
        _leave_bench(act, tote.place)


def _leave_bench(act: Act, tote: bytes) -> None:
    """AT_STATION → UNLOADED → EMPTY, as far as it is; with goods for an order it waits CLOSED."""
    act.tx.run("DELETE FROM parcel_tote WHERE tote = ?", (tote,))
    held = held_in(act, tote)
    if held:
        _set_tote(act, tote, "CLOSED", held[0].claim.order)
        return
    shared_totes.is_unloaded(act, tote)
    rest = act.tx.row("SELECT 1 FROM balance WHERE place = ? AND on_hand > 0", (tote,))
    _set_tote(act, tote, "EMPTY" if rest is None else "UNLOADED", None)


def _set_tote(act: Act, tote: bytes, state: str, holder: bytes | None) -> None:
    act.tx.run("UPDATE place SET state = ?, holder = ? WHERE id = ?", (state, holder, tote))


def empty_tote(act: Act, tote: bytes) -> None:
    """After something was put away: a tote with nothing left, on nobody's cart, is EMPTY."""
    act.tx.run(
        "UPDATE place SET state = 'EMPTY', holder = NULL WHERE id = ? AND kind = 'TOTE' "
        "AND (state IN ('UNLOADED', 'CLOSED') OR state = 'FILLING' AND NOT EXISTS "
        "(SELECT 1 FROM slot_tote s JOIN assignment a ON a.id = s.assignment "
        "WHERE s.tote = place.id AND a.state NOT IN ('COMPLETED', 'CANCELLED'))) "
        "AND NOT EXISTS (SELECT 1 FROM balance b WHERE b.place = place.id AND b.on_hand > 0)",
        (tote,),
    )
