"""Fetching events in time: order, the end, too many, and no thread left behind."""

from __future__ import annotations

import errno
import os
import select
import struct
import threading
from collections.abc import Iterator

import msgspec
import pytest

from edge.scanners.event_drain import Event, EventDrain
from edge.scanners.keymap import EV_KEY, EV_SYN, SYN_DROPPED

WAIT_S = 20
EVENT = struct.Struct("iii")


class InputEvent(msgspec.Struct):
    type: int
    code: int
    value: int


class PipeDevice:
    """A device whose events come through a pipe; the far end closed is a device pulled out."""

    def __init__(self) -> None:
        self.fd, self._far = os.pipe2(os.O_NONBLOCK)

    def send(self, *events: Event) -> None:
        os.write(self._far, b"".join(EVENT.pack(*event) for event in events))

    def pull_out(self) -> None:
        os.close(self._far)
        self._far = -1

    def close(self) -> None:
        os.close(self.fd)
        if self._far >= 0:
            os.close(self._far)

    def read(self) -> Iterator[InputEvent]:
        sent = os.read(self.fd, 64 * EVENT.size)
        if not sent:
            raise OSError(errno.ENODEV, "no such device")
        return (InputEvent(*values) for values in EVENT.iter_unpack(sent))


@pytest.fixture
def device() -> Iterator[PipeDevice]:
    made = PipeDevice()
    yield made
    made.close()


def keys(count: int) -> list[Event]:
    return [(EV_KEY, code, 1) for code in range(count)]


def taken(drain: EventDrain, count: int) -> list[Event]:
    events: list[Event] = []
    while len(events) < count:
        assert select.select([drain.fileno()], [], [], WAIT_S)[0]
        events += drain.take()
    return events


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "scanner"]


def until_the_thread_ends() -> None:
    for thread in threads():
        thread.join()


def test_events_are_taken_in_their_order(device: PipeDevice) -> None:
    drain = EventDrain(device)
    assert drain.take() == []
    for event in keys(200):
        device.send(event)
    assert taken(drain, 200) == keys(200)
    drain.close()


def test_what_came_before_the_device_was_pulled_is_told_before_that(device: PipeDevice) -> None:
    device.send(*keys(100))
    device.pull_out()
    drain = EventDrain(device)
    until_the_thread_ends()
    assert drain.take() == keys(100)
    for _ in range(2):
        assert select.select([drain.fileno()], [], [], 0)[0]
        with pytest.raises(OSError, match="no such device"):
            drain.take()
    drain.close()


def test_a_device_that_is_pulled_out_wakes_whoever_waits_for_it(device: PipeDevice) -> None:
    drain = EventDrain(device)
    device.pull_out()
    assert select.select([drain.fileno()], [], [], WAIT_S)[0]
    until_the_thread_ends()
    with pytest.raises(OSError, match="no such device"):
        drain.take()
    drain.close()


def test_more_than_there_is_room_for_is_told_as_a_loss_and_no_half_is_given(
    device: PipeDevice,
) -> None:
    device.send(*keys(300))
    device.pull_out()
    drain = EventDrain(device, events_max=100)
    until_the_thread_ends()
    first, *others = drain.take()
    assert first == (EV_SYN, SYN_DROPPED, 0)
    assert others == keys(300)[300 - len(others) :]
    drain.close()


def test_closing_ends_the_thread_and_leaves_the_device_open(device: PipeDevice) -> None:
    drain = EventDrain(device)
    drain.close()
    assert threads() == []
    device.send(*keys(1))
    assert [event.code for event in device.read()] == [0]
