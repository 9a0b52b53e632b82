"""What failed log-ins and refused acts leave behind: enough for an audit, and never a full disk."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.journal import JournalRow
from hub.staff import denials, sessions
from hub.staff import service as staff
from hub.staff.models import Denial
from tests.hub.conftest import TestHub

WRONG = "log-in: wrong password"


@pytest.fixture
def ana(hub: TestHub) -> bytes:
    with hub.act() as act:
        return staff.add_person(act, hub.company, "Ana", login="ana")


def guess(hub: TestHub, person: bytes | None, address: str = "::1") -> sessions.Attempt:
    """One wrong log-in, as the page makes it."""

    def take(act) -> sessions.Attempt:
        return sessions.take_attempt(act, person, address)

    attempt = hub.journal.beside(take, site=hub.site)
    wrong = WRONG if person else denials.UNKNOWN_NAME
    what = "log-in: locked" if attempt.locked_s else wrong
    denials.note_beside(hub.journal, hub.site, person, what, address, locked_s=attempt.shuts_s)
    return attempt


def noted() -> Counter[str]:
    found: Counter[str] = Counter()
    for row in Denial.select():
        found[row.what] += row.count
    return found


def test_equal_ones_of_a_minute_are_one_row_with_a_count(hub: TestHub, ana: bytes) -> None:
    before = JournalRow.select().count()
    for _ in range(7):
        guess(hub, ana)
    assert noted() == {WRONG: 4, f"{WRONG}; locked for 60 s": 1, "log-in: locked": 2}
    row = Denial.get(Denial.what == WRONG)
    assert (row.person, row.address) == (ana, "::1")
    assert JournalRow.select().count() == before


def test_the_next_minute_is_another_row_and_each_says_when_it_was_last(
    hub: TestHub, ana: bytes
) -> None:
    guess(hub, ana)
    hub.clock.advance(s=1)
    last = hub.clock.now_us()
    guess(hub, ana)
    hub.clock.advance(s=60)
    guess(hub, ana)
    first, second = Denial.select().order_by(Denial.at)
    assert (first.count, first.last_at, second.count) == (2, last, 1)


def test_an_unknown_name_costs_as_many_rows_as_a_known_one(sqlite_hub: TestHub) -> None:
    """Who could tell the two apart by the time they take would learn who works here."""
    with sqlite_hub.act() as act:
        ana = staff.add_person(act, sqlite_hub.company, "Ana", login="ana")
    for person in (ana, None):
        before = sqlite_hub.database.connection().total_changes
        guess(sqlite_hub, person)
        assert sqlite_hub.database.connection().total_changes - before == 2, person


def test_guesses_from_a_thousand_addresses_make_a_bounded_number_of_rows(
    sqlite_hub: TestHub,
) -> None:
    """What a botnet writes in an hour: 21 rows a minute, and each guess is counted."""
    journalled = JournalRow.select().count()
    for n in range(1_000):
        denials.note_beside(
            sqlite_hub.journal, sqlite_hub.site, None, denials.UNKNOWN_NAME, f"2001:db8::{n:x}"
        )
    assert Denial.select().count() == denials.LOG_INS_PER_MINUTE_MAX + 1
    others = Denial.get(Denial.what == "log-in: (others)")
    assert (others.count, others.person, others.address) == (980, None, "")
    assert JournalRow.select().count() == journalled


def test_a_flood_hides_no_lock_out(hub: TestHub, ana: bytes) -> None:
    for n in range(denials.LOG_INS_PER_MINUTE_MAX + 5):
        denials.note_beside(hub.journal, hub.site, None, denials.UNKNOWN_NAME, f"192.0.2.{n}")
    for _ in range(5):
        guess(hub, ana, "192.0.2.99")
    row = Denial.get(Denial.person == ana)
    assert row.what == f"{WRONG}; locked for 60 s"
    assert noted()["log-in: (others)"] == 5 + 4


def test_a_flood_of_guesses_hides_nothing_that_somebody_logged_in_was_refused(
    hub: TestHub, ana: bytes
) -> None:
    for n in range(denials.LOG_INS_PER_MINUTE_MAX):
        denials.note_beside(hub.journal, hub.site, None, denials.UNKNOWN_NAME, f"192.0.2.{n}")
    for n in range(denials.ACTS_PER_MINUTE_MAX + 3):
        denials.note_beside(hub.journal, hub.site, ana, f"POST /orders/{n} orders.cancel", "::1")
    other = bytes([7]) * 16
    denials.note_beside(hub.journal, hub.site, other, "POST /items catalog.edit", "::1")
    kept = noted()
    assert kept["(others)"] == 3
    assert f"POST /orders/{denials.ACTS_PER_MINUTE_MAX - 1} orders.cancel" in kept
    assert Denial.get(Denial.person == other).what == "POST /items catalog.edit"
    assert Denial.get(Denial.what == "(others)").person == ana


@given(guesses=st.lists(st.integers(0, 40), max_size=60))
def test_whatever_comes_each_guess_is_counted_once(
    sqlite_template, tmp_path_factory, guesses: list[int]
) -> None:
    """By address, in seconds of some minutes."""
    import shutil

    from hub.opening import open_database

    path = tmp_path_factory.mktemp("denials") / "hub.db"
    shutil.copy(sqlite_template, path)
    database = open_database(f"sqlite:///{path}")
    hub = TestHub(database, "")
    for n in guesses:
        hub.clock.advance(s=n)
        denials.note_beside(hub.journal, hub.site, None, denials.UNKNOWN_NAME, f"192.0.2.{n}")
    assert sum(noted().values()) == len(guesses)
    database.close()


def test_what_is_older_than_a_year_is_forgotten(hub: TestHub, ana: bytes) -> None:
    guess(hub, ana)
    hub.clock.advance(s=120)
    border = hub.clock.now_us()
    guess(hub, None)
    with hub.act() as act:
        assert denials.forget(act, border) == 1
    assert [row.person for row in Denial.select()] == [None]
