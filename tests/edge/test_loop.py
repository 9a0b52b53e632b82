"""The loop's own things: what other threads may call, and what is left behind."""

from __future__ import annotations

import gc
from pathlib import Path

from edge.clock import SystemClock
from edge.config import DeviceConfig
from edge.handheld.agent_io import KeyTyped
from edge.handheld.enrolling import EnrollingCore, Situation
from edge.identity.enrolment_port import EnrolmentPort
from edge.identity.record import IdentityStore
from edge.loop import AgentLoop
from edge.tones import SilentTone


def ended_loop(folder: Path) -> AgentLoop:
    """A device that nobody enrolled, switched off at once."""
    store, core = IdentityStore(folder), EnrollingCore(Situation(DeviceConfig("", "")))
    loop = AgentLoop(
        core, SystemClock(), SilentTone(), None, lambda wake: EnrolmentPort(store, wake)
    )
    loop.stop()
    loop.run()
    return loop


def open_descriptors() -> int:
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_device_that_changes_its_identity_often_leaves_nothing_open(tmp_path):
    before = open_descriptors()
    for _ in range(20):
        ended_loop(tmp_path)
    assert open_descriptors() <= before


def test_a_key_pressed_while_it_ends_wakes_nobody_else(tmp_path):
    loop = ended_loop(tmp_path)
    with (tmp_path / "log").open("wb", buffering=0) as other:
        for _ in range(3):
            loop.put(KeyTyped("x"))
        assert other.tell() == 0
