"""The agent's side of a scanner on a real terminal line: what the watchdog must not tear."""

from __future__ import annotations

from pathlib import Path

from edge.handheld.agent_io import ScanRead
from edge.scanner_port import QUIET_MS, ScannerPort
from tests.contracts.scanner_rigs import WAIT_S, SerialRig, is_readable


def test_a_scan_that_begins_when_the_quiet_ends_is_whole(tmp_path: Path) -> None:
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
