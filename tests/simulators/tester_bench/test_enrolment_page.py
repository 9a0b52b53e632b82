"""Enrolment on the bench's page, in a real Chromium: nobody, a code, a scan, in; and out again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from simulators.tester_bench.world_plan import WorldPlan
from tests.browser import WIDE, browser, chromium
from tests.simulators.tester_bench.served import ONE, Served, card, opened, screen, serve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no Chromium here"),
]
PLAN = WorldPlan(orders=4, handhelds=1, slots=1, secure=True)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(PLAN, tmp_path_factory.mktemp("bench")) as made:
        yield made


@pytest.fixture
def page(served: Served) -> Iterator[Page]:
    with browser() as chrome, opened(chrome, served, WIDE) as page:
        yield page


def scan_code(page: Page, sort: str) -> None:
    page.select_option("#enrol-sort", sort)
    page.click("#enrol-show")
    expect(page.locator("#enrol-what")).to_contain_text(f"({sort})")
    page.click("#enrol-picture")


def test_a_device_of_nobody_is_let_in_by_the_right_code_alone_and_shut_out(
    page: Page, served: Served
):
    who = page.locator("#enrol-who")
    expect(who).to_have_text("handheld-1 shows a certificate; at the hub: enrolled.")
    page.click("#enrol-forget")
    expect(screen(page)).to_contain_text("Scan the code shown by the hub")
    expect(who).to_contain_text("shows nobody yet")
    for sort, answer in (
        ("stranger", "not the hub of this code"), ("old", "too old"), ("guessed", "not known here"),
    ):  # fmt: skip
        scan_code(page, sort)
        expect(screen(page)).to_contain_text(answer)
        expect(card(page).locator("[data-tone]")).to_have_text("♪ REFUSED")
    scan_code(page, "fresh")
    expect(who).to_have_text("handheld-1 shows a certificate; at the hub: enrolled.")
    expect(page.locator("#enrol-what")).to_contain_text("used")
    expect(screen(page)).to_contain_text("Scan your badge")
    served.page.bench.expect_hub(ONE, "here")
    page.click("#enrol-revoke")
    expect(who).to_contain_text("shut out")
    expect(screen(page)).to_contain_text("no longer admitted")


def test_what_is_encrypted_is_not_doubled_by_the_air(page: Page):
    card(page).locator("[data-air]").select_option("doubled")
    expect(page.locator("#toast")).to_contain_text("encrypted")
    expect(card(page).locator("[data-air]")).to_have_value("fine")
