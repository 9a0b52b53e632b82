"""The whole application over a fresh database, with one person of each role."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from hub.app import create_app
from hub.staff import passwords, rules
from hub.staff import service as staff
from hub.web.context import WebSettings, of_app
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import PASSWORD, Browser

ONE_TIME = "K7QM-4TXP-2HVD-9ABC"


@pytest.fixture(scope="session")
def password_hash() -> str:
    return passwords.hashed(PASSWORD)


@pytest.fixture
def people(sqlite_hub: TestHub, password_hash: str) -> dict[str, bytes]:
    """Somebody of each role, named after it, with PASSWORD."""
    ids: dict[str, bytes] = {}
    with sqlite_hub.act() as act:
        staff.seed_permissions(act)
        for role in rules.ROLES:
            ids[role] = staff.add_person(
                act, sqlite_hub.company, role.capitalize(), login=role, roles=[role]
            )
            staff.set_password(act, ids[role], password_hash, must_change=False)
    return ids


@pytest.fixture
def app(sqlite_hub: TestHub, people: dict[str, bytes]) -> Iterator[Flask]:
    app = create_app(
        WebSettings(
            sqlite_hub.journal, sqlite_hub.site, sqlite_hub.company, b"k" * 32,
            title="Test warehouse", log_ins_per_minute=1_000,
        )
    )  # fmt: skip
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield app
    of_app(app).feed.end()


@pytest.fixture
def browse(app: Flask) -> Callable[[str], Browser]:
    """A browser in which somebody of this role is logged in; '' for a stranger."""

    def as_role(role: str) -> Browser:
        browser = Browser(app)
        if role:
            assert browser.log_in(role).status_code == 303
        return browser

    return as_role
