"""The journal: every change enters as one row. Owns acts, their keys, ids and order.

An act is one change: an event of a device, a command of a page, the API, an import, the planner or
a timer. Its row keeps the input, its `now` and its key, from which all ids of the act derive, so a
day can be replayed. Personal values stay out: the input names them by id.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final, Literal, TypeVar

import msgspec
import peewee

from hub import ids
from hub.clock import Clock
from hub.db import (
    BytesField,
    CountField,
    MomentField,
    Table,
    WriteTransaction,
    retrying,
    writing,
)
from hub.errors import AlreadyDone
from hub.ledger import Ledger

Via = Literal["device", "page", "api", "import", "planner", "timer", "command", "setup"]
T = TypeVar("T")
_encode: Final = msgspec.json.Encoder().encode


class LedgerHead(Table):
    """The end of each chain. Locked last and once in a transaction."""

    site = peewee.TextField()
    ledger = peewee.TextField()
    position = CountField()
    hash = BytesField()

    class Meta:
        table_name = "ledger_head"
        primary_key = peewee.CompositeKey("site", "ledger")


class JournalRow(Table):
    """One act. `position` is the commit order of the site."""

    site = peewee.TextField()
    position = CountField()
    key = peewee.TextField()
    act = peewee.TextField()
    via = peewee.TextField()
    actor = BytesField()
    """The person's id, or 16 zero bytes for the hub itself."""
    device = peewee.TextField()
    now_us = MomentField()
    input = BytesField()
    hash = BytesField()
    checksum = BytesField()

    class Meta:
        table_name = "journal"
        primary_key = peewee.CompositeKey("site", "position")
        indexes = ((("site", "key"), True), (("actor",), False))


JOURNAL: Final = Ledger(
    "journal",
    "journal",
    ("key", "act", "via", "actor", "device", "now_us", "input"),
    unchained=("now_us",),
)


class Act:
    """One change under way: its moment, its author, and the transaction that it is part of.

    Every service function takes the act first. `key` is also the cause of every movement.
    """

    __slots__ = ("_made", "actor", "cause_n", "device", "key", "name", "now_us", "occurred_at",
                 "site", "tx", "via")  # fmt: skip

    def __init__(
        self, tx: WriteTransaction, name: str, *, site: str, key: str, via: Via,
        actor: bytes = ids.NIL, device: str = "", occurred_at: int | None = None,
    ) -> None:  # fmt: skip
        self.tx = tx
        self.name = name
        self.site = site
        self.key = key
        self.via = via
        self.actor = actor
        self.device = device
        self.now_us = tx.now_us
        self.occurred_at = tx.now_us if occurred_at is None else occurred_at
        self.cause_n = 0
        """How many ledger rows this act has caused so far."""
        self._made = 0

    def new_id(self) -> bytes:
        """The next id of this act; the same on replay."""
        self._made += 1
        return ids.derive(self.key, self._made, self.occurred_at)

    def next_n(self) -> int:
        """Numbers the ledger rows of one cause."""
        self.cause_n += 1
        return self.cause_n

    def enter(self, payload: bytes) -> None:
        """Write the journal row of this act; `payload` is its whole input."""
        self.tx.append(
            JOURNAL,
            self.site,
            (self.key, self.name, self.via, self.actor, self.device, self.now_us, payload),
        )


class Journal:
    """Carries out commands: one act, one transaction, one journal row.

    Built once for each process by wiring. Gateways use `writing` and `Act` directly, since they
    put many acts into one transaction.
    """

    def __init__(self, database: peewee.Database, clock: Clock, random: Random) -> None:
        self.database = database
        self.clock = clock
        self.random = random

    def perform(
        self, name: str, do: Callable[[Act], T], *, site: str, via: Via,
        input: dict[str, Any] | None = None, actor: bytes = ids.NIL, key: str | None = None,
    ) -> T:  # fmt: skip
        """Carry out `do` and journal it; everything or nothing.

        `key` makes it safe to repeat: a second time raises AlreadyDone. Retried by itself when
        another writer gets in the way, so `do` must have no effect beyond its transaction.
        """

        def once() -> T:
            now_us = self.clock.now_us()
            chosen = key if key is not None else ids.new_key(now_us, self.random)
            with writing(self.database, now_us) as tx:
                if key is not None and is_done(tx, site, key):
                    raise AlreadyDone(key)
                act = Act(tx, name, site=site, key=chosen, via=via, actor=actor)
                result = do(act)
                act.enter(_encode(input or {}))
            return result

        return retrying(once)


def is_done(tx: WriteTransaction, site: str, key: str) -> bool:
    """Whether an act with this key was journalled before."""
    return tx.row("SELECT 1 FROM journal WHERE site = ? AND key = ?", (site, key)) is not None
