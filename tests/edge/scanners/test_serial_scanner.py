"""The serial driver on real ptys: framings, text, reconnecting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge.errors import ConfigUnreadable
from edge.scanners.contract import (
    Reading,
    ScannerBusy,
    ScannerFault,
    ScannerMissing,
    ScannerUnplugged,
    ScannerUnusable,
)
from edge.scanners.serial_scanner import NOT_TEXT, SerialScanner
from protocols.barcodes import RawScan
from protocols.scanner_framing import FRAME_TOO_LONG
from tests.contracts.scanner_rigs import WAIT_S, SerialRig, begin_scan, is_readable, read_all


def opened(rig: SerialRig) -> SerialRig:
    rig.plug()
    rig.scanner.open()
    return rig


@pytest.mark.parametrize(
    ("framing", "sent"),
    [
        ("cr", b"A\x1dB\rC\r"),
        ("lf", b"A\x1dB\nC\n"),
        ("crlf", b"A\x1dB\r\nC\r\n"),
        ("line", b"\r\nA\x1dB\rC\r\n"),
        ("tab", b"A\x1dB\tC\t"),
        ("stx_etx", b"\x02A\x1dB\x03\r\n\x02C\x03"),
    ],
)
def test_each_framing_gives_its_scans(tmp_path: Path, framing: str, sent: bytes) -> None:
    rig = opened(SerialRig(tmp_path, framing))
    rig.send(sent)
    assert read_all(rig, 2) == [RawScan("A\x1dB"), RawScan("C")]
    rig.close()


def test_a_scan_that_comes_in_pieces_is_one_scan(tmp_path: Path) -> None:
    rig = opened(SerialRig(tmp_path))
    readings: list[Reading] = []
    for byte in b"4006381333931\r":
        rig.send(bytes([byte]))
        assert is_readable(rig, WAIT_S)
        readings += rig.scanner.read()
    assert readings == [RawScan("4006381333931")]
    rig.close()


def test_bytes_that_are_no_text_are_a_fault_and_not_a_guess(tmp_path: Path) -> None:
    rig = opened(SerialRig(tmp_path))
    rig.send(b"caf\xe9\rGOOD\r")
    fault, scan = read_all(rig, 2)
    assert isinstance(fault, ScannerFault)
    assert fault.code == NOT_TEXT
    assert scan == RawScan("GOOD")
    rig.close()


def test_a_scan_without_end_is_a_fault_and_the_next_is_read(tmp_path: Path) -> None:
    rig = opened(SerialRig(tmp_path))
    for _ in range(30):
        rig.send(b"9" * 400)
        assert is_readable(rig, WAIT_S)
        assert rig.scanner.read() == []
    rig.send(b"\rGOOD\r")
    readings = read_all(rig, 2)
    assert [getattr(reading, "code", reading) for reading in readings] == [
        FRAME_TOO_LONG,
        RawScan("GOOD"),
    ]
    rig.close()


def test_another_program_on_the_port_is_named(tmp_path: Path) -> None:
    rig = opened(SerialRig(tmp_path))
    with pytest.raises(ScannerBusy) as refused:
        SerialScanner.from_options(rig.options).open()
    assert refused.value.scanner == str(rig.port)
    rig.close()


def test_half_a_scan_is_counted_as_lost_when_the_cable_goes(tmp_path: Path) -> None:
    rig = opened(SerialRig(tmp_path))
    begin_scan(rig)
    rig.unplug()
    with pytest.raises(ScannerUnplugged) as refused:
        rig.scanner.read()
    assert refused.value.lost_chars == 1


def test_an_unplugged_port_stays_unplugged_until_it_is_opened_again(tmp_path: Path) -> None:
    rig = opened(SerialRig(tmp_path))
    rig.pull("ONE", "TWO")
    assert read_all(rig, 2) == [RawScan("ONE"), RawScan("TWO")]
    rig.unplug()
    for _ in range(2):
        with pytest.raises(ScannerUnplugged):
            rig.scanner.read()
    rig.close()


def test_a_file_that_is_no_port_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises((ScannerUnusable, ScannerMissing)):
        SerialScanner.from_options({"port": str(tmp_path / "file")}).open()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "port"),
        ({"port": "x", "framing": "pause"}, "pause"),
        ({"port": "x", "baud": 9601}, "9601"),
        ({"port": "x", "parity": "Q"}, "N, E, O"),
        ({"port": "x", "data_bits": 9}, "7 or 8"),
        ({"port": "x", "encoding": "utf-9"}, "utf-9"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigUnreadable, match=said):
        SerialScanner.from_options(options)
