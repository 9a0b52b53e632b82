"""The warehouse floor as a TOML description says it: aisles, blocks, bays, levels, bins.

Owns the description, its refusals, bin codes and where each bin stands. How far people walk is in
`walkways`, the picture in `floor_svg`. It knows no stock: a bin here is a place, not its content.

Geometry, all in integer centimetres: aisle a is the line x = a × aisle pitch; cross-aisle k the
line y = k × (cross-aisle width + bays per block × bay pitch), with cross-aisle 0 at the front; bay
j of a block begins half a cross-aisle width behind the block's front line. A bin is reached from
the aisle's centre line at the middle of its bay, whatever its side and level.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib import resources
from itertools import pairwise, product
from typing import Annotated, Any, Literal

import msgspec

from hub.errors import HubError
from hub.warehouse.walkways import Place, Point, Spot, Walkways, along, joined

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")

BAYS_MAX = 99
"""Bay numbers have two digits in a bin code; both sides of an aisle are numbered together."""

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Zone = Annotated[str, msgspec.Meta(pattern="^[A-Z]$")]
Count99 = Annotated[int, msgspec.Meta(ge=1, le=99)]
Blocks = Annotated[int, msgspec.Meta(ge=1, le=8)]
Levels = Annotated[int, msgspec.Meta(ge=1, le=9)]
PitchCm = Annotated[int, msgspec.Meta(ge=10, le=10_000)]

_BIN_CODE = re.compile(r"([A-Z])-(\d{2})-(\d{2})-(\d)")


class FloorRefused(HubError):
    """A floor description that cannot be used. `field` says where, the text what to do."""

    code = "FLOOR_REFUSED"

    def __init__(self, field: str, problem: str) -> None:
        self.field, self.problem = field, problem
        super().__init__(f"Floor description, {field}: {problem}")


class UnknownBin(HubError):
    """No bin of this floor has such a code."""

    code = "UNKNOWN_BIN"

    def __init__(self, bin_code: str, floor: str) -> None:
        self.bin_code, self.floor = bin_code, floor
        super().__init__(f"There is no bin {bin_code!r} on the floor {floor!r}.")


class BinSpot(msgspec.Struct, frozen=True):
    """One bin and where a picker stands to reach it.

    `aisle`, `block` and `bay` count from 0 as the geometry does; `code` carries the numbers that
    people read, from 1: zone, aisle, bay (odd left, even right, seen from the front), level.
    """

    code: str
    aisle: int
    block: int
    bay: int
    side: Side
    level: int
    x_cm: int
    y_cm: int


class Landmark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named place where an aisle meets a cross-aisle.

    `aisle` counts from 1, as its label says; cross-aisle 0 is the front one.
    """

    name: Name
    aisle: Count99
    cross_aisle: Annotated[int, msgspec.Meta(ge=0, le=8)] = 0


class Floor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One hall. Made by `load_floor`, which checks what the single fields cannot."""

    name: Name
    zone: Zone
    aisles: Count99
    blocks: Blocks
    bays_per_block: Count99
    levels: Levels
    aisle_pitch_cm: PitchCm
    bay_pitch_cm: PitchCm
    cross_aisle_width_cm: PitchCm
    depot: Landmark
    packing_bench: Landmark

    @cached_property
    def walkways(self) -> Walkways:
        """Where people walk; what the rules in `tours` take."""
        return Walkways(
            tuple(aisle * self.aisle_pitch_cm for aisle in range(self.aisles)),
            tuple(cross * self.block_pitch_cm for cross in range(self.blocks + 1)),
        )

    @property
    def block_pitch_cm(self) -> int:
        """From one cross-aisle's centre line to the next one's."""
        return self.cross_aisle_width_cm + self.bays_per_block * self.bay_pitch_cm

    @property
    def start(self) -> Spot:
        """Where tours begin."""
        return self._spot_of(self.depot)

    @property
    def bench(self) -> Spot:
        """Where picked totes are handed over."""
        return self._spot_of(self.packing_bench)

    def bins(self) -> Iterator[BinSpot]:
        """Every bin: aisle by aisle, from the front, left before right, from the bottom up."""
        for aisle in range(self.aisles):
            for block, bay in product(range(self.blocks), range(self.bays_per_block)):
                for side, level in product(SIDES, range(1, self.levels + 1)):
                    yield self._bin(aisle, block, bay, side, level)

    def bin(self, code: str) -> BinSpot:
        """The bin of this code. Raises UnknownBin."""
        match = _BIN_CODE.fullmatch(code)
        if match is None or match[1] != self.zone:
            raise UnknownBin(code, self.name)
        aisle, number, level = (int(match[group]) for group in (2, 3, 4))
        place, is_right = divmod(number - 1, 2)
        block, bay = divmod(place, self.bays_per_block)
        if not (
            1 <= aisle <= self.aisles and 0 <= block < self.blocks and 1 <= level <= self.levels
        ):
            raise UnknownBin(code, self.name)
        return self._bin(aisle - 1, block, bay, SIDES[is_right], level)

    def distance_cm(self, a: Place, b: Place) -> int:
        """The shortest walk between two places."""
        return self.walkways.distance_cm(a, b)

    def path(self, a: Place, b: Place) -> tuple[Point, ...]:
        """The corners of that walk, for drawing and for walking along."""
        return self.walkways.path(a, b)

    @staticmethod
    def along(path: tuple[Point, ...], walked_cm: int) -> Point:
        """Where somebody is who has walked so far along a path."""
        return along(path, walked_cm)

    def _spot_of(self, landmark: Landmark) -> Spot:
        return Spot(landmark.aisle - 1, landmark.cross_aisle * self.block_pitch_cm)

    def _bin(self, aisle: int, block: int, bay: int, side: Side, level: int) -> BinSpot:
        number = 2 * (block * self.bays_per_block + bay) + SIDES.index(side) + 1
        return BinSpot(
            code=f"{self.zone}-{aisle + 1:02d}-{number:02d}-{level}",
            aisle=aisle,
            block=block,
            bay=bay,
            side=side,
            level=level,
            x_cm=aisle * self.aisle_pitch_cm,
            y_cm=block * self.block_pitch_cm
            + self.cross_aisle_width_cm // 2
            + bay * self.bay_pitch_cm
            + self.bay_pitch_cm // 2,
        )


def load_floor(text: str) -> Floor:
    """Read a floor from TOML. Raises FloorRefused naming the field and what to change."""
    described = _described(text)
    _refuse_unknown_keys(described, Floor, "")
    for key in ("depot", "packing_bench"):
        if isinstance(described.get(key), dict):
            _refuse_unknown_keys(described[key], Landmark, f"{key}.")
    try:
        floor = msgspec.convert(described, Floor)
    except msgspec.ValidationError as error:
        raise _refusal_of(error, described) from error
    _refuse_too_many_bays(floor)
    _refuse_landmarks_off_the_floor(floor)
    return floor


def demo_floor() -> Floor:
    """The hall that comes with the product."""
    return load_floor((resources.files(__package__) / "floors" / "demo.toml").read_text("utf-8"))


def tour_polyline(floor: Floor, places: Sequence[Place]) -> tuple[Point, ...]:
    """The walk over these places, in this order, as one line; empty for no places."""
    if not places:
        return ()
    here = floor.walkways.point(places[0])
    return joined(((here,), *(floor.path(a, b) for a, b in pairwise(places))))


def _described(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FloorRefused("the file", f"this is not TOML: {error}.") from error


def _refuse_unknown_keys(described: dict[str, Any], table: type[msgspec.Struct], at: str) -> None:
    known = table.__struct_fields__
    for key in described:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            meant = f"did you mean {near[0]!r}?" if near else f"use {', '.join(known)}."
            raise FloorRefused(f"{at}{key}", f"there is no such key; {meant}")


def _refusal_of(error: msgspec.ValidationError, described: dict[str, Any]) -> FloorRefused:
    """msgspec's sentence, with the field in front and what was found behind."""
    fact, _, path = str(error).partition(" - at `$.")
    field = path.rstrip("`")
    missing = re.search(r"missing required field `(\w+)`", fact)
    if missing:
        field = f"{field}.{missing[1]}" if field else missing[1]
        return FloorRefused(field, "this key is missing; add it to the description.")
    found: Any = described
    for part in field.split("."):
        found = found[part]
    return FloorRefused(field, f"{fact}, but it says {found!r}; correct the value.")


def _refuse_too_many_bays(floor: Floor) -> None:
    numbers = len(SIDES) * floor.blocks * floor.bays_per_block
    if numbers > BAYS_MAX:
        bays_max = BAYS_MAX // (len(SIDES) * floor.blocks)
        raise FloorRefused(
            "bays_per_block",
            f"{floor.blocks} × {floor.bays_per_block} bays on two sides need numbers up to "
            f"{numbers}, and a bin code has two digits; use at most {bays_max}.",
        )


def _refuse_landmarks_off_the_floor(floor: Floor) -> None:
    for key, landmark in (("depot", floor.depot), ("packing_bench", floor.packing_bench)):
        if landmark.aisle > floor.aisles:
            problem = f"there is no aisle {landmark.aisle}; use 1 to {floor.aisles}."
            raise FloorRefused(f"{key}.aisle", problem)
        if landmark.cross_aisle > floor.blocks:
            problem = f"there is no cross-aisle {landmark.cross_aisle}; use 0 to {floor.blocks}."
            raise FloorRefused(f"{key}.cross_aisle", problem)
