"""What lines say about an order, and where units are cancelled from."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.orders.models import STAGES
from hub.orders.rules import (
    CANCELLABLE,
    Creditable,
    Stages,
    amount_minor,
    closing_state,
    due_by,
    fulfilment_status,
    plan_cancellation,
    plan_credit,
)


def line(**stages: int) -> Stages:
    return Stages(sum(stages.values()), **stages)


lines = st.builds(lambda units: line(**dict(zip(STAGES, units, strict=True))),
                  st.tuples(*[st.integers(0, 9)] * len(STAGES)))  # fmt: skip


@pytest.mark.parametrize(
    ("stages", "status"),
    [
        ({"open": 3}, "UNALLOCATED"),
        ({"promised": 3}, "UNALLOCATED"),
        ({"open": 1, "allocated": 2}, "PARTIALLY_ALLOCATED"),
        ({"allocated": 2, "cancelled": 1}, "ALLOCATED"),
        ({"backordered": 2}, "BACKORDERED"),
        ({"released": 2, "backordered": 1}, "RELEASED"),
        ({"released": 2, "picked": 1}, "PICKING"),
        ({"picked": 2, "packed": 1}, "PICKED"),
        ({"picked": 2, "backordered": 1}, "PICKED"),
        ({"packed": 2, "backordered": 1}, "PACKED"),
        ({"shipped": 2, "backordered": 1}, "PARTIALLY_SHIPPED"),
        ({"shipped": 2, "cancelled": 1}, "SHIPPED"),
        ({"cancelled": 2}, "CANCELLED"),
    ],
)
def test_the_fulfilment_status_follows_from_quantities(stages: dict[str, int], status: str) -> None:
    assert fulfilment_status([line(**stages)]) == status


@given(st.lists(lines, min_size=1, max_size=5))
def test_the_status_of_an_order_is_that_of_its_lines_together(several: list[Stages]) -> None:
    together = Stages(*map(sum, zip(*several, strict=True)))
    assert fulfilment_status(several) == fulfilment_status([together])


@given(lines, st.integers(1, 99))
def test_a_cancellation_takes_what_nobody_has_in_hand_and_says_the_rest(
    before: Stages, quantity: int
) -> None:
    takings, missing = plan_cancellation(before, quantity)
    assert sum(taking.quantity for taking in takings) + missing == quantity
    assert all(0 < t.quantity <= getattr(before, t.stage) for t in takings)
    assert {t.stage for t in takings} <= set(CANCELLABLE)
    possible = sum(getattr(before, stage) for stage in CANCELLABLE)
    assert missing == max(quantity - possible, 0)


credited = st.builds(Creditable, st.binary(min_size=16, max_size=16), st.integers(0, 9),
                     st.integers(0, 9))  # fmt: skip


@given(st.lists(credited, max_size=6), st.integers(1, 60))
def test_a_credit_finds_a_place_for_each_unit_or_says_how_many_have_none(
    several: list[Creditable], quantity: int
) -> None:
    plan = plan_credit(several, quantity)
    assert (
        sum(q for _, q in plan.cancel) + sum(q for _, q in plan.take_back) + plan.rest == quantity
    )
    cancellable = sum(each.cancellable for each in several)
    assert sum(q for _, q in plan.cancel) == min(quantity, cancellable)
    if plan.rest:
        room = cancellable + sum(each.returnable for each in several)
        assert plan.rest == quantity - room


def test_an_order_closes_when_every_unit_is_shipped_or_cancelled() -> None:
    assert closing_state([line(shipped=2), line(cancelled=1)]) == "CLOSED"
    assert closing_state([line(cancelled=2), line(cancelled=1)]) == "CANCELLED"
    assert closing_state([line(shipped=2), line(backordered=1)]) is None


@pytest.mark.parametrize(
    ("quantity", "price_micros", "minor"),
    [(6, 2_550_000, 1530), (1, 5_000, 1), (1, 4_999, 0), (-1, 5_000, -1), (3, 333_300, 100)],
)
def test_a_line_is_rounded_once_with_halves_away_from_zero(
    quantity: int, price_micros: int, minor: int
) -> None:
    assert amount_minor(quantity, price_micros) == minor


@pytest.mark.parametrize(
    ("placed", "due"),
    [
        ("2026-07-01 09:00", "2026-07-01 18:00"),
        ("2026-07-01 17:59", "2026-07-01 18:00"),
        ("2026-07-01 18:00", "2026-07-02 18:00"),
        ("2026-10-24 23:00", "2026-10-25 18:00"),  # the night that has an hour more
    ],
)
def test_an_order_without_a_time_is_due_at_the_next_cut_off_of_its_site(
    placed: str, due: str
) -> None:
    def moment(text: str) -> int:
        here = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))
        return int(here.astimezone(UTC).timestamp()) * 1_000_000

    assert due_by(moment(placed), "Europe/Berlin") == moment(due)
