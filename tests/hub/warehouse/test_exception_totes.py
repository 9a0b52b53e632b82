"""What is to be put back from one tote is one errand, though each fact keeps a row of its own."""

from __future__ import annotations

import pytest

from hub.desk import service as desk
from hub.errors import NotFound, WrongState
from hub.floor_exceptions import FloorException
from hub.inventory.posting import place_id
from hub.verify.command import verify
from hub.warehouse import exception_lists, exception_totes, exceptions
from hub.warehouse.exception_totes import Settled, ToteTask
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.warehouse import totes
from tests.hub.warehouse.test_exceptions import opened

BIN = "B-01-01-1"
TOTE = place_id("w1", "TOTE", "T1")


def cancelled(hub: TestHub, quantities: dict[str, int], tote: str = "T1") -> bytes:
    """An order whose goods lie in a tote, and that nobody wants any more."""
    order = totes.picked(hub, quantities, tote)
    with hub.act() as act:
        desk.cancel_order(act, order, "customer rang")
    return order


def settle(hub: TestHub, way: str, item: bytes | None = None, **answers: object) -> Settled:
    with hub.act() as act:
        return exception_totes.settle(act, TOTE, way, answers, item=item)


def test_a_cancelled_order_is_one_errand_of_its_tote(hub: TestHub) -> None:
    cancelled(hub, {"MUG": 3, "BOWL": 2})
    cancelled(hub, {"MUG": 4})
    cancelled(hub, {"JUG": 1}, "T2")
    opened(hub, "HELP", text="where is B?")
    first, alone, call = exception_lists.tasks(hub.site)
    assert isinstance(first, ToteTask)
    assert (first.place, first.facts, first.units, first.items) == (TOTE, 3, 9, 2)
    assert isinstance(alone, FloorException)
    assert (alone.kind, alone.place) == ("PUT_BACK", place_id("w1", "TOTE", "T2"))
    assert isinstance(call, FloorException)
    assert exception_lists.open_by_kind(hub.site) == {"HELP": 1, "PUT_BACK": 2}
    articles = exception_totes.item_tasks(hub.site, [TOTE])[TOTE]
    assert [(line.sku, line.facts, line.units) for line in articles] == [
        ("BOWL", 1, 2), ("MUG", 2, 7),
    ]  # fmt: skip


def test_the_whole_tote_is_put_away_at_once_and_every_fact_says_so(hub: TestHub) -> None:
    cancelled(hub, {"MUG": 3, "BOWL": 2})
    cancelled(hub, {"MUG": 4})
    builders.stock(hub, BIN, "MUG", 0)
    with hub.act() as act:
        act.tx.run("UPDATE place SET state = 'CLOSED' WHERE id = ?", (TOTE,))
    assert settle(hub, "put_back", bin=BIN.lower()) == Settled(9, 3, 0)
    ends = [row.resolution for row in FloorException.select().order_by(FloorException.resolution)]
    assert ends == [
        f"2 of 2 into {BIN}, with the tote",
        *[f"7 of 7 into {BIN}, with the tote"] * 2,
    ]
    assert (totes.units_in(hub, "BIN", BIN, "MUG"), totes.units_in(hub, "TOTE", "T1", "MUG")) == (
        7, 0,
    )  # fmt: skip
    with hub.act() as act:
        assert act.tx.row("SELECT state FROM place WHERE id = ?", (TOTE,)) == ("EMPTY",)
    assert exception_lists.tasks(hub.site) == []
    assert verify(hub.database).ok


def test_each_article_may_go_into_a_bin_of_its_own(hub: TestHub) -> None:
    cancelled(hub, {"MUG": 3, "BOWL": 2})
    builders.stock(hub, BIN, "MUG", 0)
    assert settle(hub, "put_back", builders.item(hub, "MUG"), bin=BIN) == Settled(3, 1, 0)
    (left,) = exception_lists.tasks(hub.site)
    assert isinstance(left, FloorException), "one fact of a tote stands by itself"
    assert left.item == builders.item(hub, "BOWL")
    assert settle(hub, "not_there") == Settled(2, 1, 0)
    assert verify(hub.database).ok


def test_no_more_is_put_back_than_the_tote_has_free(hub: TestHub) -> None:
    cancelled(hub, {"MUG": 3})
    cancelled(hub, {"MUG": 4})
    totes.picked(hub, {"MUG": 5}, "T1")
    first = FloorException.select().order_by(FloorException.opened_at).get()
    with hub.act() as act:
        exceptions.settle(act, first.id, "not_there")
    opened(hub, "PUT_BACK", place=TOTE, item=builders.item(hub, "MUG"), quantity=9)
    builders.stock(hub, BIN, "MUG", 0)
    assert settle(hub, "put_back", bin=BIN).units == 7 - first.quantity
    assert totes.units_in(hub, "TOTE", "T1", "MUG") == 5, "an order waits for these"
    assert verify(hub.database).ok


def test_what_is_refused_leaves_everything_open(hub: TestHub) -> None:
    cancelled(hub, {"MUG": 3, "BOWL": 2})
    with pytest.raises(NotFound):
        settle(hub, "put_back", bin="Z-99-99-9")
    with pytest.raises(NotFound):
        settle(hub, "burn")
    assert len(exception_totes.facts_of(hub.site, TOTE)) == 2
    settle(hub, "not_there")
    with pytest.raises(WrongState):
        settle(hub, "not_there")


def test_many_articles_are_settled_in_several_short_acts(
    hub: TestHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exception_totes, "ITEMS_MAX", 2)
    cancelled(hub, {f"SKU-{n}": n + 1 for n in range(5)})
    assert [settle(hub, "not_there") for _ in range(3)] == [
        Settled(units, facts, left)
        for units, facts, left in _in_slices({f"SKU-{n}": n + 1 for n in range(5)}, hub)
    ]
    assert verify(hub.database).ok


def _in_slices(quantities: dict[str, int], hub: TestHub) -> list[tuple[int, int, int]]:
    """Two articles at a time, in the order of their ids."""
    units = [quantities[sku] for sku in sorted(quantities, key=lambda sku: builders.item(hub, sku))]
    return [
        (sum(units[n : n + 2]), len(units[n : n + 2]), max(0, len(units) - n - 2))
        for n in range(0, len(units), 2)
    ]
