"""The page of exceptions: each can be settled where it stands."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub.catalog.models import Item
from hub.desk import service as desk
from hub.floor_exceptions import FloorException
from hub.inventory.posting import place_id
from hub.warehouse import exceptions
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.device_gateway.conftest import Device, Floor
from tests.hub.warehouse import totes
from tests.hub.warehouse.test_exceptions import add_device, is_open, opened, short_pick
from tests.hub.web.browsing import Browser

Browse = Callable[[str], Browser]
TOTE = place_id("w1", "TOTE", "T1")


def test_a_count_is_entered_on_the_list(sqlite_hub: TestHub, browse: Browse) -> None:
    builders.stock(sqlite_hub, "A-01-01-1", "MUG", 5)
    id = short_pick(sqlite_hub, "MUG", 2)
    browser = browse("supervisor")
    page = browser.get("/exceptions").text
    for words in ("Short pick", "A-01-01-1", "MUG", "Enter the count", "Not short: release"):
        assert words in page
    browser.post(f"/exceptions/{id.hex()}/count", {"quantity": "4", "back": "list"})
    page = browser.get("/exceptions").text
    assert "Nothing needs a decision" in page
    assert "1 lost" in page
    assert "4 counted" in browser.get(f"/exceptions/{id.hex()}").text
    assert "4 counted" in browser.get("/exceptions?state=RESOLVED").text


def test_a_refusal_leaves_it_open_and_says_why(sqlite_hub: TestHub, browse: Browse) -> None:
    id = opened(sqlite_hub, "LOST_RANGE", epoch="e", first=3, last=9)
    browser = browse("supervisor")
    browser.get(f"/exceptions/{id.hex()}")
    browser.post(f"/exceptions/{id.hex()}/lock_bin", {"bin": "Z-1"})
    assert "There is no bin" in browser.get(f"/exceptions/{id.hex()}").text
    assert is_open(id)


@pytest.mark.parametrize("kind", sorted(exceptions.KINDS))
def test_every_kind_can_be_read_and_has_its_buttons(
    sqlite_hub: TestHub, browse: Browse, kind: str
) -> None:
    id = opened(sqlite_hub, kind, quantity=2)
    browser = browse("supervisor")
    page = browser.get("/exceptions").text
    assert browser.get(f"/exceptions/{id.hex()}").status_code == 200
    for remedy in exceptions.remedies_for(kind, 2):
        assert f"/exceptions/{id.hex()}/{remedy.name}" in page


def test_others_see_them_but_only_supervisors_settle(sqlite_hub: TestHub, browse: Browse) -> None:
    id = opened(sqlite_hub, "TOTE_SHARED", slot="A")
    browser = browse("packer")
    page = browser.get("/exceptions").text
    assert "Tote used twice" in page
    assert "A supervisor decides" in page
    browser.get("/packing")
    assert browser.post(f"/exceptions/{id.hex()}/seen").status_code == 403
    assert is_open(id)


def test_a_call_is_answered_from_the_list(sqlite_hub: TestHub, browse: Browse) -> None:
    add_device(sqlite_hub, "hh-1")
    id = opened(sqlite_hub, "HELP", device="hh-1", text="<b>where?</b>")
    browser = browse("supervisor")
    page = browser.get("/exceptions?kind=HELP").text
    assert "&lt;b&gt;where?" in page
    browser.post(f"/exceptions/{id.hex()}/answer", {"text": "Aisle 4", "back": "list"})
    assert not is_open(id)


def test_a_parked_event_is_tried_again_or_rejected_for_a_reason(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    floor = Floor(sqlite_hub)
    floor.enrol("h1")
    device = Device(floor)
    floor.hear(device.poison(1), device.poison(2))
    first, second = FloorException.select().order_by(FloorException.opened_at, FloorException.id)
    browser = browse("supervisor")
    browser.get("/exceptions")
    browser.post(f"/exceptions/{first.id.hex()}/apply", {"back": "list"})
    browser.post(f"/exceptions/{second.id.hex()}/reject", {"text": "asked twice", "back": "list"})
    assert sorted(state for _, state in floor.events()) == ["APPLIED", "REJECTED"]
    assert "Nothing needs a decision" in browser.get("/exceptions").text


def test_400_cancelled_lines_are_one_row_that_one_act_settles(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    order = totes.picked(sqlite_hub, {f"SKU-{n:03}": 1 for n in range(400)}, "T1")
    with sqlite_hub.act() as act:
        desk.cancel_order(act, order, "customer rang")
    call = opened(sqlite_hub, "HELP", text="where is B?")
    builders.stock(sqlite_hub, "B-01-01-1", "MUG", 0)
    browser = browse("supervisor")
    page = browser.get("/exceptions").text
    tote = f"/exceptions/totes/{TOTE.hex()}"
    assert "400 units of 400 articles in tote" in page
    assert page.count('<li class="card"') == 2
    assert f"exception-{call.hex()}" in page
    today = browser.get("/").text
    assert 'data-live="today/exceptions">2<' in today
    assert f'href="{tote}"' in today
    assert f'href="/exceptions/{call.hex()}"' in today
    assert "SKU-399" in browser.get(tote).text
    browser.post(f"{tote}/put_back", {"bin": "b-01-01-1", "item": _item("SKU-007").hex()})
    browser.post(f"{tote}/put_back", {"bin": "b-01-01-1", "back": "list"})
    assert "399 units, 399 entries" in browser.get("/exceptions").text
    assert FloorException.select().where(FloorException.state == "RESOLVED").count() == 400
    assert "Nothing in this tote is to be put back" in browser.get(tote).text
    browser.post(f"{tote}/put_back", {"bin": "b-01-01-1"})
    assert "only one with something to put back" in browser.get(tote).text


def _item(sku: str) -> bytes:
    return bytes(Item.get(Item.sku == sku).id)


def test_writing_a_tote_off_needs_the_right_to_adjust(sqlite_hub: TestHub, browse: Browse) -> None:
    order = totes.picked(sqlite_hub, {"MUG": 1, "BOWL": 1}, "T1")
    with sqlite_hub.act() as act:
        desk.cancel_order(act, order, "customer rang")
    tote = f"/exceptions/totes/{TOTE.hex()}"
    packer = browse("packer")
    assert "not_there" not in packer.get("/exceptions").text
    assert packer.post(f"{tote}/not_there").status_code == 403
    assert FloorException.select().where(FloorException.state == "OPEN").count() == 2
