"""What coming back leaves to people (docs/conflicts.md) can be settled on the page of exceptions:
each such story is played, and then every button that the page shows for it is pressed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

from hub.app import create_app
from hub.config import HubConfig
from hub.db import fetch
from hub.journal import Act
from hub.staff import service as staff
from hub.verify.command import verify
from hub.warehouse.conflicts import CONFLICTS, Conflict
from hub.web.context import WebSettings, of_app
from hub.wiring import open_journal
from tests.hub.web.browsing import Browser
from tests.hub.web.conftest import password_hash
from tests.journeys import (
    test_conflicts_of_goods as of_goods,
)
from tests.journeys import (
    test_conflicts_of_storages as of_storages,
)
from tests.journeys import (
    test_conflicts_of_work as of_work,
)
from tests.journeys.floor_in_time import THIRD_BIN, FloorInTime

__all__ = ["password_hash"]  # a fixture

LEFT_TO_PEOPLE: Final = [found for found in CONFLICTS if found.opens]
ANSWERS: Final = {"bin": THIRD_BIN, "quantity": "1", "minutes": "0", "text": "I looked at it."}
"""What the supervisor fills in, by the name of the field."""
_OPEN: Final = "SELECT id FROM floor_exception WHERE kind = ? AND state = 'OPEN' ORDER BY id"
_STATE: Final = "SELECT state FROM floor_exception WHERE id = ?"
REFUSED: Final = {("POISON_EVENT", "apply")}
"""A newer version may know the event; this one says on the page that it does not."""
OWN_BEGINNING: Final[dict[str, Callable[[Path], FloorInTime]]] = {
    "TOTE_SHARED": of_goods.shared_totes
}


def story_of(name: str) -> tuple[ModuleType, Callable[[FloorInTime], None]]:
    """The test that plays this row, and the module with its beginning."""
    for module in (of_goods, of_storages, of_work):
        for story in vars(module).values():
            if any(mark.args == (name,) for mark in getattr(story, "pytestmark", ())):
                return module, story
    raise AssertionError(f"nobody plays {name}")


def played(name: str, folder: Path) -> FloorInTime:
    """The floor at the end of a row's story."""
    if name in OWN_BEGINNING:
        return OWN_BEGINNING[name](folder)
    module, story = story_of(name)
    floor: FloorInTime = module.beginning(folder)
    story(floor)
    return floor


class Forms(HTMLParser):
    """The forms of a page: where each goes, and which fields it asks for."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, set[str]] = {}
        self._action = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        if tag == "form":
            self._action = named.get("action") or ""
            self.fields.setdefault(self._action, set())
        elif tag == "input" and self._action and named.get("type") != "hidden":
            self.fields[self._action].add(named.get("name") or "")


class Pages:
    """The hub of a story as it was left, in a file, with somebody at its pages."""

    def __init__(self, floor: FloorInTime, folder: Path, password_hash: str) -> None:
        self._left, self._file = sqlite3.connect(":memory:"), folder / "pages.db"
        config = HubConfig(
            folder=str(folder), database_url=f"sqlite:///{self._file}", site=floor.site
        )
        self._copy(floor.database.connection())
        self.journal = open_journal(config, floor.clock, floor.random)
        self.database = self.journal.database
        act_of = partial(self.journal.perform, site=floor.site, via="setup")
        act_of("test.person", lambda act: self._hire(act, floor.company, password_hash))
        self.database.connection().backup(self._left)
        settings = WebSettings(
            self.journal, floor.site, floor.company, b"k" * 32, title="Test warehouse",
            log_ins_per_minute=1_000,
        )  # fmt: skip
        self.app = create_app(settings)
        self.app.testing = True

    def _copy(self, source: sqlite3.Connection) -> None:
        file = sqlite3.connect(self._file)
        source.backup(file)
        file.close()

    def _hire(self, act: Act, company: str, password_hash: str) -> None:
        staff.seed_permissions(act)
        id = staff.add_person(act, company, "Sue", login="supervisor", roles=["supervisor"])
        staff.set_password(act, id, password_hash, must_change=False)

    def browser(self) -> Browser:
        """Somebody who has just logged in to the hub as the story left it."""
        self.database.close()
        self._copy(self._left)
        browser = Browser(self.app)
        assert browser.log_in("supervisor").status_code == 303
        return browser

    def one(self, sql: str, *values: object) -> Any:
        return fetch(self.database, sql, values)[0][0]


@pytest.mark.parametrize("row", LEFT_TO_PEOPLE, ids=[found.name for found in LEFT_TO_PEOPLE])
def test_every_button_for_what_is_left_to_people_does_what_it_says(
    row: Conflict, tmp_path: Path, password_hash: str
):
    pages = Pages(played(row.name, tmp_path), tmp_path, password_hash)
    findings = verify(pages.database).findings
    id = bytes(pages.one(_OPEN, row.opens))
    page = f"/exceptions/{id.hex()}"
    forms = Forms(pages.browser().get(page).text).fields
    buttons = {action: asks for action, asks in forms.items() if action.startswith(page)}
    assert buttons, "a dead end on somebody's screen"
    for action, asks in buttons.items():
        browser = pages.browser()
        browser.get(page)
        browser.post(action, {name: ANSWERS[name] for name in asks})
        if pages.one(_STATE, id) == "WAITING":  # a count, for what devices have yet to say
            browser.get(page)
            browser.post(f"{page}/early", {"text": ANSWERS["text"]})
        is_refused = (row.name, action.rpartition("/")[2]) in REFUSED
        assert pages.one(_STATE, id) == ("OPEN" if is_refused else "RESOLVED"), action
        assert verify(pages.database).findings == findings
    of_app(pages.app).feed.end()
