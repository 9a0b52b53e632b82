"""Which orders are late or due: the figures of Today, and the lists behind them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from hub.desk import queries as desk
from hub.orders import lines
from hub.orders.models import OrderLine, SalesOrder
from hub.orders.order_lists import order_page
from tests.hub import builders
from tests.hub.conftest import TestHub

TO_SHIPPED = ("allocated", "released", "picked", "packed", "shipped")


@pytest.fixture
def line(hub: TestHub) -> bytes:
    """The only line of the only order: three mugs."""
    builders.order(hub, {"MUG": 3})
    return bytes(OrderLine.get().id)


def move(hub: TestHub, line: bytes, quantity: int, *stages: str) -> None:
    with hub.act() as act:
        for before, after in pairwise(stages):
            lines.move(act, line, before, after, quantity, "test")


def views(hub: TestHub) -> set[str]:
    """The lists that the order stands on a moment after it was due, which Today counts alike."""
    due_at = SalesOrder.get().due_at
    now_us, end_us = due_at + 1, due_at + 1_000_000
    found = {
        view
        for view in ("due", "late", "waiting")
        if order_page(hub.site, view=view, now_us=now_us, day_end_us=end_us)
    }
    day = desk.day(hub.site, now_us, (due_at - 1_000_000, end_us))
    assert (day.due, day.late) == ("due" in found, "late" in found)
    return found


@pytest.mark.usefixtures("line")
def test_what_was_not_begun_in_time_is_late(hub: TestHub) -> None:
    assert views(hub) == {"due", "late"}


def test_an_order_of_which_nothing_left_is_late_though_it_waits_for_stock(
    hub: TestHub, line: bytes
) -> None:
    move(hub, line, 3, "open", "backordered")
    assert views(hub) == {"due", "late", "waiting"}


def test_one_that_left_in_part_and_waits_for_the_rest_is_neither_due_nor_late(
    hub: TestHub, line: bytes
) -> None:
    move(hub, line, 1, "open", *TO_SHIPPED)
    move(hub, line, 2, "open", "backordered")
    assert views(hub) == {"waiting"}


@pytest.mark.parametrize("stage", TO_SHIPPED[:-1])
def test_it_is_late_as_soon_as_somebody_can_do_something_about_it(
    hub: TestHub, line: bytes, stage: str
) -> None:
    move(hub, line, 1, "open", *TO_SHIPPED)
    move(hub, line, 2, "open", "backordered")
    move(hub, line, 1, "backordered", *TO_SHIPPED[: TO_SHIPPED.index(stage) + 1])
    assert views(hub) == {"due", "late", "waiting"}


def test_nothing_is_late_before_its_moment(hub: TestHub, line: bytes) -> None:
    due_at = SalesOrder.get().due_at
    assert order_page(hub.site, view="late", now_us=due_at) == []
    assert [row.id for row in order_page(hub.site, view="late", now_us=due_at + 1)] == [
        bytes(OrderLine.get(OrderLine.id == line).order)
    ]
