"""What every scanner driver must do: evdev, serial and scripted alike.

The evdev row runs where umockdev is preloaded; `tests/edge/scanners/test_evdev_scanner.py` starts
such a process.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import UnknownConfigKey
from edge.scanners import scanner_driver
from edge.scanners.contract import (
    Reading,
    ScannerMissing,
    ScannerNotOpen,
    ScannerUnplugged,
)
from protocols.barcodes import RawScan
from tests.contracts.scanner_rigs import (
    WAIT_S,
    EvdevRig,
    Rig,
    ScriptedRig,
    SerialRig,
    begin_scan,
    is_preloaded,
    is_readable,
    read_all,
)

RIGS = ("evdev",) if is_preloaded() else ("scripted", "serial")


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made: Rig
    match request.param:
        case "scripted":
            made = ScriptedRig()
        case "serial":
            made = SerialRig(tmp_path)
        case _:
            made = EvdevRig()
    made.plug()
    yield made
    made.close()


def test_a_scan_arrives_as_it_was_sent(rig: Rig) -> None:
    rig.scanner.open()
    rig.pull("]C10109521234543213" + "10AbC-7\x1d21X")
    assert read_all(rig, 1) == [RawScan("]C10109521234543213" + "10AbC-7\x1d21X")]


def test_nothing_scanned_is_nothing_read(rig: Rig) -> None:
    rig.scanner.open()
    assert rig.scanner.read() == []
    assert rig.scanner.read() == []


def test_twenty_scans_a_second_are_all_counted(rig: Rig) -> None:
    rig.scanner.open()
    rig.pull(*["4006381333931"] * 20)
    assert read_all(rig, 20) == [RawScan("4006381333931")] * 20


def test_a_thousand_scans_in_one_burst_are_a_thousand_scans(rig: Rig) -> None:
    rig.scanner.open()
    readings: list[Reading] = []
    for begin in range(0, 1_000, 20):
        rig.pull(*(f"B{number:06d}" for number in range(begin, begin + 20)))
        readings += rig.read()
    readings += read_all(rig, 1_000 - len(readings))
    assert readings == [RawScan(f"B{number:06d}") for number in range(1_000)]


def test_the_descriptor_wakes_a_selector(rig: Rig) -> None:
    rig.scanner.open()
    assert not is_readable(rig, 0)
    rig.pull("X")
    assert is_readable(rig, WAIT_S)
    assert read_all(rig, 1) == [RawScan("X")]
    while is_readable(rig, 0):  # the last key comes up
        assert rig.scanner.read() == []


def test_an_unplugged_scanner_says_so_and_works_again_when_plugged_in(rig: Rig) -> None:
    rig.scanner.open()
    rig.pull("BEFORE")
    assert read_all(rig, 1) == [RawScan("BEFORE")]
    begin_scan(rig)
    rig.unplug()
    with pytest.raises(ScannerUnplugged):
        _read_until_refused(rig)
    rig.scanner.close()
    with pytest.raises(ScannerMissing):
        rig.scanner.open()
    rig.plug()
    rig.scanner.open()
    rig.pull("AFTER")
    assert read_all(rig, 1) == [RawScan("AFTER")]


def _read_until_refused(rig: Rig) -> None:
    for _ in range(3):
        assert rig.scanner.read() == []


def test_a_scanner_that_was_never_plugged_in_is_missing(rig: Rig) -> None:
    rig.unplug()
    with pytest.raises(ScannerMissing) as refused:
        rig.scanner.open()
    assert refused.value.scanner == rig.scanner.label
    rig.plug()
    rig.scanner.open()


def test_what_was_incomplete_is_forgotten_on_closing(rig: Rig) -> None:
    rig.scanner.open()
    begin_scan(rig)
    rig.scanner.close()
    rig.scanner.open()
    rig.pull("WHOLE")
    assert read_all(rig, 1) == [RawScan("WHOLE")]


def test_a_closed_scanner_is_neither_read_nor_waited_on(rig: Rig) -> None:
    for act in (rig.scanner.read, rig.scanner.fileno):
        with pytest.raises(ScannerNotOpen):
            act()
    rig.scanner.open()
    rig.scanner.close()
    rig.scanner.close()
    with pytest.raises(ScannerNotOpen):
        rig.scanner.read()


def test_an_option_that_the_driver_does_not_know_is_refused_by_name(rig: Rig) -> None:
    with pytest.raises(UnknownConfigKey) as refused:
        type(rig.scanner).from_options({**rig.options, "speling": 1})
    assert refused.value.key == "speling"


def test_a_driver_is_found_by_the_name_in_the_configuration(rig: Rig) -> None:
    name = type(rig.scanner).__name__.removesuffix("Scanner").lower()
    assert type(scanner_driver(name, rig.options)) is type(rig.scanner)
