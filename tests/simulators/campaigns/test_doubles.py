"""The short form of the campaign of repeats; and that a double would be seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from hub.clock import FixedClock
from hub.db import fetch
from hub.inventory import service as inventory
from hub.inventory.posting import place_id
from hub.journal import Act
from simulators.campaigns import doubles
from simulators.campaigns.bare_hub import BareHub
from simulators.campaigns.doubles_commands import CommandDoubles
from simulators.campaigns.doubles_events import DEVICES, EventDoubles
from simulators.campaigns.doubles_orders import OrderDoubles

SHORT = 0.003


def test_what_comes_again_happens_once():
    found = doubles.measure(lambda _text: None, scale=SHORT, seed=11)
    assert found["double_effects"] == found["wrong_answers"] == 0, found["complaints"]
    tried = {kind: counts["repeated"] for kind, counts in found["kinds"].items()}
    assert all(tried[kind] >= round(doubles.REPEATS[kind] * SHORT) for kind in tried), tried


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[BareHub]:
    made = BareHub(tmp_path, Random(5), FixedClock())
    made.work = made.prepare(DEVICES, 6, 26)  # type: ignore[attr-defined]
    made.open()
    yield made
    made.close()


def one_unit_more(hub: BareHub) -> None:
    """As if one receipt had been booked twice: valid rows, one unit too many."""
    (item,) = fetch(hub.journal.database, "SELECT item FROM balance WHERE is_real LIMIT 1")[0]
    (place,) = fetch(
        hub.journal.database, "SELECT place FROM balance WHERE item = ? AND is_real", (item,)
    )[0]  # fmt: skip

    def again(act: Act) -> None:
        inventory.adjust(act, bytes(place), bytes(item), 1, "twice")

    hub.journal.perform("twice", again, site=hub.site, via="setup")


def test_an_effect_that_happened_twice_is_seen(hub: BareHub):
    tried = EventDoubles(hub, hub.work, Random(1))  # type: ignore[attr-defined]
    tried.drain()
    assert tried.wrong() == []
    one_unit_more(hub)
    assert [text for text in tried.wrong() if "holds" in text]


def test_a_repeat_that_changes_a_book_is_seen(
    hub: BareHub, monkeypatch: pytest.MonkeyPatch
):  # fmt: skip
    tried = EventDoubles(hub, hub.work, Random(1))  # type: ignore[attr-defined]
    tried.drain()
    assert tried.repeat_all_and_compare() == []
    hear = hub.hear
    monkeypatch.setattr(hub, "hear", lambda *batch: (one_unit_more(hub), hear(*batch))[1])
    assert {"balance", "journal", "ledger_head", "movement"} <= set(tried.repeat_all_and_compare())


def test_an_event_too_many_is_seen(hub: BareHub):
    tried = EventDoubles(hub, hub.work, Random(1))  # type: ignore[attr-defined]
    tried.drain()
    assert tried.wrong_answers == []
    tried._upto["d1", "after"] -= 1
    assert "('d1', 'after'): 13 events, 12 were due" in tried.wrong()


def test_a_second_order_of_one_key_is_seen(hub: BareHub):
    tried = OrderDoubles(hub, Random(2))
    tried.go_on()
    assert tried.wrong() == []
    tried._bodies.popitem()
    assert tried.wrong() == ["1 orders of 0 keys"]
    tried.close()


def test_an_answer_that_was_turned_round_is_seen(hub: BareHub):
    tried = CommandDoubles(hub, Random(3))
    tried.go_on()
    assert tried.wrong() == []
    id, was_yes = next(iter(tried._first.items()))
    tried._first[id] = not was_yes
    assert tried.wrong()


def test_the_place_of_a_bin_is_nothing_but_its_name(hub: BareHub):
    """The model counts bins by code; the books by id."""
    rows = fetch(hub.journal.database, "SELECT id, code FROM place WHERE kind = 'BIN'")
    assert {bytes(id) for id, _ in rows} == {place_id(hub.site, "BIN", code) for _, code in rows}
