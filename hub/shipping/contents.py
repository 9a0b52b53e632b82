"""What the claims of orders say is in a tote or parcel: read in one statement, with the goods.

Owns no table; both packing and shipping post by it.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from hub.inventory.claims import Claim
from hub.inventory.posting import Goods, Where
from hub.journal import Act


class Held(NamedTuple):
    """Picked units of an order line where they are now."""

    claim: Claim
    goods: Goods
    where: Where


_READ: Final = (
    "SELECT a.id, a.balance, a.order_id, a.order_line, a.item, a.place, a.quantity, a.state, "
    "b.company, b.item, b.lot, b.owner, b.place, b.is_real, b.status, b.lpn "
    "FROM balance b JOIN allocation a ON a.balance = b.id AND a.state = 'PICKED' "
    "WHERE b.place = ? AND b.allocated > 0 ORDER BY a.order_line, a.id"
)


def held_in(act: Act, place: bytes) -> list[Held]:
    """Every picked claim in a place, by order line."""
    return [_held(row) for row in act.tx.rows(_READ, (place,))]


def _held(row: tuple[Any, ...]) -> Held:
    parts: list[Any] = [bytes(p) if isinstance(p, memoryview) else p for p in row]
    where = Where(parts[12], bool(parts[13]), parts[14], parts[15])
    return Held(Claim(*parts[:8]), Goods(*parts[8:12]), where)
