"""The short form of the campaign of transfers; and that a wrong sum would be seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import peewee
import pytest

from hub.clock import FixedClock
from simulators.campaigns import transfers
from simulators.campaigns.bare_hub import BareHub
from simulators.campaigns.transfers import Reader

SHORT = 0.002


def test_readers_see_every_unit_once_while_writers_move_them():
    found = transfers.measure(lambda _text: None, scale=SHORT, seed=8)
    assert found["wrong_sums"] == 0, found["complaints"]
    assert found["moved"] >= 100_000 * SHORT
    for name, counts in found["databases"].items():
        assert counts["reads"] > 0, name


@pytest.fixture
def database(tmp_path: Path) -> Iterator[peewee.Database]:
    hub = BareHub(tmp_path, Random(1), FixedClock())
    hub.prepare((), 0, 0)
    hub.open()
    hub.journal.perform("stock", transfers.stock, site=hub.site, via="setup")
    yield hub.journal.database
    hub.close()


def test_all_questions_have_the_same_answer_at_rest(database: peewee.Database):
    reader = Reader(database, Random(1))
    for _ in range(30):
        reader.read()
    assert reader.reads > 20
    assert reader.wrong == []


def test_a_unit_on_the_way_is_seen(database: peewee.Database):
    database.execute_sql("UPDATE balance SET on_hand = on_hand - 1 WHERE is_real")
    reader = Reader(database, Random(1))
    for _ in range(30):
        reader.read()
    assert len(reader.wrong) >= 30
