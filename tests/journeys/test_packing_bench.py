"""A scanner at a packing bench types at once, whatever the page is doing: real Chromium, no waits
between scans.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from hub.shipping.models import Parcel, ParcelLine
from protocols.barcodes import tote_label
from tests import browser as browsers
from tests.hub import builders
from tests.hub.conftest import TestHub, sqlite_hub, sqlite_template
from tests.hub.warehouse import totes
from tests.hub.web.browsing import PASSWORD
from tests.journeys.supervisors import Warehouse, is_marked, mark, page_of, warehouse

__all__ = ["sqlite_hub", "sqlite_template"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(browsers.chromium() is None, reason="apt install chromium"),
]
SCANS = "**/packing/scan"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browsers.browser() as opened:
        yield opened


@pytest.fixture
def place(sqlite_hub: TestHub) -> Iterator[Warehouse]:
    with warehouse(sqlite_hub) as found:
        yield found


@pytest.fixture
def bench(place: Warehouse, chromium: Browser) -> Iterator[Page]:
    """The page of the bench, before its first scan."""
    with page_of(chromium, place, "packer", browsers.TABLET) as page:
        page.goto(f"{place.address}/packing")
        page.fill("input[name=bench]", "east 1")
        page.keyboard.press("Enter")
        expect(page.locator("#code")).to_be_focused()
        yield page


def scan(page: Page, code: str) -> None:
    """As a wedge scanner: it types wherever the focus is, and looks at nothing."""
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def begin_tote(place: Warehouse, bench: Page, needs: dict[str, int]) -> None:
    """Picked units by SKU come in tote T1; it is scanned, and its parcel is open and empty."""
    totes.picked(place.hub, needs, "T1")
    scan(bench, "T1")
    expect(bench.locator("#count")).to_have_text(f"0 / {sum(needs.values())}")


def hold_next_scan(page: Page) -> list[Route]:
    """The scan that is sent next does not reach the hub until somebody lets it go on."""
    held: list[Route] = []
    page.route(SCANS, lambda route: held.append(route), times=1)  # noqa: PLW0108 - it gets marked
    return held


def lose_answer(route: Route) -> None:
    """The hub takes it, and nobody hears of that."""
    route.fetch(max_redirects=0)
    route.abort("connectionreset")


def verified() -> dict[bytes, int]:
    return {bytes(row.item): row.quantity for row in ParcelLine.select()}


def test_twenty_scans_without_a_pause_are_all_counted(place: Warehouse, bench: Page) -> None:
    totes.picked(place.hub, {"MUG": 12, "BOWL": 7}, "T1")
    mark(bench)
    for code in (tote_label("T1"), *["MUG", "BOWL"] * 7, *["MUG"] * 5):
        scan(bench, code)
    expect(bench.locator(".note.done")).to_contain_text("is closed: 19 units")
    expect(bench.locator("#code")).to_be_focused()
    assert verified() == {builders.item(place.hub, "MUG"): 12, builders.item(place.hub, "BOWL"): 7}
    assert bench.locator(".note.refusal").count() == 0
    assert is_marked(bench), "the page was loaded again"


def test_a_code_half_typed_when_the_answer_comes_stays_whole(place: Warehouse, bench: Page) -> None:
    begin_tote(place, bench, {"MUG": 3})
    held = hold_next_scan(bench)
    with bench.expect_request(SCANS):
        scan(bench, "MUG")
    bench.keyboard.type("MU")
    held[0].continue_()
    expect(bench.locator("#count")).to_have_text("1 / 3")
    scan(bench, "G")
    expect(bench.locator("#count")).to_have_text("2 / 3")


def test_how_many_times_stays_when_the_answer_of_the_scan_before_comes(
    place: Warehouse, bench: Page
) -> None:
    begin_tote(place, bench, {"MUG": 4})
    held = hold_next_scan(bench)
    with bench.expect_request(SCANS):
        scan(bench, "MUG")
    bench.fill("#quantity", "2")
    bench.focus("#code")
    held[0].continue_()
    expect(bench.locator("#count")).to_have_text("1 / 4")
    scan(bench, "MUG")
    expect(bench.locator("#count")).to_have_text("3 / 4")
    expect(bench.locator("#quantity")).to_have_value("1")


def test_a_scan_whose_answer_is_lost_counts_once(place: Warehouse, bench: Page) -> None:
    begin_tote(place, bench, {"MUG": 3})
    bench.route(SCANS, lose_answer, times=1)
    scan(bench, "MUG")
    scan(bench, "MUG")
    expect(bench.locator("#count")).to_have_text("2 / 3")
    expect(bench.locator("#waiting")).to_be_empty()
    assert list(verified().values()) == [2]


def break_behind_the_commit(route: Route) -> None:
    """As when the connection to the database breaks while it commits."""
    route.fetch(max_redirects=0)
    route.fulfill(status=500, body="<main><p>Something went wrong here.</p></main>")


def test_a_scan_at_which_the_hub_breaks_counts_once(place: Warehouse, bench: Page) -> None:
    begin_tote(place, bench, {"MUG": 3})
    bench.route(SCANS, break_behind_the_commit, times=1)
    scan(bench, "MUG")
    scan(bench, "MUG")
    expect(bench.locator("#count")).to_have_text("2 / 3")
    assert bench.locator(".note.refusal").count() == 0


def test_a_scan_that_breaks_the_hub_each_time_is_named_and_stops_no_other(
    place: Warehouse, bench: Page
) -> None:
    begin_tote(place, bench, {"MUG": 3})
    broken = "<main><p>Something went wrong here.</p></main>"
    bench.route(SCANS, lambda route: route.fulfill(status=500, body=broken), times=4)
    scan(bench, "POISON")
    scan(bench, "MUG")
    expect(bench.locator("#count")).to_have_text("1 / 3")
    expect(bench.locator(".note.refusal")).to_contain_text("POISON was not taken: Something")


def test_the_last_scan_of_a_parcel_counts_once_though_its_answer_is_lost(
    place: Warehouse, bench: Page
) -> None:
    totes.picked(place.hub, {"MUG": 1}, "T1")
    totes.picked(place.hub, {"BOWL": 1}, "T2")
    scan(bench, "T1")
    expect(bench.locator("#count")).to_have_text("0 / 1")
    bench.route(SCANS, lose_answer, times=1)
    for code in ("MUG", "T2", "BOWL"):
        scan(bench, code)
    expect(bench.get_by_text("P-000002 is closed: 1 units")).to_be_visible()
    assert bench.locator(".note.refusal").count() == 0
    assert {row.state for row in Parcel.select()} == {"LABELLED"}


def test_a_refusal_stays_to_be_read_while_later_scans_go_on(place: Warehouse, bench: Page) -> None:
    totes.picked(place.hub, {"MUG": 3}, "T1")
    for code in ("T1", "MUG", "LANTERN", "MUG"):
        scan(bench, code)
    expect(bench.locator("#count")).to_have_text("2 / 3")
    expect(bench.locator(".note.refusal")).to_contain_text("That is Article LANTERN")
    scan(bench, "MUG")
    expect(bench.locator(".note.done")).to_be_visible()
    expect(bench.locator(".note.refusal")).to_have_count(0)


def test_what_is_scanned_behind_a_tote_that_is_refused_is_not_counted_at_the_parcel_before(
    place: Warehouse, bench: Page
) -> None:
    begin_tote(place, bench, {"MUG": 3})
    held = hold_next_scan(bench)
    with bench.expect_request(SCANS):
        scan(bench, tote_label("T9"))
    scan(bench, "MUG")
    scan(bench, "MUG")
    held[0].continue_()
    told = bench.locator(".note.refusal")
    expect(told.get_by_text("There is no tote")).to_be_visible()
    expect(told.get_by_text("Not taken, scan them again: MUG, MUG")).to_be_visible()
    scan(bench, "MUG")
    expect(bench.locator("#count")).to_have_text("1 / 3")


def test_a_scan_reaches_the_box_from_wherever_the_focus_was_left(
    place: Warehouse, bench: Page
) -> None:
    begin_tote(place, bench, {"MUG": 3})
    bench.get_by_text("Something is not right").click()
    scan(bench, "MUG")
    expect(bench.locator("#count")).to_have_text("1 / 3")
    bench.get_by_text("Something is not right").click()
    bench.get_by_role("button", name="Begin again at 0").click()
    expect(bench.locator("#count")).to_have_text("0 / 3")
    scan(bench, "MUG")
    expect(bench.locator("#count")).to_have_text("1 / 3")
    bench.fill("#quantity", "2")
    scan(bench, "")
    expect(bench.locator("#code")).to_be_focused()
    scan(bench, "MUG")
    expect(bench.locator(".note.done")).to_contain_text("is closed: 3 units")


def test_who_leaves_the_page_too_soon_is_told_which_scan_the_hub_may_have_taken(
    place: Warehouse, bench: Page
) -> None:
    begin_tote(place, bench, {"MUG": 4})
    held = hold_next_scan(bench)
    with bench.expect_request(SCANS):
        scan(bench, "MUG")
    scan(bench, "MUG")
    held[0].fetch(max_redirects=0)
    bench.once("dialog", lambda asked: asked.accept())
    bench.goto(f"{place.address}/packing")
    expect(bench.locator("#count")).to_have_text("1 / 4")
    told = bench.locator(".note.refusal")
    expect(told.get_by_text("before you scan it again: MUG")).to_be_visible()
    expect(told.get_by_text("Not taken, scan them again: MUG")).to_be_visible()
    bench.reload()
    expect(told).to_have_count(0)


def test_scans_after_the_log_in_has_ended_are_named_afterwards(
    place: Warehouse, bench: Page
) -> None:
    begin_tote(place, bench, {"MUG": 3})
    bench.context.clear_cookies(name="binlight")
    held = hold_next_scan(bench)
    with bench.expect_request(SCANS):
        scan(bench, "MUG")
    scan(bench, "MUG")
    held[0].continue_()
    bench.wait_for_url("**/log-in?*")
    bench.fill("input[name=login]", "packer")
    bench.fill("input[name=password]", PASSWORD)
    bench.click("main button")
    expect(bench.locator(".note.refusal")).to_contain_text("scan them again: MUG, MUG")
    expect(bench.locator("#count")).to_have_text("0 / 3")
