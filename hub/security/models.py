"""How far the hub has read the logs of others. One row for each log."""

from __future__ import annotations

import peewee

from hub.db import CountField, Table


class LogMark(Table):
    """Up to `offset` a log was read and what it says is stored; `head` tells whether it is still
    the same file, since a log is cut to nothing when it grows too long.
    """

    site = peewee.TextField()
    log = peewee.TextField()
    head = peewee.TextField(default="")
    """The first bytes as they were, in hexadecimal digits."""
    offset = CountField(default=0)

    class Meta:
        table_name = "log_mark"
        primary_key = peewee.CompositeKey("site", "log")
