"""Every form of every page, filled by somebody who means harm: a sentence, nothing half-done."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from hub.app import create_app
from hub.db import proxy
from hub.journal import JournalRow
from hub.opening import open_database
from hub.staff import passwords
from hub.staff import service as staff
from hub.verify.command import verify
from hub.web.context import WebSettings, of_app
from hub.web.incoming import BODY_BYTES_MAX
from simulators.campaigns.books import books, differences
from tests.hub.conftest import TestHub
from tests.hub.web import busy_site
from tests.hub.web.browsing import PASSWORD, Browser
from tests.hub.web.page_forms import LEADS_ELSEWHERE, PageForm, forms_of

STARTS = ["/", "/orders", "/orders?view=all", "/items", "/items/new", "/stock", "/stock/receive",
          "/customers", "/waves", "/waves/new", "/work", "/packing", "/shipments", "/exceptions",
          "/devices", "/people", "/people/new", "/import", "/own", "/floor", "/status"]  # fmt: skip
HOSTILE = {
    "nothing": "",
    "blanks": "   ",
    "NUL": "a\0b",
    "control signs": "a\r\nb\x1b[2J\x7f",
    "half of a surrogate pair": "%ED%A0%80",
    "other digits": "²",
    "Devanagari digits": "५",
    "negative": "-1",
    "zero": "0",
    "huge": "9" * 19,
    "5,000 digits": "9" * 5_000,
    "a huge number behind zeros": "0" * 9 + "9" * 30,
    "a fraction": "1.5",
    "not a number": "NaN",
    "infinite": "1e999999999",
    "underscores": "1_0",
    "markup": "<script>alert(1)</script>",
    "long": "x" * 100_000,
    "nobody's id": "f" * 32,
    "half an id": "0" * 31,
    "a path": "../../etc/passwd",
    "SQL": "' OR 1=1 --",
    "right to left": "\u202eabc",
    "year one": "0001-01-01T00:00",
    "year 9999": "9999-12-31T23:59",
}
IS_LONG = "BINLIGHT_LONG" in os.environ
"""`make test-api` tries every value on every form."""
EVERY = 1 if IS_LONG else 6
EXAMPLES = 3_000 if IS_LONG else 100
NOBODYS = {"staff.try_log_in", "staff.enter_code", "staff.log_out"}
"""Addresses before the log-in, and the way out: tried in test_security.py."""
BESIDE = {"denial"}
"""Written without a row in the journal: a wrong password in a form is one."""
FILES = {"bulk.upload"}
"""test_imports.py"""


class Site(NamedTuple):
    """A busy site, its administrator at a browser, and every form there is."""

    hub: TestHub
    app: Flask
    admin: Browser
    forms: list[PageForm]


@pytest.fixture(scope="module")
def site(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    path = tmp_path_factory.mktemp("site") / "hub.db"
    shutil.copy(sqlite_template, path)
    bound = proxy.obj
    hub = TestHub(open_database(f"sqlite:///{path}"), f"sqlite:///{path}")
    app = create_app(WebSettings(hub.journal, hub.site, hub.company, b"k" * 32))
    app.testing, app.config["PROPAGATE_EXCEPTIONS"] = True, False
    people = _people(hub)
    busy_site.furnish(hub, people["admin"])
    admin = Browser(app)
    admin.log_in("admin")
    yield Site(hub, app, admin, [*_forms(admin, people)])
    of_app(app).feed.end()
    hub.database.close()
    proxy.initialize(bound)


def _people(hub: TestHub) -> dict[str, bytes]:
    with hub.act() as act:
        staff.seed_permissions(act)
        found = {
            role: staff.add_person(act, hub.company, role, login=role, roles=[role])
            for role in ("admin", "picker")
        }
        staff.set_password(act, found["admin"], passwords.hashed(PASSWORD), must_change=False)
    return found


def _forms(admin: Browser, people: dict[str, bytes]) -> Iterator[PageForm]:
    """All but those that would throw out the one who sends them; with a bench to pack at."""
    admin.get("/packing")
    admin.post("/packing/bench", {"bench": "bench-1"})
    yield from forms_of(admin, STARTS, but=(people["admin"].hex(), "/people/roles/admin"))
    device, person = "/devices/hh-1", f"/people/{people['picker'].hex()}"
    yield PageForm("/people", "/people/review", {})
    yield PageForm(device, f"{device}/code", {})
    yield PageForm(device, f"{device}/renew", {})
    yield PageForm(person, f"{person}/second-factor/reset", {"current": PASSWORD})
    yield PageForm(
        person, f"{person}/roles/withdraw", {"role": "picker", "site": "*", "division": "*"}
    )


def send(browser: Browser, token: str, form: PageForm, fields: dict[str, str]) -> TestResponse:
    return browser.client.post(
        form.action, data={**fields, "csrf_token": token},
        headers={"Referer": f"http://localhost{form.page}"},
    )  # fmt: skip


def is_answered(answer: TestResponse) -> bool:
    """Back to a page that says what was wrong, done, or refused with a sentence of its own."""
    if answer.status_code == 303:
        return not answer.location.startswith(("/log-in", "/own/"))
    if answer.status_code == 200:
        return True
    return answer.status_code in {400, 403, 404, 409, 413, 422} and bool(answer.text)


class Watch:
    """Sends forms, and sees that what is not journalled did not happen."""

    def __init__(self, hub: TestHub, browser: Browser) -> None:
        self._hub, self._browser = hub, browser
        browser.get("/own")
        self._token = browser.token()
        self._before = books(hub.database)
        self._acts = JournalRow.select().count()

    def send(self, form: PageForm, fields: dict[str, str]) -> None:
        answer = send(self._browser, self._token, form, fields)
        told = (form.action, fields, answer.status_code)
        assert is_answered(answer), told
        after, acts = books(self._hub.database), JournalRow.select().count()
        if acts == self._acts:
            assert set(differences(self._before, after)) <= BESIDE, told
        self._before, self._acts = after, acts


def endpoints(app: Flask, paths: Iterator[str]) -> set[str]:
    adapter, found = app.url_map.bind("localhost"), set()
    for path in paths:
        try:
            found.add(adapter.match(path, method="POST")[0])
        except HTTPException:
            continue
    return found


def test_the_site_has_every_form_that_there_is(site: Site) -> None:
    outside = ("/api/", *LEADS_ELSEWHERE)
    rules = (rule for rule in site.app.url_map.iter_rules() if "POST" in (rule.methods or ()))
    known = {rule.endpoint for rule in rules if not str(rule).startswith(outside)}
    shown = endpoints(site.app, (form.action for form in site.forms))
    assert known - shown - NOBODYS == set()


@pytest.mark.slow
def test_every_form_filled_with_one_hostile_value_is_answered_with_a_sentence(
    site: Site,
) -> None:
    """Each form meets some of the values, each value some of the forms of every page."""
    watch = Watch(site.hub, site.admin)
    for n, form in enumerate(site.forms):
        watch.send(form, {})
        for value in list(HOSTILE.values())[n % EVERY :: EVERY]:
            watch.send(form, dict.fromkeys(form.fields, value))
    assert verify(site.hub.database).ok


@pytest.mark.slow
def test_one_hostile_field_among_good_ones_is_answered_with_a_sentence(
    site: Site,
) -> None:
    watch = Watch(site.hub, site.admin)
    ids = sorted(
        {part for form in site.forms for part in form.action.split("/") if len(part) == 32}
    )
    values = st.one_of(
        st.sampled_from(sorted(HOSTILE.values())), st.sampled_from(ids),
        st.integers(-(2**70), 2**70).map(str), st.text(max_size=40),
    )  # fmt: skip
    changes = st.dictionaries(st.integers(0, 9), st.none() | values, min_size=1, max_size=3)

    @given(st.sampled_from(site.forms), changes, st.none() | st.sampled_from(ids))
    @settings(
        max_examples=EXAMPLES, phases=[Phase.generate], derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def one(form: PageForm, changed: dict[int, str | None], other: str | None) -> None:
        watch.send(_at_another(form, other), _changed(form.fields, changed))

    one()
    assert verify(site.hub.database).ok


def _changed(fields: dict[str, str], changed: dict[int, str | None]) -> dict[str, str]:
    """Some of the fields with other values, or left out."""
    names = sorted(fields)
    found: dict[str, Any] = dict(fields)
    for n, value in changed.items():
        if names:
            found[names[n % len(names)]] = value
    return {name: value for name, value in found.items() if value is not None}


def _at_another(form: PageForm, other: str | None) -> PageForm:
    """The same form, sent to what an id of another kind of thing names."""
    parts = form.action.split("/")
    if other is None or not any(len(part) == 32 for part in parts):
        return form
    return form._replace(action="/".join(other if len(part) == 32 else part for part in parts))


def test_more_than_a_form_holds_is_refused_unread(site: Site) -> None:
    site.admin.get("/own")
    token = site.admin.token()
    for form in site.forms[:3]:
        answer = send(site.admin, token, form, {"name": "x" * BODY_BYTES_MAX})
        assert answer.status_code == 413, form.action
        assert "too large" in answer.text
