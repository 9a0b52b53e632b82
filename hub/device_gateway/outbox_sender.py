"""Commands on their way to devices. Owns the sent states of the hub's outbox.

Rows are found by their state, never by a serial id (on PostgreSQL a later id can be visible before
an earlier one). A command is published after its commit and again, with growing pauses, until the
device answers; only devices that are on line are spoken to, so nothing piles up at the broker.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import peewee

from hub.db import is_postgresql, retrying, writing
from hub.device_gateway.gateway_io import Publish
from hub.fault_points import Reached, never
from protocols.limits import COMMAND_RESEND_AFTER_MS, COMMAND_RESEND_MAX_MS
from protocols.topics import device_topic

COMMANDS_AT_ONCE: Final = 200
OFFER: Final = "OfferAssignment"
REPEATS_EVERY_US: Final = 500_000

_READ: Final = (
    "SELECT m.id, m.device, m.type, m.payload, m.created_at, m.sent_at, m.attempts, m.subject "
    "FROM outbox_message m JOIN device d ON d.site = m.site AND d.name = m.device "
    "WHERE m.site = ? AND m.state = ? AND d.presence = 'ONLINE' "
    "AND (m.type NOT IN ('OfferAssignment', 'RevokeAssignment') OR d.epoch = d.clear_epoch "
    "AND d.seq <= COALESCE((SELECT e.upto FROM device_epoch e WHERE e.site = d.site "
    "AND e.device = d.name AND e.epoch = d.epoch), 0)) "
    "ORDER BY m.created_at, m.id LIMIT ?"
)
"""What is said about work waits until the device has been heard: it may be done with it."""
_MARK: Final = (
    "UPDATE outbox_message SET state = 'SENT', sent_at = ?, attempts = attempts + 1 "
    "WHERE id = ? AND state IN ('UNSENT', 'SENT')"
)
_DROP: Final = (
    "UPDATE outbox_message SET state = 'DROPPED', answer_code = 'SUPERSEDED' "
    "WHERE id = ? AND state IN ('UNSENT', 'SENT')"
)
_DROP_OLDER: Final = (
    "UPDATE outbox_message SET state = 'DROPPED', answer_code = 'SUPERSEDED' "
    "WHERE subject = ? AND device = ? AND type = ? AND created_at < ? "
    "AND state IN ('UNSENT', 'SENT')"
)


class Waiting(NamedTuple):
    """One unanswered command."""

    id: bytes
    device: str
    type: str
    payload: bytes
    created_at: int
    sent_at: int | None
    attempts: int
    subject: bytes | None


class OutboxSender:
    """Finds what is due, says it, and marks it as said."""

    def __init__(self, database: peewee.Database, site: str, reached: Reached = never) -> None:
        self._database, self._site, self._reached = database, site, reached
        self._read_sql = _READ.replace("?", "%s") if is_postgresql(database) else _READ
        self._repeats_at = 0

    def due(self, now_us: int) -> Iterator[Publish]:
        """The commands to publish now, in order. What was yielded is marked when asked for more."""
        fresh = self._waiting("UNSENT")
        newest, superseded = _newest_offers(fresh)
        chosen = newest + self._repeats(now_us)
        if not chosen and not superseded:
            return
        for message in chosen:
            yield Publish(device_topic(self._site, message.device, "cmd"), message.payload)
        self._reached("before_mark_sent")
        retrying(lambda: self._mark(chosen, superseded, now_us))

    def _waiting(self, state: str) -> list[Waiting]:
        values = (self._site, state, COMMANDS_AT_ONCE)
        cursor: Any = self._database.execute_sql(  # type: ignore[no-untyped-call]
            self._read_sql, values
        )
        rows = cursor.fetchall()
        return [Waiting(*row) for row in rows]

    def _repeats(self, now_us: int) -> list[Waiting]:
        if self._repeats_at - REPEATS_EVERY_US <= now_us < self._repeats_at:
            return []  # else it is time, or the clock was set back
        self._repeats_at = now_us + REPEATS_EVERY_US
        return [m for m in self._waiting("SENT") if _is_due_again(m, now_us)]

    def _mark(self, sent: list[Waiting], superseded: list[Waiting], now_us: int) -> None:
        with writing(self._database, now_us) as tx:
            for message in superseded:
                tx.run(_DROP, (message.id,))
            for message in sent:
                tx.run(_MARK, (now_us, message.id))
                if message.type == OFFER and message.subject is not None:
                    tx.run(
                        _DROP_OLDER, (message.subject, message.device, OFFER, message.created_at)
                    )


def _newest_offers(fresh: list[Waiting]) -> tuple[list[Waiting], list[Waiting]]:
    """Of several offers of one assignment to one device only the last is worth saying."""
    last: dict[tuple[Any, ...], bytes] = {
        (m.device, m.subject): m.id for m in fresh if m.type == OFFER and m.subject is not None
    }

    def is_newest(message: Waiting) -> bool:
        return last.get((message.device, message.subject), message.id) == message.id or (
            message.type != OFFER
        )

    return [m for m in fresh if is_newest(m)], [m for m in fresh if not is_newest(m)]


def _is_due_again(message: Waiting, now_us: int) -> bool:
    """Whether an unanswered command is said once more; one of the future is due: a clock jumped."""
    pause_ms = COMMAND_RESEND_AFTER_MS << min(max(message.attempts - 1, 0), 10)
    said_ago_us = now_us - (message.sent_at or 0)
    return said_ago_us < 0 or said_ago_us >= min(pause_ms, COMMAND_RESEND_MAX_MS) * 1_000
