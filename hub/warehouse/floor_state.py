"""What goes on on the floor at this moment, as the live map draws it: tours, people, bins.

Reads only. Points are as the picture draws them: x in centimetres, y from the rear wall down.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import msgspec
from peewee import JOIN

from hub.devices.models import Device
from hub.floor_exceptions import FloorException
from hub.inventory.models import Place
from hub.staff.models import Person
from hub.warehouse import queries
from hub.warehouse.floor import Floor, UnknownBin, tour_polyline
from hub.warehouse.floor_svg import TOUR_COLOURS, depth_cm
from hub.warehouse.models import Assignment, WorkLine
from hub.warehouse.states import LINE_OVER
from hub.warehouse.walkways import Point, Spot
from hub.warehouse.wave_lists import in_reserve

AT_WORK: Final = ("ASSIGNED", "IN_PROGRESS", "SUSPENDED")
LOCKED: Final = ("BLOCKED_IN", "BLOCKED_OUT", "COUNT_LOCK")


class Picker(msgspec.Struct, frozen=True):
    """Somebody at work: where they were last seen, and how far their tour is."""

    key: str
    mark: str
    """The number in their dot, on their line and in the table."""
    colour: int
    name: str
    device: str
    wave: str
    state: str
    is_reserve: bool
    """Work that lies ahead on the device: neither drawn nor walked yet."""
    x: int
    y: int
    bin: str
    """Of the last scan."""
    next_bin: str
    done: int
    total: int
    left_m: int
    points: str
    """The walk that is left, as SVG writes it."""


class FloorState(msgspec.Struct, frozen=True):
    pickers: tuple[Picker, ...]
    bins: dict[str, str]
    """What is unusual: due, done, short or blocked, by bin code."""


class _Work(NamedTuple):
    id: bytes
    is_reserve: bool
    state: str
    device: str
    wave: bytes
    place_code: str
    person: str


class _Stop(NamedTuple):
    assignment: bytes
    state: str
    code: str
    spot: Spot


def floor_state(site: str) -> FloorState:
    """Everybody who holds work, and every bin that somebody should look at."""
    floor = queries.floor_of(site)
    works = _works(site)
    stops = _stops(floor, [work.id for work in works])
    colours = _colours(site)
    pickers = tuple(
        _picker(floor, work, stops.get(work.id, []), colours.get(work.device, 0)) for work in works
    )
    pickers = tuple(sorted(pickers, key=lambda picker: (picker.device, picker.is_reserve)))
    return FloorState(pickers, _bins(site, [stop for of in stops.values() for stop in of]))


def _works(site: str) -> list[_Work]:
    on = (Device.site == Assignment.site) & (Device.name == Assignment.device)
    query: Any = (
        Assignment.select(
            Assignment.id, Assignment.state, Assignment.device, Assignment.wave,
            Device.place_code, Person.name,
        )
        .join(Device, JOIN.LEFT_OUTER, on=on)
        .join(Person, JOIN.LEFT_OUTER, on=(Person.id == Assignment.person))
        .where((Assignment.site == site) & Assignment.state.in_(AT_WORK))
        .order_by(Assignment.device, Assignment.id)
        .tuples()
    )  # fmt: skip
    ahead = in_reserve(site)
    return [
        _Work(id, bytes(id) in ahead, state, device, wave, place or "", person or "")
        for id, state, device, wave, place, person in query
    ]


def _stops(floor: Floor, assignments: Sequence[bytes]) -> dict[bytes, list[_Stop]]:
    """The stops of each tour in walking order."""
    if not assignments:
        return {}
    query: Any = (
        WorkLine.select(WorkLine.assignment, WorkLine.state, Place.code, Place.aisle, Place.y_cm)
        .join(Place, on=(Place.id == WorkLine.place))
        .where(WorkLine.assignment.in_(assignments))
        .order_by(WorkLine.assignment, WorkLine.sequence, WorkLine.id)
        .tuples()
    )
    found: dict[bytes, list[_Stop]] = {}
    for assignment, state, code, aisle, y_cm in query:
        spot = _on_floor(floor, aisle, y_cm)
        found.setdefault(assignment, []).append(_Stop(assignment, state, code, spot))
    return found


def _on_floor(floor: Floor, aisle: int, y_cm: int) -> Spot:
    """A place that the map does not have is fetched at the start."""
    if aisle < floor.aisles and 0 <= y_cm <= depth_cm(floor):
        return Spot(aisle, y_cm)
    return floor.start


def _colours(site: str) -> dict[str, int]:
    """Each device keeps its number for as long as it is enrolled."""
    query: Any = Device.select(Device.name).where(Device.site == site).order_by(Device.name)
    return {name: n for n, (name,) in enumerate(query.tuples())}


def _picker(floor: Floor, work: _Work, stops: list[_Stop], number: int) -> Picker:
    left = [stop for stop in stops if stop.state not in LINE_OVER]
    here = _last_seen(floor, work.place_code)
    way = tour_polyline(floor, [here, *(stop.spot for stop in left), floor.bench])
    x, y = floor.walkways.point(here)
    return Picker(
        key=work.id.hex(), mark=str(number + 1), colour=number % TOUR_COLOURS,
        name=work.person or work.device, device=work.device, wave=work.wave.hex(),
        state=work.state, is_reserve=work.is_reserve,
        x=x, y=depth_cm(floor) - y, bin=work.place_code,
        next_bin=left[0].code if left else "", done=len(stops) - len(left), total=len(stops),
        left_m=_length_cm(way) // 100, points=" ".join(_drawn(floor, way)),
    )  # fmt: skip


def _last_seen(floor: Floor, code: str) -> Spot:
    if not code:
        return floor.start
    try:
        bin = floor.bin(code)
    except UnknownBin:
        return floor.start
    return Spot(bin.aisle, bin.y_cm)


def _length_cm(way: Sequence[Point]) -> int:
    return sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in pairwise(way))


def _drawn(floor: Floor, way: Sequence[Point]) -> Iterator[str]:
    for x, y in way:
        yield f"{x},{depth_cm(floor) - y}"


def _bins(site: str, stops: Sequence[_Stop]) -> dict[str, str]:
    """What concerns people most wins: blocked, short, due, done."""
    states = {stop.code: "done" for stop in stops if stop.state == "DONE"}
    states.update({stop.code: "due" for stop in stops if stop.state not in LINE_OVER})
    short: Any = (
        Place.select(Place.code)
        .join(FloorException, on=(FloorException.place == Place.id))
        .where(
            (FloorException.site == site)
            & (FloorException.state == "OPEN")
            & (FloorException.kind == "SHORT_PICK")
        )
        .tuples()
    )
    states.update({code: "short" for (code,) in short})
    locked: Any = Place.select(Place.code).where(
        (Place.site == site) & (Place.kind == "BIN") & Place.state.in_(LOCKED)
    )
    states.update({code: "blocked" for (code,) in locked.tuples()})
    return states
