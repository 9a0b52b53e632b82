"""Messages that are no messages: named, counted and listed. Owns `refused_message`.

A refusal stops nothing else. Rows are one for each topic and code, and their number is bounded, so
that a broken device cannot fill the disk; the first of each kind opens an exception.
"""

from __future__ import annotations

from typing import Final

from hub.db import WriteTransaction
from hub.device_gateway.acts import RefuseMessage
from hub.device_gateway.group import Group
from hub.ids import digest_id
from hub.journal import Act

ROWS_MAX: Final = 1_000
"""Different (topic, code) pairs that are listed one by one; later ones share a row each code."""
SAMPLE_BYTES: Final = 200
TOPIC_CHARS_MAX: Final = 200
OTHER_TOPICS: Final = "(other topics)"

_COUNT: Final = (
    "UPDATE refused_message SET count = count + ?, last_at = ?, sample = ?, text = ? WHERE id = ?"
)


def plain(text: str, chars_max: int = 500) -> str:
    """Text that every database takes: without NUL characters, and not endless."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")[:chars_max]


def refuse(group: Group, topic: str, payload: bytes, code: str, text: str) -> None:
    """Note one refused message; it is written at the end of the group."""
    key = (plain(topic, TOPIC_CHARS_MAX), code)
    found = group.refused.get(key)
    if found is None:
        group.refused[key] = [1, payload[:SAMPLE_BYTES], plain(text)]
    else:
        found[0] += 1


class Refusals:
    """Writes what a group has refused."""

    def __init__(self, site: str) -> None:
        self._site = site

    def write(self, group: Group) -> None:
        """Count the refused messages of a group in its own transaction."""
        for (topic, code), (count, sample, text) in group.refused.items():
            if not self._count(group.tx, topic, code, count, sample, text):
                self._list(group.tx, topic, code, count, sample, text)

    def _id(self, topic: str, code: str) -> bytes:
        return digest_id("refused", self._site, topic, code)

    def _count(
        self, tx: WriteTransaction, topic: str, code: str, count: int, sample: bytes, text: str
    ) -> bool:
        values = (count, tx.now_us, sample, text, self._id(topic, code))
        return tx.run(_COUNT, values) == 1

    def _list(
        self, tx: WriteTransaction, topic: str, code: str, count: int, sample: bytes, text: str
    ) -> None:
        """The first of its kind: a row, an exception for a person, and a journal row."""
        listed = tx.row("SELECT COUNT(*) FROM refused_message WHERE site = ?", (self._site,))
        if listed is not None and listed[0] >= ROWS_MAX and topic != OTHER_TOPICS:
            if self._count(tx, OTHER_TOPICS, code, count, sample, text):
                return
            topic = OTHER_TOPICS
        key = f"refused/{self._id(topic, code).hex()}/{tx.now_us}"
        act = Act(tx, RefuseMessage.ACT, site=self._site, key=key, via="device")
        act.carry_out(RefuseMessage(topic, code, text, sample, count))
