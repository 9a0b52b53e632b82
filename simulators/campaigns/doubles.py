"""`binlight bench doubles`: requests and events that come again; does anything happen twice?

Owns how many of each kind are tried. Each kind has a model of what must come of it; at the end all
is sent once more, and no book may differ.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from hub.clock import FixedClock
from simulators.campaigns import doubles_commands, doubles_events
from simulators.campaigns.bare_hub import BareHub
from simulators.campaigns.crash_images.recorder import memory_folder
from simulators.campaigns.doubles_commands import CommandDoubles
from simulators.campaigns.doubles_events import EventDoubles
from simulators.campaigns.doubles_imports import ImportDoubles
from simulators.campaigns.doubles_orders import OrderDoubles
from simulators.campaigns.pace import Pace
from simulators.campaigns.totals import beside_trials

REPEATS: Final = {"events": 70_000, "commands": 10_000, "orders": 8_000, "imports": 12_000}
"""Of a run with scale 1; imports count rows that were offered again."""
EVENTS_A_DEVICE: Final = 780
"""Distinct events before a new hub begins; fewer in short runs."""
EVENTS_A_DEVICE_MIN: Final = 52
ITEMS: Final = 40
COMPLAINTS_MAX: Final = 10

Say = Callable[[str], None]


class Outcome(NamedTuple):
    """What one hub went through."""

    first: int
    repeated: int
    double_effects: int
    """Books that a repeat changed, and differences from the model."""
    wrong_answers: int
    complaints: list[str]


def measure(
    say: Say, scale: float = 1.0, seed: int = 1, minutes: float | None = None
) -> dict[str, Any]:
    """Try every kind in turn; returns what is printed as JSON.

    With `minutes` the kinds take turns until they are over, and `scale` says how long a turn is.
    """
    counts = {kind: dict.fromkeys(Outcome._fields[:-1], 0) for kind in REPEATS}
    complaints: list[str] = []
    seeds = count(seed)
    with Pace(minutes) as pace:
        while True:
            for kind, wanted in REPEATS.items():
                until = counts[kind]["repeated"] + round(wanted * scale)
                while counts[kind]["repeated"] < until and not pace.is_over:
                    complaints += _add(counts[kind], _KINDS[kind](Random(next(seeds)), until, pace))
                say(f"{kind}: {_line(counts[kind])}")
            if minutes is None or pace.is_over:
                break
        together = {
            name: sum(found[name] for found in counts.values()) for name in Outcome._fields[:-1]
        }
        return {
            "bench": "doubles", "seed": seed, "seconds": round(pace.seconds, 1), **together,
            "kinds": counts, "complaints": complaints[:COMPLAINTS_MAX],
        }  # fmt: skip


def _add(counts: dict[str, int], outcome: Outcome) -> list[str]:
    for name in counts:
        counts[name] += getattr(outcome, name)
    return outcome.complaints


def _line(found: dict[str, int]) -> str:
    tried = beside_trials(found["double_effects"], found["repeated"])
    return f"double effects {tried}, {found['wrong_answers']} wrong answers"


def _events(chance: Random, wanted: int, pace: Pace) -> Outcome:
    with _Folder() as folder:
        hub = BareHub(folder, chance, FixedClock())
        each = min(EVENTS_A_DEVICE, max(EVENTS_A_DEVICE_MIN, wanted // 10))
        work = hub.prepare(doubles_events.DEVICES, ITEMS, each)
        hub.open()
        tried = EventDoubles(hub, work, chance)
        enough = min(wanted, 10 * EVENTS_A_DEVICE)
        while tried.repeated < enough and not pace.is_over:
            tried.go_on()
        tried.drain()
        changed = [f"{table} changed" for table in tried.repeat_all_and_compare()]
        wrong = [*changed, *tried.wrong()]
        hub.close()
    return _outcome(tried.first, tried.repeated, wrong, tried.wrong_answers)


def _commands(chance: Random, wanted: int, pace: Pace) -> Outcome:
    with _Folder() as folder:
        hub = BareHub(folder, chance, FixedClock())
        hub.prepare(doubles_commands.DEVICES, ITEMS, 0)
        hub.open()
        tried = CommandDoubles(hub, chance)
        while tried.repeated < min(wanted, 1_500) and not pace.is_over:
            tried.go_on()
        changed = [f"{table} changed" for table in tried.repeat_all_and_compare()]
        wrong = [*changed, *tried.wrong()]
        hub.close()
    return _outcome(tried.first, tried.repeated, wrong, [])


def _orders(chance: Random, wanted: int, pace: Pace) -> Outcome:
    with _Folder() as folder:
        hub = BareHub(folder, chance, FixedClock())
        hub.prepare(("d1",), ITEMS, 0)
        hub.open()
        tried = OrderDoubles(hub, chance)
        while tried.repeated < min(wanted, 2_000) and not pace.is_over:
            tried.go_on()
        changed = [f"{table} changed" for table in tried.repeat_all_and_compare()]
        wrong = [*changed, *tried.wrong()]
        tried.close()
        hub.close()
    return _outcome(tried.first, tried.repeated, wrong, tried.wrong_answers)


def _imports(chance: Random, _wanted: int, _pace: Pace) -> Outcome:
    with _Folder() as folder:
        hub = BareHub(folder, chance, FixedClock())
        hub.prepare(("d1",), 2, 0)
        hub.open()
        tried = ImportDoubles(hub, chance)
        wrong = tried.run()
        hub.close()
    return _outcome(tried.first, tried.repeated, wrong, [])


def _outcome(first: int, repeated: int, wrong: list[str], answers: list[str]) -> Outcome:
    return Outcome(first, repeated, len(wrong), len(answers), [*wrong, *answers])


class _Folder:
    """A folder in memory that is gone afterwards."""

    def __enter__(self) -> Path:
        self._made = tempfile.TemporaryDirectory(prefix="binlight-doubles-", dir=memory_folder())
        return Path(self._made.name)

    def __exit__(self, *_wrong: object) -> None:
        self._made.cleanup()


_KINDS: Final[dict[str, Callable[[Random, int, Pace], Outcome]]] = {
    "events": _events, "commands": _commands, "orders": _orders, "imports": _imports,
}  # fmt: skip
