"""Work that waits for one person: kept for them, or left by them in the middle. Owns WORK_KEPT,
which reminds a supervisor of what nobody else gets while they never ask; closed once they do.

Who has been waited for too long is found by reads and entered by an act: presence is in no journal.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hub.errors import WrongState
from hub.floor_exceptions import open_exception
from hub.journal import Act
from hub.warehouse import holder, taking_back
from hub.warehouse.reserve_setting import MINUTE_US, Rows

KEPT_MINUTES: Final = 60
"""Longer than any break."""
REMINDERS_MAX: Final = 20
"""Of one act; the rest follows in the next."""

_WAITS: Final = "a.person IS NOT NULL AND a.state IN ('READY', 'SUSPENDED')"
_FORGOTTEN: Final = (
    "SELECT a.id FROM assignment a LEFT JOIN device d ON d.site = a.site AND d.name = a.device "
    f"WHERE a.site = ? AND {_WAITS} AND a.held_since <= ? "
    "AND (d.name IS NULL OR d.presence = 'ONLINE' OR d.person IS NULL OR d.person <> a.person) "
    "AND NOT EXISTS (SELECT 1 FROM floor_exception e WHERE e.assignment = a.id "
    "AND e.kind = 'WORK_KEPT' AND e.state = 'OPEN') ORDER BY a.id LIMIT ?"
)
"""Not what lies on a device out of reach with its person: they may have gone on long ago."""
_OVER: Final = (
    "SELECT e.id FROM floor_exception e JOIN assignment a ON a.id = e.assignment "
    "WHERE e.site = ? AND e.state = 'OPEN' AND e.kind = 'WORK_KEPT' "
    f"AND NOT ({_WAITS}) ORDER BY e.id"
)


class Kept(NamedTuple):
    """What is to be said about kept work, and what not any more."""

    forgotten: tuple[bytes, ...]
    """Assignments."""
    over: tuple[bytes, ...]
    """Exceptions whose work waits for nobody any more."""


def look(rows: Rows, site: str, now_us: int) -> Kept:
    """What has come about by now."""
    since = now_us - KEPT_MINUTES * MINUTE_US
    forgotten = rows(_FORGOTTEN, (site, since, REMINDERS_MAX))
    over = rows(_OVER, (site,))
    return Kept(tuple(bytes(id) for (id,) in forgotten), tuple(bytes(id) for (id,) in over))


def remind(act: Act, found: Kept) -> int:
    """Open and close reminders as far as it is still so; returns how many. Safe to repeat."""
    act.tx.flush()
    opened = sum(_open(act, assignment) for assignment in found.forgotten)
    return opened + sum(_close(act, exception) for exception in found.over)


def _open(act: Act, assignment: bytes) -> bool:
    row = act.tx.row(
        f"SELECT a.person FROM assignment a WHERE a.id = ? AND {_WAITS} AND NOT EXISTS "
        "(SELECT 1 FROM floor_exception e WHERE e.assignment = a.id AND e.kind = 'WORK_KEPT' "
        "AND e.state = 'OPEN')",
        (assignment,),
    )
    if row is None:
        return False
    open_exception(
        act, "WORK_KEPT", assignment=assignment, person=bytes(row[0]), minutes=KEPT_MINUTES
    )
    return True


def _close(act: Act, exception: bytes) -> bool:
    changed = act.tx.run(
        "UPDATE floor_exception SET state = 'RESOLVED', resolved_at = ?, resolution = 'GONE_ON' "
        "WHERE id = ? AND site = ? AND state = 'OPEN'",
        (act.now_us, exception, act.site),
    )
    return changed == 1


def take_back(act: Act, assignment: bytes) -> None:
    """Give it to whoever asks next. Raises WrongState when somebody is at it by now."""
    if holder.read(act, assignment).state == "SUSPENDED":
        taking_back.hand_over(act, assignment, "BY_SUPERVISOR")
    else:
        taking_back.set_aside(act, assignment, None)


def keep_longer(act: Act, assignment: bytes) -> None:
    """Wait as long once more before the next reminder. Raises WrongState, as above."""
    changed = act.tx.run(
        "UPDATE assignment SET held_since = ? WHERE id = ? AND person IS NOT NULL "
        "AND state IN ('READY', 'SUSPENDED')",
        (act.now_us, assignment),
    )
    if changed != 1:
        found = holder.read(act, assignment)
        raise WrongState("assignment", assignment.hex(), found.state, "kept for somebody")
