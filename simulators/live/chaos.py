"""Kills during a live run: SIGKILL of broker, gateway and agents at seeded moments. Owns when.

Every other agent dies at one of its named points (before or after its commit, before it marks an
event as delivered) instead of at a random instruction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from edge.fault_points import POINTS
from simulators.errors import SimulatorsError
from simulators.live.handheld import LiveHandheld, points
from simulators.live.hub import LiveHub
from simulators.live.stage import LiveStage

KINDS: Final = ("broker", "gateway", "agent")
TRY_AGAIN_S: Final = 1.0


class UnknownKill(SimulatorsError):
    code = "UNKNOWN_KILL"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name!r} cannot be killed; use some of {', '.join(KINDS)}.")


def kinds_of(text: str) -> tuple[str, ...]:
    """Read `broker,gateway,agent`; raises UnknownKill."""
    kinds = tuple(filter(None, text.split(",")))
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownKill(kind)
    return kinds


class Chaos:
    """So many kills, spread over the first part of the run."""

    def __init__(
        self, stage: LiveStage, chance: Random, hub: LiveHub, devices: Sequence[LiveHandheld],
        kinds: Sequence[str], kills: int, within_s: float,
    ) -> None:  # fmt: skip
        self._stage, self._chance, self._hub, self._devices = stage, chance, hub, devices
        self._kinds, self._wanted, self._within_s = kinds, kills if kinds else 0, within_s
        self._points = sorted(POINTS)
        self.struck = self.struck_hub = 0
        """How many kills were sent, and how many of them to broker or gateway."""

    @property
    def is_over(self) -> bool:
        return self.struck >= self._wanted

    def start(self) -> None:
        moments = sorted(self._chance.uniform(1.0, self._within_s) for _ in range(self._wanted))
        for n, moment in enumerate(moments):
            self._stage.after(moment, self._one(self._kinds[n % len(self._kinds)]))

    def _one(self, kind: str) -> Callable[[], None]:
        def strike() -> None:
            if self._strike(kind):
                self.struck += 1
                self.struck_hub += kind != "agent"
            else:
                self._stage.after(TRY_AGAIN_S, strike)

        return strike

    def _strike(self, kind: str) -> bool:
        if kind == "agent":
            device = self._chance.choice(self._devices)
            device.fault = points(self._chance, self._points) if self._chance.random() < 0.5 else ""
            return device.kill()
        return self._hub.kill("broker" if kind == "broker" else "gateway")
