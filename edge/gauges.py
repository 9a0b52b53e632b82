"""Battery, radio and disk of a Linux device. Owns how the kernel shows them; decides nothing."""

from __future__ import annotations

import shutil
from pathlib import Path


def battery_percent(supplies: Path) -> int | None:
    """The first battery's charge; None for a device without one."""
    for capacity in sorted(supplies.glob("*/capacity")):
        try:
            return min(100, max(0, int(capacity.read_text())))
        except (OSError, ValueError):
            continue
    return None


def radio_dbm(wireless: Path) -> int | None:
    """The first interface's signal level; None without a radio or an association."""
    try:
        lines = wireless.read_text().splitlines()[2:]
    except OSError:
        return None
    for line in lines:
        fields = line.split()
        if len(fields) > 3 and (level := _level(fields[3])) is not None:
            return level
    return None


def disk_free_mb(folder: Path) -> int | None:
    """Room on the disk of a folder, in units of 1,048,576 bytes; None when nobody can tell."""
    try:
        return shutil.disk_usage(folder).free // 2**20
    except OSError:
        return None


def _level(field: str) -> int | None:
    try:
        level = int(float(field))
    except ValueError:
        return None
    return level if -150 < level < 0 else None
