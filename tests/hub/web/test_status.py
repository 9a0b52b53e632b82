"""The status page in words, and the same facts for machines."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub.devices.models import Device
from hub.health.web import written_size
from hub.staff import service as staff
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import Browser

Browse = Callable[[str], Browser]
Machine = Callable[[str], FlaskClient]


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (1_023, "1023 B"),
        (1_024, "1.0 kB"),
        (5 * 2**20, "5.0 MB"),
        (2**38, "256 GB"),
    ],
)
def test_sizes_are_written_for_people(size: int, shown: str):
    assert written_size(size) == shown


def test_the_page_says_what_to_do_and_where(sqlite_hub: TestHub, browse: Browse):
    Device.create(
        site=sqlite_hub.site, name="<b>x", kind="handheld", presence="ONLINE",
        battery_percent=3, created_at=1,
    )  # fmt: skip
    page = browse("supervisor").get("/status").text
    assert "Running low: &lt;b&gt;x." in page
    assert "Change or charge them." in page
    assert '<a href="/devices">Go there</a>' in page
    assert "binlight backup FILE" in page


def test_only_whoever_may_see_it_does(browse: Browse):
    assert browse("office").get("/status").status_code == 200
    assert browse("picker").get("/status").status_code == 403
    assert browse("").get("/status").status_code == 303


@pytest.fixture
def machine(app: Flask, sqlite_hub: TestHub, people: dict[str, bytes]) -> Machine:
    def with_token_of(role: str) -> FlaskClient:
        token = secrets.token_urlsafe()
        with sqlite_hub.act() as act:
            staff.add_token(act, people[role], "watch", staff.token_digest(token))
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    return with_token_of


def test_machines_get_levels_and_codes(machine: Machine):
    found = machine("supervisor").get("/api/1/status").get_json()
    checks = {check["name"]: check for check in found["checks"]}
    assert found["level"] == "WARN"
    assert (checks["rights"]["level"], checks["rights"]["code"]) == ("WARN", "UNGUARDED")
    assert (checks["backup"]["level"], checks["backup"]["code"]) == ("GOOD", "AHEAD")
    assert (checks["parked"]["level"], checks["parked"]["code"]) == ("GOOD", "GOOD")


def test_prometheus_scrapes_with_a_token_of_somebody_who_may(app: Flask, machine: Machine):
    answer = machine("supervisor").get("/api/1/metrics")
    assert answer.mimetype == "text/plain"
    assert "binlight_events_parked 0.0" in answer.text.splitlines()
    assert machine("picker").get("/api/1/metrics").status_code == 403
    assert app.test_client().get("/api/1/metrics").status_code == 401
