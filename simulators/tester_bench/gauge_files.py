"""Battery and radio as Linux shows them, in files of our own. Owns their form."""

from __future__ import annotations

from pathlib import Path
from typing import Final

RADIO_DBM: Final = -58
FULL_PERCENT: Final = 100
_HEAD: Final = (
    "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
    " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"
)


class GaugeFiles:
    """What stands in the configuration's `[gauges]`."""

    def __init__(self, folder: Path) -> None:
        self.supplies, self.wireless = folder / "power", folder / "wireless"
        self.battery_percent = FULL_PERCENT
        self.set_battery(FULL_PERCENT)
        self.set_radio(RADIO_DBM)

    def set_battery(self, percent: int) -> None:
        """Charge or drain the battery."""
        self.battery_percent = percent
        battery = self.supplies / "BAT0"
        battery.mkdir(parents=True, exist_ok=True)
        (battery / "capacity").write_text(f"{percent}\n")

    def set_radio(self, dbm: int | None) -> None:
        """The signal's level; None: no access point."""
        line = "" if dbm is None else f" wlan0: 0000   60.  {dbm}.  -256        0      0      0\n"
        self.wireless.write_text(_HEAD + line)
