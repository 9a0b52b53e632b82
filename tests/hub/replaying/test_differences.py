"""A replay names the first act that came out otherwise, and why."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import msgspec
import pytest

from hub.command import COMMANDS, Command, command
from hub.journal import Act
from hub.opening import open_scratch
from hub.replaying.replay import Outcome, day_end, replay
from tests.hub.backup.conftest import Shop

_chance = count(1)
"""Stands for whatever is no part of an act's input."""


class Careless(Command[None], frozen=True):
    """Writes something that its input does not say."""

    def carry_out(self, act: Act) -> None:
        act.tx.run("UPDATE site SET name = ?", (f"after {next(_chance)}",))


class Careful(Command[None], frozen=True):
    """The same, but it sees what it uses."""

    def carry_out(self, act: Act) -> None:
        number = act.see(int, lambda: next(_chance))
        act.tx.run("UPDATE site SET name = ?", (f"after {number}",))


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    before = dict(COMMANDS)
    command("test.careless")(Careless)
    command("test.careful")(Careful)
    yield
    COMMANDS.clear()
    COMMANDS.update(before)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "hub")
    made.receive(5)
    yield made
    made.journal.database.close()


def again(shop: Shop, tmp_path: Path, until_us: int | None = None) -> Outcome:
    return replay(shop.journal.database, open_scratch(tmp_path / "again.db"), until_us=until_us)


def test_books_that_follow_from_their_acts_are_the_same(shop: Shop, tmp_path: Path) -> None:
    outcome = again(shop, tmp_path)
    assert outcome.ok
    assert outcome.compared["balance"] == 2


def test_an_act_that_writes_more_than_its_input_says_is_found(shop: Shop, tmp_path: Path) -> None:
    shop.journal.carry_out(Careless(), site="w1", via="page")
    wrong = again(shop, tmp_path).difference
    assert wrong is not None
    assert "site w1: name after" in wrong.what


def test_what_an_act_has_seen_is_seen_again(shop: Shop, tmp_path: Path) -> None:
    shop.journal.carry_out(Careful(), site="w1", via="page")
    assert again(shop, tmp_path).ok


def test_an_act_that_no_replay_can_repeat_is_named(shop: Shop, tmp_path: Path) -> None:
    shop.journal.perform("by.hand", lambda _act: None, site="w1", via="page")
    shop.receive(1)
    wrong = again(shop, tmp_path).difference
    assert wrong is not None
    assert (wrong.act, wrong.position) == ("by.hand", 4)


def test_a_changed_input_is_found_where_it_stands(shop: Shop, tmp_path: Path) -> None:
    shop.receive(7)
    shop.journal.database.execute_sql(
        "UPDATE journal SET input = REPLACE(input, ',7]', ',8]') WHERE act = 'inventory.receive'"
    )
    wrong = again(shop, tmp_path).difference
    assert wrong is not None
    assert (wrong.act, wrong.position) == ("inventory.receive", 5)
    assert "the ledger journal at 5" in wrong.what


def test_rows_without_an_act_are_found_in_the_end(shop: Shop, tmp_path: Path) -> None:
    shop.journal.database.execute_sql("UPDATE place SET x_cm = 1 WHERE code = 'A-01-01-1'")
    wrong = again(shop, tmp_path).difference
    assert wrong is not None
    assert wrong.what.startswith("place ")
    assert "x_cm 1 became" in wrong.what


def test_a_part_of_the_days_stops_where_it_is_told(shop: Shop, tmp_path: Path) -> None:
    later = shop.clock.now_us() + 1
    shop.clock.advance(ms=1_000)
    shop.receive(7)
    outcome = again(shop, tmp_path, until_us=later)
    assert outcome.ok
    assert (outcome.acts, outcome.compared) == (3, {})


def test_the_models_mean_the_real_books_again_afterwards(shop: Shop, tmp_path: Path) -> None:
    from hub.inventory.models import Site

    again(shop, tmp_path)
    shop.journal.database.execute_sql("UPDATE site SET name = 'the real one'")
    assert Site.get().name == "the real one"


def test_an_outcome_can_be_read_by_programs(shop: Shop, tmp_path: Path) -> None:
    told = msgspec.json.decode(msgspec.json.encode(again(shop, tmp_path)))
    assert told["difference"] is None
    assert told["acts"] == 3


@pytest.mark.parametrize(
    ("day", "end"), [("1970-01-01", 86_400_000_000), ("2026-11-21", 1_795_305_600_000_000)]
)
def test_a_day_ends_with_the_next(day: str, end: int) -> None:
    assert day_end(day) == end
