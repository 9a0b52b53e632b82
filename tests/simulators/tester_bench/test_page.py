"""The bench's page in a real Chromium, on real processes: every act once, by a click or a key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from edge.handheld.work import HandheldState
from hub.db import fetch
from protocols.barcodes import command_label
from simulators.tester_bench import bench
from simulators.tester_bench.labels import printed
from simulators.tester_bench.remote import BenchRefused, act_on
from simulators.tester_bench.scenario import read_scenario
from simulators.tester_bench.world_plan import WorldPlan
from tests.browser import TABLET, WIDE, browser, chromium
from tests.simulators.tester_bench.served import ONE, Served, card, opened, screen, serve

pytestmark = [
    pytest.mark.browser,
    pytest.mark.broker,
    pytest.mark.slow,
    pytest.mark.skipif(chromium() is None, reason="no Chromium here"),
]
PLAN = WorldPlan(orders=4, handhelds=2, slots=1)
STEPS_MAX, LINES_MAX = 200, 12


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(PLAN, tmp_path_factory.mktemp("bench")) as made:
        yield made


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    with browser() as made:
        yield made


@pytest.fixture
def page(chrome: Browser, served: Served) -> Iterator[Page]:
    """The page at a desk's width."""
    with opened(chrome, served, WIDE) as page:
        yield page


@pytest.fixture
def tablet(chrome: Browser, served: Served) -> Iterator[Page]:
    with opened(chrome, served, TABLET) as page:
        yield page


def bring_to(served: Served, phase: str) -> HandheldState:
    """The first handheld asks for this; returns what it remembers then."""
    made, device = served.page.bench, served.page.bench.site.devices[ONE]
    made.wait_until_ready()
    for _ in range(STEPS_MAX):
        if device.kept().state.phase == phase:
            return device.kept().state
        if device.kept().state.phase == "READY":
            made.site.until(lambda: device.kept().state.phase != "READY", 5)
        made.scan_asked(ONE)
    raise AssertionError(f"{ONE} is at {device.kept().state.phase}, not at {phase}")


def bring_to_line(served: Served, least: int, most: int) -> tuple[str, int]:
    """A line that asks for so many pieces, none of them counted; its barcode and how many."""
    for _ in range(LINES_MAX):
        work = bring_to(served, "ITEM").work
        assert work is not None
        assert work.line is not None
        assert work.mark is not None
        if not work.mark.counted and least <= work.line.quantity <= most:
            (ean,) = {printed(code) for code in work.line.codes if len(printed(code)) == 13}
            return ean, work.line.quantity
        served.page.bench.work(ONE)
    raise AssertionError("no such line in this world")


def scan_label(page: Page, words: str) -> None:
    page.fill("#search", words)
    expect(page.locator("#label-list .label")).to_have_count(1)
    page.locator("#label-list .scan").click()


def test_a_click_on_a_label_scans_it_and_the_real_screen_answers(page: Page):
    scan_label(page, "command done")
    expect(screen(page)).to_contain_text("DONE: scan your badge first.")
    expect(card(page).locator("[data-tone]")).to_have_text("♪ REFUSED")
    background = screen(page).locator("span").filter(has_text="DONE").first
    expect(background).to_have_css("background-color", "rgb(175, 0, 0)")


def test_a_damaged_label_is_refused_with_its_reason(page: Page):
    page.select_option("#damage", "no_check_digit")
    scan_label(page, "badge ana")
    expect(card(page).locator("[data-tone]")).to_have_text("♪ REFUSED")


def test_a_typed_code_is_scanned_and_keys_are_pressed(page: Page):
    box = card(page, 2).locator("[data-box]")
    box.fill(command_label("SKIP"))
    box.press("Enter")
    expect(screen(page, 2)).to_contain_text("SKIP: scan your badge first.")
    for key in ("7", "8", "backspace"):
        card(page, 2).locator(f"[data-key='{key}']").click()
    expect(screen(page, 2)).to_contain_text("> •▏")
    card(page, 2).locator("[data-key=escape]").click()
    expect(screen(page, 2)).not_to_contain_text("> •▏")


def test_keys_alone_do_what_the_screen_asks(page: Page, served: Served):
    bring_to(served, "BADGE" if "Scan your badge" in screen(page).inner_text() else "BIN")
    page.keyboard.press("1")
    before = served.page.bench.site.devices[ONE].kept().state.phase
    page.keyboard.press("Space")
    wanted = {"BADGE": "Type your PIN", "BIN": "✓BIN"}[before]
    expect(screen(page)).to_contain_text(wanted)


def test_a_message_on_the_wire_is_shown_as_it_passes(page: Page, served: Served):
    bring_to(served, "ITEM")
    expect(page.locator("#wire li").filter(has_text="BinVerified").first).to_be_visible()


def test_a_double_scan_and_a_burst_count_every_piece(page: Page, served: Served):
    ean, quantity = bring_to_line(served, 3, 20)
    scan_label(page, ean + " item")
    expect(card(page).locator("[data-tone]")).to_have_text("♪ COUNT")
    page.locator("main").press("d")
    served.page.bench.expect_counted(ONE, 3)
    page.select_option("#times", "burst")
    page.locator("#label-list .scan").click()
    expect(screen(page)).to_contain_text(f"only {quantity} are asked")
    served.page.bench.expect_counted(ONE, quantity)


def test_the_cable_comes_out_and_goes_back_in(page: Page):
    card(page).locator("[data-flip=scanner]").click()
    expect(screen(page)).to_contain_text("The scanner is gone")
    expect(card(page).locator("[data-flip=scanner]")).to_have_text("Plug in")
    page.keyboard.press("u")
    expect(screen(page)).to_contain_text("The scanner is back")


def test_the_air_is_cut_and_restored(page: Page):
    card(page).locator("[data-air]").select_option("cut")
    expect(screen(page)).to_contain_text("hub away")
    expect(card(page).locator("[data-state]")).to_have_text("air: cut")
    card(page).locator("h2").click()
    page.keyboard.press("r")
    expect(screen(page)).not_to_contain_text("hub away")
    expect(card(page).locator("[data-air]")).to_have_value("fine")


def test_battery_and_clock_are_set_wrong(page: Page, served: Served):
    slider = card(page).locator("[data-battery]")
    slider.fill("9")
    expect(screen(page)).to_contain_text("bat 9%")
    card(page).locator("[data-clock]").select_option("-34560000")
    site = served.page.bench.site
    assert site.until(lambda: switches(served).clock_shift_s != 0, bench.PATIENCE_S)
    assert switches(served).clock_shift_s == -34_560_000
    card(page).locator("[data-clock]").select_option("0")
    slider.fill("100")
    expect(screen(page)).to_contain_text("bat 100%")


def switches(served: Served):
    return served.page.bench.site.devices["handheld-1"].switches


def test_a_full_disk_stops_the_device_until_there_is_room(page: Page, served: Served):
    """It is started again and again meanwhile, and says why it cannot go on."""
    device = served.page.bench.site.devices["handheld-2"]
    lives = device.lives
    card(page, 2).locator("[data-flip=disk]").click()
    expect(card(page, 2).locator("[data-flip=disk]")).to_have_text("Free disk")
    card(page, 2).locator("[data-do=asked]").click()
    assert served.page.bench.site.until(lambda: device.lives > lives + 1, 2 * bench.PATIENCE_S)
    expect(card(page, 2).locator("[data-words]")).to_contain_text("cannot be used")
    card(page, 2).locator("[data-flip=disk]").click()
    served.page.bench.expect_screen("handheld-2", "Scan your badge")
    expect(card(page, 2).locator("[data-words]")).to_be_hidden()


def test_power_goes_and_comes_back_where_it_was(page: Page, served: Served):
    bring_to(served, "ITEM")
    card(page).locator("[data-flip=power]").click()
    expect(card(page).locator("[data-state]")).to_have_text("dark")
    card(page).locator("[data-flip=power]").click()
    expect(screen(page)).to_contain_text("✓BIN")


def test_a_killed_agent_comes_back_with_its_count(page: Page, served: Served):
    bring_to_line(served, 2, 100)
    served.page.bench.scan_asked(ONE)
    served.page.bench.expect_counted(ONE, 1)
    boot = int(card(page).locator("[data-kept=boot]").inner_text())
    card(page).locator("[data-do=kill]").click()
    expect(card(page).locator("[data-kept=boot]")).to_have_text(str(boot + 1))
    served.page.bench.expect_counted(ONE, 1)


@pytest.mark.parametrize("part", ["broker", "gateway", "web", "planner"])
def test_a_killed_part_is_another_process_afterwards(page: Page, served: Served, part: str):
    site = served.page.bench.site
    before = site.pid_of(part)
    assert before is not None
    page.locator(f"[data-part={part}]").click()
    assert site.until(lambda: site.pid_of(part) not in {None, before}, bench.PATIENCE_S)


def test_the_hub_is_stopped_and_started(page: Page):
    page.locator("#hub-power").click()
    expect(page.locator("#hub-power")).to_have_text("start hub")
    expect(screen(page)).to_contain_text("hub away")
    page.locator("#hub-power").click()
    expect(page.locator("#hub-power")).to_have_text("stop hub")
    expect(screen(page)).not_to_contain_text("hub away")


def test_a_session_is_recorded_saved_and_played(page: Page, served: Served, tmp_path: Path):
    bring_to(served, "BIN")
    page.click("#record")
    expect(page.locator("#record")).to_have_text("Stop recording")
    card(page).locator("h2").click()
    page.keyboard.press("Space")
    expect(screen(page)).to_contain_text("✓BIN")
    page.click("[data-expect=tone]")
    page.click("[data-expect=screen]")
    page.click("[data-expect=audit]")
    expect(page.locator("#steps li").last).to_have_text("expect_audit")
    page.click("#record")
    with page.expect_download() as download:
        page.click("#save")
    file = tmp_path / "session.toml"
    download.value.save_as(file)
    acts = [step.act for step in read_scenario(file).steps]
    assert acts == [
        "expect_phase", "scan_asked", "expect_tone", "expect_screen", "expect_audit",
    ]  # fmt: skip
    again = tmp_path / "again.toml"
    again.write_text('version = 1\ntitle = "Quiet"\nstep = [{ act = "expect_audit" }]\n')
    page.set_input_files("#play", again)
    expect(page.locator("#session-text")).to_have_text("Quiet: as expected")


def test_the_numbers_say_that_nothing_is_lost(page: Page, served: Served):
    served.page.bench.expect_audit()
    site = served.page.bench.site
    rows = fetch(site.journal.database, "SELECT COUNT(*) FROM device_event")
    expect(page.locator("[data-number=sent]")).to_have_text(str(rows[0][0]))
    for name in ("waiting", "lost", "doubled"):
        expect(page.locator(f"[data-number={name}]")).to_have_text("0")


def test_a_printed_label_lies_in_the_tray_and_is_scanned_there(page: Page):
    page.fill("#search", "tote t-0060")
    page.get_by_label("Print T-0060").click()
    paper = page.locator("#papers li").first
    expect(paper).to_contain_text("T-0060")
    expect(paper).to_contain_text("the tester")
    paper.locator(".scan").click()
    expect(card(page).locator("[data-tone]")).to_have_text("♪ REFUSED")
    with page.expect_popup() as sheet:
        paper.locator("a").click()
    assert "/label.pdf?code=" in sheet.value.url


def test_a_bench_without_certificates_says_how_to_get_them(page: Page):
    expect(page.locator("#enrol-without")).to_contain_text("--secure")
    expect(page.locator("#enrol-show")).to_be_hidden()


def test_a_refusal_is_shown_in_a_sentence(page: Page):
    page.select_option("#damage", "no_gs")
    scan_label(page, "badge ana")
    expect(page.locator("#toast")).to_contain_text("cannot be damaged by 'no_gs'")


def test_the_command_line_acts_on_the_same_bench(
    page: Page, served: Served, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bench, "ANSWER_S", bench.PATIENCE_S)  # of a tester, not of a busy machine
    assert act_on(served.running, "scan", {"device": "handheld-2", "code": "x"}) == ["REFUSED"]
    expect(card(page, 2).locator("[data-tone]")).to_have_text("♪ REFUSED")
    with pytest.raises(BenchRefused, match="no act 'dance'"):
        act_on(served.running, "dance", {})


def test_nothing_is_wider_than_a_tablet(tablet: Page):
    assert tablet.evaluate("document.documentElement.scrollWidth") <= TABLET["width"]
    for n in (1, 2):
        box, own = screen(tablet, n).bounding_box(), card(tablet, n).bounding_box()
        assert box is not None
        assert own is not None
        assert box["x"] >= own["x"]
        assert box["x"] + box["width"] <= own["x"] + own["width"]


def test_every_key_is_told(page: Page):
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_contain_text("Scan what its screen asks for")
