"""The first schema: catalogue, staff, devices, stock, orders, shipping, work, journal, outbox."""

from __future__ import annotations

import peewee

from hub.db import create_tables
from hub.tables import TABLES


def forward(database: peewee.Database) -> None:
    create_tables(database, TABLES)
