"""How much work the devices of a site have ahead, and how long work may stay with a device of which
nothing is heard. Owns the setting `reserve_work_minutes`; who gets the work is in `reserve`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from hub.errors import BadValue
from hub.journal import Act

RESERVE_WORK_MINUTES: Final = 120
"""What a site has that has set nothing else."""
MINUTES_MAX: Final = 24 * 60
GRACE_MINUTES: Final = 60
MINUTE_US: Final = 60 * 1_000_000
LEASE_US: Final = (RESERVE_WORK_MINUTES + GRACE_MINUTES) * MINUTE_US
"""The shortest lease: the usual reserve is done by then, with an hour to spare."""

Rows = Callable[[str, Sequence[Any]], Sequence[tuple[Any, ...]]]
"""Carries out a read with `?` marks: `act.tx.rows`, or `hub.db.fetch` of a database."""


def set_minutes(act: Act, minutes: int) -> None:
    """Set how much work the devices of the act's site have ahead; 0: none. Raises BadValue."""
    if not 0 <= minutes <= MINUTES_MAX:
        raise BadValue("reserve_work_minutes", minutes, f"0 to {MINUTES_MAX} minutes")
    act.tx.run(
        "INSERT INTO work_reserve (site, minutes) VALUES (?, ?) "
        "ON CONFLICT (site) DO UPDATE SET minutes = excluded.minutes",
        (act.site, minutes),
    )


def minutes_of(rows: Rows, site: str) -> int:
    """The setting of a site."""
    found = rows("SELECT minutes FROM work_reserve WHERE site = ?", (site,))
    return int(found[0][0]) if found else RESERVE_WORK_MINUTES


def lease_us(act: Act) -> int:
    """As `lease_of`, within an act."""
    return lease_of(act.tx.rows, act.site)


def lease_of(rows: Rows, site: str) -> int:
    """How long a device may be silent: its whole reserve is done by then, and an hour more."""
    return max(LEASE_US, (minutes_of(rows, site) + GRACE_MINUTES) * MINUTE_US)
