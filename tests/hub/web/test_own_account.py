"""The page You: what is asked again before something changes there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub.staff.models import Denial, Person
from tests.hub.web.browsing import PASSWORD, Browser

Browse = Callable[[str], Browser]
NEW = "green paper boat"


def change(browser: Browser, **fields: str) -> int:
    browser.get("/own/password")
    return browser.post("/own/password", {"new": NEW, "again": NEW, **fields}).status_code


@pytest.mark.parametrize("current", ["", "guess"])
def test_the_present_password_is_asked_before_another_is_set(
    browse: Browse, people: dict[str, bytes], current: str
) -> None:
    office = browse("office")
    before = Person.get_by_id(people["office"]).password_hash
    change(office, current=current)
    found = Person.get_by_id(people["office"])
    assert (found.password_hash, found.failed_logins) == (before, 1)
    assert [row.what for row in Denial.select()] == ["log-in: wrong password, on a page"]
    assert change(office, current=PASSWORD) == 303
    assert browse("").log_in("office", NEW).location == "/"


def test_the_password_is_asked_before_other_log_ins_are_ended(browse: Browse) -> None:
    here, there = browse("office"), browse("office")
    here.get("/own")
    here.post("/own/sessions/end", {"current": "guess"})
    assert there.get("/orders").status_code == 200
    here.get("/own")
    here.post("/own/sessions/end", {"current": PASSWORD})
    assert there.get("/orders").status_code == 303
    assert here.get("/orders").status_code == 200


def test_of_a_field_that_comes_twice_the_first_counts_and_one_unknown_says_nothing(
    browse: Browse, people: dict[str, bytes]
) -> None:
    """Nobody slips a value past a check by sending another beside it."""
    office = browse("office")
    office.get("/own/password")
    sent = {
        "new": [NEW, "another paper boat"], "again": NEW, "current": [PASSWORD, "guess"],
        "is_active": "", "must_change": "on", "role": "admin", "person": people["admin"].hex(),
    }  # fmt: skip
    assert office.post("/own/password", sent).status_code == 303
    assert browse("").log_in("office", NEW).location == "/"
    found = Person.get_by_id(people["office"])
    assert (found.is_active, found.must_change) == (True, False)
    assert browse("").log_in("admin").location == "/"


def test_guesses_at_an_open_page_stand_in_the_audit_with_their_lock_out(browse: Browse) -> None:
    office = browse("office")
    for _ in range(6):
        change(office, current="guess")
    noted = {row.what: row.count for row in Denial.select()}
    wrong = "log-in: wrong password, on a page"
    assert noted == {wrong: 4, f"{wrong}; locked for 60 s": 1, "log-in: locked": 1}
