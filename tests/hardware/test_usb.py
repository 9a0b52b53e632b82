"""Scanners on a USB bus: the kernel's own drivers below ours, plugged and typed on from outside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from protocols.barcodes import RawScan
from tests.hardware.bench import PATIENCE_S, Refused
from tests.hardware.machine import Machine

KEYBOARD = "QEMU QEMU USB Keyboard"
PORT = "/dev/ttyUSB0"
EAN = "4006381333931"


@pytest.fixture
def keyboard(machine: Machine) -> Iterator[Machine]:
    """A USB keyboard on the bus, open."""
    with machine.plugged("usb-kbd", "scanner"):
        machine.bench.open_keyboard("usb", within_s=PATIENCE_S, name=KEYBOARD)
        yield machine
        machine.bench.close("usb")


@pytest.fixture
def cable(machine: Machine) -> Iterator[Machine]:
    """A USB serial scanner on the bus, open."""
    with machine.plugged("usb-serial", "cable", chardev="cable"):
        machine.bench.open_serial("serial", within_s=PATIENCE_S, port=PORT)
        yield machine
        machine.bench.close("serial")


def test_keys_that_are_pressed_outside_come_through_the_hid_driver(keyboard: Machine) -> None:
    keyboard.press_keys(f"]C101{EAN}-aZ%")
    assert keyboard.bench.read("usb") == [RawScan(f"]C101{EAN}-aZ%")]


def test_a_pulled_usb_scanner_is_missed_and_read_again_when_it_is_back(machine: Machine) -> None:
    with machine.plugged("usb-kbd", "scanner"):
        machine.bench.wait_for_keyboard(name=KEYBOARD)
        machine.bench.watch("usb", "evdev", name=KEYBOARD)
        assert machine.bench.turn("usb", now_ms=0) == []
        machine.press_keys("BEFORE")
        [read] = machine.bench.turn("usb", now_ms=1, within_s=PATIENCE_S)
        assert (read["is"], read["text"]) == ("ScanRead", "BEFORE")
    [gone] = machine.bench.turn("usb", now_ms=2, within_s=PATIENCE_S)
    assert (gone["is"], gone["is_there"]) == ("ScannerPresence", False)
    with machine.plugged("usb-kbd", "scanner"):
        machine.bench.wait_for_keyboard(name=KEYBOARD)
        [back] = machine.bench.turn("usb", now_ms=5_000)
        assert (back["is"], back["is_there"]) == ("ScannerPresence", True)
        machine.press_keys("AFTER")
        [read] = machine.bench.turn("usb", now_ms=5_001, within_s=PATIENCE_S)
        assert (read["is"], read["text"]) == ("ScanRead", "AFTER")
        machine.bench.close_port("usb")


def test_a_usb_serial_scanner_is_read(cable: Machine) -> None:
    cable.serial_wire.sendall(f"]E0{EAN}\r\nSECOND\r\n".encode())
    assert cable.bench.read("serial", 2) == [RawScan(f"]E0{EAN}"), RawScan("SECOND")]


def test_a_usb_serial_scanner_pulled_in_mid_scan_leaves_nothing_behind(machine: Machine) -> None:
    with machine.plugged("usb-serial", "cable", chardev="cable"):
        machine.bench.open_serial("serial", within_s=PATIENCE_S, port=PORT)
        machine.serial_wire.sendall(b"WHOLE\r\n4006")
        assert machine.bench.read("serial") == [RawScan("WHOLE")]
    with pytest.raises(Refused) as refused:
        machine.bench.read("serial")
    assert refused.value.kind == "ScannerUnplugged"
    machine.bench.close("serial")
    with pytest.raises(Refused, match="not plugged in"):
        machine.bench.open_serial("serial", port=PORT)
    with machine.plugged("usb-serial", "cable", chardev="cable"):
        machine.bench.open_serial("serial", within_s=PATIENCE_S, port=PORT)
        machine.serial_wire.sendall(f"{EAN}\r\n".encode())
        assert machine.bench.read("serial") == [RawScan(EAN)]
        machine.bench.close("serial")


def test_a_serial_port_belongs_to_one_program(cable: Machine) -> None:
    with pytest.raises(Refused) as refused:
        cable.bench.open_serial("second", port=PORT)
    assert refused.value.code == "SCANNER_BUSY"
