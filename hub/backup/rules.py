"""Which backups are kept, and when the night's work is due. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import date, datetime
from typing import Final, NamedTuple

DAILY: Final = 7
WEEKLY: Final = 4
NIGHT_HOURS: Final = 3
"""The night's work begins within so many hours, or as soon as the hub has been up for as long."""


class Made(NamedTuple):
    """A backup in the folder."""

    name: str
    at: datetime
    is_true: bool


def superfluous(made: Iterable[Made]) -> list[str]:
    """The names of backups that may go: all but the newest of each of the last seven days and four
    weeks that have one.

    One of untrue books keeps no true one's place: of those only the newest stays.
    """
    newest_first = sorted(made, key=lambda one: (one.at, one.name), reverse=True)
    true = [one for one in newest_first if one.is_true]
    kept = {one.name for one in newest_first[:1]}
    kept |= _newest_of_each(true, DAILY, lambda one: one.at.date())
    kept |= _newest_of_each(true, WEEKLY, lambda one: one.at.isocalendar()[:2])
    return [one.name for one in newest_first if one.name not in kept]


def _newest_of_each(
    newest_first: list[Made], count: int, period: Callable[[Made], Hashable]
) -> set[str]:
    found: dict[Hashable, str] = {}
    for one in newest_first:
        found.setdefault(period(one), one.name)
    return set(list(found.values())[:count])


def is_due(now: datetime, last: date | None, hour: int, up_s: float) -> bool:
    """Whether the night's work of this local day is to begin now.

    It waits for its hour. A hub that was off then catches up once it has been up for a while, so
    that nobody's morning begins with it. A last night in the future was that of a wrong clock.
    """
    if last == now.date() or now.hour < hour:
        return False
    return now.hour < hour + NIGHT_HOURS or up_s >= NIGHT_HOURS * 3600
