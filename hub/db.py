"""The database: column kinds, reads, and the one write transaction. With `opening`, owns all that
differs between SQLite and PostgreSQL; nothing here knows orders or stock.

Pages read through peewee models. Writes go through `WriteTransaction`: guarded statements one by
one with their row count, plain inserts gathered and sent together, chained ledgers last, under
their head lock (docs/decisions/0002-one-write-transaction.md).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final, TypeVar

import peewee
import psycopg

from hub.disk_watch import watching
from hub.ledger import Ledger, chain_rows

WRITE_ATTEMPTS_MAX: Final = 6

proxy = peewee.DatabaseProxy()
T = TypeVar("T")


class Table(peewee.Model):
    """Root of all tables; names are the class names in snake_case."""

    class Meta:
        database = proxy
        legacy_table_names = False


class IdField(peewee.Field):
    """16 bytes: BLOB on SQLite, BYTEA on PostgreSQL. In Python plain `bytes`."""

    field_type = "BLOB"

    def python_value(self, value: Any) -> bytes | None:
        return None if value is None else bytes(value)


class BytesField(IdField):
    """Raw bytes of any length."""


class MomentField(peewee.BigIntegerField):
    """Microseconds UTC."""


class CountField(peewee.BigIntegerField):
    """An integer of the base unit or of the minor currency unit."""


def create_tables(database: peewee.Database, tables: Sequence[type[Table]]) -> None:
    """Make the tables; on SQLite each is clustered by its own key, not by a hidden row number.

    A row is then found in one tree instead of two, and a new one costs one tree less.
    """
    for table in tables:
        table._meta.without_rowid = not is_postgresql(database)
    database.create_tables(tables)


def is_postgresql(database: peewee.Database) -> bool:
    return isinstance(database, peewee.PostgresqlDatabase)


@lru_cache(maxsize=2_048)
def _percent_style(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


def fetch(database: peewee.Database, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows of a read with `?` marks, on either database, in or out of a transaction."""
    cursor = database.connection().cursor()  # type: ignore[no-untyped-call]
    cursor.execute(_percent_style(sql) if is_postgresql(database) else sql, params)
    return list(cursor.fetchall())


@contextmanager
def reading(database: peewee.Database) -> Iterator[None]:
    """Several reads of one moment, however long they take; others go on writing meanwhile.

    PostgreSQL by itself gives each statement a moment of its own, and sums over two of them differ.
    """
    with database.atomic():
        if is_postgresql(database):
            database.execute_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")  # type: ignore[no-untyped-call]
        yield


class Insert:
    """A plain insert of one table, prepared once: columns in the model's order."""

    def __init__(self, model: type[Table], *, or_ignore: bool = False) -> None:
        meta = model._meta
        self.columns: tuple[str, ...] = tuple(field.column_name for field in meta.sorted_fields)
        names = ", ".join(f'"{name}"' for name in self.columns)
        marks = ", ".join("?" * len(self.columns))
        tail = " ON CONFLICT DO NOTHING" if or_ignore else ""
        self.sql = f'INSERT INTO "{meta.table_name}" ({names}) VALUES ({marks}){tail}'


class HopeDashed(Exception):
    """A statement that was trusted to touch its row did not: the transaction must be done again,
    with trust in nobody.
    """


class WriteTransaction:
    """One transaction that writes. Made by `writing`; never kept past its end.

    Gathered inserts and ledger rows reach the database at `flush` or at the end, so a statement
    that reads them must flush first; balances and lines are written at once and always true.

    While it `trusts`, guarded statements are gathered by kind as well. They are sent before any
    other statement and at the end, and as each names one row by its key, the sum of their row
    counts tells whether every guard held; if not, HopeDashed is raised and nothing is committed.
    """

    def __init__(self, database: peewee.Database, now_us: int) -> None:
        self.database = database
        self.now_us = now_us
        self.is_postgresql = is_postgresql(database)
        self._cursor = database.connection().cursor()  # type: ignore[no-untyped-call]
        self._gathered: dict[str, list[Sequence[Any]]] = {}
        self._chained: dict[tuple[str, Ledger], list[Sequence[Any]]] = {}
        self._sent_in_savepoint: dict[str, list[Sequence[Any]]] | None = None
        self._trusted: dict[str, list[Sequence[Any]]] = {}
        self.trusts = False
        self._added_once: set[Any] = set()
        self._expected: list[bytes] = []
        self._when: dict[bytes, int] = {}
        self._looked_upto = 0
        self.foreseen: dict[bytes, Any] = {}
        """What was read ahead. Forgotten as soon as a statement changes what it may stand on."""

    def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Carry out one statement now; returns how many rows it touched."""
        if self.foreseen:
            self.foreseen.clear()
        self._execute(sql, params)
        return self._cursor.rowcount  # type: ignore[no-any-return]

    def _execute(self, sql: str, params: Sequence[Any]) -> None:
        if self._trusted:
            self._send_trusted()
        self._cursor.execute(_percent_style(sql) if self.is_postgresql else sql, params)

    def take(self, sql: str, params: Sequence[Any]) -> int:
        """Carry out a guarded statement on one row that it names by its key; returns the count.

        While the transaction trusts, it is gathered and counted when all of its kind are sent.
        """
        if not self.trusts:
            return self.run(sql, params)
        found = self._trusted.get(sql)
        if found is None:
            self._trusted[sql] = [params]
        else:
            found.append(params)
        return 1

    def _send_trusted(self) -> None:
        trusted, self._trusted = self._trusted, {}
        for sql, rows in trusted.items():
            self._many(sql, rows)
            if self._cursor.rowcount != len(rows):
                raise HopeDashed(sql)

    def settle(self) -> None:
        """Send what was trusted, and trust nobody from here: for acts that leave the usual path,
        and before reads that go past this transaction.
        """
        self.trusts = False
        self.foreseen.clear()
        if self._trusted:
            self._send_trusted()

    def alone(self, name: str) -> None:
        """Wait until nobody else is at what bears this name, and let nobody begin before the end.

        For what is looked up first and written last. SQLite has one writer anyway.
        """
        if self.is_postgresql:
            self.row("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", (name,))

    def run_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> list[int]:
        """Carry out one statement for each row, in order; returns how many rows each touched.

        As if run one by one, but PostgreSQL gets them in one go (pipeline mode).
        """
        if not self.is_postgresql:
            return [self.run(sql, params) for params in rows]
        if not rows:
            return []
        self.settle()
        cursor = self._cursor
        cursor.executemany(_percent_style(sql), rows, returning=True)
        touched = [int(cursor.rowcount)]
        while cursor.nextset():
            touched.append(int(cursor.rowcount))
        return touched

    def row(self, sql: str, params: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row, or None."""
        self._execute(sql, params)
        return self._cursor.fetchone()  # type: ignore[no-any-return]

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self._execute(sql, params)
        return self._cursor.fetchall()  # type: ignore[no-any-return]

    def add(self, insert: Insert, values: Sequence[Any]) -> None:
        """Gather one plain insert; it is sent with the others of its table."""
        self._gathered.setdefault(insert.sql, []).append(values)

    def add_once(self, insert: Insert, values: Sequence[Any]) -> None:
        """Gather one insert that ignores what is there already; its first value is its key.

        While the transaction trusts, a key that it has given before costs nothing.
        """
        if self.trusts:
            if values[0] in self._added_once:
                return
            self._added_once.add(values[0])
        self.add(insert, values)

    def append(self, ledger: Ledger, site: str, values: Sequence[Any]) -> None:
        """Gather one row of a chained ledger; position and hash are given at the end."""
        self._chained.setdefault((site, ledger), []).append(values)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What happens inside is undone alone if it raises; the transaction goes on."""
        gathered = {sql: len(rows) for sql, rows in self._gathered.items()}
        chained = {key: len(rows) for key, rows in self._chained.items()}
        self._sent_in_savepoint = {}
        self.run("SAVEPOINT act")
        try:
            yield
        except BaseException:
            self.run("ROLLBACK TO SAVEPOINT act")
            self.run("RELEASE SAVEPOINT act")
            self._go_back(gathered, chained)
            raise
        finally:
            self._sent_in_savepoint = None
        self.run("RELEASE SAVEPOINT act")

    def _go_back(self, gathered: dict[str, int], chained: dict[tuple[str, Ledger], int]) -> None:
        """Gathered rows of before the savepoint stay, also when they were sent inside it."""
        sent = self._sent_in_savepoint or {}
        whole = {sql: sent.get(sql, []) + self._gathered.get(sql, []) for sql in gathered}
        self._gathered = {sql: rows[: gathered[sql]] for sql, rows in whole.items()}
        self._chained = {key: self._chained[key][:count] for key, count in chained.items()}

    def expect(self, ids: Iterable[bytes]) -> None:
        """Say which rows acts of this transaction will name, in their order."""
        self._expected = list(dict.fromkeys(ids))
        self._when = {id: n for n, id in enumerate(self._expected)}

    def upcoming(self, id: bytes, count: int) -> list[bytes]:
        """This row, and the expected ones after it that nobody has looked at yet."""
        at = self._when.get(id, -1)
        if at < self._looked_upto:
            return [id]
        self._looked_upto = at + count
        return self._expected[at : at + count]

    def send(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Carry out one statement for each row now, where nobody asks how many it touched."""
        if self._trusted:
            self._send_trusted()
        if rows:
            self.foreseen.clear()
            self._many(sql, rows)

    def flush(self) -> None:
        """Send what was gathered now (ledger rows wait for the end)."""
        if self._trusted:
            self._send_trusted()
        for sql, rows in self._gathered.items():
            if rows:
                self._many(sql, rows)
                if self._sent_in_savepoint is not None:
                    self._sent_in_savepoint.setdefault(sql, []).extend(rows)
        self._gathered = {}

    def _many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self._cursor.executemany(_percent_style(sql) if self.is_postgresql else sql, rows)

    def finish(self) -> None:
        """Send everything; chained rows last, each site's head locked only for this moment."""
        self.flush()
        for (site, ledger), rows in sorted(self._chained.items(), key=_by_site_and_name):
            if rows:
                self._many(ledger.insert_sql, self._link(site, ledger, rows))
        self._chained = {}

    def _link(self, site: str, ledger: Ledger, rows: list[Sequence[Any]]) -> list[Sequence[Any]]:
        lock = " FOR UPDATE" if self.is_postgresql else ""
        head = self.row(
            f"SELECT position, hash FROM ledger_head WHERE site = ? AND ledger = ?{lock}",
            (site, ledger.name),
        )
        if head is None:
            self.run(
                "INSERT INTO ledger_head (site, ledger, position, hash) VALUES (?, ?, 0, ?) "
                "ON CONFLICT DO NOTHING",
                (site, ledger.name, ledger.origin(site)),
            )
            return self._link(site, ledger, rows)
        linked, position, last = chain_rows(ledger, site, rows, head[0], bytes(head[1]))
        self.run(
            "UPDATE ledger_head SET position = ?, hash = ? WHERE site = ? AND ledger = ?",
            (position, last, site, ledger.name),
        )
        return linked


def _by_site_and_name(item: tuple[tuple[str, Ledger], object]) -> tuple[str, str]:
    (site, ledger), _ = item
    return site, ledger.name


@contextmanager
def writing(database: peewee.Database, now_us: int) -> Iterator[WriteTransaction]:
    """One IMMEDIATE transaction (peewee's default is deferred and fails under writers)."""
    lock = () if is_postgresql(database) else ("IMMEDIATE",)
    with watching(), database.atomic(*lock):
        tx = WriteTransaction(database, now_us)
        yield tx
        tx.finish()


_CLASHES = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)


def is_clash(wrong: BaseException) -> bool:
    """Whether the same transaction may succeed when it is tried again."""
    seen: BaseException | None = wrong
    while seen is not None:
        if isinstance(seen, _CLASHES):
            return True
        if isinstance(seen, sqlite3.OperationalError) and "locked" in str(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def retrying(do: Callable[[], T]) -> T:
    """Carry out `do` again when another writer got in its way; at most WRITE_ATTEMPTS_MAX."""
    for attempt in range(1, WRITE_ATTEMPTS_MAX + 1):
        try:
            return do()
        except peewee.OperationalError as wrong:
            if attempt == WRITE_ATTEMPTS_MAX or not is_clash(wrong):
                raise
        except _CLASHES:
            if attempt == WRITE_ATTEMPTS_MAX:
                raise
    raise AssertionError("unreachable")
