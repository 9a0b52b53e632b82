"""What only the evdev driver can show. Run in a fake kernel by `test_evdev_scanner.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from edge.scanners.contract import ScannerMissing, ScannerUnplugged
from edge.scanners.keymap import EV_SYN, KEYS_LOST, SYN_DROPPED
from protocols.barcodes import RawScan
from tests.contracts.scanner_rigs import EvdevRig, begin_scan, read_all
from tests.edge.scanners.recordings import Typed, shown, typed

Bench = Callable[..., EvdevRig]


@pytest.fixture
def bench() -> Iterator[Bench]:
    rigs: list[EvdevRig] = []

    def make(**options: Any) -> EvdevRig:
        rig = EvdevRig(**options)
        rigs.append(rig)
        rig.plug()
        return rig

    yield make
    for rig in rigs:
        rig.close()


@pytest.mark.parametrize(
    "options", [{"usb": "05E0:1200"}, {"path": EvdevRig.NODE}, {"name": EvdevRig.NAME}]
)
def test_a_scanner_is_found_by_path_name_or_usb_id(bench: Bench, options: dict[str, str]) -> None:
    rig = bench(**options)
    rig.scanner.open()
    rig.pull("X1")
    assert read_all(rig, 1) == [RawScan("X1")]


@pytest.mark.parametrize(
    "options", [{"usb": "05e0:1201"}, {"path": "/dev/input/event6"}, {"name": "Another"}]
)
def test_another_device_is_not_taken_for_it(bench: Bench, options: dict[str, str]) -> None:
    with pytest.raises(ScannerMissing):
        bench(**options).scanner.open()


def test_lost_keys_spoil_the_scan_and_the_next_one_is_whole(bench: Bench) -> None:
    rig = bench()
    rig.scanner.open()
    rig.begin("4006")
    rig.send((EV_SYN, SYN_DROPPED, 0))
    rig.pull("931")
    faults = read_all(rig, 2)
    assert {getattr(fault, "code", fault) for fault in faults} == {KEYS_LOST}
    rig.flush()
    rig.pull("4006381333931")
    assert read_all(rig, 1) == [RawScan("4006381333931")]


def test_half_a_scan_is_counted_as_lost_when_the_cable_goes(bench: Bench) -> None:
    rig = bench()
    rig.scanner.open()
    begin_scan(rig)
    rig.unplug()
    with pytest.raises(ScannerUnplugged) as refused:
        rig.scanner.read()
    assert refused.value.lost_chars == 1


def test_the_caps_lock_lamp_at_opening_is_minded(bench: Bench) -> None:
    rig = bench(caps_lamp=True, name=EvdevRig.NAME)
    rig.scanner.open()
    rig.pull("abC")
    assert read_all(rig, 1) == [RawScan("ABc")]


RECORDINGS = [case for case in typed() if len(case.events()) <= 2 * EvdevRig.UNREAD_EVENTS_MAX]
"""Longer ones are read on a real kernel: tests/hardware."""


@pytest.mark.parametrize("setting", sorted({(case.caps, case.terminator) for case in RECORDINGS}))
def test_every_recording_is_read_as_it_was_meant(bench: Bench, setting: tuple[bool, str]) -> None:
    caps, terminator = setting
    rig = bench(caps_lamp=caps, name=EvdevRig.NAME, terminator=terminator)
    rig.scanner.open()
    cases = [case for case in RECORDINGS if (case.caps, case.terminator) == setting]
    assert {case.says: _read(rig, case) for case in cases} == {
        case.says: case.reads for case in cases
    }


def _read(rig: EvdevRig, case: Typed) -> list[str]:
    rig.all_is_read()
    rig.send(*case.events())
    return shown(read_all(rig, len(case.reads)))
