"""What the nights came to: for the status page, and for whoever decides what is due."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import peewee

from hub.db import fetch


class Run(NamedTuple):
    """What one piece of a night's work came to."""

    at: int
    day: str
    is_good: bool
    text: str
    seconds: int
    file: str


def last(database: peewee.Database, site: str, kind: str) -> Run | None:
    """The latest BACKUP, VERIFY or DRILL of a site; None before the first."""
    rows = fetch(
        database,
        f"SELECT {', '.join(Run._fields)} FROM nightly_run WHERE site = ? AND kind = ? "
        "ORDER BY at DESC LIMIT 1",
        (site, kind),
    )
    return Run(*rows[0])._replace(is_good=bool(rows[0][2])) if rows else None


def last_night(database: peewee.Database, site: str, kind: str) -> date | None:
    """The latest day of the site whose night did this; what was done by hand is no night's."""
    rows = fetch(
        database,
        "SELECT MAX(day) FROM nightly_run WHERE site = ? AND kind = ? AND day <> ''",
        (site, kind),
    )
    return date.fromisoformat(rows[0][0]) if rows[0][0] else None


def local_time(database: peewee.Database, site: str, now_us: int) -> datetime:
    """A moment as the clocks of the site show it."""
    rows = fetch(database, "SELECT time_zone FROM site WHERE code = ?", (site,))
    zone = ZoneInfo(rows[0][0]) if rows else UTC
    return datetime.fromtimestamp(now_us / 1_000_000, zone)
