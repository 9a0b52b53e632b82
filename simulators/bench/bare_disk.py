"""What the disk alone gives: durable commits and group commits of SQLite, and the device's outbox.

Measuring equipment: each figure stands beside one of the product's, taken on the same disk.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from edge.storage.outbox import SqliteOutbox

PAYLOAD = b"x" * 300


class Appends(NamedTuple):
    """Times of single durable writes, in microseconds, sorted."""

    bare_us: list[int]
    outbox_us: list[int]


def open_bare(path: Path) -> sqlite3.Connection:
    """A table with one payload column, as durable as ours."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, payload BLOB NOT NULL)")
    return db


def group_commits_per_second(path: Path, rows: int, group: int) -> float:
    """Rows a second when so many share a commit and nothing else is done."""
    db = open_bare(path)
    began = time.perf_counter()
    for _ in range(0, rows, group):
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO row (payload) VALUES (?)", [(PAYLOAD,)] * group)
        db.execute("COMMIT")
    seconds = time.perf_counter() - began
    db.close()
    return rows / seconds


def appends(folder: Path, count: int) -> Appends:
    """One durable row at a time: bare, and through the device's outbox, in turn."""
    db = open_bare(folder / "bare.db")
    outbox = SqliteOutbox(folder / "outbox.db", Random(7), capacity=count + 1)
    bare_us, outbox_us = [], []
    for n in range(count):
        bare_us.append(_timed_us(partial(_one, db)))
        outbox_us.append(_timed_us(partial(outbox.append, [PAYLOAD], {"line": PAYLOAD}, n)))
    outbox.close()
    db.close()
    return Appends(sorted(bare_us), sorted(outbox_us))


def _one(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO row (payload) VALUES (?)", (PAYLOAD,))


def _timed_us(do: Callable[[], object]) -> int:
    began = time.perf_counter_ns()
    do()
    return (time.perf_counter_ns() - began) // 1_000
