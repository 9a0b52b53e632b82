"""Numbered steps of the schema, forward only. Owns the table of steps that were taken."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import peewee

from hub.db import is_postgresql
from hub.errors import HubError

STEPS: Final = ("m0001_spine",)


class NewerSchema(HubError):
    code = "NEWER_SCHEMA"

    def __init__(self, found: int, known: int) -> None:
        self.found, self.known = found, known
        super().__init__(
            f"The database is at step {found}; this one knows {known}. Install a newer Binlight."
        )


def migrate(database: peewee.Database) -> int:
    """Bring the schema to the newest step; returns how many were taken. Safe to repeat."""
    database.execute_sql(
        "CREATE TABLE IF NOT EXISTS schema_step (number INTEGER PRIMARY KEY, name TEXT NOT NULL)"
    )
    row = database.execute_sql("SELECT COALESCE(MAX(number), 0) FROM schema_step").fetchone()
    done = int(row[0])
    if done > len(STEPS):
        raise NewerSchema(done, len(STEPS))
    for number, name in enumerate(STEPS[done:], start=done + 1):
        _take(database, number, name)
    return len(STEPS) - done


def _take(database: peewee.Database, number: int, name: str) -> None:
    step = import_module(f"hub.migrations.{name}")
    lock = () if is_postgresql(database) else ("IMMEDIATE",)
    mark = "%s" if is_postgresql(database) else "?"
    with database.atomic(*lock):
        step.forward(database)
        database.execute_sql(
            f"INSERT INTO schema_step (number, name) VALUES ({mark}, {mark})", (number, name)
        )
