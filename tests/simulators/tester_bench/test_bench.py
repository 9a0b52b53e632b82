"""What a bench does with hardware, and what it refuses: in virtual time, where nothing waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.tones import Tone
from protocols.barcodes import command_label
from simulators.tester_bench import bench
from simulators.tester_bench.bench import NothingAsked
from simulators.tester_bench.display import DARK
from simulators.tester_bench.hardware import NotOnThisBench
from simulators.tester_bench.onlooker import ExpectationFailed, NoSuchDevice
from simulators.tester_bench.player import StepFailed, play
from simulators.tester_bench.playing import play_virtual
from simulators.tester_bench.recorder import Recorder
from simulators.tester_bench.scenario import Scenario, Step, parse_scenario, write_scenario
from simulators.tester_bench.virtual_site import VirtualSite
from tests.simulators.tester_bench.conftest import PLAN

ONE, TWO = "handheld-1", "handheld-2"


def log_in(virtual: bench.TesterBench, device: str = ONE) -> None:
    virtual.scan_asked(device)
    virtual.scan_asked(device)
    virtual.expect_phase(device, "TOTES")


def test_each_device_belongs_to_another_person(virtual: bench.TesterBench):
    log_in(virtual)
    log_in(virtual, TWO)
    names = {virtual.text(device).split()[0] for device in (ONE, TWO)}
    assert names == {"Ana", "Ben"}


def test_no_tote_is_taken_from_the_stack_twice(virtual: bench.TesterBench):
    for device in (ONE, TWO):
        log_in(virtual, device)
        virtual.scan_asked(device)
        virtual.expect_phase(device, "BIN")


def test_tones_are_those_of_the_last_act_alone(virtual: bench.TesterBench):
    virtual.scan(ONE, command_label("DONE"))
    assert virtual.heard(ONE) == [Tone.REFUSED]
    virtual.scan_asked(ONE)
    assert virtual.heard(ONE) == [Tone.OK]
    assert virtual.heard(TWO) == []


def test_keys_are_typed_one_by_one_and_taken_back(virtual: bench.TesterBench):
    virtual.press(ONE, "7")
    virtual.press(ONE, "8")
    virtual.expect_screen(ONE, "> ••▏")
    virtual.press(ONE, "backspace")
    virtual.expect_screen(ONE, "> •▏")
    virtual.press(ONE, "enter")
    virtual.expect_tone(ONE, "REFUSED")


def test_a_scanner_without_its_cable_is_heard_by_nobody(virtual: bench.TesterBench):
    virtual.unplug_scanner(ONE)
    virtual.expect_screen(ONE, "The scanner is gone")
    virtual.scan_asked(ONE)
    assert virtual.heard(ONE) == []
    virtual.plug_scanner(ONE)
    virtual.expect_screen(ONE, "The scanner is back")
    virtual.scan_asked(ONE)
    virtual.expect_tone(ONE, "OK")


def test_a_device_without_power_is_dark_and_comes_back_where_it_was(virtual: bench.TesterBench):
    log_in(virtual)
    virtual.switch_off(ONE)
    assert virtual.site.devices[ONE].rows() == DARK
    virtual.switch_on(ONE)
    virtual.expect_phase(ONE, "TOTES")


def test_work_goes_on_until_its_lines_are_over(virtual: bench.TesterBench):
    virtual.work(ONE, lines=3)
    virtual.expect_event("PickConfirmed", 3)
    with pytest.raises(NothingAsked):
        virtual.work(ONE, lines=1_000)
    virtual.expect_audit()


def test_an_expectation_that_fails_says_what_was_wanted_and_what_was_seen(
    virtual: bench.TesterBench,
):
    with pytest.raises(ExpectationFailed) as failed:
        virtual.expect_screen(ONE, "Good morning")
    assert "'Good morning' on the screen of handheld-1" in failed.value.wanted
    assert "Scan your badge" in failed.value.seen
    with pytest.raises(ExpectationFailed, match="wanted 1 PickConfirmed at the hub; seen: 0"):
        virtual.expect_event("PickConfirmed", 1)
    with pytest.raises(ExpectationFailed, match="seen: silence"):
        virtual.expect_tone(ONE, "OK")


def test_the_audit_finds_an_event_that_the_hub_has_lost(virtual: bench.TesterBench):
    log_in(virtual)
    virtual.expect_audit()
    virtual.site.journal.database.execute_sql("DELETE FROM device_event WHERE seq = 1")
    with pytest.raises(ExpectationFailed, match="1 lost, 0 doubled"):
        virtual.expect_audit()


def test_a_failing_step_is_named_by_number_act_and_reason(virtual: bench.TesterBench):
    steps = (
        Step("scan_asked", {"device": ONE}),
        Step("expect_tone", {"device": ONE, "tone": "ALERT"}),
    )
    with pytest.raises(StepFailed) as failed:
        play(virtual, Scenario("A wrong hope", PLAN, steps))
    assert failed.value.n == 2
    assert str(failed.value) == (
        "A wrong hope: step 2 (expect_tone device='handheld-1' tone='ALERT'): "
        "wanted the tone ALERT from handheld-1; seen: OK"
    )


def test_what_virtual_time_has_not_is_refused_by_name(virtual: bench.TesterBench, tmp_path: Path):
    for act in (
        lambda: virtual.fill_disk(ONE), lambda: virtual.free_disk(ONE),
        lambda: virtual.set_air(ONE, "slow"), lambda: virtual.kill_part("web"),
    ):  # fmt: skip
        with pytest.raises(NotOnThisBench):
            act()
    with pytest.raises(NotOnThisBench, match="needs a disk"):
        play_virtual(Scenario("Full", PLAN, (), live_only="it needs a disk"), tmp_path)


def test_a_device_that_is_not_there_is_refused_with_those_that_are(virtual: bench.TesterBench):
    with pytest.raises(NoSuchDevice, match="handheld-1, handheld-2"):
        virtual.act("scan_asked", {"device": "handheld-9"})


def recorded(virtual: bench.TesterBench) -> Scenario:
    """A session with a mistake, a fault and another device in it."""
    site = virtual.site
    recorder = Recorder(PLAN, site.now_s, lambda name: site.devices[name].kept().state.phase)
    virtual.on_act = recorder.note
    virtual.act("scan_asked", {"device": ONE})
    recorder.start()
    for act, given in (
        ("scan_asked", {"device": ONE}),
        ("pause", {"seconds": 4}),
        ("scan", {"device": ONE, "code": command_label("SHORT"), "damage": ""}),
        ("scan_asked", {"device": ONE}),
        ("kill_part", {"part": "gateway"}),
        ("work", {"device": ONE, "lines": "2"}),
        ("expect_audit", {}),
    ):
        virtual.act(act, given)
    recorder.stop()
    virtual.act("scan_asked", {"device": ONE})
    return recorder.scenario("As it was")


def test_a_session_is_written_down_with_what_the_device_asked_for(virtual: bench.TesterBench):
    scenario = recorded(virtual)
    assert [str(step) for step in scenario.steps] == [
        "expect_phase device='handheld-1' phase='PIN'",
        "scan_asked device='handheld-1'",
        "pause seconds=4",
        "expect_phase device='handheld-1' phase='TOTES'",
        "scan device='handheld-1' code='%CSHORT.25'",
        "scan_asked device='handheld-1'",
        "kill_part part='gateway'",
        "expect_phase device='handheld-1' phase='BIN'",
        "work device='handheld-1' lines=2",
        "expect_audit",
    ]
    assert sum(step.after_s for step in scenario.steps) > 4


def test_a_recorded_session_can_be_played_again_from_its_file(
    virtual: bench.TesterBench, tmp_path: Path
):
    text = write_scenario(recorded(virtual))
    scenario = parse_scenario(text)
    first = Step("scan_asked", {"device": ONE})  # the recording began after it
    again = Scenario(scenario.title, scenario.world, (first, *scenario.steps))
    assert isinstance(virtual.site, VirtualSite)
    folder = tmp_path / "again"
    folder.mkdir()
    assert play_virtual(again, folder)
