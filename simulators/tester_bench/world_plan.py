"""What world a bench works in: bundled orders, stock, people and devices, all from one seed.

Owns filling an empty hub and remembering what no database tells: PINs and devices' passwords.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

import msgspec

from hub.config import HubConfig
from hub.devices import service as devices
from hub.journal import Act, Journal
from hub.warehouse.streaming import Stream, set_stream
from simulators.errors import SimulatorsError
from simulators.furnishing import Furnisher
from simulators.tester_bench.wire_tap import OBSERVER

FILE: Final = "bench.json"
FILE_MODE: Final = 0o600
PEOPLE_MIN: Final = 2
LINES_MAX: Final = 120


class WorldPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked of a world; one plan gives one world."""

    seed: int = 7
    orders: int = 6
    """The first so many of the bundled days."""
    handhelds: int = 2
    slots: int = 2
    """Of each cart: so many orders are picked at once."""
    secure: bool = False
    """Devices have certificates, and enrol by codes."""


class Furnishing(msgspec.Struct, frozen=True):
    """What is kept beside the hub's database."""

    plan: WorldPlan
    people: dict[str, str]
    """PIN by badge."""
    passwords: dict[str, str]
    """Of the devices, by name."""
    observer: str
    """The password of whoever watches the wire."""


class NoBenchHere(SimulatorsError):
    code = "NO_BENCH_HERE"

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        super().__init__(
            f"{folder} holds a hub that no bench has furnished; choose another --data."
        )


def furnish(plan: WorldPlan, config: HubConfig, journal: Journal, chance: Random) -> Furnishing:
    """Fill a hub whose site is there and still empty; work is released as people ask for it."""
    people = max(PEOPLE_MIN, plan.handhelds)
    found = Furnisher(config, journal, chance).furnish(plan.orders, people, packers=1)
    _stream_work(plan, config, journal)
    names = list(found.passwords)[: plan.handhelds]
    return Furnishing(
        plan,
        {who.badge: who.pin for who in found.pickers},
        {name: found.passwords[name] for name in names},
        _add_observer(config, journal, chance),
    )


def _add_observer(config: HubConfig, journal: Journal, chance: Random) -> str:
    def do(act: Act) -> str:
        return devices.add_device(act, OBSERVER, "observer", chance.randbytes)

    return journal.perform("bench.observer", do, site=config.site, via="setup")


def _stream_work(plan: WorldPlan, config: HubConfig, journal: Journal) -> None:
    stream = Stream(is_on=True, slots=plan.slots, lines_max=LINES_MAX)

    def do(act: Act) -> None:
        set_stream(act, stream)

    journal.perform("bench.stream", do, site=config.site, via="setup")


def remember(folder: Path, furnishing: Furnishing) -> None:
    """Keep it for the next start on this folder; readable by this user alone."""
    file = folder / FILE
    file.touch(FILE_MODE)
    file.write_bytes(msgspec.json.encode(furnishing))


def remembered(folder: Path) -> Furnishing:
    """What an earlier start has kept. Raises NoBenchHere."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=Furnishing)
    except FileNotFoundError:
        raise NoBenchHere(folder) from None
