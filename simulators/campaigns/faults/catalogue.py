"""The faults of a live run as rows: name, number in the list of faults, how it begins and ends.

Owns what is struck and what the product must say of it. A later kind of fault is one row more. The
world offers victims (`world.py`); when they are struck is `chaos.py`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from hub.fault_points import POINTS
from simulators.campaigns.faults import processes
from simulators.campaigns.faults.processes import End, nothing
from simulators.campaigns.faults.proxy import FINE, Weather
from simulators.live.handheld import LiveHandheld, points
from simulators.live.hub import Part

if TYPE_CHECKING:
    from simulators.campaigns.faults.world import FaultWorld

Back = Callable[[], bool]
"""Whether everything is as before, asked again and again after the fault's end."""
Source = Literal["hub", "gateway", "web", "planner", "agents", "exceptions"]

PARTS: Final[tuple[Part, ...]] = ("broker", "gateway", "web", "planner")
SHORT_S: Final = (2.0, 6.0)
AT_ONCE: Final = (0.0, 0.0)
PASSINGS_MAX: Final = 12
"""A restarted gateway dies at the latest at this passing of its point."""
DAY_S: Final = 86_400
KNOCKS_AFTER_S: Final = (0.5, 1.0, 1.5)
"""It takes strace a while to have the process."""


class Strike(NamedTuple):
    """A fault in force."""

    victim: str
    end: End
    look: Callable[[], Back]
    """Called at the end: from then on, is it back?"""


class Said(NamedTuple):
    """What the product must have said: in whose words, and which."""

    source: Source
    words: str


class Fault(NamedTuple):
    """One row. `number` is that of the list in docs/faults.md."""

    name: str
    number: int
    strike: Callable[[FaultWorld, Random], Strike | None]
    """None when there is nobody to strike at this moment."""
    lasts_s: tuple[float, float] = AT_ONCE
    says: tuple[Said, ...] = ()
    weight: int = 2
    is_possible: Callable[[], bool] = lambda: True


# ── kills ────────────────────────────────────────────────────────────────────────────────────


def _kill_part(part: Part, world: FaultWorld, chance: Random) -> Strike | None:
    pid = world.hub.pid_of(part)
    if pid is None or not processes.kill(pid):
        return None
    return Strike(part, nothing, partial(world.part_back, part, pid))


def _kill_gateway_at_a_point(world: FaultWorld, chance: Random) -> Strike | None:
    """Killed now; the one that follows dies at its point, and only the third lives."""
    if world.has_appointed_death:
        return None
    pid = world.hub.pid_of("gateway")
    if pid is None:
        return None
    world.appoint_death(
        f"gateway:{chance.choice(sorted(POINTS))}:{chance.randint(1, PASSINGS_MAX)}"
    )
    processes.kill(pid)
    return Strike("gateway", nothing, world.hub_back)


def _kill_supervisor(world: FaultWorld, chance: Random) -> Strike | None:
    if not world.kill_supervisor():
        return None
    return Strike("supervisor", nothing, world.hub_back)


def _kill_agent(world: FaultWorld, chance: Random) -> Strike | None:
    return _killed(world, chance.choice(world.devices))


def _kill_agent_at_a_point(world: FaultWorld, chance: Random) -> Strike | None:
    """Killed now; the one that follows dies at its point, and only the third lives."""
    device = chance.choice(world.devices)
    device.fault = points(chance, world.agent_points)
    return _killed(world, device)


def _killed(world: FaultWorld, device: LiveHandheld) -> Strike | None:
    pid = device.pid
    if not device.kill():
        return None
    return Strike(device.name, nothing, partial(world.device_back, device, pid))


def _tail_lost(world: FaultWorld, chance: Random) -> Strike | None:
    """The gateway is frozen while devices go on; then what the broker holds dies with it."""
    pid = world.hub.pid_of("gateway")
    if pid is None:
        return None
    thaw = processes.freeze(pid)

    def end() -> None:
        broker = world.hub.pid_of("broker")
        if broker is not None:
            processes.kill(broker)
        thaw()

    return Strike("gateway", end, world.hub_back)


# ── frozen, starved, failing ─────────────────────────────────────────────────────────────────


def _part(part: Part, do: Callable[[int], End], world: FaultWorld, chance: Random) -> Strike | None:
    pid = world.hub.pid_of(part)
    if pid is None:
        return None
    return Strike(part, do(pid), partial(world.part_back, part))


def _pages_on_a_failing_disk(world: FaultWorld, chance: Random) -> Strike | None:
    """Somebody tries to log in meanwhile: a page that is only read writes nothing."""
    strike = _part("web", processes.disk_errors, world, chance)
    if strike is not None:
        for after_s in KNOCKS_AFTER_S:
            world.stage.after(after_s, world.knock)
    return strike


def _agent(do: Callable[[int], End], world: FaultWorld, chance: Random) -> Strike | None:
    device = chance.choice(world.devices)
    pid = device.pid
    if pid is None:
        return None
    return Strike(device.name, do(pid), partial(world.device_back, device))


def _hub_without_cpu(world: FaultWorld, chance: Random) -> Strike | None:
    """The gateway is killed at once and has to start on it: a hub that is up needs less."""
    pids = world.hub_pids()
    if not pids:
        return None
    strike = Strike("hub", processes.little_cpu(pids), world.hub_back)
    _kill_part("gateway", world, chance)
    return strike


def _gateway_without_descriptors(world: FaultWorld, chance: Random) -> Strike | None:
    """The broker is killed at once: a gateway that keeps its connection needs no other."""
    strike = _part("gateway", processes.without_descriptors, world, chance)
    if strike is not None:
        _kill_part("broker", world, chance)
    return strike


# ── links ────────────────────────────────────────────────────────────────────────────────────


def _weather(weather: Weather, world: FaultWorld, chance: Random) -> Strike | None:
    device = chance.choice(world.devices)
    link = world.links[device.name]
    link.weather = weather

    def end() -> None:
        link.weather = FINE

    return Strike(device.name, end, partial(world.device_back, device))


def _everybodys_radio(world: FaultWorld, chance: Random) -> Strike | None:
    for link in world.links.values():
        link.weather = Weather(is_cut=True)

    def end() -> None:
        for link in world.links.values():
            link.weather = FINE

    return Strike("radio", end, world.all_devices_back)


# ── clocks and poison ────────────────────────────────────────────────────────────────────────


def _wrong_clock(shift_s: int, world: FaultWorld, chance: Random) -> Strike | None:
    """It starts with it and cannot ask the hub: a device looks at its clock once, at its start."""
    device = chance.choice(world.devices)
    pid, link = device.pid, world.links[device.name]
    world.set_clock(device, shift_s)
    if not device.kill():
        world.set_clock(device, 0)
        return None
    link.weather = Weather(is_cut=True)

    def end() -> None:
        world.set_clock(device, 0)
        link.weather = FINE

    return Strike(device.name, end, partial(world.device_back, device, pid))


def _poison(type: str, data: bytes, world: FaultWorld, chance: Random) -> Strike | None:
    world.probe.say_poison(type, data)
    return Strike("probe", nothing, world.hub_back)


_UNKNOWN_LINE: Final = (
    b'{"line":"' + b"0" * 31 + b'7","bin":"A-01-01-1","item":"' + b"0" * 31 + b'7","quantity":1,'
    b'"tote":"T-0001"}'
)
_DIED: Final = Said("hub", '"status": -9')
_NO_BROKER: Final = Said("gateway", "broker_unreachable")
_DISK: Final = Said("gateway", "database cannot be written")
_PAGES_DISK: Final = Said("web", "database cannot be written")
_PLANS_DISK: Final = Said("planner", "database cannot be written")
_PARKED: Final = Said("exceptions", "PARKED_EVENT")
_trace, _cpu = processes.can_trace, partial(processes.can_limit, "cpu")
_memory = partial(processes.can_limit, "memory")

FAULTS: Final[tuple[Fault, ...]] = (
    Fault("broker killed", 15, partial(_kill_part, "broker"), says=(_DIED, _NO_BROKER), weight=6),
    Fault("gateway killed", 1, partial(_kill_part, "gateway"), says=(_DIED,), weight=6),
    Fault("gateway killed at a point", 1, _kill_gateway_at_a_point, says=(_DIED,), weight=6),
    Fault("web killed", 1, partial(_kill_part, "web"), says=(_DIED,)),
    Fault("planner killed", 1, partial(_kill_part, "planner"), says=(_DIED,)),
    Fault("supervisor killed", 1, _kill_supervisor, weight=3),
    Fault("agent killed", 1, _kill_agent, weight=14),
    Fault("agent killed at a point", 1, _kill_agent_at_a_point, weight=14),
    Fault("tail lost with the broker", 16, _tail_lost, (0.5, 2.0), (_DIED,), weight=3),
    Fault("link cut", 17, partial(_weather, Weather(is_cut=True)), SHORT_S),
    Fault("all links cut", 17, _everybodys_radio, SHORT_S, weight=1),
    Fault("link silent", 17, partial(_weather, Weather(is_silent_up=True, is_silent_down=True)),
          SHORT_S),
    Fault("link silent upwards", 17, partial(_weather, Weather(is_silent_up=True)), SHORT_S),
    Fault("link silent downwards", 17, partial(_weather, Weather(is_silent_down=True)), SHORT_S),
    Fault("link reset every 5 s", 18, partial(_weather, Weather(reset_every_s=5)), (11, 16)),
    Fault("link at 64 kbit/s", 20, partial(_weather, Weather(bytes_per_s=8_000)), SHORT_S),
    Fault("link late", 21, partial(_weather, Weather(delay_s=0.3, jitter_s=0.4)), SHORT_S),
    Fault("delivered twice", 21, partial(_weather, Weather(twice=0.5)), SHORT_S),
    Fault("reordered", 21, partial(_weather, Weather(swapped=0.3, twice=0.1)), SHORT_S),
    Fault("gateway frozen", 23, partial(_part, "gateway", processes.freeze), SHORT_S),
    Fault("broker frozen", 23, partial(_part, "broker", processes.freeze), SHORT_S, weight=1),
    Fault("planner frozen", 23, partial(_part, "planner", processes.freeze), SHORT_S, weight=1),
    Fault("agent frozen", 23, partial(_agent, processes.freeze), SHORT_S),
    Fault("gateway: fsync fails", 4, partial(_part, "gateway", processes.disk_errors),
          (1.0, 2.0), (_DISK,), is_possible=_trace),
    Fault("web: fsync fails", 4, _pages_on_a_failing_disk,
          (2.0, 3.0), (_PAGES_DISK,), is_possible=_trace),
    Fault("planner: fsync fails", 4, partial(_part, "planner", processes.disk_errors),
          (2.0, 4.0), (_PLANS_DISK,), is_possible=_trace),
    Fault("gateway: disk full", 5, partial(_part, "gateway", processes.disk_full),
          (1.0, 2.0), (_DISK,), is_possible=_trace),
    Fault("gateway: slow disk", 11, partial(_part, "gateway", processes.slow_disk),
          SHORT_S, weight=1, is_possible=_trace),
    Fault("agent: fsync fails", 4, partial(_agent, processes.disk_errors), (1.0, 3.0),
          (Said("agents", "disk I/O error"),), is_possible=_trace),
    Fault("agent: disk full", 5, partial(_agent, processes.disk_full), (1.0, 3.0),
          (Said("agents", "disk is full"),), is_possible=_trace),
    Fault("gateway: no descriptors", 8, _gateway_without_descriptors, SHORT_S,
          (Said("gateway", "Too many open files"),), weight=1),
    Fault("web: no descriptors", 8, partial(_part, "web", processes.without_descriptors),
          SHORT_S, weight=1),
    Fault("broker: no descriptors", 8, partial(_part, "broker", processes.without_descriptors),
          SHORT_S, weight=1, is_possible=processes.can_limit_others),
    Fault("agent: no descriptors", 8, partial(_agent, processes.without_descriptors), SHORT_S),
    Fault("gateway: out of memory", 9, partial(_part, "gateway", processes.little_memory),
          SHORT_S, weight=1, is_possible=_memory),
    Fault("agent: out of memory", 9, partial(_agent, processes.little_memory),
          SHORT_S, weight=1, is_possible=_memory),
    Fault("hub with 20 % of a processor", 10, _hub_without_cpu, SHORT_S, weight=1,
          is_possible=_cpu),
    Fault("clock 400 days back", 22, partial(_wrong_clock, -400 * DAY_S), SHORT_S),
    Fault("clock a day ahead", 22, partial(_wrong_clock, DAY_S), SHORT_S),
    Fault("poison: unknown type", 0, partial(_poison, "TeaServed", b"{}"), says=(_PARKED,)),
    Fault("poison: malformed", 0, partial(_poison, "PickConfirmed", b'{"line":7}'),
          says=(_PARKED,)),
    Fault("poison: refused", 0, partial(_poison, "PickConfirmed", _UNKNOWN_LINE), says=(_PARKED,)),
)  # fmt: skip
"""0 for a poison event, which the list does not number."""
