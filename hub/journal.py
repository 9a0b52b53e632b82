"""The journal: every change enters as one row. Owns acts, their keys, ids and order.

An act is one change: an event of a device, a command of a page, the API, an import, the planner or
a timer. Its row keeps the whole input, its `now` and its key, from which all ids of the act derive,
so a day can be replayed. Personal values stay out: they lie beside, under the act's key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final, Literal, TypeVar

import msgspec
import peewee

from hub import ids, personal
from hub.clock import Clock
from hub.command import Command, converted, readable, written
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

    __slots__ = ("_made", "_seen", "about", "actor", "cause_n", "device", "key", "name", "now_us",
                 "occurred_at", "recalled", "site", "tx", "via")  # fmt: skip

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
        self.about: bytes | None = None
        """Whose personal values its command carries."""
        self.recalled: Iterator[Any] | None = None
        """On replay: what the act saw the first time."""
        self._made = 0
        self._seen: list[Any] = []

    def new_id(self) -> bytes:
        """The next id of this act; the same on replay."""
        self._made += 1
        return ids.derive(self.key, self._made, self.occurred_at)

    def next_n(self) -> int:
        """Numbers the ledger rows of one cause."""
        self.cause_n += 1
        return self.cause_n

    def see(self, kind: Any, look: Callable[[], T]) -> T:
        """What `look` finds, which no journal row could tell: how devices are, what was sent.

        The answer becomes part of the act's input; a replay gets the same one, as a `kind`.
        """
        if self.recalled is not None:
            return converted(next(self.recalled), kind)  # type: ignore[no-any-return]
        found = look()
        self._seen.append(readable(found))
        return found

    def enter(self, payload: bytes) -> None:
        """Write the journal row of this act; `payload`, a JSON object, is its whole input."""
        if self._seen:
            payload = _with_seen(payload, self._seen)
        self.tx.append(
            JOURNAL,
            self.site,
            (self.key, self.name, self.via, self.actor, self.device, self.now_us, payload),
        )

    def carry_out(self, command: Command[T]) -> T:
        """Do what a command says as this act, and journal it."""
        result = command.carry_out(self)
        self.enter_command(command)
        return result

    def enter_command(self, command: Command[Any]) -> None:
        """Write the journal row of the command that this act has carried out."""
        kept, fields = written(command)
        self.enter(kept)
        if fields:
            personal.keep(self, fields)


def _with_seen(payload: bytes, seen: list[Any]) -> bytes:
    """The input with the field `seen` before its others."""
    rest = payload.removeprefix(b"{").lstrip()
    return b'{"seen":' + _encode(seen) + (b"" if rest == b"}" else b",") + rest


class Journal:
    """Carries out commands: one act, one transaction, one journal row.

    Built once for each process by wiring. Gateways use `writing` and `Act` directly, since they
    put many acts into one transaction.
    """

    def __init__(self, database: peewee.Database, clock: Clock, random: Random) -> None:
        self.database = database
        self.clock = clock
        self.random = random

    def carry_out(
        self, command: Command[T], *, site: str, via: Via, actor: bytes = ids.NIL,
        key: str | None = None,
    ) -> T:  # fmt: skip
        """Carry out a command and journal it; everything or nothing. Returns what it returns.

        `key` makes it safe to repeat: a second time raises AlreadyDone, and who comes while the
        first is under way waits for its end. Retried by itself when
        another writer gets in the way, so a command has no effect beyond its transaction.
        """

        return self._once(command.ACT, lambda act: act.carry_out(command), site, via, actor, key)

    def perform(
        self, name: str, do: Callable[[Act], T], *, site: str, via: Via,
        input: dict[str, Any] | None = None, actor: bytes = ids.NIL, key: str | None = None,
    ) -> T:  # fmt: skip
        """As `carry_out`, for an act that no replay can repeat: preparations of tests and benches.

        What the hub itself does is a Command, so that its row says what to do again.
        """

        def once(act: Act) -> T:
            result = do(act)
            act.enter(_encode(input or {}))
            return result

        return self._once(name, once, site, via, actor, key)

    def beside(self, do: Callable[[Act], T], *, site: str) -> T:
        """Carry out what nothing in the books follows from, with no row: a replay does without.

        For what anybody can cause from outside, as often as they like. `do` takes no ids of its
        act, which has no key, and touches no ledger.
        """

        def once() -> T:
            with writing(self.database, self.clock.now_us()) as tx:
                return do(Act(tx, "beside", site=site, key="", via="page"))

        return retrying(once)

    def _once(
        self, name: str, do: Callable[[Act], T], site: str, via: Via, actor: bytes, key: str | None
    ) -> T:
        def once() -> T:
            now_us = self.clock.now_us()
            chosen = key if key is not None else ids.new_key(now_us, self.random)
            with writing(self.database, now_us) as tx:
                if key is not None:
                    tx.alone(f"{site}/{key}")
                    if is_done(tx, site, key):
                        raise AlreadyDone(key)
                return do(Act(tx, name, site=site, key=chosen, via=via, actor=actor))

        return retrying(once)


def is_done(tx: WriteTransaction, site: str, key: str) -> bool:
    """Whether an act with this key was journalled before."""
    return tx.row("SELECT 1 FROM journal WHERE site = ? AND key = ?", (site, key)) is not None
