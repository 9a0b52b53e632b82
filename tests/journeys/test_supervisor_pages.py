"""A supervisor's and a packer's day in real Chromium: plan, watch, settle, pack.

Nothing waits for a fixed time: each step waits for what it must see.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from hub.floor_exceptions import FloorException, open_exception
from hub.inventory.posting import place_id
from hub.shipping.models import Parcel
from hub.warehouse.models import Wave
from protocols.barcodes import tote_label
from protocols.messages.events import BinVerified, PickConfirmed
from tests import browser as browsers
from tests.hub import builders
from tests.hub.conftest import TestHub, sqlite_hub, sqlite_template
from tests.hub.warehouse import totes
from tests.hub.warehouse.test_exceptions import short_pick
from tests.journeys.supervisors import Warehouse, is_marked, mark, page_of, warehouse

__all__ = ["sqlite_hub", "sqlite_template"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(browsers.chromium() is None, reason="apt install chromium"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browsers.browser() as opened:
        yield opened


@pytest.fixture
def place(sqlite_hub: TestHub) -> Iterator[Warehouse]:
    with warehouse(sqlite_hub) as found:
        yield found


def test_a_wave_is_planned_looked_at_and_released(place: Warehouse, chromium: Browser) -> None:
    for _ in range(4):
        builders.order(place.hub, {"MUG": 2, "BOWL": 1, "JUG": 60})
    with page_of(chromium, place, "supervisor") as page:
        page.goto(f"{place.address}/waves/new")
        expect(page.locator("#orders")).to_have_text("4")
        page.fill("#plan input[name=slots]", "4")
        page.click("#plan button")
        expect(page.locator("main")).to_contain_text("The planner is looking for the best tours")
        mark(page)
        place.plan()
        expect(page.locator("#plan-figures")).to_contain_text("above the proven bound")
        expect(page.locator("#shortages")).to_contain_text("JUG")
        page.click("#release")
        place.plan()
        expect(page.locator(".head .state")).to_have_text("Released")
        expect(page.locator("table").first).to_contain_text("tour 1")
    assert Wave.get().state == "RELEASED"


def test_a_scan_appears_on_the_open_floor_page(place: Warehouse, chromium: Browser) -> None:
    tour = place.start_tour()
    first, second, _ = place.lines(tour)
    with page_of(chromium, place, "supervisor") as page:
        page.goto(f"{place.address}/floor")
        expect(page.locator("g.person")).to_have_count(1)
        expect(page.locator("polyline.tour")).to_have_count(1)
        mark(page)
        codes = {line.id: _bin_of(place, line.place) for line in (first, second)}
        place.hear(BinVerified(line=first.id.hex(), bin=codes[first.id]))
        expect(page.locator(f'g.person[data-bin="{codes[first.id]}"]')).to_have_count(1)
        place.hear(
            PickConfirmed(
                line=first.id.hex(), bin=codes[first.id], item=first.item.hex(), quantity=2,
                tote="T1",
            )
        )  # fmt: skip
        expect(page.locator("[data-last-scan]")).to_have_text(codes[first.id])
        expect(page.locator(f"#bin-{codes[first.id]}")).to_have_attribute("data-state", "done")
        place.hear(BinVerified(line=second.id.hex(), bin=codes[second.id]))
        expect(page.locator(f'g.person[data-bin="{codes[second.id]}"]')).to_have_count(1)
        assert is_marked(page), "the page was loaded again"


def test_today_shows_the_floor_beside_the_waves_and_both_live(
    place: Warehouse, chromium: Browser
) -> None:
    tour = place.start_tour()
    line = place.lines(tour)[0]
    code = _bin_of(place, line.place)
    with page_of(chromium, place, "supervisor") as page:
        page.goto(place.address)
        expect(page.locator("g.person")).to_have_count(1)
        waves, floor = (page.locator(name).bounding_box() for name in (".day .stack", ".day .map"))
        assert waves
        assert floor
        assert waves["x"] + waves["width"] < floor["x"]
        mark(page)
        place.hear(BinVerified(line=line.id.hex(), bin=code))
        expect(page.locator(f'g.person[data-bin="{code}"]')).to_have_count(1)
        place.hear(
            PickConfirmed(line=line.id.hex(), bin=code, item=line.item.hex(), quantity=2,
                            tote="T1")
        )  # fmt: skip
        expect(page.locator(".rows .n").first).to_contain_text("1 / 3")
        assert is_marked(page), "the page was loaded again"


def test_an_order_on_a_pickers_list_is_cancelled_on_its_page(
    place: Warehouse, chromium: Browser
) -> None:
    tour = place.start_tour()
    line = place.lines(tour)[0]
    with page_of(chromium, place, "supervisor") as page:
        page.goto(f"{place.address}/orders/{line.order.hex()}")
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_text("Cancel the order").click()
        form = page.locator(f"form[action='/orders/{line.order.hex()}/cancel']")
        form.locator("input[name=reason]").fill("customer rang")
        form.locator("button").click()
        expect(page.locator(".note.done")).to_contain_text("units are cancelled")
    assert place.lines(tour)[0].state == "CANCELLED"


def _bin_of(place: Warehouse, id: bytes) -> str:
    from hub.inventory.models import Place

    return str(Place.get_by_id(id).code)


def test_an_exception_appears_by_itself_and_is_settled_where_it_stands(
    place: Warehouse, chromium: Browser
) -> None:
    with page_of(chromium, place, "supervisor") as page:
        page.goto(f"{place.address}/exceptions")
        expect(page.locator("main")).to_contain_text("Nothing needs a decision")
        mark(page)
        id = short_pick(place.hub, "MUG", 2)
        row = page.locator(f"#exception-{id.hex()}")
        expect(row).to_contain_text("Short pick")
        assert is_marked(page)
        row.locator("input[name=quantity]").fill("37")
        with place.hub.act() as act:
            open_exception(act, "TOTE_SHARED", place=place_id("w1", "BIN", "A-01-01-1"), slot="B")
        row.get_by_role("button", name="Enter the count").click()
        expect(page.locator(".note.done")).to_contain_text("3 lost")
        expect(page.locator("main")).to_contain_text("Tote used twice")
    assert FloorException.get_by_id(id).resolution.startswith("37 counted")


def test_an_order_is_packed_with_a_scanner_alone(place: Warehouse, chromium: Browser) -> None:
    totes.picked(place.hub, {"MUG": 2, "BOWL": 1}, "T1")
    with page_of(chromium, place, "packer", browsers.TABLET) as page:
        page.goto(f"{place.address}/packing")
        page.fill("input[name=bench]", "east 1")
        page.keyboard.press("Enter")
        for scan, count in ((tote_label("T1"), "0 / 3"), ("MUG", "1 / 3"), ("BOWL", "2 / 3")):
            expect(page.locator("#code")).to_be_focused()
            page.keyboard.type(scan)
            page.keyboard.press("Enter")
            expect(page.locator("#count")).to_have_text(count)
        expect(page.locator("#code")).to_be_focused()
        page.keyboard.type("LANTERN")
        page.keyboard.press("Enter")
        expect(page.locator(".note.refusal")).to_contain_text("That is Article LANTERN")
        expect(page.locator("#code")).to_be_focused()
        page.keyboard.type("MUG")
        page.keyboard.press("Enter")
        expect(page.locator(".note.done")).to_contain_text("is closed: 3 units")
        expect(page.locator("#slip")).to_be_visible()
    assert Parcel.get().state == "LABELLED"


def test_pages_fit_a_tablet(place: Warehouse, chromium: Browser) -> None:
    place.start_tour()
    short_pick(place.hub, "LANTERN", 1)
    wave = f"/waves/{Wave.get().id.hex()}"
    with page_of(chromium, place, "supervisor", browsers.TABLET) as page:
        for path in ("/waves", wave, "/work", "/floor", "/exceptions", "/devices", "/packing",
                     "/stock", "/orders"):  # fmt: skip
            page.goto(f"{place.address}{path}")
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= browsers.TABLET["width"], f"{path} is {width} wide"
            hidden = page.evaluate(browsers.HIDDEN_COLUMNS)
            assert hidden == [], f"{path} hides {hidden} px of its tables"
