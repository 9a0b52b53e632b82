"""Units that lie in a tote and are to be put back: many facts, one errand.

Each fact has its row (PUT_BACK); whoever carries the tote away settles them together, all of them
or all of one article. Owns how they are read and settled together; one by one is `exceptions`'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from peewee import SQL, fn

from hub.catalog.models import Item
from hub.errors import WrongState
from hub.floor_exceptions import FloorException, resolve
from hub.journal import Act
from hub.warehouse import packing, remedies
from hub.warehouse.exceptions import KINDS, Remedy, remedy_named

PUT_BACK: Final = "PUT_BACK"
ITEMS_MAX: Final = 100
"""Articles of one act: a transaction takes less than 50 ms."""


class ToteTask(NamedTuple):
    """What is open about one tote."""

    place: bytes
    facts: int
    units: int
    items: int
    opened_at: int


class ItemTask(NamedTuple):
    """What of it is one article's."""

    place: bytes
    item: bytes
    sku: str
    name: str
    facts: int
    units: int


class Settled(NamedTuple):
    """What an act did, and how many facts it left for the next."""

    units: int
    facts: int
    left: int


def _open_facts(site: str) -> Any:
    return (
        (FloorException.site == site)
        & (FloorException.kind == PUT_BACK)
        & (FloorException.state == "OPEN")
    )


def several(site: str) -> Any:
    """The totes with more than one fact, as a query of their places."""
    places = FloorException.select(FloorException.place).where(
        _open_facts(site) & FloorException.place.is_null(False)
    )
    return places.group_by(FloorException.place).having(fn.COUNT(FloorException.id) > 1)


def facts_beyond_one(site: str) -> int:
    """How many facts stand on the list with another of their tote."""
    facts = FloorException.select().where(
        _open_facts(site) & FloorException.place.in_(several(site))
    )
    return facts.count() - several(site).count()  # type: ignore[no-any-return]


def tote_tasks(site: str, rows: int, place: bytes | None = None) -> list[ToteTask]:
    """Totes with more than one fact, or the one asked for: the oldest first."""
    facts = fn.COUNT(FloorException.id)
    query: Any = (
        FloorException.select(
            FloorException.place, facts, fn.SUM(FloorException.quantity),
            fn.COUNT(FloorException.item.distinct()),
            fn.MIN(FloorException.opened_at).alias("oldest"),
        )
        .where(_open_facts(site) & FloorException.place.is_null(False))
        .group_by(FloorException.place)
    )  # fmt: skip
    chosen = query.having(facts > 1) if place is None else query.where(
        FloorException.place == place
    )  # fmt: skip
    found = chosen.order_by(SQL("oldest"), FloorException.place).limit(rows).tuples()
    return [ToteTask(where, *(int(figure) for figure in figures)) for where, *figures in found]


def item_tasks(site: str, places: Sequence[bytes]) -> dict[bytes, list[ItemTask]]:
    """What is in totes that nobody needs, article by article."""
    query: Any = (
        FloorException.select(
            FloorException.place, FloorException.item, Item.sku, Item.name,
            fn.COUNT(FloorException.id), fn.SUM(FloorException.quantity),
        )
        .join(Item, on=(Item.id == FloorException.item))
        .where(_open_facts(site) & FloorException.place.in_(places))
        .group_by(FloorException.place, FloorException.item, Item.sku, Item.name)
        .order_by(Item.sku)
        .tuples()
    )  # fmt: skip
    found: dict[bytes, list[ItemTask]] = {place: [] for place in places}
    for place, item, sku, name, facts, units in query if places else ():
        found[place].append(ItemTask(place, item, sku, name, int(facts), int(units)))
    return found


def facts_of(site: str, place: bytes) -> list[FloorException]:
    """The open facts themselves, oldest first."""
    query = FloorException.select().where(_open_facts(site) & (FloorException.place == place))
    return list(query.order_by(FloorException.opened_at, FloorException.id))


def ways() -> tuple[Remedy, ...]:
    """How a whole tote is settled: as each of its facts."""
    return KINDS[PUT_BACK].remedies


def settle(
    act: Act, tote: bytes, way: str, answers: Mapping[str, Any] | None = None, *,
    item: bytes | None = None,
) -> Settled:  # fmt: skip
    """Settle what is open about a tote, or about one article in it; repeat while some are left.

    Every fact is closed in a row of its own, with what became of its article. Raises WrongState
    when nothing is open there, NotFound, BadValue; nothing was done then.
    """
    remedy = remedy_named(PUT_BACK, way)
    by_item = _lock(act, tote, item)
    target = remedies.target_of(act, remedy.name, {k: str(v) for k, v in (answers or {}).items()})
    now = list(by_item.items())[:ITEMS_MAX]
    units = sum(_settle_item(act, tote, article, facts, target) for article, facts in now)
    packing.empty_tote(act, tote)
    left = sum(len(facts) for _, facts in list(by_item.items())[ITEMS_MAX:])
    return Settled(units, sum(len(facts) for _, facts in now), left)


def _lock(act: Act, tote: bytes, item: bytes | None) -> dict[bytes, list[tuple[bytes, int]]]:
    """Open facts by article, as (id, units). Who comes second finds none."""
    act.tx.flush()
    asked = "site = ? AND kind = ? AND state = 'OPEN' AND place = ?"
    params: list[Any] = [act.site, PUT_BACK, tote]
    if item is not None:
        asked, params = f"{asked} AND item = ?", [*params, item]
    if act.tx.run(f"UPDATE floor_exception SET kind = kind WHERE {asked}", params) == 0:
        raise WrongState("tote", tote.hex(), "settled", "one with something to put back")
    sql = (
        f"SELECT item, id, quantity FROM floor_exception WHERE {asked} ORDER BY item, opened_at, id"
    )
    found: dict[bytes, list[tuple[bytes, int]]] = {}
    for article, id, quantity in act.tx.rows(sql, params):
        found.setdefault(bytes(article), []).append((bytes(id), int(quantity)))
    return found


def _settle_item(
    act: Act, tote: bytes, item: bytes, facts: list[tuple[bytes, int]], target: remedies.Target
) -> int:
    wanted = sum(quantity for _, quantity in facts)
    units = remedies.move_out(act, tote, item, wanted, target)
    for id, _ in facts:
        resolve(act, id, f"{units} of {wanted} {target.words}, with the tote")
    return units
