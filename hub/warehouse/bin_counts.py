"""A person counted a bin: the books of one article there become what they saw.

Owns nothing of its own: units that were set aside come back, what is not there goes to
`adjustment`, and claims on units that are not there give way and are planned again.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from hub.errors import BadValue
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


class _Row(NamedTuple):
    goods: Goods
    where: Where
    on_hand: int


def settle_count(act: Act, place: bytes, item: bytes, counted: int) -> Counted:
    """Make the books say that `counted` good units of an article are in a place.

    Units on HOLD count as good once they are seen. Raises BadValue for a count below zero.
    """
    if counted < 0:
        raise BadValue("quantity", counted, "a count is 0 or more")
    rows = _rows(act, place, item)
    there = sum(row.on_hand for row in rows if row.where.status == AVAILABLE)
    aside = sum(row.on_hand for row in rows if row.where.status == ASIDE)
    again = min(aside, max(0, counted - there))
    _from_aside(act, rows, again)
    _write_off(act, rows, max(0, there - counted))
    surplus = max(0, counted - there - aside)
    if surplus:
        _write_on(act, rows, place, item, surplus)
    return Counted(counted, again, aside - again + max(0, there - counted), surplus)


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


def _from_aside(act: Act, rows: list[_Row], again: int) -> None:
    """Units on hold were seen, and are good again; the others are gone."""
    for row in rows:
        if row.where.status != ASIDE:
            continue
        seen = min(again, row.on_hand)
        if seen:
            good = row.where._replace(status=AVAILABLE)
            post(act, row.goods, seen, row.where, good, REASON)
        if row.on_hand > seen:
            gone = virtual(act.site, "ADJUSTMENT")
            post(act, row.goods, row.on_hand - seen, row.where, gone, REASON)
        again -= seen


def _write_off(act: Act, rows: list[_Row], missing: int) -> None:
    """The books promise more than is there: whoever held the difference gets other bins."""
    for row in rows:
        taken = min(missing, row.on_hand) if row.where.status == AVAILABLE else 0
        if taken:
            gone = virtual(act.site, "ADJUSTMENT")
            gave_way = facts.take(act, row.goods, taken, row.where, gone, REASON)
            dispatch.replan_displaced(act, gave_way)
        missing -= taken


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
