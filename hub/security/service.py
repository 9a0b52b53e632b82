"""What can be done with security events: note what a log said, and forget the old ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hub.journal import Act
from hub.security.log_tail import Mark
from hub.security_events import Sight, note
from hub.staff import denials

_REMEMBER: Final = (
    'INSERT INTO log_mark (site, log, head, "offset") VALUES (?, ?, ?, ?) '
    'ON CONFLICT (site, log) DO UPDATE SET head = excluded.head, "offset" = excluded."offset"'
)


def read_log(act: Act, log: str, mark: Mark, sights: Iterable[Sight]) -> None:
    """Note what a log said, and up to where it is noted, together."""
    for sight in sights:
        note(act, sight)
    act.tx.run(_REMEMBER, (act.site, log, mark.head, mark.offset))


def forget_old(act: Act, before: int) -> int:
    """Delete what happened before a moment, refusals to people too; returns how many rows."""
    return denials.forget(act, before) + act.tx.run(
        "DELETE FROM security_event WHERE site = ? AND last_at < ?", (act.site, before)
    )
