"""A scanner that stops after hours without a word (lesson 24) is opened anew by itself."""

from __future__ import annotations

from edge.handheld.agent_io import ScanRead
from edge.scanner_port import QUIET_MS, READ_EVERY_MS, ScannerPort
from edge.scanners.contract import Reading
from edge.scanners.scripted import ScriptedScanner


class GoesDeaf(ScriptedScanner):
    """Looks alive and delivers nothing, until somebody opens it anew."""

    def __init__(self) -> None:
        super().__init__()
        self.is_deaf = False
        self.opened = 0

    def open(self) -> None:
        super().open()
        self.opened += 1
        self.is_deaf = False

    def read(self) -> list[Reading]:
        return [] if self.is_deaf else super().read()


def turns(port: ScannerPort, from_ms: int, to_ms: int) -> list[object]:
    """Everything that came while time passed."""
    moments = range(from_ms, to_ms, READ_EVERY_MS)
    return [happened for ms in moments for happened in port.turn(ms, readable=False)]


def test_a_port_that_has_gone_deaf_is_opened_again_and_the_next_scan_arrives():
    scanner = GoesDeaf()
    port = ScannerPort(scanner)
    turns(port, 0, 60_000)
    scanner.is_deaf = True
    assert turns(port, 60_000, QUIET_MS - READ_EVERY_MS) == []
    assert scanner.is_deaf
    turns(port, QUIET_MS - READ_EVERY_MS, QUIET_MS + 2 * READ_EVERY_MS)
    scanner.scan("85123A")
    assert turns(port, QUIET_MS + 2 * READ_EVERY_MS, QUIET_MS + 5_000) == [ScanRead("85123A")]


def test_a_port_that_is_in_use_is_left_alone():
    scanner = GoesDeaf()
    port = ScannerPort(scanner)
    for minute in range(60):
        scanner.scan("85123A")
        turns(port, minute * 60_000, (minute + 1) * 60_000)
    assert scanner.opened == 1


def test_a_port_that_was_let_go_of_is_open_again_with_the_next_turn():
    """A screen that asks for a scan has a scanner behind it, however quick the hand is."""
    scanner = GoesDeaf()
    port = ScannerPort(scanner)
    port.turn(0, readable=False)
    port.turn(0, readable=False)
    port.close()
    port.turn(1, readable=False)
    assert (scanner.opened, port.fileno is not None) == (2, True)


def test_a_scanner_that_cannot_be_opened_anew_is_missed_aloud():
    scanner = GoesDeaf()
    port = ScannerPort(scanner)
    turns(port, 0, 60_000)
    scanner.is_deaf = True
    scanner.unplug()
    (lost,) = turns(port, 60_000, QUIET_MS + 10_000)
    assert not lost.is_there
