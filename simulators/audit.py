"""What every simulated day is asked at its end, live or virtual: one part of both reports.

Owns those nine numbers; docs/simulator.md says what each means, `checkers.py` finds them out.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import peewee

from simulators import checkers
from simulators.checkers import Key, WorldCheck
from simulators.hall import Hall


class Audit(msgspec.Struct, frozen=True):
    """What was done, and whether anything of it is lost, doubled or different from the world."""

    orders_shipped: int
    lines_picked: int
    lines_short: int
    events_sent: int
    events_lost: int
    events_doubled: int
    walked_m: int
    walked_m_baseline: int
    world_mismatch: int


def audited(
    database: peewee.Database, site: str, sent: Iterable[Key], hall: Hall
) -> tuple[Audit, WorldCheck]:
    """The numbers, and the comparison with the world in full. `sent`: what devices gave out."""
    delivered = checkers.check_events(database, site, sent)
    world = checkers.compare_world(database, site, hall.truth)
    counts = checkers.count_work(database, site)
    audit = Audit(
        orders_shipped=counts.orders_shipped,
        lines_picked=counts.lines_picked,
        lines_short=counts.lines_short,
        events_sent=delivered.sent,
        events_lost=delivered.lost,
        events_doubled=delivered.doubled,
        walked_m=hall.walked_cm // 100,
        walked_m_baseline=checkers.baseline_cm(database, site) // 100,
        world_mismatch=world.mismatches,
    )
    return audit, world
