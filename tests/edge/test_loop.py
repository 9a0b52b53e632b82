"""The loop's own things: what other threads may call, and what is left behind."""

from __future__ import annotations

import gc
from collections import deque
from pathlib import Path

from edge.clock import Now, SystemClock
from edge.config import DeviceConfig
from edge.handheld.agent_io import Action, Input, KeyTyped, Stop
from edge.handheld.enrolling import EnrollingCore, Situation
from edge.identity.enrolment_port import EnrolmentPort
from edge.identity.record import IdentityStore
from edge.link.io_values import LinkAction, LinkConnected, LinkInput, LinkLost, PubAck
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


class UntilTheLast:
    """A core that notes its inputs, and stops at the one that comes last."""

    next_wakeup_us = 2**62

    def __init__(self, last: Input) -> None:
        self.last, self.heard = last, list[Input]()

    def start(self, _now: Now) -> list[Action]:
        return []

    def step(self, happened: Input, _now: Now) -> list[Action]:
        self.heard.append(happened)
        return [Stop("that was the last")] if happened == self.last else []

    def leave(self, _now: Now) -> list[Action]:
        return []

    def close(self) -> None:
        """It holds nothing open."""


class BurstLink:
    """A link on which everything comes in one turn, and then nothing for ever."""

    socket = None
    wants_write = False
    next_wakeup_ms = None

    def __init__(self, *burst: LinkInput) -> None:
        self.inbox: deque[LinkInput] = deque()
        self.burst, self.turns = burst, 0

    def turn(self, _now_ms: int, _readable: bool, _writable: bool) -> None:
        self.turns += 1
        self.inbox.extend(self.burst if self.turns == 1 else ())

    def carry_out(self, _action: LinkAction) -> None:
        """Nobody listens."""

    def close(self) -> None:
        """It holds nothing open."""


def test_what_came_together_is_heard_before_anything_is_waited_for():
    burst = (LinkConnected(), PubAck(1), PubAck(2), LinkLost())
    core, link = UntilTheLast(burst[-1]), BurstLink(*burst)
    loop = AgentLoop(core, SystemClock(), SilentTone(), None, lambda _wake: link)
    loop.run()
    assert tuple(happened for happened in core.heard if happened in burst) == burst
    assert (link.turns, loop.failure) == (1, "that was the last")


def test_keys_of_other_threads_come_in_their_order_and_before_the_links_news():
    keys = [KeyTyped(key) for key in "1234"]
    core, link = UntilTheLast(LinkLost()), BurstLink(LinkLost())
    loop = AgentLoop(core, SystemClock(), SilentTone(), None, lambda _wake: link)
    for key in keys:
        loop.put(key)
    loop.run()
    assert core.heard[: len(keys)] == keys
