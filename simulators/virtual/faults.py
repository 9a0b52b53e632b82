"""What goes wrong during a virtual shift: kills, walks out of the radio's reach, a hub whose own
clock is set. Owns when.

Kills of the gateway come at its named points as well as between two groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from hub.fault_points import POINTS
from simulators.errors import SimulatorsError
from simulators.virtual.handheld import VirtualHandheld
from simulators.virtual.hub import VirtualGateway
from simulators.virtual.hub_clock import HubClock
from simulators.virtual.network import SimulatedBroker
from simulators.world import World

KINDS: Final = ("broker", "gateway", "agent", "radio", "clock")
MEAN_S: Final = 180.0
"""Between two faults of one kind, on average."""
BROKER_RESTART_S: Final = 1.0
RADIO_AWAY_S: Final = (5.0, 240.0)
DAY_US: Final = 86_400_000_000
WRONG_US: Final = (-400 * DAY_US, DAY_US, 0)
"""How wrong the hub's own clock may be set; 0 sets it right."""
SKIP_MS: Final = 3_600_000


class UnknownFault(SimulatorsError):
    code = "UNKNOWN_FAULT"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"There is no fault {name!r}; use some of {', '.join(KINDS)}.")


class FaultPlan(NamedTuple):
    """Which parts are hit, and how often."""

    kinds: tuple[str, ...] = ()
    mean_s: float = MEAN_S

    @property
    def has_kills(self) -> bool:
        """Whether a device's storage must outlive its agent."""
        return "agent" in self.kinds


def fault_plan(text: str) -> FaultPlan:
    """Read `broker,gateway,…`; `all` means every kind. Raises UnknownFault."""
    kinds = KINDS if text == "all" else tuple(filter(None, text.split(",")))
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownFault(kind)
    return FaultPlan(tuple(kinds))


class Faults:
    """Lets things go wrong until told to stop."""

    def __init__(
        self, world: World, plan: FaultPlan, broker: SimulatedBroker, gateway: VirtualGateway,
        devices: Sequence[VirtualHandheld], clock: HubClock,
    ) -> None:  # fmt: skip
        self._world, self._plan, self._clock = world, plan, clock
        self._broker, self._gateway, self._devices = broker, gateway, devices
        self._chance = world.chance("faults")
        self._points = sorted(POINTS)
        self._is_on = False
        self.kills = 0

    def start(self) -> None:
        self._is_on = True
        for kind in self._plan.kinds:
            self._plan_next(kind)

    def stop(self) -> None:
        """Break nothing more; a clock that is wrong is set right."""
        self._is_on = False
        self._clock.be_wrong_by(0)

    def _plan_next(self, kind: str) -> None:
        wait_s = self._chance.expovariate(1 / self._plan.mean_s)
        self._world.after(wait_s, lambda: self._strike(kind))

    def _strike(self, kind: str) -> None:
        if not self._is_on:
            return
        if kind == "radio":
            self._chance.choice(self._devices).lose_radio(self._chance.uniform(*RADIO_AWAY_S))
        elif kind == "clock":
            self._set_clock()
        else:
            self.kills += 1
            {"broker": self._kill_broker, "gateway": self._kill_gateway, "agent": self._kill_agent}[
                kind
            ]()
        self._plan_next(kind)

    def _set_clock(self) -> None:
        """The wall clock jumps, or, more rarely, both clocks."""
        if self._chance.random() < 0.2:
            self._clock.skip(SKIP_MS)
        else:
            self._clock.be_wrong_by(self._chance.choice(WRONG_US))

    def _kill_broker(self) -> None:
        if self._broker.is_up:
            self._broker.kill()
            self._world.after(BROKER_RESTART_S, self._broker.start)

    def _kill_gateway(self) -> None:
        """At one of its named points, the next time it passes there, or at once."""
        if self._chance.random() < 0.2:
            self._gateway.kill()
        else:
            self._gateway.dies_at = self._chance.choice(self._points)

    def _kill_agent(self) -> None:
        self._chance.choice(self._devices).kill()
