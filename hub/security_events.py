"""What threatens the hub, or is refused by it: one list. Owns the table `security_event`.

Any capability notes what it sees, in the transaction of its act. Floods are grouped: one row for
each kind, subject and minute, with a count, and a bounded number of subjects in a minute. What
anybody can cause from outside, and no supervisor needs to hear of at once, goes in beside the
journal (`note_beside`), so that a flood of it makes no ledger grow. What the kinds mean, and the
page, are `hub.security`'s.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import peewee

from hub.command import Command, command
from hub.db import (
    BytesField,
    CountField,
    IdField,
    MomentField,
    Table,
)
from hub.floor_exceptions import open_exception
from hub.ids import NIL, digest_id
from hub.journal import Act, Journal

MINUTE_US: Final = 60_000_000
SUBJECTS_PER_MINUTE_MAX: Final = 20
"""Of one kind; further ones share a row."""
OTHERS: Final = "(others)"
ALERT_AGAIN_US: Final = 60 * MINUTE_US
"""So long after a supervisor was told of a kind and subject, another one is news."""
SUBJECT_CHARS_MAX: Final = 120
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


class SecurityEvent(Table):
    """Something that happened `count` times between `first_at` and `last_at`, in one minute."""

    id = IdField(primary_key=True)
    site = peewee.TextField()
    kind = peewee.TextField()
    subject = peewee.TextField(default="")
    """The device, person or address that it is about, as far as that is known."""
    address = peewee.TextField(default="")
    """Where it came from."""
    values = BytesField()
    count = CountField(default=1)
    first_at = MomentField()
    last_at = MomentField()
    alerts = peewee.BooleanField(default=False)
    """Whether it was such that a supervisor hears of it."""

    class Meta:
        table_name = "security_event"
        indexes = (
            (("site", "first_at", "id"), False),
            (("site", "last_at"), False),
            (("site", "kind", "subject"), False),
        )


class Sight(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something seen, once or several times."""

    kind: str
    at: int
    """The last time, microseconds UTC."""
    subject: str = ""
    address: str = ""
    count: int = 1
    alerts: bool = False
    """Whether a supervisor should be told."""
    values: dict[str, str] = {}


@command("security.note")
class NoteSights(Command[None], frozen=True):
    """Write down what a log, a device or a refused request showed."""

    sights: tuple[Sight, ...]

    def carry_out(self, act: Act) -> None:
        for sight in self.sights:
            note(act, sight)


_NOTE: Final = (
    "INSERT INTO security_event "
    '(id, site, kind, subject, address, "values", count, first_at, last_at, alerts) '
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
    "count = security_event.count + excluded.count, last_at = excluded.last_at, "
    "alerts = security_event.alerts OR excluded.alerts"
)


def note_beside(journal: Journal, site: str, sight: Sight) -> None:
    """Write it down without a row in the journal; nothing else follows from it, so a replay does
    without. For what strangers can cause as often as they like. Raises ValueError if it alerts.
    """
    if sight.alerts:
        raise ValueError(f"{sight.kind} is for a supervisor, so it has to be an act")

    journal.beside(lambda act: note(act, sight), site=site)


def note(act: Act, sight: Sight) -> None:
    """Write it down, or count it with those of its minute; a supervisor is told once an hour."""
    kind, minute = sight.kind, sight.at // MINUTE_US
    subject = _subject(sight)
    id = _row_id(act, kind, subject, sight.address, minute)
    if _is_flooded(act, kind, minute, id):
        subject, id = OTHERS, _row_id(act, kind, OTHERS, "", minute)
    if sight.alerts:
        _tell_news(act, sight)
    act.tx.run(
        _NOTE,
        (id, act.site, kind, subject, sight.address[:64], _encode(sight.values), sight.count,
         sight.at, sight.at, sight.alerts),
    )  # fmt: skip


def _tell_news(act: Act, sight: Sight) -> None:
    """What supervisors were told decides, since that follows from acts: what was noted beside the
    journal does not, and the raw message of a device has no room for what its act saw.
    """
    told = _told(act, sight)
    shown = _subject(sight) if len(told) < SUBJECTS_PER_MINUTE_MAX else OTHERS
    if shown not in told:
        _tell(act, sight, shown)


def _told(act: Act, sight: Sight) -> set[str]:
    """Of whom supervisors have heard this within the hour before. What they heard "in the future",
    before the hub's clock was set back, silences nobody.
    """
    act.tx.flush()
    rows = act.tx.rows(
        'SELECT "values" FROM floor_exception WHERE site = ? AND kind = ? AND opened_at > ? '
        "AND opened_at < ?",
        (act.site, "SECURITY_ALERT", act.now_us - ALERT_AGAIN_US, act.now_us + ALERT_AGAIN_US),
    )
    every = (_decode(bytes(values)) for (values,) in rows)
    return {one["subject"] for one in every if one["threat"] == _threat(sight)}


def _subject(sight: Sight) -> str:
    return sight.subject[:SUBJECT_CHARS_MAX].replace("\0", "")


def _threat(sight: Sight) -> str:
    return sight.kind.replace("_", " ").lower()


def _row_id(act: Act, kind: str, subject: str, address: str, minute: int) -> bytes:
    return digest_id("security", act.site, kind, subject, address, str(minute))


def _is_flooded(act: Act, kind: str, minute: int, id: bytes) -> bool:
    if act.tx.row("SELECT 1 FROM security_event WHERE id = ?", (id,)) is not None:
        return False
    row = act.tx.row(
        "SELECT COUNT(*) FROM security_event WHERE site = ? AND kind = ? AND first_at >= ? "
        "AND first_at < ?",
        (act.site, kind, minute * MINUTE_US, (minute + 1) * MINUTE_US),
    )
    return row is not None and row[0] >= SUBJECTS_PER_MINUTE_MAX


def is_news(site: str, kind: str, subject: str, at: int) -> bool:
    """Whether no supervisor has heard of it within the hour before; for whoever writes no act."""
    told = SecurityEvent.select().where(
        SecurityEvent.site == site, SecurityEvent.kind == kind, SecurityEvent.subject == subject,
        SecurityEvent.last_at > at - ALERT_AGAIN_US, SecurityEvent.last_at < at + ALERT_AGAIN_US,
        SecurityEvent.alerts,
    )  # fmt: skip
    return not told.exists()


def _tell(act: Act, sight: Sight, subject: str) -> None:
    row = act.tx.row("SELECT 1 FROM device WHERE site = ? AND name = ?", (act.site, subject))
    values: dict[str, Any] = {
        **sight.values, "threat": _threat(sight), "subject": subject,
        "address": sight.address, "is_device": row is not None,
    }  # fmt: skip
    person = _person_of(values.pop("person", ""))
    open_exception(act, "SECURITY_ALERT", person=person, **values)


def _person_of(text: str) -> bytes | None:
    """Whom it is about; devices may name anybody."""
    try:
        id = bytes.fromhex(text)
    except ValueError:
        return None
    return id if len(id) == len(NIL) else None
