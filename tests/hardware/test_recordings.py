"""What scanners send, through uinput and our driver on a real kernel: the recordings once more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.edge.scanners.recordings import Typed, shown, typed
from tests.hardware.bench import Bench

NAME = "Recorded Scanner"
USB_POLL_MS = 1
ORDINARY = [case for case in typed() if not case.caps and case.terminator == "enter_or_tab"]


@pytest.fixture(scope="module")
def scanner(bench: Bench) -> Iterator[Bench]:
    bench.plug_keyboard(NAME)
    bench.open_keyboard(NAME, name=NAME)
    yield bench
    bench.close(NAME)
    bench.unplug_keyboard(NAME)


@pytest.mark.parametrize("case", ORDINARY, ids=lambda case: case.says)
def test_keys_are_read_as_they_were_meant(scanner: Bench, case: Typed) -> None:
    scanner.send(NAME, case.events(), pause_ms=USB_POLL_MS)
    assert shown(scanner.read(NAME, len(case.reads))) == case.reads


def test_a_lamp_that_burns_when_the_scanner_is_opened_is_minded(bench: Bench) -> None:
    name = "Scanner with a lamp"
    bench.plug_keyboard(name, caps_lamp=True)
    bench.open_keyboard(name, name=name)
    for case in (case for case in typed() if case.caps):
        bench.send(name, case.events(), pause_ms=USB_POLL_MS)
        assert shown(bench.read(name, len(case.reads))) == case.reads
    bench.close(name)
    bench.unplug_keyboard(name)
