"""In a real Chromium: scripts, keys, scanning and news without reloading."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, ViewportSize, expect

from hub.clock import SystemClock
from hub.inventory.models import Place
from hub.orders import service as orders
from hub.staff import service as staff
from hub.staff import totp
from protocols.barcodes.labels import bin_label
from tests import browser
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import PASSWORD
from tests.hub.web.conftest import ONE_TIME

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(browser.chromium() is None, reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.browser() as opened:
        yield opened


@pytest.fixture
def address(sqlite_hub: TestHub, app: Flask) -> Iterator[str]:
    """A browser lives by the real clock; so does what was written before it came."""
    now = SystemClock()
    sqlite_hub.clock.advance(us=now.now_us() - sqlite_hub.clock.now_us())
    sqlite_hub.journal.clock = now
    with browser.served(app) as address:
        yield address


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that fails its test when a script failed on it or the policy was broken."""
    wrong: list[str] = []
    context = browser.new_context(chromium)
    page = context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "policy" in said.text else None)
    yield page
    context.close()
    assert wrong == []


def test_the_first_log_in_leads_through_a_new_password_to_the_orders(
    sqlite_hub: TestHub, address: str, page: Page
) -> None:
    with sqlite_hub.act() as act:
        staff.add_person(
            act, sqlite_hub.company, "Ana Lopez", login="ana", password=ONE_TIME,
            roles=["supervisor"], must_change=True,
        )  # fmt: skip
    builders.order(sqlite_hub, {"LAMP": 3})
    browser.log_in(page, address, "ana", ONE_TIME)
    expect(page.locator("h1")).to_have_text("Choose your password")
    expect(page.locator("input[name=new]")).to_be_focused()
    page.fill("input[name=new]", PASSWORD)
    page.fill("input[name=again]", PASSWORD)
    page.click("main button")
    expect(page.locator(".note.done")).to_contain_text("Your password is changed")
    page.click("nav.main >> text=Orders")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.click("tbody a >> nth=0")
    expect(page.locator("h1")).to_contain_text("Order")


def test_keys_go_places_and_a_scan_finds_what_was_scanned(
    sqlite_hub: TestHub, address: str, page: Page
) -> None:
    builders.stock(sqlite_hub, "A-01-01-1", "LAMP", 12)
    browser.log_in(page, address, "supervisor", PASSWORD)
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(page.locator("h1")).to_have_text("Orders")
    page.wait_for_load_state()
    page.keyboard.press("/")
    page.keyboard.type(bin_label("A-01-01-1"))
    page.keyboard.press("Enter")
    bin = Place.get(Place.code == "A-01-01-1")
    expect(page).to_have_url(f"{address}/stock/place/{bin.id.hex()}")
    page.wait_for_load_state()
    page.keyboard.press("/")
    page.keyboard.type("lamp")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Article LAMP")


def test_a_change_shows_on_an_open_page_without_reloading(
    sqlite_hub: TestHub, address: str, page: Page
) -> None:
    order = builders.order(sqlite_hub, {"LAMP": 3})
    browser.log_in(page, address, "supervisor", PASSWORD)
    page.goto(f"{address}/orders/{order.hex()}")
    expect(page.locator("[data-live-html$='/head']")).to_contain_text("Approved")
    page.evaluate("window.sameDocument = true")
    with sqlite_hub.act() as act:
        orders.cancel_order(act, order, "customer rang")
    expect(page.locator("[data-live-html$='/head']")).to_contain_text("Cancelled")
    expect(page.locator("[data-live-html$='/story']")).to_contain_text("customer rang")
    assert page.evaluate("window.sameDocument") is True


def test_a_page_without_news_says_since_when(
    sqlite_hub: TestHub, app: Flask, chromium: Browser
) -> None:
    sqlite_hub.journal.clock = SystemClock()
    context = browser.new_context(chromium)
    page = context.new_page()
    with browser.served(app) as address:
        browser.log_in(page, address, "supervisor", PASSWORD)
        page.goto(f"{address}/orders")
        expect(page.locator("#stale")).to_be_hidden()
        context.set_offline(True)
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator("#stale")).to_be_visible()
        expect(page.locator("#stale")).to_contain_text("no news from the hub since")
        context.set_offline(False)
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.locator("#stale")).to_be_hidden()
    context.close()


@pytest.mark.parametrize("size", [browser.WIDE, browser.TABLET], ids=["desk", "tablet"])
def test_no_page_is_wider_than_the_screen(
    sqlite_hub: TestHub, address: str, chromium: Browser, size: ViewportSize
) -> None:
    builders.stock(sqlite_hub, "A-01-01-1", "LAMP", 12)
    order = builders.order(sqlite_hub, {"LAMP": 3, "CUP": 1})
    context = browser.new_context(chromium, size)
    page = context.new_page()
    browser.log_in(page, address, "admin", PASSWORD)
    for path in ("/", "/orders", f"/orders/{order.hex()}", "/stock", "/items", "/people",
                 "/people/roles", "/import", "/audit"):  # fmt: skip
        page.goto(address + path)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, path
        assert page.evaluate(browser.HIDDEN_COLUMNS) == [], f"{path} hides some of a table"
    context.close()


@pytest.mark.parametrize("size", [browser.WIDE, {"width": 800, "height": 900}])
def test_a_telephone_is_set_up_by_its_picture_and_asked_for_at_the_next_log_in(
    sqlite_hub: TestHub, people: dict[str, bytes], address: str, page: Page, size: ViewportSize
) -> None:
    sqlite_hub.journal.clock = sqlite_hub.clock  # no code grows old while a page loads
    page.set_viewport_size(size)
    browser.log_in(page, address, "office", PASSWORD)
    page.goto(f"{address}/own")
    page.click("text=Set one up")
    page.fill("input[name=current]", PASSWORD)
    page.click("main button")
    expect(page.locator("svg.qr")).to_be_visible()
    page.wait_for_load_state()  # with its style
    drawn, card = (page.locator(which).bounding_box() for which in ("svg.qr", "section.card"))
    assert drawn is not None
    assert card is not None
    assert drawn["width"] == pytest.approx(drawn["height"], abs=2)
    assert card["x"] < drawn["x"]
    assert drawn["x"] + drawn["width"] < card["x"] + card["width"]
    secret = page.inner_text("#secret").replace(" ", "")
    step = totp.step_at(sqlite_hub.clock.now_us())
    page.fill("input[name=code]", totp.code_at(secret, step))
    page.click("text=Switch it on")
    expect(page.locator("li.secret")).to_have_count(8)
    recovery = page.locator("li.secret").first.inner_text()
    page.click("text=Log out")
    page.fill("input[name=login]", "office")
    page.fill("input[name=password]", PASSWORD)
    page.click("main button")
    expect(page.locator("h1")).to_have_text("One more step")
    expect(page.locator("nav.main")).to_have_count(0)
    page.fill("input[name=code]", totp.code_at(secret, step))
    page.click("main button")
    expect(page.locator(".note.refusal")).to_contain_text("was used before")
    page.fill("input[name=code]", recovery)
    page.click("main button")
    expect(page.locator("nav.main")).to_be_visible()
