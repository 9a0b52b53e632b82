"""Movements: what is taken is there, what is given arrives, and nothing else changes."""

from __future__ import annotations

import peewee
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.inventory import claims
from hub.inventory.posting import (
    BadQuantity,
    Goods,
    NotEnoughStock,
    Where,
    balance_id,
    free,
    on_hand,
    place_id,
    post,
    real,
    virtual,
)
from hub.verify.command import verify
from tests.hub import builders
from tests.hub.conftest import TestHub


def test_moves_units_from_one_place_to_another(hub: TestHub) -> None:
    builders.stock(hub, "A-01-01-1", "LANTERN", 10)
    goods = builders.goods(hub, "LANTERN")
    source, target = real("w1", "BIN", "A-01-01-1"), real("w1", "DOCK", "D1")
    with hub.act() as act:
        builders.inventory.ensure_place(act, "DOCK", "D1")
        post(act, goods, 4, source, target, "move")
        assert on_hand(act, goods, source) == (6, 0)
        assert on_hand(act, goods, target) == (4, 0)
    assert verify(hub.database).ok


def test_refuses_to_take_more_than_is_there_and_changes_nothing(hub: TestHub) -> None:
    builders.stock(hub, "A-01-01-1", "LANTERN", 3)
    goods = builders.goods(hub, "LANTERN")
    source = real("w1", "BIN", "A-01-01-1")
    with hub.act() as act:
        with pytest.raises(NotEnoughStock) as refusal:
            post(act, goods, 4, source, virtual("w1", "SCRAP"), "broken")
        assert on_hand(act, goods, source) == (3, 0)
    assert refusal.value.there == 3


def test_units_that_somebody_claims_are_not_free_to_take(hub: TestHub) -> None:
    place = builders.stock(hub, "A-01-01-1", "LANTERN", 5)
    goods = builders.goods(hub, "LANTERN")
    source = real("w1", "BIN", "A-01-01-1")
    line = b"l" * 16
    with hub.act() as act:
        held = claims.claim(
            act, balance_id("w1", goods, source), 4, order=b"o" * 16, order_line=line,
            item=goods.item, place=place, reason="test",
        )  # fmt: skip
        assert held is not None
        assert free(act, goods, source) == 1
        with pytest.raises(NotEnoughStock):
            post(act, goods, 2, source, virtual("w1", "SCRAP"), "broken")
        post(act, goods, 1, source, virtual("w1", "SCRAP"), "broken")


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_movement_needs_a_quantity(hub: TestHub, quantity: int) -> None:
    goods = builders.goods(hub, "LANTERN")
    with hub.act() as act, pytest.raises(BadQuantity):
        post(act, goods, quantity, virtual("w1", "VENDOR"), virtual("w1", "SCRAP"), "nothing")


def test_the_table_itself_refuses_negative_stock_in_a_real_place(hub: TestHub) -> None:
    builders.stock(hub, "A-01-01-1", "LANTERN", 1)
    with pytest.raises(peewee.IntegrityError), hub.database.atomic():
        hub.database.execute_sql("UPDATE balance SET on_hand = -1 WHERE is_real")


def test_virtual_places_may_owe(hub: TestHub) -> None:
    builders.stock(hub, "A-01-01-1", "LANTERN", 7)
    goods = builders.goods(hub, "LANTERN")
    with hub.act() as act:
        assert on_hand(act, goods, virtual("w1", "VENDOR")) == (-7, 0)


BINS = ("A-01-01-1", "A-01-02-1", "A-01-03-1")
moves = st.lists(
    st.tuples(
        st.sampled_from([*BINS, "SCRAP"]), st.sampled_from([*BINS, "SCRAP"]), st.integers(1, 9)
    ),
    max_size=25,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=moves)
def test_whatever_moves_nothing_appears_or_vanishes(
    sqlite_hub: TestHub, moves: list[tuple[str, str, int]]
) -> None:
    """Against a plain dictionary as the model."""
    hub = sqlite_hub
    goods = Goods(hub.company, hub.random.randbytes(16))
    model = dict.fromkeys(BINS, 0)
    with hub.act() as act:
        for code in BINS:
            builders.inventory.ensure_place(act, "BIN", code)
            post(act, goods, 10, virtual("w1", "VENDOR"), _where(code), "opening")
            model[code] = 10
        for source, target, quantity in moves:
            if source == target:
                continue
            if source in model and model[source] < quantity:
                with pytest.raises(NotEnoughStock):
                    post(act, goods, quantity, _where(source), _where(target), "move")
                continue
            post(act, goods, quantity, _where(source), _where(target), "move")
            for code, change in ((source, -quantity), (target, quantity)):
                if code in model:
                    model[code] += change
        found = {code: on_hand(act, goods, _where(code))[0] for code in BINS}
    assert found == model
    assert not [f for f in verify(hub.database).findings if f.check != "claims"]


def _where(code: str) -> Where:
    return virtual("w1", code) if code == "SCRAP" else Where(place_id("w1", "BIN", code))
