"""Scanner drivers behind one contract: evdev, serial and scripted. See `contract`.

Drivers are named in configuration and found by entry point (`binlight.scanners`), so importing this
package loads none of them, and a device without evdev can still use a serial scanner.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.drivers import find_driver
from edge.scanners.contract import Reading, Scanner, ScannerError, ScannerFault, ScannerUnplugged

__all__ = [
    "Reading",
    "Scanner",
    "ScannerError",
    "ScannerFault",
    "ScannerUnplugged",
    "scanner_driver",
]


def scanner_driver(name: str, options: Mapping[str, Any]) -> Scanner:
    """The configured driver, not open yet. Raises UnknownDriver, UnknownConfigKey and kin."""
    driver: type[Scanner] = find_driver("scanner", name)
    return driver.from_options(options)
