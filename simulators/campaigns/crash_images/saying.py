"""How a recorded process says what it has promised: one line for each act, in the trace's order."""

from __future__ import annotations

import json
import os
import sqlite3
from hashlib import sha256
from pathlib import Path
from typing import Any


class Saying:
    """The promises of one process; each is one write, so the recording has it whole."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __call__(self, **facts: Any) -> None:
        os.write(self._fd, json.dumps(facts).encode() + b"\n")


class PagesSaying:
    """After each commit: what every page of a database now holds, and its rows, as digests."""

    def __init__(self, path: str, database: Path) -> None:
        self._say, self._database = Saying(path), database

    def __call__(self, *, flushed: bool = True, **facts: Any) -> None:
        """`flushed`: the act was promised, so a power cut must not take it."""
        db = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)
        try:
            pages, content = pages_digest(pages_of(db)), content_digest(db)
        finally:
            db.close()
        self._say(pages=pages, content=content, flushed=flushed, **facts)


def pages_of(db: sqlite3.Connection) -> bytes:
    """Every page as this connection sees it. Raises sqlite3.DatabaseError."""
    (count,) = db.execute("PRAGMA page_count").fetchone()
    return db.serialize() if count else b""


def pages_digest(pages: bytes) -> str:
    return sha256(pages).hexdigest()[:32]


def content_digest(db: sqlite3.Connection) -> str:
    """What every table holds, in the order of its storage: the same on other pages."""
    names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    digest = sha256()
    for (name,) in names.fetchall():
        digest.update(f"{name}:".encode())
        for row in db.execute(f'SELECT * FROM "{name}"'):
            digest.update(repr(row).encode())
    return digest.hexdigest()[:32]
