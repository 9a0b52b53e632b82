"""The whole application in one process, on each database, and callers with a key."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from hub.app import create_app
from hub.staff import service as staff
from hub.web.context import WebSettings, of_app
from tests.hub.conftest import TestHub

TOKEN = "bw_" + "campaign" * 4


@pytest.fixture
def app(hub: TestHub) -> Iterator[Flask]:
    """The application of a hub in which a program has TOKEN as its key."""
    with hub.act() as act:
        staff.seed_permissions(act)
        person = staff.add_person(act, hub.company, "Program", login="program", roles=["admin"])
        staff.add_token(act, person, "test", staff.token_digest(TOKEN))
    app = create_app(WebSettings(hub.journal, hub.site, hub.company, b"k" * 32))
    yield app
    of_app(app).feed.end()


@pytest.fixture
def key() -> dict[str, str]:
    """The header that lets in."""
    return {"Authorization": f"Bearer {TOKEN}"}
