"""The scripted driver: what it can do beyond the contract."""

from __future__ import annotations

import pytest

from edge.errors import UnknownDriver
from edge.scanners import scanner_driver
from edge.scanners.contract import ScannerFault, ScannerUnplugged
from edge.scanners.scripted import ScriptedScanner
from protocols.barcodes import RawScan


def test_the_scans_of_the_configuration_wait_for_the_first_read() -> None:
    scanner = ScriptedScanner.from_options({"scans": ["A", "B"]})
    scanner.open()
    assert scanner.read() == [RawScan("A"), RawScan("B")]
    scanner.close()


def test_what_was_scanned_before_unplugging_still_arrives() -> None:
    scanner = ScriptedScanner()
    scanner.open()
    scanner.scan("A")
    scanner.unplug()
    assert scanner.read() == [RawScan("A")]
    with pytest.raises(ScannerUnplugged):
        scanner.read()
    scanner.close()


def test_faults_can_be_played_too() -> None:
    fault = ScannerFault("KEYS_LOST", "Keys of this scan were lost. Scan again.")
    scanner = ScriptedScanner()
    scanner.open()
    scanner.feed(fault, RawScan("A"))
    assert scanner.read() == [fault, RawScan("A")]
    scanner.close()


def test_a_driver_that_is_not_installed_is_named_with_those_that_are() -> None:
    with pytest.raises(UnknownDriver) as refused:
        scanner_driver("telepathy", {})
    assert refused.value.name == "telepathy"
    assert {"evdev", "serial", "scripted"} <= set(refused.value.installed)
