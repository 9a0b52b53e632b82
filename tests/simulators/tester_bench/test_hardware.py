"""The bench's hardware: display, cable, gauges, clock and tones, each at its real driver."""

from __future__ import annotations

import os
import select
import tty
from pathlib import Path

import pytest

from edge.clock_choice import clock_driver
from edge.gauges import battery_percent, radio_dbm
from edge.scanners import scanner_driver
from edge.scanners.contract import Scanner, ScannerMissing, ScannerUnplugged
from edge.tones import Tone, tone_driver
from simulators.tester_bench.display import COLUMNS, LINES, Run, text_of
from simulators.tester_bench.gauge_files import GaugeFiles
from simulators.tester_bench.scanner_cable import ScannerCable
from simulators.tester_bench.shifted_clock import set_shift, shift_us
from simulators.tester_bench.terminal import Terminal

WAIT_S = 120
"""Far beyond anything that works: it only bounds a hang."""


def drawn(text: str) -> Terminal:
    terminal = Terminal()
    os.write(terminal.near, text.encode())
    terminal.draw()
    return terminal


def test_a_display_shows_characters_and_how_they_look():
    terminal = drawn("\x1b[1;38;2;0;0;0;48;2;255;135;0m hub \x1b[0m\x1b[7mA\x1b[0m")
    first = terminal.rows()[0]
    assert first[:2] == (Run(" hub ", "000000", "ff8700", is_bold=True), Run("A", is_inverse=True))
    assert sum(len(run.text) for run in first) == COLUMNS
    assert len(terminal.rows()) == LINES
    assert text_of(terminal.rows()).splitlines()[0] == " hub A"


def test_a_display_goes_dark_when_its_program_is_gone():
    terminal = drawn("x")
    terminal.let_go_of_near()
    assert not terminal.draw()


def test_keys_reach_the_program_as_a_keyboard_sends_them():
    terminal = Terminal()
    tty.setraw(terminal.near)
    came = b""
    for key in ("7", "enter", "backspace", "escape"):
        terminal.press(key)
        came += os.read(terminal.near, 64)
    assert came == b"7\r\x7f\x1b"


def read_two(scanner: Scanner) -> list[str]:
    """A tty hands on what was written when the kernel finds time."""
    texts: list[str] = []
    while len(texts) < 2:
        assert select.select([scanner.fileno()], [], [], WAIT_S)[0], f"only {texts} came"
        texts += [reading.text for reading in scanner.read()]
    return texts


def test_a_cable_brings_scans_to_the_serial_driver(tmp_path: Path):
    cable = ScannerCable(tmp_path / "scanner")
    scanner = scanner_driver("serial", {"port": str(cable.port)})
    with pytest.raises(ScannerMissing):
        scanner.open()
    cable.plug()
    cable.plug()
    scanner.open()
    assert cable.pull(["%CYES.1", "x\x1dy"]) == 2
    assert read_two(scanner) == ["%CYES.1", "x\x1dy"]
    cable.unplug()
    cable.unplug()
    assert cable.pull(["nobody hears"]) == 0
    with pytest.raises(ScannerUnplugged):
        scanner.read()
    scanner.close()


def test_a_cable_left_behind_by_a_killed_bench_is_no_hindrance(tmp_path: Path):
    (tmp_path / "scanner").symlink_to("/dev/pts/gone")
    cable = ScannerCable(tmp_path / "scanner")
    cable.plug()
    assert cable.is_plugged
    cable.unplug()


def test_gauges_are_read_by_the_devices_own_code(tmp_path: Path):
    gauges = GaugeFiles(tmp_path)
    assert (battery_percent(gauges.supplies), radio_dbm(gauges.wireless)) == (100, -58)
    gauges.set_battery(9)
    gauges.set_radio(None)
    assert (battery_percent(gauges.supplies), radio_dbm(gauges.wireless)) == (9, None)


def test_a_shifted_clock_is_wrong_by_as_much_as_its_file_says_and_jumps_at_once(tmp_path: Path):
    file = tmp_path / "clock"
    clock = clock_driver("shifted", {"path": str(file)})
    system = clock_driver("system", {})
    assert shift_us(file) == 0
    year_us = 365 * 24 * 3_600 * 1_000_000
    set_shift(file, -year_us)
    before, wrong, after = system.now(), clock.now(), system.now()
    assert before.utc_us <= wrong.utc_us + year_us <= after.utc_us
    assert before.mono_ms <= wrong.mono_ms <= after.mono_ms


def test_tones_are_told_by_name_and_nobody_needs_to_listen(tmp_path: Path):
    path = tmp_path / "tones"
    tone_driver("told", {"path": str(path)}).play(Tone.OK)
    os.mkfifo(path)
    tone_driver("told", {"path": str(path)}).play(Tone.OK)
    listening = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    driver = tone_driver("told", {"path": str(path)})
    driver.play(Tone.OK)
    driver.play(Tone.REFUSED)
    assert os.read(listening, 100) == b"OK\nREFUSED\n"
    os.close(listening)
