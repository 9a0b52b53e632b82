"""Orders are placed, held, cancelled and taken back; what cannot be is refused whole."""

from __future__ import annotations

import threading

import pytest

from hub.catalog import service as catalog
from hub.errors import BadValue, NotFound, WrongState
from hub.inventory import claims
from hub.inventory.models import Allocation, Balance
from hub.inventory.posting import Where, balance_id
from hub.orders import lines, placing, queries, service
from hub.orders.models import OrderLine, SalesOrder
from hub.orders.service import NewLine, NewOrder
from hub.verify.command import verify
from tests.hub import builders
from tests.hub.conftest import TestHub


def _line(order: bytes) -> OrderLine:
    return OrderLine.get(OrderLine.order == order)


def _state(order: bytes) -> str:
    return SalesOrder.get_by_id(order).state


def _new(hub: TestHub, **more: object) -> NewOrder:
    wanted = {"lines": [NewLine(builders.item(hub, "PEN"), 2)], **more}
    return NewOrder(company=hub.company, **wanted)  # type: ignore[arg-type]


def _place(hub: TestHub, **more: object) -> bytes:
    order = _new(hub, **more)
    with hub.act() as act:
        return service.place(act, order)


def _allocate(hub: TestHub, order: bytes, place: bytes, sku: str, quantity: int) -> bytes:
    """Claim stock for the order's line, as a wave does."""
    line = _line(order)
    goods = builders.goods(hub, sku)
    with hub.act() as act:
        held = claims.claim(
            act, balance_id(hub.site, goods, Where(place)), quantity, order=order,
            order_line=line.id, item=goods.item, place=place, reason="test",
        )  # fmt: skip
        assert held is not None
        lines.move(act, line.id, "open", "allocated", quantity)
    return held


def test_an_order_is_approved_when_nothing_holds_it(hub: TestHub) -> None:
    order = builders.order(hub, {"PEN": 2, "RULER": 1})
    assert _state(order) == "APPROVED"
    view = queries.order_of(order)
    assert [(line.sku, line.stages.open) for line in view.lines] == [("PEN", 2), ("RULER", 1)]
    assert view.lines[0].name == "Article PEN"
    assert view.fulfilment == "UNALLOCATED"
    assert verify(hub.database).ok


def test_units_are_kept_as_entered_and_counted_in_pieces(hub: TestHub) -> None:
    dozen = NewLine(builders.item(hub, "PEN"), 3, unit="dozen", unit_size=12)
    line = _line(_place(hub, lines=[dozen]))
    assert (line.unit, line.unit_quantity, line.ordered, line.open) == ("dozen", 3, 36, 36)


def test_numbers_have_no_gap_even_when_an_order_is_refused_between(hub: TestHub) -> None:
    first = _place(hub)
    with pytest.raises(RuntimeError), hub.act() as act:
        service.place_many(act, [_new(hub)])
        raise RuntimeError
    second = _place(hub)
    numbers = [SalesOrder.get_by_id(order).number for order in (first, second)]
    assert numbers == ["SO-000001", "SO-000002"]


def test_each_series_counts_for_itself(hub: TestHub) -> None:
    with hub.act() as act:
        given = [service.next_number(act, c, s) for c, s in
                 (("shop", "shipment"), ("shop", "shipment"), ("other", "shipment"),
                  ("shop", "parcel"))]  # fmt: skip
    assert given == ["SH-000001", "SH-000002", "SH-000001", "P-000001"]


def test_a_channel_cannot_send_the_same_order_twice(hub: TestHub) -> None:
    _place(hub, channel="web", external_id="W-1")
    _place(hub, channel="market", external_id="W-1")
    with pytest.raises(service.OrderKnown):
        _place(hub, channel="web", external_id="W-1")


def test_of_two_who_bring_the_same_order_at_once_one_is_told(hub: TestHub) -> None:
    order = _new(hub, channel="web", external_id="W-1")
    barrier = threading.Barrier(2)
    said: list[str] = []

    def bring() -> None:
        barrier.wait()
        try:
            hub.journal.perform("orders.place", lambda act: service.place(act, order),
                                site=hub.site, via="api")  # fmt: skip
            said.append("placed")
        except service.OrderKnown:
            said.append("known")
        hub.database.close()

    people = [threading.Thread(target=bring) for _ in range(2)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert sorted(said) == ["known", "placed"]
    assert SalesOrder.select().count() == 1


def test_bad_orders_are_refused_by_name_and_leave_nothing(hub: TestHub) -> None:
    pen = builders.item(hub, "PEN")
    with pytest.raises(service.NoLines):
        _place(hub, lines=[])
    with pytest.raises(service.BadOrderLine):
        _place(hub, lines=[NewLine(pen, 0)])
    with pytest.raises(service.BadOrderLine):
        _place(hub, lines=[NewLine(pen, 1, price_micros=-1)])
    with pytest.raises(service.UnknownArticle):
        _place(hub, lines=[NewLine(pen, 1), NewLine(bytes(16), 1)])
    with pytest.raises(NotFound):
        _place(hub, site="w9")
    with pytest.raises(NotFound):
        _place(hub, customer=bytes(16))
    with pytest.raises(BadValue):
        _place(hub, holds=["BORED"])
    assert SalesOrder.select().count() == 0


def test_an_article_that_is_not_sold_cannot_be_ordered(hub: TestHub) -> None:
    with hub.act() as act:
        item = catalog.save_item(act, hub.company, "OLD", "Old", status="RETIRED")
    with pytest.raises(service.NotForSale) as refused:
        _place(hub, lines=[NewLine(item, 1)])
    assert refused.value.sku == "OLD"


def test_an_order_goes_on_when_the_last_of_its_holds_is_lifted(hub: TestHub) -> None:
    order = _place(hub, holds=["CREDIT"])
    assert _state(order) == "ON_HOLD"
    with hub.act() as act:
        address = service.hold(act, order, "ADDRESS", "no house number")
    credit = next(hold.id for hold in queries.holds_of(order) if hold.reason == "CREDIT")
    with hub.act() as act:
        assert not service.release_hold(act, credit)
    assert _state(order) == "ON_HOLD"
    with hub.act() as act:
        assert service.release_hold(act, address)
    assert _state(order) == "APPROVED"
    with pytest.raises(WrongState), hub.act() as act:
        service.release_hold(act, address)


def test_an_order_that_is_being_picked_cannot_be_held(hub: TestHub) -> None:
    place = builders.stock(hub, "A-01", "PEN", 5)
    order = builders.order(hub, {"PEN": 2})
    _allocate(hub, order, place, "PEN", 2)
    with hub.act() as act:
        lines.move(act, _line(order).id, "allocated", "released", 2)
        lines.move(act, _line(order).id, "released", "picked", 1)
    with pytest.raises(WrongState), hub.act() as act:
        service.hold(act, order, "FRAUD")


def test_cancelling_frees_the_stock_that_was_claimed(hub: TestHub) -> None:
    place = builders.stock(hub, "A-01", "PEN", 5)
    order = builders.order(hub, {"PEN": 4})
    _allocate(hub, order, place, "PEN", 3)
    with hub.act() as act:
        service.cancel_units(act, _line(order).id, 2, "customer")
    line = _line(order)
    assert (line.open, line.allocated, line.cancelled) == (0, 2, 2)
    assert Balance.get((Balance.place == place) & (Balance.is_real)).allocated == 2
    held = {(a.state, a.quantity) for a in Allocation.select()}
    assert held == {("ALLOCATED", 2), ("DEALLOCATED", 1)}
    assert verify(hub.database).ok


def test_units_in_a_pickers_hand_cannot_be_cancelled(hub: TestHub) -> None:
    place = builders.stock(hub, "A-01", "PEN", 5)
    order = builders.order(hub, {"PEN": 4})
    held = _allocate(hub, order, place, "PEN", 3)
    with hub.act() as act:
        claims.advance(act, held, "ALLOCATED", "RELEASED")
        lines.move(act, _line(order).id, "allocated", "released", 3)
    with pytest.raises(service.NotCancellable) as refused, hub.act() as act:
        service.cancel_units(act, _line(order).id, 2, "customer")
    assert (refused.value.possible, refused.value.on_the_floor) == (1, 3)
    with pytest.raises(service.NotCancellable), hub.act() as act:
        service.cancel_order(act, order, "customer")
    assert _line(order).cancelled == 0


def test_an_order_whose_last_unit_is_cancelled_is_cancelled(hub: TestHub) -> None:
    order = _place(hub, holds=["MANUAL"])
    with hub.act() as act:
        service.cancel_units(act, _line(order).id, 2, "customer")
    assert _state(order) == "CANCELLED"
    assert {hold.state for hold in queries.holds_of(order)} == {"RELEASED"}
    with pytest.raises(WrongState), hub.act() as act:
        service.hold(act, order, "MANUAL")


def test_cancelling_a_whole_order_cancels_every_line(hub: TestHub) -> None:
    place = builders.stock(hub, "A-01", "PEN", 5)
    order = builders.order(hub, {"PEN": 4, "RULER": 2})
    _allocate(hub, order, place, "PEN", 4)
    with hub.act() as act:
        service.cancel_order(act, order, "customer")
    assert _state(order) == "CANCELLED"
    stages = [line.stages for line in queries.lines_of(order)]
    assert sorted((line.ordered, line.cancelled) for line in stages) == [(2, 2), (4, 4)]
    assert Balance.get((Balance.place == place) & (Balance.is_real)).allocated == 0
    with pytest.raises(WrongState), hub.act() as act:
        service.cancel_order(act, order, "again")
    assert verify(hub.database).ok


def test_no_more_comes_back_than_was_shipped(hub: TestHub) -> None:
    order = builders.order(hub, {"PEN": 3})
    line = _line(order)
    with hub.act() as act:
        for source, target in (("open", "allocated"), ("allocated", "released"),
                               ("released", "picked"), ("picked", "packed"),
                               ("packed", "shipped")):  # fmt: skip
            lines.move(act, line.id, source, target, 3)
        assert service.close_if_done(act, order) == "CLOSED"
        service.take_back(act, hub.company, "R-1", line.id, 2)
    with pytest.raises(service.NotThatManyShipped), hub.act() as act:
        service.take_back(act, hub.company, "R-2", line.id, 2)
    assert _line(order).returned == 2
    assert verify(hub.database).ok


def test_the_story_of_an_order_is_told_from_its_facts(hub: TestHub) -> None:
    order = _place(hub, holds=["CREDIT"])
    hub.clock.advance(s=60)
    with hub.act() as act:
        service.release_hold(act, queries.holds_of(order)[0].id)
    hub.clock.advance(s=60)
    with hub.act() as act:
        service.cancel_order(act, order, "customer")
    told = queries.timeline(order, [queries.Fact(0, "WAVE", bytes(16), {"wave": "W-1"})])
    assert [fact.what for fact in told] == [
        "WAVE", "PLACED", "HELD", "HOLD_LIFTED", "UNITS_MOVED", "CANCELLED",
    ]  # fmt: skip
    assert told[4].values == {
        "from": "open", "to": "cancelled", "reason": "customer", "lines": 1, "units": 2,
    }  # fmt: skip


def test_orders_are_found_by_number_document_customer_and_article(hub: TestHub) -> None:
    from hub.customers import service as customers

    with hub.act() as act:
        customer = customers.save_customer(act, hub.company, "17850", country="France")
    _place(hub, channel="web", external_id="W-77")
    mine = _place(hub, customer=customer, lines=[NewLine(builders.item(hub, "RULER"), 1)])
    found = {
        text: [row.number for row in queries.order_page(hub.site, company=hub.company, text=text)]
        for text in ("SO-000002", "2", "W-7", "17850", "ruler", "nobody")
    }
    second = ["SO-000002"]
    assert found == {
        "SO-000002": second, "2": second, "W-7": ["SO-000001"], "17850": second, "ruler": second,
        "nobody": [],
    }  # fmt: skip
    assert queries.order_numbered(hub.company, "so-000002") == mine


def test_pages_of_orders_follow_each_other_newest_first(hub: TestHub) -> None:
    for n in range(5):
        _place(hub, placed_at=1_000 + n // 2, holds=["MANUAL"] if n == 4 else [])
    first = queries.order_page(hub.site, company=hub.company, rows=3)
    last = first[-1]
    second = queries.order_page(
        hub.site, company=hub.company, rows=3, before=(last.placed_at, last.id)
    )
    assert len({row.id for row in first + second}) == 5
    moments = [row.placed_at for row in first + second]
    assert moments == sorted(moments, reverse=True)
    assert queries.state_counts(hub.site) == {"APPROVED": 4, "ON_HOLD": 1}
    held = queries.order_page(hub.site, company=hub.company, state="ON_HOLD")
    assert [row.number for row in held] == ["SO-000005"]


def test_charges_count_in_the_total_of_an_order(hub: TestHub) -> None:
    pen = NewLine(builders.item(hub, "PEN"), 3, price_micros=2_333_300)
    postage = placing.NewCharge("postage", 1, 18_000_000, "POSTAGE")
    order = _place(hub, lines=[pen], charges=[postage])
    assert queries.order_of(order).total_minor == 700 + 1800
