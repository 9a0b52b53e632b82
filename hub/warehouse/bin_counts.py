"""A person counted a bin: the books of one article there become what is there now.

When that may be done, and what has moved since somebody looked, is `counts`' business. Owns
nothing of its own: units that were set aside come back, what is not there goes to
`adjustment`, and claims on units that are not there give way and are planned again.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from hub.errors import BadValue, NotFound
from hub.inventory import facts
from hub.inventory import service as inventory
from hub.inventory.posting import AVAILABLE, Goods, Where, post, virtual
from hub.journal import Act
from hub.warehouse import dispatch

ASIDE: Final = "HOLD"
REASON: Final = "count"


class Counted(NamedTuple):
    """What a count changed, in base units."""

    counted: int
    found_again: int
    lost: int
    surplus: int
    gave_way: int = 0
    """Claims on missing units that were planned anew."""


class _Row(NamedTuple):
    goods: Goods
    where: Where
    on_hand: int


def settle_count(
    act: Act, place: bytes, item: bytes, counted: int, *, keeps_aside: bool = False
) -> Counted:
    """Make the books say that `counted` good units of an article are in a place.

    Units on HOLD count as good once they are seen; with `keeps_aside` they stay on HOLD, because
    somebody doubted them later. Raises BadValue for a count below zero.
    """
    if counted < 0:
        raise BadValue("quantity", counted, "a count is 0 or more")
    rows = _rows(act, place, item)
    there = sum(row.on_hand for row in rows if row.where.status == AVAILABLE)
    aside = sum(row.on_hand for row in rows if row.where.status == ASIDE)
    kept = min(aside, max(0, counted - there)) if keeps_aside else 0
    again = 0 if keeps_aside else min(aside, max(0, counted - there))
    _from_aside(act, rows, again, aside - again - kept)
    gave_way = _write_off(act, rows, max(0, there - counted))
    surplus = max(0, counted - there - aside)
    if surplus:
        _write_on(act, rows, place, item, surplus)
    lost = aside - again - kept + max(0, there - counted)
    return Counted(counted, again, lost, surplus, gave_way)


def settle_balance(act: Act, balance: bytes, counted: int, reason: str) -> Counted:
    """Make the books say that one balance has `counted` units.

    Raises NotFound, and NotEnoughStock when units in a tote or parcel are said to be missing.
    """
    row = act.tx.row(
        "SELECT place, item, lot, status, on_hand, allocated FROM balance WHERE id = ?", (balance,)
    )
    if row is None:
        raise NotFound("stock", balance.hex())
    delta = counted - int(row[4])
    if not delta:
        return Counted(counted, 0, 0, 0)
    missing = max(0, -delta - (int(row[4]) - int(row[5])))
    displaced = inventory.release_claims(act, balance, missing) if missing else []
    inventory.adjust(
        act, bytes(row[0]), bytes(row[1]), delta, reason, lot=row[2], status=row[3]
    )  # fmt: skip
    if displaced:
        dispatch.replan_displaced(act, displaced)
    return Counted(counted, 0, max(0, -delta), max(0, delta), len(displaced))


def _rows(act: Act, place: bytes, item: bytes) -> list[_Row]:
    rows: list[Any] = act.tx.rows(
        "SELECT company, item, lot, owner, place, is_real, status, lpn, on_hand FROM balance "
        "WHERE place = ? AND item = ? AND status IN (?, ?) AND on_hand > 0 ORDER BY id",
        (place, item, AVAILABLE, ASIDE),
    )
    return [
        _Row(
            Goods(row[0], bytes(row[1]), row[2], row[3]),
            Where(bytes(row[4]), bool(row[5]), row[6], row[7]),
            int(row[8]),
        )
        for row in rows
    ]


def _from_aside(act: Act, rows: list[_Row], again: int, gone: int) -> None:
    """Of the units on hold some were seen, and are good again; some are gone."""
    for row in rows:
        if row.where.status != ASIDE:
            continue
        seen = min(again, row.on_hand)
        if seen:
            good = row.where._replace(status=AVAILABLE)
            post(act, row.goods, seen, row.where, good, REASON)
        lost = min(gone, row.on_hand - seen)
        if lost:
            post(act, row.goods, lost, row.where, virtual(act.site, "ADJUSTMENT"), REASON)
        again, gone = again - seen, gone - lost


def _write_off(act: Act, rows: list[_Row], missing: int) -> int:
    """The books promise more than is there: whoever held the difference gets other bins.

    Returns how many claims gave way.
    """
    count = 0
    for row in rows:
        taken = min(missing, row.on_hand) if row.where.status == AVAILABLE else 0
        if taken:
            gone = virtual(act.site, "ADJUSTMENT")
            gave_way = facts.take(act, row.goods, taken, row.where, gone, REASON)
            dispatch.replan_displaced(act, gave_way)
            count += len(gave_way)
        missing -= taken
    return count


def _write_on(act: Act, rows: list[_Row], place: bytes, item: bytes, surplus: int) -> None:
    goods = rows[0].goods if rows else Goods(inventory.site_facts(act).company, item)
    post(act, goods, surplus, virtual(act.site, "ADJUSTMENT"), Where(place), REASON)


def settle_unexplained(act: Act, item: bytes, quantity: int) -> None:
    """What was booked from `unexplained` is accepted as a difference of stock; `quantity` is < 0
    for units that went there.
    """
    goods = Goods(inventory.site_facts(act).company, item)
    unknown, difference = virtual(act.site, "UNEXPLAINED"), virtual(act.site, "ADJUSTMENT")
    if quantity > 0:
        post(act, goods, quantity, difference, unknown, REASON)
    elif quantity < 0:
        post(act, goods, -quantity, unknown, difference, REASON)
