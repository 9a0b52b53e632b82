"""Places and stock by hand: received, moved, adjusted, set aside, and who holds it."""

from __future__ import annotations

import pytest

from hub.errors import BadValue, NotFound, WrongState
from hub.inventory import claims, queries, service
from hub.inventory.posting import NotEnoughStock, balance_id, place_id, real
from hub.verify.command import verify
from hub.warehouse.floor import demo_floor
from tests.hub import builders


def units(hub, bin: str, status: str = "AVAILABLE") -> int:
    place = place_id(hub.site, "BIN", bin)
    return sum(row.on_hand for row in queries.stock_in(hub.site, place) if row.status == status)


def hold(hub, bin: str, sku: str, quantity: int, state: str = "ALLOCATED") -> bytes:
    """A claim without an order line, for stories about stock alone."""
    goods = builders.goods(hub, sku)
    where = real(hub.site, "BIN", bin)
    with hub.act() as act:
        got = claims.claim(
            act, balance_id(hub.site, goods, where), quantity, order=b"o" * 16,
            order_line=b"l" * 16, item=goods.item, place=where.place, reason="", state=state,
        )  # fmt: skip
    assert got is not None
    return got


def test_a_site_has_its_virtual_places_and_may_be_ensured_again(hub):
    with hub.act() as act:
        service.ensure_site(act, hub.site, hub.company, "New name", floor="x = 1")
    with hub.act() as act:
        service.ensure_site(act, hub.site, hub.company, "New name")
        facts = service.site_facts(act)
    assert facts == service.SiteFacts("w1", "shop", "x = 1")
    for kind in ("VENDOR", "CUSTOMER", "ADJUSTMENT", "SCRAP", "UNEXPLAINED"):
        assert queries.place(hub.site, kind, kind.lower()) is not None


def test_a_new_floor_moves_known_bins_and_keeps_their_stock(hub):
    builders.stock(hub, "A-03-05-2", "MUG", 4)
    spot = demo_floor().bin("A-03-05-2")
    with hub.act() as act:
        assert service.define_bins(act, [spot]) == 1
    there = queries.place(hub.site, "BIN", "A-03-05-2")
    assert (there.aisle, there.level, there.x_cm, there.y_cm) == (2, 2, spot.x_cm, spot.y_cm)
    assert units(hub, "A-03-05-2") == 4


def test_goods_are_received_moved_and_adjusted_through_the_ledger(hub):
    item = builders.item(hub, "MUG")
    one, other = builders.stock(hub, "B1", "MUG", 10), builders.stock(hub, "B2", "MUG", 0)
    with hub.act() as act:
        service.move(act, "B1", "B2", item, 4, "tidy")
        service.adjust(act, one, item, -1, "broken")
        service.adjust(act, other, item, 2, "found")
    assert (units(hub, "B1"), units(hub, "B2")) == (5, 6)
    assert queries.stock_by_status(hub.site) == {"AVAILABLE": 11}
    assert verify(hub.database).findings == []


def test_units_on_hold_stay_in_their_bin_and_are_not_pickable(hub):
    place, item = builders.stock(hub, "B1", "MUG", 10), builders.item(hub, "MUG")
    with hub.act() as act:
        service.set_status(act, place, item, 7, "AVAILABLE", "HOLD", "looks wet")
    assert (units(hub, "B1"), units(hub, "B1", "HOLD")) == (3, 7)
    ((found, _),) = queries.pickable(hub.site, [item])[item]
    assert found.free == 3
    with hub.act() as act:
        service.set_status(act, place, item, 7, "HOLD", "AVAILABLE", "dry")
    assert units(hub, "B1") == 10


def test_a_locked_bin_is_passed_by_until_it_is_open_again(hub):
    builders.stock(hub, "B1", "MUG", 10)
    item = builders.item(hub, "MUG")
    for lock, is_pickable in (("BLOCKED_OUT", False), ("COUNT_LOCK", False), ("BLOCKED_IN", True)):
        with hub.act() as act:
            service.block_bin(act, "B1", lock)
        assert (item in queries.pickable(hub.site, [item])) == is_pickable
        with hub.act() as act:
            service.unblock_bin(act, "B1")
    assert item in queries.pickable(hub.site, [item])


@pytest.mark.parametrize(
    ("refusal", "do"),
    [
        (NotFound, lambda act, item: service.receive(act, "NOWHERE", item, 1, "x")),
        (BadValue, lambda act, item: service.move(act, "B1", "B1", item, 1, "x")),
        (BadValue, lambda act, item: service.ensure_place(act, "VENDOR", "x")),
        (BadValue, lambda act, item: service.ensure_place(act, "BIN", "")),
        (BadValue, lambda act, item: service.block_bin(act, "B1", "SHUT")),
        (NotEnoughStock, lambda act, item: service.move(act, "B1", "B2", item, 11, "x")),
        (WrongState, lambda act, item: service.block_bin(act, "B3", "COUNT_LOCK")),
        (WrongState, lambda act, item: service.receive(act, "B3", item, 1, "x")),
        (WrongState, lambda act, item: service.move(act, "B1", "B3", item, 1, "x")),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(hub, refusal, do):
    item = builders.item(hub, "MUG")
    for bin, quantity in (("B1", 10), ("B2", 0), ("B3", 0)):
        builders.stock(hub, bin, "MUG", quantity)
    with hub.act() as act:
        service.block_bin(act, "B3", "BLOCKED_IN")
    with pytest.raises(refusal), hub.act() as act:
        do(act, item)
    assert units(hub, "B1") == 10


def test_a_status_change_or_adjustment_cannot_take_what_others_hold(hub):
    place, item = builders.stock(hub, "B1", "MUG", 10), builders.item(hub, "MUG")
    hold(hub, "B1", "MUG", 8)
    with pytest.raises(NotEnoughStock), hub.act() as act:
        service.set_status(act, place, item, 3, "AVAILABLE", "HOLD", "x")
    with pytest.raises(NotEnoughStock), hub.act() as act:
        service.adjust(act, place, item, -3, "x")
    assert units(hub, "B1") == 10


def test_a_fact_displaces_the_weakest_claims_first(hub):
    """Lesson 28: a fact is accepted though something is reserved; those claims give way."""
    builders.stock(hub, "B1", "MUG", 10)
    released = hold(hub, "B1", "MUG", 3, "RELEASED")
    older, newer = hold(hub, "B1", "MUG", 2), hold(hub, "B1", "MUG", 4)
    balance = balance_id(hub.site, builders.goods(hub, "MUG"), real(hub.site, "BIN", "B1"))
    with hub.act() as act:
        displaced = service.release_claims(act, balance, 7)
    assert [(claim.state, claim.quantity) for claim in displaced] == [
        ("ALLOCATED", 4), ("ALLOCATED", 2), ("RELEASED", 1),
    ]  # fmt: skip
    assert [displaced[0].id, displaced[1].id] == [newer, older]
    (left,) = queries.who_holds(balance)
    assert (left.allocation, left.quantity, left.state) == (released, 2, "RELEASED")


def test_who_holds_this_stock_is_one_question(hub):
    """Lesson 27: nobody has to guess who keeps units from being free."""
    builders.stock(hub, "B1", "MUG", 10)
    builders.stock(hub, "B2", "MUG", 10)
    hold(hub, "B1", "MUG", 4)
    hold(hub, "B2", "MUG", 5, "RELEASED")
    item = builders.item(hub, "MUG")
    everywhere = queries.who_holds_item(hub.site, item)
    assert [(h.quantity, h.state) for h in everywhere] == [(4, "ALLOCATED"), (5, "RELEASED")]
    here = queries.who_holds_item(hub.site, item, place_id(hub.site, "BIN", "B2"))
    assert [(h.quantity, h.order) for h in here] == [(5, b"o" * 16)]
    held = sum(row.allocated for row in queries.stock_of_item(hub.site, item))
    assert held == sum(holder.quantity for holder in everywhere)
