"""What is done to shipments and parcels: opened, closed, opened again, shipped.

Owns `shipment`, `parcel` and `parcel_line`. How goods get from totes into a parcel is
`warehouse.packing`'s; how they leave the house is here. Stock moves through `posting`, claims end
through `claims`, units of lines move through `orders.lines`, all in one act.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hub.db import Insert
from hub.errors import BadValue, HubError, NotFound, WrongState
from hub.inventory import claims
from hub.inventory import service as inventory
from hub.inventory.posting import post, virtual
from hub.journal import Act
from hub.orders import lines, numbers
from hub.orders import service as orders
from hub.shipping.contents import held_in
from hub.shipping.models import Parcel, ParcelLine, Shipment

BEFORE_LEAVING: Final = ("PLANNED", "PICKING", "PICKED", "PACKING", "PACKED", "LABELLED", "STAGED")
"""States in which a shipment still takes parcels."""

_insert_shipment: Final = Insert(Shipment)
_insert_parcel: Final = Insert(Parcel)
_insert_line: Final = Insert(ParcelLine)


class ParcelStillOpen(HubError):
    """A shipment leaves whole: close this parcel first, or put it aside."""

    code = "PARCEL_STILL_OPEN"

    def __init__(self, parcel: str) -> None:
        self.parcel = parcel
        super().__init__(f"Parcel {parcel} is still open; close it first, or put it aside.")


class NothingToShip(HubError):
    code = "NOTHING_TO_SHIP"

    def __init__(self, shipment: str) -> None:
        self.shipment = shipment
        super().__init__(f"Shipment {shipment} has no closed parcel; pack one first.")


class OrderIncomplete(HubError):
    """The order ships complete or not at all, and units are still missing."""

    code = "ORDER_INCOMPLETE"

    def __init__(self, order: str, missing: int) -> None:
        self.order, self.missing = order, missing
        super().__init__(
            f"Order {order} ships complete, and {missing} units are not packed yet. Wait for "
            "them, or cancel them."
        )


class ShipmentHead(NamedTuple):
    id: bytes
    number: str
    order: bytes
    state: str


class ParcelHead(NamedTuple):
    id: bytes
    number: str
    shipment: bytes
    order: bytes
    state: str
    bench: str


def shipment_head(act: Act, shipment: bytes) -> ShipmentHead:
    """Raises NotFound."""
    sql = "SELECT id, number, order_id, state FROM shipment WHERE id = ? AND site = ?"
    act.tx.flush()
    row = act.tx.row(sql, (shipment, act.site))
    if row is None:
        raise NotFound("shipment", shipment.hex())
    return ShipmentHead(bytes(row[0]), row[1], bytes(row[2]), row[3])


def parcel_head(act: Act, parcel: bytes) -> ParcelHead:
    """Raises NotFound."""
    act.tx.flush()
    row = act.tx.row(
        "SELECT p.id, p.number, p.shipment, s.order_id, p.state, p.bench FROM parcel p "
        "JOIN shipment s ON s.id = p.shipment WHERE p.id = ? AND s.site = ?",
        (parcel, act.site),
    )
    if row is None:
        raise NotFound("parcel", parcel.hex())
    return ParcelHead(bytes(row[0]), row[1], bytes(row[2]), bytes(row[3]), row[4], row[5])


def open_parcel(act: Act, order: bytes, bench: str) -> bytes:
    """Begin a parcel of the order's shipment, which is made now if none is under way.

    Returns the parcel's id, which is also that of the place its goods come to.
    """
    company = _lock_order(act, order)
    shipment = _shipment_under_way(act, order) or _open_shipment(act, company, order)
    number = numbers.next_number(act, company, "parcel")
    parcel = inventory.ensure_place(act, "PARCEL", number)
    act.tx.run("UPDATE place SET holder = ? WHERE id = ?", (order, parcel))
    act.tx.run(
        _insert_parcel.sql,
        (parcel, company, shipment, number, "OPEN", bench, act.actor, act.now_us, None),
    )
    _step(act, shipment, BEFORE_LEAVING, "PACKING")
    return parcel


def _lock_order(act: Act, order: bytes) -> str:
    """Two benches that begin parcels of one order at once come one after the other."""
    if act.tx.run("UPDATE sales_order SET state = state WHERE id = ?", (order,)) != 1:
        raise NotFound("order", order.hex())
    row = act.tx.row("SELECT company FROM sales_order WHERE id = ?", (order,))
    return "" if row is None else str(row[0])


def _shipment_under_way(act: Act, order: bytes) -> bytes | None:
    marks = ", ".join("?" * len(BEFORE_LEAVING))
    row = act.tx.row(
        f"SELECT id FROM shipment WHERE order_id = ? AND state IN ({marks})",
        (order, *BEFORE_LEAVING),
    )
    return None if row is None else bytes(row[0])


def _open_shipment(act: Act, company: str, order: bytes) -> bytes:
    id = act.new_id()
    number = numbers.next_number(act, company, "shipment")
    act.tx.run(
        _insert_shipment.sql,
        (id, company, act.site, number, order, "PACKING", act.now_us, None),
    )
    return id


def _step(act: Act, shipment: bytes, before: tuple[str, ...], after: str) -> None:
    marks = ", ".join("?" * len(before))
    changed = act.tx.run(
        f"UPDATE shipment SET state = ? WHERE id = ? AND site = ? AND state IN ({marks})",
        (after, shipment, act.site, *before),
    )
    if changed != 1:
        head = shipment_head(act, shipment)
        raise WrongState("shipment", head.number, head.state, " or ".join(before))


def lock_open(act: Act, parcel: bytes) -> ParcelHead:
    """The parcel, locked for this act; raises NotFound, and WrongState when it is not OPEN."""
    head = parcel_head(act, parcel)
    _step_parcel(act, head, ("OPEN",), "OPEN")
    return head


def _step_parcel(act: Act, head: ParcelHead, before: tuple[str, ...], after: str) -> None:
    marks = ", ".join("?" * len(before))
    closed_at = act.now_us if after in ("LABELLED", "VOID") else None
    changed = act.tx.run(
        f"UPDATE parcel SET state = ?, closed_at = COALESCE(?, closed_at), packed_by = ? "
        f"WHERE id = ? AND state IN ({marks})",
        (after, closed_at, act.actor, head.id, *before),
    )
    if changed != 1:
        raise WrongState("parcel", head.number, head.state, " or ".join(before))


def set_verified(act: Act, parcel: bytes, order_line: bytes, item: bytes, quantity: int) -> None:
    """How many units of a line were seen at the bench; 0 forgets them. The parcel is OPEN."""
    changed = act.tx.run(
        "UPDATE parcel_line SET quantity = ? WHERE parcel = ? AND order_line = ?",
        (quantity, parcel, order_line),
    )
    if changed == 0 and quantity:
        act.tx.run(_insert_line.sql, (parcel, order_line, item, quantity))


def verified_of(act: Act, parcel: bytes) -> dict[bytes, int]:
    """Units seen at the bench by order line."""
    sql = "SELECT order_line, quantity FROM parcel_line WHERE parcel = ?"
    return {bytes(line): int(quantity) for line, quantity in act.tx.rows(sql, (parcel,))}


def label_parcel(act: Act, parcel: bytes) -> None:
    """The last scan: OPEN → VERIFIED → CLOSED → LABELLED in one act; the shipment follows when no
    parcel of it is open any more. A parcel into which nothing came is VOID, its number kept.
    """
    head = parcel_head(act, parcel)
    act.tx.run("DELETE FROM parcel_line WHERE parcel = ? AND quantity = 0", (parcel,))
    has_goods = bool(verified_of(act, parcel))
    _step_parcel(act, head, ("OPEN",), "LABELLED" if has_goods else "VOID")
    _settle_shipment(act, head.shipment)


def _settle_shipment(act: Act, shipment: bytes) -> None:
    """PACKING → PACKED → LABELLED once every parcel is closed; CANCELLED when all are void."""
    sql = "SELECT state, COUNT(*) FROM parcel WHERE shipment = ? GROUP BY state"
    counts = {state: int(count) for state, count in act.tx.rows(sql, (shipment,))}
    if counts.get("OPEN"):
        return
    after = "LABELLED" if counts.get("LABELLED") else "CANCELLED"
    _step(act, shipment, BEFORE_LEAVING, after)


def reopen_parcel(act: Act, parcel: bytes, reason: str) -> None:
    """Open a closed parcel again before it leaves: its units count as picked, to be verified anew.

    The goods stay where they are, in the parcel. Raises WrongState, NotFound, and BadValue without
    a reason.
    """
    if not reason.strip():
        raise BadValue("reason", reason, "say why the parcel is opened again")
    head = parcel_head(act, parcel)
    _step_parcel(act, head, ("LABELLED",), "OPEN")
    for held in held_in(act, parcel):
        line = held.claim.order_line
        lines.move(act, line, "packed", "picked", held.claim.quantity, reason.strip())
    act.tx.run("DELETE FROM parcel_line WHERE parcel = ?", (parcel,))
    _step(act, head.shipment, BEFORE_LEAVING, "PACKING")


def stage(act: Act, shipment: bytes) -> None:
    """Its parcels stand where the carrier takes them. Raises WrongState."""
    _step(act, shipment, ("LABELLED",), "STAGED")


def ship(act: Act, shipment: bytes) -> int:
    """Hand a shipment over: its goods leave stock, its claims end, the order closes when nothing
    is left of it. Returns how many units went.

    LABELLED → STAGED → LOADED → SHIPPED in one act. Raises WrongState (also when it has left
    already, so a repeat changes nothing), ParcelStillOpen, NothingToShip, OrderIncomplete.
    """
    head = shipment_head(act, shipment)
    if head.state == "PACKING":
        _refuse_open(act, head)
    _step(act, shipment, ("LABELLED", "STAGED"), "SHIPPED")
    _refuse_open(act, head)
    _refuse_incomplete(act, head.order)
    parcels = act.tx.rows(
        "SELECT id FROM parcel WHERE shipment = ? AND state = 'LABELLED' ORDER BY number",
        (shipment,),
    )
    if not parcels:
        raise NothingToShip(head.number)
    units = sum(_ship_parcel(act, bytes(parcel)) for (parcel,) in parcels)
    act.tx.run("UPDATE shipment SET shipped_at = ? WHERE id = ?", (act.now_us, shipment))
    orders.close_if_done(act, head.order)
    return units


def _refuse_open(act: Act, head: ShipmentHead) -> None:
    row = act.tx.row("SELECT number FROM parcel WHERE shipment = ? AND state = 'OPEN'", (head.id,))
    if row is not None:
        raise ParcelStillOpen(row[0])


def _refuse_incomplete(act: Act, order: bytes) -> None:
    row = act.tx.row(
        "SELECT o.number, SUM(l.ordered - l.packed - l.shipped - l.cancelled) "
        "FROM sales_order o JOIN order_line l ON l.order_id = o.id "
        "WHERE o.id = ? AND o.ships_complete = ? GROUP BY o.number",
        (order, True),
    )
    if row is not None and row[1]:
        raise OrderIncomplete(row[0], int(row[1]))


def _ship_parcel(act: Act, parcel: bytes) -> int:
    """What is in it goes to the customer."""
    customer = virtual(act.site, "CUSTOMER")
    units = 0
    for held in held_in(act, parcel):
        quantity = held.claim.quantity
        post(act, held.goods, quantity, held.where, customer, "ship", claimed=True)
        claims.consume(act, held.claim)
        lines.move(act, held.claim.order_line, "packed", "shipped", quantity)
        units += quantity
    act.tx.run("UPDATE parcel SET state = 'SHIPPED' WHERE id = ?", (parcel,))
    return units
