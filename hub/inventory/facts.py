"""Goods that moved, moved: taking what nobody promised to the taker. Owns rule 3 of the design.

A fact beyond the books first moves the difference from `unexplained` into the place it was taken
from and opens a count; a fact that takes units held by others ends their claims, which the caller
plans again in the same act. So no real place goes below zero and nothing that happened is lost.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hub.floor_exceptions import open_exception
from hub.inventory import service
from hub.inventory.claims import Claim
from hub.inventory.posting import Goods, Where, balance_id, on_hand, post, virtual
from hub.journal import Act

BEYOND: Final = "beyond the books"
"""Why units came from `unexplained`: nothing moved then, the books only followed."""


def take(
    act: Act, goods: Goods, quantity: int, source: Where, target: Where, reason: str
) -> list[Claim]:
    """Move unclaimed units whatever the books say; returns the claims that had to give way."""
    there, claimed = on_hand(act, goods, source)
    if quantity > there:
        explain(act, goods, quantity - there, source)
        there = quantity
    gave_way: list[Claim] = []
    lacking = quantity - (there - claimed)
    if lacking > 0:
        gave_way = service.release_claims(act, balance_id(act.site, goods, source), lacking)
    post(act, goods, quantity, source, target, reason)
    return gave_way


def explain(act: Act, goods: Goods, quantity: int, where: Where) -> None:
    """Bring the books of a real place up by what was seen there, and ask for a count."""
    post(act, goods, quantity, virtual(act.site, "UNEXPLAINED"), where, BEYOND)
    open_exception(act, "UNEXPLAINED_STOCK", place=where.place, item=goods.item, quantity=quantity)


class Aside(NamedTuple):
    """What became of a bin's stock that nobody could find."""

    quantity: int
    status: str
    gave_way: list[Claim]


ASIDE_STATUS: Final = {"EMPTY": "HOLD", "WRONG_ITEM": "HOLD", "DAMAGED": "DAMAGED"}
"""Where doubtful stock goes by the reason of the short pick; others leave it where it is."""


def set_doubtful(act: Act, goods: Goods, where: Where, missing: int, reason: str) -> Aside:
    """After a short pick: what the books still hold there must not be promised again.

    An empty bin is doubtful as a whole, damaged goods as far as they were missing. Claims of
    others on it give way; the stock waits in its status until a count settles it.
    """
    status = ASIDE_STATUS.get(reason)
    if status is None:
        return Aside(0, where.status, [])
    there, claimed = on_hand(act, goods, where)
    quantity = min(there, missing) if reason == "DAMAGED" else there
    if not quantity:
        return Aside(0, status, [])
    lacking = quantity - (there - claimed)
    balance = balance_id(act.site, goods, where)
    gave_way = service.release_claims(act, balance, lacking) if lacking > 0 else []
    post(act, goods, quantity, where, where._replace(status=status), f"short pick {reason}")
    return Aside(quantity, status, gave_way)
