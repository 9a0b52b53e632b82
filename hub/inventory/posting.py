"""The one function through which stock moves. Owns `balance.on_hand`, `balance.allocated` of moved
goods, and the movement ledger. Gateway, pages, API and import all come here.

Rule (docs/stock-rule.md): a movement takes from one place and gives to another, in base units. What
makes stock less available is taken in one guarded statement whose row count is looked at.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from hub.errors import HubError, NotFound
from hub.ids import digest_id
from hub.inventory.models import REAL_KINDS, STOCK
from hub.journal import Act

AVAILABLE: Final = "AVAILABLE"


class NotEnoughStock(HubError):
    """The place holds less than was to be taken, or the rest is promised to others."""

    code = "NOT_ENOUGH_STOCK"

    def __init__(self, place: bytes, item: bytes, wanted: int, there: int) -> None:
        self.place, self.item, self.wanted, self.there = place.hex(), item.hex(), wanted, there
        super().__init__(f"{wanted} wanted, but {there} are there and free to take.")


class BadQuantity(HubError):
    code = "BAD_QUANTITY"

    def __init__(self, quantity: int) -> None:
        self.quantity = quantity
        super().__init__(f"A movement needs a quantity of at least 1, not {quantity}.")


class Goods(NamedTuple):
    """What moves: an article of a company, its lot and its owner ('' = the company itself)."""

    company: str
    item: bytes
    lot: str = ""
    owner: str = ""


class Where(NamedTuple):
    """One side of a movement: a place, a licence plate in it ('' = loose), a stock status."""

    place: bytes
    is_real: bool = True
    status: str = AVAILABLE
    lpn: str = ""


@lru_cache(maxsize=4_096)
def place_id(site: str, kind: str, code: str) -> bytes:
    """The id of a place; a place is nothing but its site, kind and code."""
    return digest_id("place", site, kind, code)


def real(site: str, kind: str, code: str, status: str = AVAILABLE) -> Where:
    """A bin, tote, parcel, dock or in-transit place."""
    if kind not in REAL_KINDS:
        raise NotFound("kind of real place", kind)
    return Where(place_id(site, kind, code), True, status)


def virtual(site: str, kind: str) -> Where:
    """The site's vendor, customer, adjustment, scrap or unexplained place."""
    return Where(place_id(site, kind, kind.lower()), False)


@lru_cache(maxsize=4_096)
def balance_id(site: str, goods: Goods, where: Where) -> bytes:
    """The id of the balance row of these goods at this place."""
    return key_id(
        goods.company, site, where.place, where.lpn, goods.owner, goods.item, goods.lot,
        where.status,
    )  # fmt: skip


def key_id(
    company: str, site: str, place: bytes, lpn: str, owner: str, item: bytes, lot: str, status: str
) -> bytes:
    """A digest of the eight key columns, in their order: the id of a balance."""
    return digest_id("balance", company, site, lpn, owner, lot, status, raw=place + item)


_TAKE_FREE: Final = (
    "UPDATE balance SET on_hand = on_hand - ? "
    "WHERE id = ? AND (NOT is_real OR on_hand - allocated >= ?)"
)
_TAKE_CLAIMED: Final = (
    "UPDATE balance SET on_hand = on_hand - ?, allocated = allocated - ? "
    "WHERE id = ? AND allocated >= ?"
)
_GIVE: Final = "UPDATE balance SET on_hand = on_hand + ?, allocated = allocated + ? WHERE id = ?"
_OPEN: Final = (
    "INSERT INTO balance (id, company, site, place, lpn, owner, item, lot, status, is_real, "
    "on_hand, allocated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (id) DO UPDATE SET on_hand = balance.on_hand + excluded.on_hand, "
    "allocated = balance.allocated + excluded.allocated"
)


def post(
    act: Act, goods: Goods, quantity: int, source: Where, target: Where, reason: str,
    *, claimed: bool = False, keeps_claim: bool = False,
) -> None:  # fmt: skip
    """Move `quantity` base units and write the movement.

    `claimed`: the units are those of an allocation on the source, whose claim ends there;
    `keeps_claim`: the claim goes along and counts on the target. Raises NotEnoughStock (nothing
    was done then) and BadQuantity. Not repeatable: the caller's act is what happens once.
    """
    if quantity < 1:
        raise BadQuantity(quantity)
    tx, site = act.tx, act.site
    taken_from = balance_id(site, goods, source)
    if claimed:
        changed = tx.take(_TAKE_CLAIMED, (quantity, quantity, taken_from, quantity))
    else:
        changed = tx.run(_TAKE_FREE, (quantity, taken_from, quantity))
    if changed != 1:
        if source.is_real:
            raise NotEnoughStock(source.place, goods.item, quantity, free(act, goods, source))
        _give(act, goods, source, -quantity, 0)
    _give(act, goods, target, quantity, quantity if keeps_claim else 0)
    tx.append(
        STOCK,
        site,
        (act.key, act.next_n(), goods.company, goods.item, goods.lot, goods.owner, quantity,
         source.place, source.lpn, source.status, target.place, target.lpn, target.status,
         None, reason, act.actor, act.occurred_at, act.now_us),
    )  # fmt: skip


def _give(act: Act, goods: Goods, where: Where, quantity: int, claim: int) -> None:
    tx, id = act.tx, balance_id(act.site, goods, where)
    if not tx.trusts and tx.run(_GIVE, (quantity, claim, id)) == 1:
        return
    tx.take(
        _OPEN,
        (id, goods.company, act.site, where.place, where.lpn, goods.owner, goods.item, goods.lot,
         where.status, where.is_real, quantity, claim),
    )  # fmt: skip


def on_hand(act: Act, goods: Goods, where: Where) -> tuple[int, int]:
    """(on hand, allocated) of one balance; (0, 0) when there is none."""
    row = act.tx.row(
        "SELECT on_hand, allocated FROM balance WHERE id = ?",
        (balance_id(act.site, goods, where),),
    )
    return (0, 0) if row is None else (int(row[0]), int(row[1]))


def free(act: Act, goods: Goods, where: Where) -> int:
    """Units that nobody claims."""
    there, claimed = on_hand(act, goods, where)
    return there - claimed
