"""Several reads of one moment, while others write."""

from __future__ import annotations

from threading import Thread

from hub.db import fetch, reading
from hub.inventory import service as inventory
from hub.verify.command import verify
from tests.hub import builders
from tests.hub.conftest import TestHub

UNITS = 40


def test_two_reads_of_one_moment_do_not_see_what_came_between(
    hub: TestHub,
):
    """On PostgreSQL each statement has its own moment, unless it is told otherwise."""
    place = builders.stock(hub, "T-00", "MOVED", UNITS)
    article = builders.item(hub, "MOVED")
    ask = f"SELECT on_hand FROM balance WHERE on_hand = {UNITS + 1}"

    def receive() -> None:
        with hub.act() as act:
            inventory.adjust(act, place, article, 1, "found")
        hub.database.close()

    with reading(hub.database):
        before = fetch(hub.database, ask)
        writer = Thread(target=receive)
        writer.start()
        writer.join()
        during = fetch(hub.database, ask)
    assert (before, during) == ([], [])
    assert fetch(hub.database, ask) == [(UNITS + 1,)]
    assert verify(hub.database).ok
