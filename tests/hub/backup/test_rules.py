"""Which backups stay, and when the night begins."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.backup.rules import DAILY, WEEKLY, Made, is_due, superfluous

TODAY = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def made_ago(days: float, *, is_true: bool = True) -> Made:
    return Made(f"{days}", TODAY - timedelta(days=days), is_true)


def test_seven_days_and_four_weeks_stay_of_half_a_year() -> None:
    every = [made_ago(days) for days in range(180)]
    kept = [one.name for one in every if one.name not in superfluous(every)]
    assert kept == ["0", "1", "2", "3", "4", "5", "6", "13", "20"]


def test_of_several_in_a_day_the_newest_stays() -> None:
    assert superfluous([made_ago(0), made_ago(0.01), made_ago(0.02)]) == ["0.01", "0.02"]


def test_untrue_books_never_push_a_true_backup_out() -> None:
    broken = [made_ago(days / 10, is_true=False) for days in range(60)]
    good = [made_ago(days) for days in (7, 8, 9)]
    gone = superfluous([*broken, *good])
    assert not {"7", "8", "9"} & set(gone)
    assert len(gone) == len(broken) - 1


@given(st.lists(st.tuples(st.integers(0, 400_000), st.booleans()), max_size=60, unique=True))
def test_the_newest_stays_and_never_more_than_a_dozen(minutes: list[tuple[int, bool]]) -> None:
    every = [Made(f"{m}-{true}", TODAY - timedelta(minutes=m), true) for m, true in minutes]
    kept = {one.name for one in every} - set(superfluous(every))
    assert len(kept) <= DAILY + WEEKLY + 1
    for some in (every, [one for one in every if one.is_true]):
        if some:
            newest = max(one.at for one in some)
            assert any(one.name in kept for one in some if one.at == newest)


@given(st.lists(st.integers(0, 400_000), max_size=60, unique=True))
def test_what_stays_today_is_not_gone_by_looking_again(minutes: list[int]) -> None:
    every = [Made(str(m), TODAY - timedelta(minutes=m), True) for m in minutes]
    gone = set(superfluous(every))
    assert superfluous([one for one in every if one.name not in gone]) == []


DAY = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("hour", "last", "up_s", "due"),
    [
        (1, None, 9e9, False),
        (2, None, 0, True),
        (4, DAY - timedelta(days=1), 0, True),
        (2, DAY, 9e9, False),
        (9, DAY - timedelta(days=1), 60, False),
        (9, DAY - timedelta(days=1), 3 * 3600, True),
    ],
)
def test_the_night_waits_for_its_hour_and_is_caught_up_with_later(
    hour: int, last: date | None, up_s: float, due: bool
) -> None:
    assert is_due(datetime(2026, 11, 21, hour, 5, tzinfo=UTC), last, 2, up_s) is due
