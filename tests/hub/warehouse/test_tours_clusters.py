"""Orders that are picked together walk less, fit their cart, and none is lost or picked twice."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.warehouse.floor import BinSpot, demo_floor
from hub.warehouse.tours import Clusters, OrderWork, form_clusters, plan_tour, tour_cm

DEMO = demo_floor()
BINS = list(DEMO.bins())


def orders_of(stop_lists: list[list[BinSpot]]) -> list[OrderWork]:
    return [
        OrderWork(key=f"o{i}", stops=tuple(stops), lines=len(stops), totes=1 + len(stops) // 6)
        for i, stops in enumerate(stop_lists)
    ]


def clusters_of(orders: list[OrderWork], slots_max: int = 6, lines_max: int = 20) -> Clusters:
    return form_clusters(
        DEMO.walkways,
        orders,
        start=DEMO.start,
        end=DEMO.bench,
        slots_max=slots_max,
        lines_max=lines_max,
    )


order_lists = st.lists(st.lists(st.sampled_from(BINS), min_size=1, max_size=8), max_size=14).map(
    orders_of
)


@settings(max_examples=40)
@given(order_lists, st.integers(1, 6), st.integers(1, 20))
def test_each_order_is_in_one_cart_and_no_cart_is_overfull(
    orders: list[OrderWork], slots_max: int, lines_max: int
) -> None:
    clusters = clusters_of(orders, slots_max, lines_max).clusters
    by_key = {order.key: order for order in orders}
    assert sorted(key for c in clusters for key in c.keys) == sorted(by_key)
    for cluster in clusters:
        assert cluster.lines == sum(by_key[key].lines for key in cluster.keys)
        assert cluster.totes == sum(by_key[key].totes for key in cluster.keys)
        is_in_limits = cluster.lines <= lines_max and cluster.totes <= slots_max
        assert is_in_limits or len(cluster.keys) == 1


@settings(max_examples=40)
@given(order_lists)
def test_metres_are_those_of_the_tours_and_never_above_carts_filled_as_they_came(
    orders: list[OrderWork],
) -> None:
    clusters = clusters_of(orders)
    by_key = {order.key: order for order in orders}
    walked_cm = 0
    for cluster in clusters.clusters:
        stops = [stop for key in cluster.keys for stop in by_key[key].stops]
        walked_cm += tour_cm(DEMO.walkways, stops, cluster.tour.order, DEMO.start, DEMO.bench)
    alone = [plan_tour(DEMO.walkways, o.stops, start=DEMO.start, end=DEMO.bench) for o in orders]
    assert clusters.total_cm == walked_cm <= clusters.as_they_came_cm
    assert clusters.one_by_one_cm == sum(tour.length_cm for tour in alone)


def test_orders_for_the_same_aisles_share_a_cart() -> None:
    near = [bin_ for bin_ in BINS if bin_.aisle == 0]
    far = [bin_ for bin_ in BINS if bin_.aisle == 11]
    mixed = orders_of([near[:3], far[:3], near[90:93], far[90:93]])
    clusters = clusters_of(mixed, slots_max=2)
    assert {frozenset(cluster.keys) for cluster in clusters.clusters} == {
        frozenset({"o0", "o2"}),
        frozenset({"o1", "o3"}),
    }


def test_a_wave_of_forty_orders_walks_a_good_deal_less_than_carts_filled_as_they_came() -> None:
    chance = random.Random(7)
    sizes = [min(90, int(chance.lognormvariate(2.6, 1.0)) + 1) for _ in range(40)]
    orders = orders_of([chance.sample(BINS, size) for size in sizes])
    one_tote = [OrderWork(o.key, o.stops, o.lines) for o in orders]
    clusters = clusters_of(one_tote, lines_max=200)
    assert clusters.total_cm < 0.95 * clusters.as_they_came_cm
    assert clusters.as_they_came_cm < 0.5 * clusters.one_by_one_cm
    assert clusters == clusters_of(one_tote, lines_max=200)


def test_says_what_a_cart_saves() -> None:
    clusters = clusters_of(orders_of([BINS[:2], BINS[4:6]]))
    assert clusters.clusters[0].reason == (
        "2 orders in one walk of 12 m instead of 25 m one by one; aisle visits saved: 1."
    )


def test_no_orders_make_no_clusters() -> None:
    assert clusters_of([]).clusters == ()
