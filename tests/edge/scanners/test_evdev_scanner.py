"""The evdev driver. What needs a kernel with a scanner runs in a process with a fake one."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from edge.errors import ConfigUnreadable
from edge.scanners.evdev_scanner import EvdevScanner
from tests.contracts.scanner_rigs import (
    run_under_umockdev,
    umockdev,
)


def _has_umockdev() -> bool:
    try:
        umockdev()
    except (ImportError, ValueError):
        return False
    return shutil.which("umockdev-wrapper") is not None


@pytest.mark.umockdev
@pytest.mark.skipif(not _has_umockdev(), reason="umockdev or python3-gi is not installed")
def test_the_driver_keeps_the_contract_and_its_own_promises_in_a_fake_kernel() -> None:
    ran = run_under_umockdev(
        "tests/contracts/test_scanner_contract.py",
        "tests/edge/scanners/evdev_in_fake_kernel.py",
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "passed" in ran.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "path, name and usb"),
        ({"usb": "5e0:12"}, "05e0:1200"),
        ({"name": "X", "terminator": "space"}, "enter, tab, enter_or_tab"),
        ({"name": 7}, "Expected `str`"),
    ],
)
def test_a_configuration_that_cannot_work_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigUnreadable, match=said):
        EvdevScanner.from_options(options)
