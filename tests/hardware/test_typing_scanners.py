"""Scanners that type, made with uinput: our evdev driver on a real kernel, with a real grab."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from edge.scanners.contract import Reading, ScannerFault
from edge.scanners.keymap import KEYS_LOST
from protocols.barcodes import RawScan
from tests.hardware.bench import PATIENCE_S, Bench, Refused, typed
from tests.hardware.conftest import has_uinput

NAME = "Bench Scanner"
EAN = "4006381333931"
USB_POLL_MS = 1
"""No USB scanner sends its reports faster."""


@pytest.fixture
def scanner(bench: Bench) -> Iterator[Bench]:
    """A scanner that is plugged in and open under its own name."""
    bench.plug_keyboard(NAME)
    bench.open_keyboard(NAME, name=NAME)
    yield bench
    bench.close(NAME)
    bench.unplug_keyboard(NAME)


def test_a_second_program_is_refused_by_name(scanner: Bench) -> None:
    with pytest.raises(Refused) as refused:
        scanner.open_keyboard("second", name=NAME)
    assert (refused.value.kind, refused.value.code) == ("ScannerBusy", "SCANNER_BUSY")
    assert NAME in refused.value.text
    scanner.type(NAME, EAN)
    assert scanner.read(NAME) == [RawScan(EAN)]


def test_a_burst_that_the_agent_has_no_time_for_is_still_whole(scanner: Bench) -> None:
    codes = [f"BURST-{number:03d}" for number in range(20)]
    scanner.type(NAME, *codes, pause_ms=USB_POLL_MS)
    assert scanner.read(NAME, len(codes)) == [RawScan(code) for code in codes]


def test_a_flood_that_the_kernel_drops_from_gives_whole_codes_or_a_fault(scanner: Bench) -> None:
    codes = [f"FLOOD-{number:03d}" for number in range(200)]
    scanner.type(NAME, *codes)
    scanner.type(NAME, EAN, pause_ms=USB_POLL_MS)
    readings: list[Reading] = []
    while RawScan(EAN) not in readings:
        readings += scanner.read(NAME)
    scans = [reading.text for reading in readings if isinstance(reading, RawScan)]
    faults = {reading.code for reading in readings if isinstance(reading, ScannerFault)}
    assert set(scans) <= {*codes, EAN}
    assert scans == sorted(set(scans), key=[*codes, EAN].index)
    assert faults == {KEYS_LOST}


@pytest.mark.parametrize("options", [{"usb": "05e0:1200"}, {"name": NAME}])
def test_a_scanner_is_found_among_other_devices(bench: Bench, options: dict[str, str]) -> None:
    bench.plug_keyboard("Keyboard of the desk", vendor=0x046D, product=0xC31C)
    node = bench.plug_keyboard(NAME)
    bench.open_keyboard("found", **options)
    with pytest.raises(Refused, match="Another program"):
        bench.open_keyboard("the same one", path=node)
    bench.close("found")
    bench.unplug_keyboard(NAME)
    bench.unplug_keyboard("Keyboard of the desk")


def test_two_scanners_of_one_kind_are_told_apart_by_their_path_only(bench: Bench) -> None:
    nodes = [bench.plug_keyboard(name) for name in ("left", "right")]
    with pytest.raises(Refused) as refused:
        bench.open_keyboard("either", usb="05e0:1200")
    assert refused.value.code == "SCANNER_AMBIGUOUS"
    assert all(node in refused.value.text for node in nodes)
    bench.open_keyboard("right", path=nodes[1])
    bench.type("left", "LEFT")
    bench.type("right", "RIGHT")
    assert bench.read("right") == [RawScan("RIGHT")]
    bench.close("right")
    bench.unplug_keyboard("left")
    bench.unplug_keyboard("right")


def test_a_scanner_that_is_unplugged_in_mid_scan_leaves_nothing_behind(bench: Bench) -> None:
    bench.plug_keyboard(NAME)
    bench.open_keyboard(NAME, name=NAME)
    bench.send(NAME, typed("40063"))
    bench.unplug_keyboard(NAME)
    with pytest.raises(Refused) as refused:
        bench.read(NAME)
    assert refused.value.kind == "ScannerUnplugged"
    bench.close(NAME)
    bench.plug_keyboard(NAME)
    bench.open_keyboard(NAME, name=NAME)
    bench.type(NAME, EAN)
    assert bench.read(NAME) == [RawScan(EAN)]
    bench.close(NAME)
    bench.unplug_keyboard(NAME)


def test_the_watchdog_misses_a_scanner_once_and_finds_it_again(bench: Bench) -> None:
    bench.plug_keyboard(NAME)
    bench.watch("watched", "evdev", name=NAME)
    assert bench.turn("watched", now_ms=0) == []
    bench.unplug_keyboard(NAME)
    [gone] = bench.turn("watched", now_ms=1, within_s=PATIENCE_S)
    assert (gone["is"], gone["is_there"]) == ("ScannerPresence", False)
    assert bench.turn("watched", now_ms=2_001) == []
    assert bench.turn("watched", now_ms=4_001) == []
    bench.plug_keyboard(NAME)
    [back] = bench.turn("watched", now_ms=6_001)
    assert (back["is"], back["is_there"]) == ("ScannerPresence", True)
    bench.type(NAME, EAN)
    [read] = bench.turn("watched", now_ms=6_002, within_s=PATIENCE_S)
    assert (read["is"], read["text"]) == ("ScanRead", EAN)
    bench.close_port("watched")
    bench.unplug_keyboard(NAME)


def test_a_user_without_the_right_is_told_which_group_has_it(bench: Bench) -> None:
    if has_uinput() and os.geteuid() != 0:
        pytest.skip("only root can give its rights up for a moment")
    node = bench.plug_keyboard(NAME)
    with pytest.raises(Refused) as refused:
        bench.open_as_nobody("evdev", path=node)
    assert refused.value.code == "SCANNER_FORBIDDEN"
    assert "group 'input'" in refused.value.text
    bench.unplug_keyboard(NAME)


def test_a_grabbed_scanner_types_nothing_into_the_console(bench: Bench) -> None:
    if has_uinput():
        pytest.skip("the console of this machine is not ours to type into")
    bench.watch_console()
    bench.plug_keyboard("desk")
    bench.plug_keyboard(NAME)
    bench.type("desk", "begin")
    assert bench.console_text(until="begin\r")
    bench.type(NAME, "free")
    assert bench.console_text(until="\r") == "free\r"
    bench.open_keyboard(NAME, name=NAME)
    bench.type(NAME, EAN)
    bench.type("desk", "end")
    assert bench.console_text(until="\r") == "end\r"
    assert bench.read(NAME) == [RawScan(EAN)]
    bench.close(NAME)
    bench.unplug_keyboard(NAME)
    bench.unplug_keyboard("desk")
