"""The first schema: catalogue, staff, devices, stock, orders, shipping, work, journal, outbox."""

from __future__ import annotations

import peewee

from hub.tables import TABLES


def forward(database: peewee.Database) -> None:
    database.create_tables(TABLES)
