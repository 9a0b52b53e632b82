"""The short form of the campaign: real processes are recorded, and their power is cut."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from simulators.campaigns.crash_images import campaign
from simulators.campaigns.crash_images.campaign import CONTROLS, SUBJECTS, ControlPassed, Found
from simulators.campaigns.crash_images.checks import Desk
from simulators.campaigns.crash_images.outbox_use import missing_in_outbox, what_is_wrong
from simulators.campaigns.crash_images.recorder import NotRecorded, can_record, record
from simulators.campaigns.crash_images.workloads.outbox import FILE

needs_strace = pytest.mark.skipif(
    not can_record(), reason="strace is not installed, or may not look at processes here"
)
SHORT = 0.03
"""Of the 10,000 images."""
LEFT_OUT = ("hub, first start", "hub, synchronous OFF")
"""Recording a hub takes two seconds of work: the whole campaign has these too."""


@pytest.fixture(scope="module")
def short() -> dict[str, object]:
    return campaign.measure(lambda _text: None, scale=SHORT, seed=3, leave_out=LEFT_OUT)


@needs_strace
def test_no_power_cut_takes_what_outbox_hub_and_private_files_had_promised(
    short: dict[str, object],
):
    assert short["images"] >= 290, short["complaints"]
    wrong = {name: short[name] for name in ("acknowledged_lost", "corrupt", "half_done")}
    assert wrong == {"acknowledged_lost": 0, "corrupt": 0, "half_done": 0}, short["complaints"]


@needs_strace
@pytest.mark.parametrize("control", [c.name for c in CONTROLS if c.name not in LEFT_OUT])
def test_without_care_something_is_lost_so_the_harness_sees(
    short: dict[str, dict[str, dict[str, int]]], control: str
):
    found = short["controls"][control]
    assert found["lost"] + found["corrupt"] > 0


def test_a_control_that_loses_nothing_fails_the_campaign():
    found = Found()
    found.of(CONTROLS[0].name).update(images=50, true=50)
    with pytest.raises(ControlPassed, match="blind"):
        found.require(CONTROLS[0])


def test_the_subjects_share_all_images():
    assert sum(subject.weight for subject in SUBJECTS) == pytest.approx(1)


@needs_strace
def test_a_process_that_fails_is_no_recording():
    with pytest.raises(NotRecorded, match="No module named"):
        record("simulators.campaigns.no_such_workload", {})


@needs_strace
def test_a_recording_holds_what_the_process_left(tmp_path: Path):
    options = {"seed": 5, "acts": 12, "checkpoint_pages": 10, "synchronous": "FULL"}
    recording = record("simulators.campaigns.crash_images.workloads.outbox", options)
    *_, last = campaign.images(recording, Random(1), ways=("everything",))
    Desk(tmp_path).put(last.files)
    assert (tmp_path / FILE).exists()
    assert what_is_wrong(tmp_path) == ""
    assert missing_in_outbox(tmp_path, last.said[-1].facts) == ""
