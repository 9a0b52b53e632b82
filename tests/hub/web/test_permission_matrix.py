"""Every address of the application, asked by everybody: strangers, people without any right, and
forms without their token. A new page is in here by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from flask import Flask
from werkzeug.routing import Rule

from hub.staff.models import Denial
from hub.web.security import OPEN_ENDPOINTS
from tests.hub.web.browsing import Browser

Browse = Callable[[str], Browser]

FOR_EVERYBODY = frozenset(
    {
        "desk.today",  # says where to go to whoever may read nothing
        "desk.find",  # finds only what its reader may open
        "live.stream",  # asks for each topic
        "devices.code_again",  # leads to the device's page
        "staff.after_reset",  # leads to the person's page
        "staff.log_out",
        "staff.own",
        "staff.own_password",
        "staff.change_own_password",
        "staff.end_other_sessions",
        "staff.add_token",
        "staff.revoke_token",
        "staff.tokens",
        "warehouse.style",  # colours of the map
    }
)
"""What each person may open: their own account, and pages that ask about each of their parts."""
UNASKED = frozenset({"api.health", "api.show_authority", "api.enrol_device", "openapi.spec"})
"""The API's own description, and whether it answers at all."""
OUTSIDE = frozenset({"static", *OPEN_ENDPOINTS, *UNASKED})


class Address(NamedTuple):
    """One way to ask for one page."""

    endpoint: str
    method: str
    path: str

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")


def addresses(app: Flask) -> Iterator[Address]:
    """Every address with something in the place of each part that varies."""
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if rule.endpoint.endswith("static") or rule.endpoint in OUTSIDE:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Address(rule.endpoint, method, _filled(rule))


def _filled(rule: Rule) -> str:
    path = rule.rule
    for name in rule.arguments:
        converter = rule._converters[name]
        value = "7" if "Integer" in type(converter).__name__ else "0" * 32
        for form in (f"<{name}>", f"<int:{name}>", f"<path:{name}>", f"<string:{name}>"):
            path = path.replace(form, value)
    assert "<" not in path, path
    return path


def test_there_is_something_to_ask_for(app: Flask):
    assert len(list(addresses(app))) > 80


def test_a_stranger_gets_in_nowhere(app: Flask):
    for address in addresses(app):
        answer = app.test_client().open(address.path, method=address.method)
        wanted = {401} if address.is_api or address.path == "/live" else {303, 400}
        assert answer.status_code in wanted, address
        if answer.status_code == 303:
            assert answer.location.startswith("/log-in?next="), address


def test_a_form_without_its_token_changes_nothing_anywhere(app: Flask, browse: Browse):
    admin = browse("admin")
    for address in addresses(app):
        if address.method != "GET" and not address.is_api:
            answer = admin.client.open(address.path, method=address.method, data={"x": "y"})
            assert answer.status_code == 400, address


def test_somebody_without_any_right_opens_nothing_and_each_try_is_noted(app: Flask, browse: Browse):
    picker = browse("picker")
    picker.get("/own")
    token = picker.token()
    tried = [a for a in addresses(app) if not a.is_api and a.endpoint not in FOR_EVERYBODY]
    let_in = []
    for address in tried:
        noted = Denial.select().count()
        answer = picker.client.open(
            address.path, method=address.method, data={"csrf_token": token},
            headers={"Referer": "http://localhost/own"},
        )  # fmt: skip
        if answer.status_code != 403 or Denial.select().count() != noted + 1:
            let_in.append((address, answer.status_code))
    assert let_in == []


@pytest.mark.parametrize("endpoint", sorted(FOR_EVERYBODY | UNASKED))
def test_the_list_of_what_everybody_may_open_is_not_longer_than_the_application(
    app: Flask, endpoint: str
):
    assert endpoint in {rule.endpoint for rule in app.url_map.iter_rules()}
