"""The scanner as the loop sees it: scans in their order, lost and found again."""

from __future__ import annotations

from edge.handheld.agent_io import ScanFailed, ScannerPresence, ScanRead
from edge.scanner_port import QUIET_MS, READ_EVERY_MS, TRY_AGAIN_MS, ScannerPort
from edge.scanners.contract import ScannerFault
from edge.scanners.scripted import ScriptedScanner
from tests.contracts.scanner_rigs import WAIT_S, SerialRig, is_readable


def test_scans_and_lost_scans_come_through_in_order():
    scanner = ScriptedScanner()
    port = ScannerPort(scanner)
    assert port.turn(0, readable=False) == []
    scanner.scan("85123A")
    scanner.feed(ScannerFault("TOO_LONG", "The scan was too long."))
    assert port.turn(1, readable=True) == [
        ScanRead("85123A"),
        ScanFailed("TOO_LONG", "The scan was too long."),
    ]
    assert port.next_wakeup_ms == 1 + READ_EVERY_MS
    port.close()


def test_a_lost_scanner_is_said_once_and_tried_again_until_it_is_back():
    scanner = ScriptedScanner()
    port = ScannerPort(scanner)
    port.turn(0, readable=False)
    scanner.unplug()
    lost = port.turn(10, readable=True)
    assert [isinstance(one, ScannerPresence) and one.is_there for one in lost] == [False]
    assert (port.fileno, port.next_wakeup_ms) == (None, 10 + TRY_AGAIN_MS)
    assert port.turn(11, readable=False) == []
    assert port.turn(10 + TRY_AGAIN_MS, readable=False) == []
    scanner.plug()
    assert port.turn(10 + 2 * TRY_AGAIN_MS, readable=False) == [ScannerPresence(is_there=True)]
    port.close()


def test_a_scan_that_begins_when_the_quiet_ends_is_whole(tmp_path):
    """On a real terminal line: the watchdog must not tear it."""
    rig = SerialRig(tmp_path)
    rig.plug()
    port = ScannerPort(rig.scanner)
    port.turn(0, readable=False)
    rig.begin("4006")
    assert is_readable(rig, WAIT_S)
    assert port.turn(QUIET_MS, readable=True) == []
    rig.pull("381333931")
    assert is_readable(rig, WAIT_S)
    assert port.turn(QUIET_MS + 1, readable=True) == [ScanRead("4006381333931")]
    rig.close()
