"""Messages from the hub to devices. Owns the outbox table: rows written with the change, sent after
commit by the gateway, repeated until the device acknowledges them.
"""

from __future__ import annotations

import peewee
from msgspec import Struct

from hub.db import BytesField, CountField, IdField, Insert, MomentField, Table
from hub.journal import Act
from protocols.messages.codec import encode
from protocols.messages.commands import CommandData, command


class OutboxMessage(Table):
    """One command for one device. States: UNSENT → SENT → ACCEPTED | REJECTED | DROPPED."""

    id = IdField(primary_key=True)
    site = peewee.TextField()
    device = peewee.TextField()
    type = peewee.TextField()
    payload = BytesField()
    state = peewee.TextField(default="UNSENT")
    created_at = MomentField()
    sent_at = MomentField(null=True)
    attempts = CountField(default=0)
    answered_at = MomentField(null=True)
    answer_code = peewee.TextField(default="")
    subject = IdField(null=True)
    """The assignment or other row that the command is about."""

    class Meta:
        table_name = "outbox_message"
        indexes = ((("site", "state", "created_at"), False), (("subject",), False))


_insert = Insert(OutboxMessage)


def send(act: Act, device: str, data: CommandData, subject: bytes | None = None) -> bytes:
    """Queue a command for a device in the same transaction; returns its id."""
    id = act.new_id()
    message: Struct = command(id.hex(), act.now_us, data)
    kind = type(data).__name__
    act.tx.add(
        _insert,
        (id, act.site, device, kind, encode(message), "UNSENT", act.now_us, None, 0, None, "",
         subject),
    )  # fmt: skip
    return id


def withdraw(act: Act, device: str, subject: bytes, kind: str) -> int:
    """Send no more what is obsolete about a subject: DROPPED unless it was answered already."""
    act.tx.flush()
    return act.tx.run(
        "UPDATE outbox_message SET state = 'DROPPED' WHERE subject = ? AND device = ? "
        "AND type = ? AND state IN ('UNSENT', 'SENT')",
        (subject, device, kind),
    )


def move_moments(act: Act, by_us: int) -> None:
    """The clock was set: what is still to be said keeps its order and its pauses."""
    act.tx.run(
        "UPDATE outbox_message SET created_at = created_at + ?, sent_at = sent_at + ? "
        "WHERE site = ? AND state IN ('UNSENT', 'SENT')",
        (by_us, by_us, act.site),
    )
