"""What the air between a device and the broker may be like, by name. Owns the names.

What the weathers do is `simulators.campaigns.faults.proxy`'s.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from simulators.campaigns.faults.proxy import FINE, SILENT, Weather
from simulators.tester_bench.gauge_files import RADIO_DBM


class Air(NamedTuple):
    """`dbm` is what the device's gauge then shows; None: it finds no access point."""

    sentence: str
    weather: Weather
    dbm: int | None = RADIO_DBM


AIRS: Final[dict[str, Air]] = {
    "fine": Air("everything passes", FINE),
    "cut": Air("no radio: connections break", Weather(is_cut=True), None),
    "silent": Air("black hole: nothing passes, and nobody is told", SILENT),
    "late": Air("half a second each way, unsteady", Weather(delay_s=0.5, jitter_s=0.5), -78),
    "slow": Air("64 kbit/s", Weather(bytes_per_s=8_000), -81),
    "doubled": Air("every third message arrives twice", Weather(twice=0.33)),
    "swapped": Air("every third message is overtaken", Weather(swapped=0.33)),
    "roaming": Air("the connection breaks every five seconds", Weather(reset_every_s=5.0), -74),
}
