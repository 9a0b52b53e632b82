"""Pages of devices: who is there, what is wrong, and a password that is shown once."""

from __future__ import annotations

import re
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from hub.desk.queries import device_counts
from hub.devices.models import Device
from hub.devices.rules import unsent
from hub.outbox import OutboxMessage
from tests.hub.conftest import TestHub
from tests.hub.device_gateway.conftest import Device as Sender
from tests.hub.device_gateway.conftest import Floor
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


def test_what_has_arrived_since_a_birth_is_unsent_no_more(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    browser, floor = browse("supervisor"), Floor(sqlite_hub)
    floor.enrol("h1")
    device = Sender(floor)
    floor.hear(device.birth(seq=3, outbox_depth=3))

    def shown() -> list[str]:
        page = browser.get("/devices/h1").text
        return re.findall(r"<dt>(?:Events unsent|Last number)</dt><dd>(\d+)</dd>", page)

    assert shown() == ["3", "3"]
    floor.hear(*(device.event(seq) for seq in (1, 2)))
    assert shown() == ["1", "3"]
    floor.hear(*(device.event(seq) for seq in (3, 4)))
    assert shown() == ["0", "4"]
    assert '<td class="n zero">0</td>' in browser.get("/devices").text
    assert device_counts("w1")["waiting"] == 0


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
def test_events_unsent_are_never_more_than_told_nor_less_than_none(
    told: int, seq: int, upto: int
) -> None:
    left = unsent(told, seq, upto, is_clear=True)
    assert 0 <= left <= told
    assert (left == 0) == (told == 0 or upto >= seq)
    assert unsent(told, seq, upto, is_clear=False) == told


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
