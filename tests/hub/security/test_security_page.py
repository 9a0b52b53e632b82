"""The page Security, and the page of one device: what a supervisor sees and can press."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from hub.app import create_app
from hub.clock import FixedClock
from hub.config import HubConfig
from hub.devices import queries
from hub.devices.acts import AddDevice, EnrolDevice, OfferCode
from hub.devices.models import Device, DeviceCertificate, EnrolmentCode
from hub.identity.announced import identity_of
from hub.identity.tls import ensure_certificates
from hub.outbox import OutboxMessage
from hub.security_events import NoteSights, Sight
from hub.web.context import WebSettings, of_app
from protocols.enrolment import read_code
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import Browser
from tests.hub.web.conftest import password_hash, people

__all__ = ["password_hash", "people"]
Browse = Callable[[str], Browser]
CODE = re.compile(r'id="enrolment-code">([^<]+)<')
DAY_US = 86_400_000_000


@pytest.fixture
def app(sqlite_hub: TestHub, people: dict[str, bytes], tmp_path: Path) -> Iterator[Flask]:
    """The pages of a hub that encrypts."""
    config = HubConfig(folder=str(tmp_path), listen="192.0.2.5", port=8443, names=("hub.example",))
    ensure_certificates(config.tls_folder, FixedClock(), config.listen)
    settings = WebSettings(
        sqlite_hub.journal, sqlite_hub.site, sqlite_hub.company, b"k" * 32,
        log_ins_per_minute=1_000, identity=identity_of(config),
    )  # fmt: skip
    app = create_app(settings)
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield app
    of_app(app).feed.end()


@pytest.fixture
def browse(app: Flask) -> Browse:
    def as_role(role: str) -> Browser:
        browser = Browser(app)
        assert browser.log_in(role).status_code == 303
        return browser

    return as_role


def do(hub: TestHub, *commands: object) -> None:
    for command in commands:
        hub.clock.advance(ms=1)
        hub.journal.carry_out(command, site=hub.site, via="command")  # type: ignore[arg-type]


def enrolled(hub: TestHub, device: str = "hh-1", life_us: int = 730 * DAY_US) -> None:
    now_us = hub.clock.now_us()
    do(
        hub, AddDevice(device, "handheld"), OfferCode(device, b"x", now_us + 10**9),
        EnrolDevice(device, b"x", "csr", f"a{device}", "pem", "key", now_us + life_us),
    )  # fmt: skip


def note(hub: TestHub, *sights: Sight) -> None:
    do(hub, NoteSights(sights))


def test_what_was_seen_is_told_newest_first_with_html_as_text(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    at = sqlite_hub.clock.now_us()
    note(
        sqlite_hub,
        Sight("PUBLISH_DENIED", at, "hh-1", "192.0.2.7"),
        Sight("PASSWORD_REFUSED", at + 1, "<b>x</b>", "192.0.2.8", count=12),
        Sight("KIND_OF_LATER", at + 2, values={"why": "<i>"}),
    )
    page = browse("supervisor").get("/security").text
    order = [page.index(words) for words in ("Kind of later", "Wrong name", "Spoke where")]
    assert order == sorted(order)
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "<b>x</b>" not in page
    assert "&lt;i&gt;" in page
    assert '<td class="n">12</td>' in page


def test_areas_narrow_the_list_down(sqlite_hub: TestHub, browse: Browse) -> None:
    at = sqlite_hub.clock.now_us()
    note(sqlite_hub, Sight("PUBLISH_DENIED", at, "hh-1"), Sight("UNTRUSTED_HUB", at, "hh-2"))
    browser = browse("supervisor")
    assert "Spoke where" in browser.get("/security?area=rights").text
    assert "plays the hub" not in browser.get("/security?area=rights").text
    assert "plays the hub" in browser.get("/security?area=floor").text
    assert "Nothing of this kind" in browser.get("/security?area=enrolment").text
    assert browser.get("/security?area=x").status_code == 422


def test_failed_log_ins_and_denied_pages_stand_on_it_too(browse: Browse, app: Flask) -> None:
    stranger = Browser(app)
    stranger.log_in("supervisor", "a wrong password")
    browse("packer").get("/devices")
    page = browse("supervisor").get("/security?area=pages").text
    assert "log-in: wrong password" in page
    assert "/devices" in page


def test_a_long_list_goes_on_page_by_page_through_both_tables(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    at = sqlite_hub.clock.now_us()
    for n in range(70):
        note(sqlite_hub, Sight("TAKEN_OVER", at + n * 61_000_000, f"dev-{n:02}-"))
    packer = browse("packer")
    for _ in range(5):
        packer.get("/devices")
    browser, seen, path = browse("supervisor"), [], "/security"
    while path:
        page = browser.get(path).text
        seen += re.findall(r"dev-(\d\d)-", page)
        more = re.search(r'href="(\?[^"]+)" rel="next"', page)
        path = f"/security{more[1].replace('&amp;', '&')}" if more else ""
    assert seen == [f"{n:02}" for n in range(69, -1, -1)]


@pytest.mark.parametrize("after", ["x", "1~zz", "1", "9999999999999999999~00", "~", "1~00~2"])
def test_a_broken_address_of_a_further_page_is_the_first_one(after: str, browse: Browse) -> None:
    assert browse("supervisor").get(f"/security?after={after}").status_code == 200


def test_certificates_that_end_soon_are_on_top(sqlite_hub: TestHub, browse: Browse) -> None:
    enrolled(sqlite_hub, "hh-1", life_us=80 * DAY_US)
    enrolled(sqlite_hub, "hh-2")
    page = browse("supervisor").get("/security").text
    assert "end soon" in page
    assert "/devices/hh-1" in page
    assert "/devices/hh-2" not in page


def test_who_may_not_read_the_audit_does_not_see_it(browse: Browse) -> None:
    packer = browse("packer")
    assert packer.get("/security").status_code == 403
    assert "/security" not in packer.get("/").text


# --- the page of a device -------------------------------------------------------------------------


def test_a_new_device_gets_a_code_to_scan_shown_once(sqlite_hub: TestHub, browse: Browse) -> None:
    browser = browse("supervisor")
    assert "enrolment code is shown once" in browser.get("/devices").text
    page = browser.post("/devices", {"name": "hh-1", "kind": "handheld"}).text
    shown = CODE.search(page)
    assert shown is not None
    code = read_code(shown[1])
    assert (code.site, code.device) == ("w1", "hh-1")
    assert [str(address.host) for address in code.addresses] == ["hub.example", "192.0.2.5"]
    assert "<svg" in page
    assert "style=" not in page
    assert Device.get().secret_hash == ""
    again = browser.get("/devices/hh-1").text
    assert "enrolment-code" not in again
    assert "A code to enrol this device is out" in again


def test_a_new_code_replaces_the_old_one(sqlite_hub: TestHub, browse: Browse) -> None:
    browser = browse("supervisor")
    browser.get("/devices")
    first = CODE.search(browser.post("/devices", {"name": "hh-1", "kind": "handheld"}).text)
    browser.get("/devices/hh-1")
    second = CODE.search(browser.post("/devices/hh-1/code").text)
    assert first is not None
    assert second is not None
    assert first[1] != second[1]
    assert EnrolmentCode.select().count() == 1
    assert browser.get("/devices/hh-1/code").status_code == 303


def test_an_observer_still_gets_a_password(sqlite_hub: TestHub, browse: Browse) -> None:
    browser = browse("supervisor")
    browser.get("/devices")
    page = browser.post("/devices", {"name": "desk", "kind": "observer"}).text
    assert 'id="secret"' in page
    assert "enrolment-code" not in page


def test_the_page_tells_the_certificates_and_has_them_renewed(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    enrolled(sqlite_hub)
    browser = browse("supervisor")
    page = browser.get("/devices/hh-1").text
    assert "ahh-1" in page
    assert "Active" in page
    browser.post("/devices/hh-1/renew")
    assert OutboxMessage.get().type == "RenewCertificate"


def test_one_press_shuts_a_lost_device_out_and_a_new_code_is_offered(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    enrolled(sqlite_hub)
    browser = browse("supervisor")
    assert "lost or stolen" in browser.get("/devices/hh-1").text
    browser.post("/devices/hh-1/revoke")
    assert Device.get().state == "REVOKED"
    assert DeviceCertificate.get().state == "REVOKED"
    page = browser.get("/devices/hh-1").text
    assert "Shut out" in page
    assert "New enrolment code" in page
    assert "/devices/hh-1/revoke" not in page


@pytest.mark.parametrize("path", ["code", "revoke", "renew", "retire", "password"])
def test_others_may_do_none_of_it(path: str, sqlite_hub: TestHub, browse: Browse) -> None:
    enrolled(sqlite_hub)
    packer = browse("packer")
    packer.get("/packing")
    assert packer.post(f"/devices/hh-1/{path}").status_code == 403
    assert queries.device("w1", "hh-1").state == "ENROLLED"
    assert DeviceCertificate.get().state == "ACTIVE"


def test_an_alert_shuts_the_device_out_from_the_list_of_exceptions(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    enrolled(sqlite_hub)
    note(sqlite_hub, Sight("PUBLISH_DENIED", 1, "hh-1", "192.0.2.7", alerts=True))
    browser = browse("supervisor")
    page = browser.get("/exceptions").text
    assert "publish denied" in page
    action = re.search(r"/exceptions/[0-9a-f]{32}/shut_out", page)
    assert action is not None
    browser.post(action[0])
    assert Device.get().state == "REVOKED"


def test_an_alert_about_an_address_offers_nobody_to_shut_out(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    note(sqlite_hub, Sight("PUBLISH_DENIED", 1, "192.0.2.7", alerts=True))
    page = browse("supervisor").get("/exceptions").text
    assert "publish denied" in page
    assert "shut_out" not in page
