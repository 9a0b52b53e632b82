"""Personal values that acts were told: kept beside the journal, so that a person can be forgotten.

Owns the table `personal_input`. A row belongs to one act, by its key; erasing it changes no hash,
and a replay then reads nobody's values (docs/decisions/0027-replay.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import peewee

from hub.db import BytesField, IdField, Insert, Table, WriteTransaction

if TYPE_CHECKING:
    from hub.journal import Act


class PersonalInput(Table):
    """The personal fields of one act's command, as a JSON object."""

    site = peewee.TextField()
    key = peewee.TextField()
    subject = IdField(null=True)
    """The person or customer whom they are about; nobody can be forgotten by name alone."""
    fields = BytesField()

    class Meta:
        table_name = "personal_input"
        primary_key = peewee.CompositeKey("site", "key")
        indexes = ((("subject",), False),)


_insert: Final = Insert(PersonalInput)


def keep(act: Act, fields: bytes) -> None:
    """Keep what the act's journal row leaves out, under whoever `act.about` names."""
    act.tx.add(_insert, (act.site, act.key, act.about, fields))


def of_act(tx: WriteTransaction, site: str, key: str) -> bytes:
    """The personal fields of an act; empty when it had none, or they were erased."""
    row = tx.row("SELECT fields FROM personal_input WHERE site = ? AND key = ?", (site, key))
    return b"" if row is None else bytes(row[0])


def forget(act: Act, subject: bytes) -> int:
    """Erase everything that acts were told about somebody; returns how many acts."""
    act.tx.flush()
    return act.tx.run("DELETE FROM personal_input WHERE subject = ?", (subject,))
