"""What people and imports do with places and stock. Owns places; every quantity goes through
`posting`, every claim through `claims`.

Each function is part of an act and commits with it; none may be repeated by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

from hub.db import Insert
from hub.errors import BadValue, NotFound, WrongState
from hub.inventory import claims
from hub.inventory.claims import Claim
from hub.inventory.models import REAL_KINDS, VIRTUAL_KINDS, Place
from hub.inventory.posting import AVAILABLE, Goods, Where, place_id, post, virtual
from hub.journal import Act

STATUSES: Final = (
    "AVAILABLE", "QC", "HOLD", "QUARANTINE", "DAMAGED", "RETURN_GRADING", "EXPIRED", "SCRAP",
)  # fmt: skip
BIN_LOCKS: Final = ("BLOCKED_IN", "BLOCKED_OUT", "COUNT_LOCK")

_insert_place = Insert(Place, or_ignore=True)


class Spot(Protocol):
    """A bin as the floor describes it."""

    @property
    def code(self) -> str: ...
    @property
    def aisle(self) -> int: ...
    @property
    def block(self) -> int: ...
    @property
    def bay(self) -> int: ...
    @property
    def level(self) -> int: ...
    @property
    def x_cm(self) -> int: ...
    @property
    def y_cm(self) -> int: ...


class SiteFacts(NamedTuple):
    """What acts need to know of a site."""

    code: str
    company: str
    floor: str


def ensure_site(
    act: Act, code: str, company: str, name: str, *, time_zone: str = "UTC",
    currency: str = "GBP", floor: str = "",
) -> None:  # fmt: skip
    """Make the site with its vendor, customer and other virtual places, or bring it up to date.

    An empty `floor` leaves the known one. Safe to repeat.
    """
    act.tx.run(
        "INSERT INTO site (code, company, name, time_zone, currency, floor, hub_epoch) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (code) DO UPDATE SET name = excluded.name, "
        "time_zone = excluded.time_zone, currency = excluded.currency, "
        "floor = CASE WHEN excluded.floor = '' THEN site.floor ELSE excluded.floor END",
        (code, company, name, time_zone, currency, floor, act.new_id().hex()),
    )
    for kind in VIRTUAL_KINDS:
        _add_place(act, code, kind, kind.lower())
    act.tx.flush()


def site_facts(act: Act) -> SiteFacts:
    """The site of the act; raises NotFound."""
    row = act.tx.row("SELECT code, company, floor FROM site WHERE code = ?", (act.site,))
    if row is None:
        raise NotFound("site", act.site)
    return SiteFacts(*row)


def ensure_place(act: Act, kind: str, code: str) -> bytes:
    """The id of a real place of this site, made now if it was not there. Safe to repeat."""
    if kind not in REAL_KINDS:
        raise BadValue("kind", kind, f"use one of {', '.join(REAL_KINDS)}")
    if not code:
        raise BadValue("code", code, "a place needs a code that people can read")
    _add_place(act, act.site, kind, code)
    act.tx.flush()
    return place_id(act.site, kind, code)


def _add_place(act: Act, site: str, kind: str, code: str) -> None:
    act.tx.add(
        _insert_place,
        (place_id(site, kind, code), site, kind, code, "ACTIVE", 0, 0, 0, 0, 0, 0, None),
    )


def define_bins(act: Act, spots: Iterable[Spot]) -> int:
    """Make the bins of a floor, or move known ones to where it says; returns how many.

    Bins that the floor no longer has keep their stock and state. Safe to repeat.
    """
    count = 0
    for spot in spots:
        act.tx.run(
            "INSERT INTO place (id, site, kind, code, state, aisle, block, bay, level, x_cm, y_cm) "
            "VALUES (?, ?, 'BIN', ?, 'ACTIVE', ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
            "aisle = excluded.aisle, block = excluded.block, bay = excluded.bay, "
            "level = excluded.level, x_cm = excluded.x_cm, y_cm = excluded.y_cm",
            (place_id(act.site, "BIN", spot.code), act.site, spot.code, spot.aisle, spot.block,
             spot.bay, spot.level, spot.x_cm, spot.y_cm),
        )  # fmt: skip
        count += 1
    return count


def hold_stock(act: Act, place: bytes, item: bytes) -> None:
    """Let nobody else move this article in or out of a place until the act is over, so that what
    the ledger says and what the balances say are of one moment.
    """
    act.tx.run("UPDATE balance SET on_hand = on_hand WHERE place = ? AND item = ?", (place, item))


def bin_place(act: Act, code: str) -> bytes:
    """The id of a bin; raises NotFound when the site has none of this code."""
    place = place_id(act.site, "BIN", code)
    if act.tx.row("SELECT 1 FROM place WHERE id = ?", (place,)) is None:
        raise NotFound("bin", code)
    return place


def receive(
    act: Act, bin_code: str, item: bytes, quantity: int, reason: str, *,
    company: str | None = None, lot: str = "",
) -> None:  # fmt: skip
    """Goods came from the vendor into a bin. Raises NotFound, WrongState (blocked), BadQuantity.

    `company` saves a look-up for whoever receives many rows.
    """
    place = bin_place(act, bin_code)
    _refuse_blocked(act, place, bin_code, ("BLOCKED_IN", "COUNT_LOCK", "RETIRED"))
    goods = Goods(_company(act, company), item, lot)
    post(act, goods, quantity, virtual(act.site, "VENDOR"), Where(place), reason)


def adjust(
    act: Act, place: bytes, item: bytes, quantity_delta: int, reason: str, *,
    company: str | None = None, lot: str = "", status: str = AVAILABLE,
) -> None:  # fmt: skip
    """There are more (+) or fewer (-) units than the books said.

    Takes only units that nobody claims: raises NotEnoughStock else (`release_claims` first).
    """
    if quantity_delta == 0:
        raise BadValue("quantity_delta", 0, "an adjustment changes something")
    goods = Goods(_company(act, company), item, lot)
    here, outside = Where(place, True, status), virtual(act.site, "ADJUSTMENT")
    source, target = (outside, here) if quantity_delta > 0 else (here, outside)
    post(act, goods, abs(quantity_delta), source, target, reason)


def move(
    act: Act, from_code: str, to_code: str, item: bytes, quantity: int, reason: str, *,
    lot: str = "",
) -> None:  # fmt: skip
    """Free units go from one bin into another. Raises NotFound, WrongState, NotEnoughStock."""
    source, target = bin_place(act, from_code), bin_place(act, to_code)
    if source == target:
        raise BadValue("to_code", to_code, "a move goes to another bin")
    _refuse_blocked(act, source, from_code, ("BLOCKED_OUT", "COUNT_LOCK"))
    _refuse_blocked(act, target, to_code, ("BLOCKED_IN", "COUNT_LOCK", "RETIRED"))
    post(act, Goods(_company(act, None), item, lot), quantity, Where(source), Where(target), reason)


def set_status(
    act: Act, place: bytes, item: bytes, quantity: int, source: str, target: str, reason: str, *,
    lot: str = "",
) -> None:  # fmt: skip
    """Free units in a place change status (AVAILABLE → HOLD …): a movement from it into itself.

    Raises BadValue, and NotEnoughStock when they are claimed.
    """
    for name in (source, target):
        if name not in STATUSES:
            raise BadValue("status", name, f"use one of {', '.join(STATUSES)}")
    if source == target:
        raise BadValue("status", target, "the goods have this status already")
    goods = Goods(_company(act, None), item, lot)
    post(act, goods, quantity, Where(place, True, source), Where(place, True, target), reason)


def block_bin(act: Act, code: str, lock: str) -> None:
    """Lock a bin against putting in, taking out or both. New allocations pass it by.

    Claims that others have on it stay. Raises BadValue, WrongState when it is locked otherwise.
    """
    if lock not in BIN_LOCKS:
        raise BadValue("lock", lock, f"use one of {', '.join(BIN_LOCKS)}")
    _step_bin(act, code, ("ACTIVE", lock), lock)


def unblock_bin(act: Act, code: str) -> None:
    """Open a locked bin again; raises WrongState when it is retired."""
    _step_bin(act, code, ("ACTIVE", *BIN_LOCKS), "ACTIVE")


def _step_bin(act: Act, code: str, before: tuple[str, ...], after: str) -> None:
    place, marks = bin_place(act, code), ", ".join("?" * len(before))
    sql = f"UPDATE place SET state = ? WHERE id = ? AND state IN ({marks})"
    if act.tx.run(sql, (after, place, *before)) != 1:
        raise WrongState("bin", code, _state_of(act, place), " or ".join(before))


def release_claims(act: Act, balance: bytes, quantity: int) -> list[Claim]:
    """Free up to `quantity` claimed units, because a fact took them: weakest claims first.

    Returns what was displaced, each with the state it had: ALLOCATED became DEALLOCATED, RELEASED
    became SHORTED. The caller re-plans them (`warehouse.dispatch.replan_displaced`) in this act;
    until then their lines count units as allocated or released that nobody holds. Picked units
    are in a tote and stay claimed.
    """
    displaced: list[Claim] = []
    for held in claims.of_balance(act, balance):
        if quantity == 0:
            break
        if held.state == "PICKED":
            continue
        part = claims.split_off(act, held, min(quantity, held.quantity))
        claims.let_go(act, part, "DEALLOCATED" if part.state == "ALLOCATED" else "SHORTED")
        displaced.append(part)
        quantity -= part.quantity
    return displaced


def _company(act: Act, company: str | None) -> str:
    return site_facts(act).company if company is None else company


def _refuse_blocked(act: Act, place: bytes, code: str, refused: tuple[str, ...]) -> None:
    state = _state_of(act, place)
    if state in refused:
        raise WrongState("bin", code, state, "an open bin")


def _state_of(act: Act, place: bytes) -> str:
    row = act.tx.row("SELECT state FROM place WHERE id = ?", (place,))
    return "" if row is None else str(row[0])
