"""Pages of devices: who is there, what is wrong, and a password that is shown once."""

from __future__ import annotations

from collections.abc import Callable

from hub.devices.models import Device
from hub.outbox import OutboxMessage
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import Browser
from tests.hub.web.conftest import app, browse, password_hash, people

__all__ = ["app", "browse", "password_hash", "people"]
Browse = Callable[[str], Browser]


def test_a_device_is_added_and_its_password_shown_once(sqlite_hub: TestHub, browse: Browse) -> None:
    browser = browse("supervisor")
    assert "No device is enrolled yet" in browser.get("/devices").text
    page = browser.post("/devices", {"name": "hh-1", "kind": "handheld"}).text
    assert 'id="secret"' in page
    assert 'id="secret"' not in browser.get("/devices/hh-1").text
    browser.get("/devices")
    browser.post("/devices", {"name": "hh-1", "kind": "handheld"})
    assert "choose another name" in browser.get("/devices").text


def test_the_list_tells_how_each_device_is(sqlite_hub: TestHub, browse: Browse) -> None:
    browser = browse("supervisor")
    browser.get("/devices")
    browser.post("/devices", {"name": "hh-1", "kind": "handheld"})
    Device.update(
        presence="ONLINE", outbox_depth=7, battery_percent=82, place_code="A-01-01-1",
        epoch="0123456789abcdef", seq=41, version="1.0",
    ).execute()  # fmt: skip
    page = browser.get("/devices").text
    for words in ("Online", "82 %", "A-01-01-1", '<td class="n">7</td>'):
        assert words in page
    one = browser.get("/devices/hh-1").text
    for words in ("01234567", "41", "1.0"):
        assert words in one
    assert browser.get("/devices/hh-9").status_code == 404


def test_words_reach_the_screen_and_a_retired_device_is_heard_no_more(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    browser = browse("supervisor")
    browser.get("/devices")
    browser.post("/devices", {"name": "hh-1", "kind": "handheld"})
    browser.get("/devices/hh-1")
    browser.post("/devices/hh-1/message", {"text": "Please come to bench 2"})
    assert OutboxMessage.get().type == "ShowMessage"
    assert 'id="secret"' in browser.post("/devices/hh-1/password").text
    browser.get("/devices/hh-1")
    browser.post("/devices/hh-1/retire")
    assert Device.get().state == "RETIRED"


def test_only_whoever_looks_after_devices_sees_them(sqlite_hub: TestHub, browse: Browse) -> None:
    assert browse("packer").get("/devices").status_code == 403
