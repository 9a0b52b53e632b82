"""Sharing out stock: rules for a whole wave, and slices that take it claim by claim."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import WrongState
from hub.floor_exceptions import open_exception, resolve
from hub.inventory import queries
from hub.inventory.models import Allocation
from hub.inventory.rules import BinStock
from hub.orders import service as orders
from hub.orders.models import LineMove, OrderLine, SalesOrder
from hub.warehouse import allocating, rules, service
from hub.warehouse.queries import demand_of, stock_for, wave
from hub.warehouse.rules import LineDemand, OrderDemand
from tests.hub import builders
from tests.hub.warehouse import floorwork as floor


def bin(code: str, free: int) -> BinStock:
    return BinStock(code.encode(), code.encode(), code, free)


def order(name: str, *needs: tuple[str, int], whole: bool = False) -> OrderDemand:
    lines = tuple(
        LineDemand(f"{name}{n}".encode(), item.encode(), units)
        for n, (item, units) in enumerate(needs)
    )
    return OrderDemand(name.encode(), lines, whole)


def test_who_comes_first_is_served_first():
    demand = [order("a", ("x", 4)), order("b", ("x", 4))]
    plan = rules.plan_allocation(demand, {b"x": [bin("B", 6)]})
    assert [(claim.order, claim.quantity) for claim in plan.claims] == [(b"a", 4), (b"b", 2)]
    (short,) = plan.shortages
    assert (short.order, short.wanted, short.missing) == (b"b", 4, 2)


def test_an_order_that_ships_complete_is_left_out_whole_and_leaves_its_stock_to_others():
    plan = rules.plan_allocation(
        [order("a", ("x", 4), ("y", 1), whole=True), order("b", ("x", 6))], {b"x": [bin("B", 6)]}
    )
    assert plan.left_out == (b"a",)
    assert [(claim.order, claim.quantity) for claim in plan.claims] == [(b"b", 6)]


@pytest.mark.parametrize(
    ("totals", "code"),
    [
        ({"AVAILABLE": 5, "allocated": 2}, "IN_LOCKED_BINS"),
        ({"AVAILABLE": 2, "allocated": 2, "HOLD": 3}, "NOT_FREE"),
        ({"AVAILABLE": 2, "allocated": 2}, "ALL_CLAIMED"),
        ({"allocated": 0}, "NONE_THERE"),
    ],
)
def test_a_shortage_says_what_could_be_done(totals, code):
    assert rules.explain_shortage(totals)[0] == code


needs = st.lists(st.tuples(st.sampled_from("xyz"), st.integers(1, 9)), min_size=1, max_size=4)


@given(
    st.lists(st.tuples(needs, st.booleans()), max_size=6),
    st.dictionaries(st.sampled_from("xyz"), st.lists(st.integers(0, 12), max_size=3)),
)
def test_no_bin_is_promised_twice_and_every_unit_is_claimed_or_short(wanted, stock):
    demand = [order(f"o{n}-", *lines, whole=whole) for n, (lines, whole) in enumerate(wanted)]
    bins = {
        item.encode(): [bin(f"{item}{n}", units) for n, units in enumerate(of)]
        for item, of in stock.items()
    }
    plan = rules.plan_allocation(demand, bins)
    for of in bins.values():
        for one in of:
            taken = [c.quantity for c in plan.claims if c.bin.balance == one.balance]
            assert sum(taken) <= one.free
    short = {s.line: s.missing for s in plan.shortages}
    for one in demand:
        for line in one.lines:
            claimed = sum(c.quantity for c in plan.claims if c.line == line.line)
            if one.order in plan.left_out:
                assert claimed == 0
            else:
                assert claimed + short.get(line.line, 0) == line.quantity


def allocated(hub, ids, **how) -> bytes:
    id = floor.wave(hub, ids, goal="ALLOCATED", **how)
    floor.settle(hub)
    return id


def test_an_order_ships_what_there_is_and_the_rest_waits_with_its_reason(hub):
    builders.stock(hub, "B1", "MUG", 3)
    id = builders.order(hub, {"MUG": 5, "BOWL": 1})
    planned = allocated(hub, [id])
    assert wave(planned).state == "ALLOCATED"
    assert floor.stages(id) == {"allocated": 3, "backordered": 3}
    reasons = [
        msgspec.json.decode(move.reason)["code"]
        for move in LineMove.select().where(LineMove.to_stage == "backordered")
    ]
    assert sorted(reasons) == ["ALL_CLAIMED", "NONE_THERE"]
    (claim,) = Allocation.select()
    assert msgspec.json.decode(claim.reason)["code"] == "LARGEST_FIRST"
    floor.assert_true_books(hub)


def test_an_order_that_ships_complete_leaves_the_wave_whole(hub):
    builders.stock(hub, "B1", "MUG", 3)
    with hub.act() as act:
        lines = (orders.NewLine(builders.item(hub, "MUG"), 3),
                 orders.NewLine(builders.item(hub, "BOWL"), 1))  # fmt: skip
        whole = orders.place(act, orders.NewOrder(hub.company, lines, ships_complete=True))
    partly = builders.order(hub, {"MUG": 2})
    planned = allocated(hub, [whole, partly])
    assert floor.stages(whole) == {"backordered": 4}
    assert SalesOrder.get_by_id(whole).wave is None
    assert SalesOrder.get_by_id(partly).wave == planned
    assert floor.stages(partly) == {"allocated": 2}
    floor.assert_true_books(hub)


def test_two_waves_over_the_same_stock_never_claim_more_than_there_is(hub):
    """Lessons 25 and 35: what one wave has taken, the other sees as gone."""
    builders.stock(hub, "B1", "MUG", 5)
    builders.stock(hub, "B2", "MUG", 2)
    first = [builders.order(hub, {"MUG": 2}) for _ in range(3)]
    second = [builders.order(hub, {"MUG": 2}) for _ in range(3)]
    one, other = floor.wave(hub, first), floor.wave(hub, second)
    for turn in (one, other, one, other):
        with hub.act() as act:
            service.allocate_wave(act, turn)
    held = sum(claim.quantity for claim in Allocation.select())
    assert held == 7
    waiting = sum(floor.stages(id).get("backordered", 0) for id in (*first, *second))
    assert waiting == 12 - 7
    floor.assert_true_books(hub)


def test_a_wave_that_loses_the_race_for_a_bin_chooses_another(hub):
    """Its snapshot is old by the time it claims: the guarded statement says so."""
    builders.stock(hub, "B1", "MUG", 4)
    builders.stock(hub, "B2", "MUG", 9)
    mine, theirs = builders.order(hub, {"MUG": 4}), builders.order(hub, {"MUG": 3})
    with hub.act() as act:
        (demand,) = demand_of([mine])
        stock = stock_for(hub.site, [demand])
        plan = rules.plan_allocation([demand], stock)
        (rival,) = demand_of([theirs])
        same_bin = {rival.lines[0].item: [plan.claims[0].bin]}
        (other,) = rules.plan_allocation([rival], same_bin).claims
        assert allocating._take(act, other) is not None
        held = allocating._claim_all(act, plan.claims)
        (got,) = held[demand.lines[0].line]
        assert queries.places([got.place])[got.place].code == "B2"
    assert sum(claim.quantity for claim in Allocation.select()) == 7


def test_an_allocation_killed_in_the_middle_goes_on_where_it_stopped(hub, monkeypatch):
    builders.stock(hub, "B1", "MUG", 100)
    ids = [builders.order(hub, {"MUG": 2}) for _ in range(5)]
    planned = floor.wave(hub, ids, goal="ALLOCATED")
    monkeypatch.setattr(allocating, "SLICE_LINES", 2)
    with hub.act() as act:
        service.allocate_wave(act, planned)
    with pytest.raises(RuntimeError, match="killed"), hub.act() as act:
        service.allocate_wave(act, planned)
        raise RuntimeError("killed")
    assert wave(planned).state == "ALLOCATING"
    assert sum(claim.quantity for claim in Allocation.select()) == 4
    floor.settle(hub)
    assert wave(planned).state == "ALLOCATED"
    assert [floor.stages(id) for id in ids] == [{"allocated": 2}] * 5
    floor.assert_true_books(hub)


def test_a_doubtful_bin_is_passed_by_until_somebody_settles_it(hub):
    place = builders.stock(hub, "B1", "MUG", 9)
    item = builders.item(hub, "MUG")
    with hub.act() as act:
        doubt = open_exception(act, "SHORT_PICK", place=place, item=item, quantity=1)
    first = builders.order(hub, {"MUG": 1})
    allocated(hub, [first])
    assert floor.stages(first) == {"backordered": 1}
    with hub.act() as act:
        resolve(act, doubt, "COUNTED")
    second = builders.order(hub, {"MUG": 1})
    allocated(hub, [second])
    assert floor.stages(second) == {"allocated": 1}


def test_only_a_planned_wave_is_allocated(hub):
    builders.stock(hub, "B1", "MUG", 9)
    planned = allocated(hub, [builders.order(hub, {"MUG": 1})])
    with pytest.raises(WrongState, match="ALLOCATED"), hub.act() as act:
        service.allocate_wave(act, planned)


def test_units_cancelled_after_allocation_are_free_and_not_released(hub):
    """Lesson 39: no stock stays allocated for what nobody wants."""
    builders.stock(hub, "B1", "MUG", 9)
    id = builders.order(hub, {"MUG": 4})
    planned = allocated(hub, [id])
    line = OrderLine.get(OrderLine.order == id)
    with hub.act() as act:
        orders.cancel_units(act, line.id, 3, "changed their mind")
    with hub.act() as act:
        service.set_goal(act, planned, "RELEASED")
    floor.settle(hub)
    assert floor.stages(id) == {"released": 1, "cancelled": 3}
    ((free, _),) = queries.pickable(hub.site, [builders.item(hub, "MUG")]).popitem()[1]
    assert free.free == 8
    floor.assert_true_books(hub)
