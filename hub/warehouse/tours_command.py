"""`binlight tours`: plans pick tours for instances in a file. Owns that file's form.

In: a JSON list; each instance has a `name`, a `geometry` and `picks` as [aisle, block, bay], all
from 0. Out: `{name: {"order": [indices into picks], "length_cm": n}}`. Further keys of an instance
are read over, so that published lists with their seeds and references can be used as they are.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Annotated

import click
import msgspec

from hub.errors import HubError
from hub.warehouse.tours import Tour, plan_tour
from hub.warehouse.walkways import Spot, Walkways

INSTANCE_BYTES_MAX = 100_000_000

Counted = Annotated[int, msgspec.Meta(ge=1, le=1_000)]
LengthCm = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Index = Annotated[int, msgspec.Meta(ge=0)]


class Geometry(msgspec.Struct, frozen=True):
    """A hall of equal blocks, closed tours from the depot; lengths between centre lines."""

    aisles: Counted
    blocks: Annotated[int, msgspec.Meta(ge=1, le=20)]
    bays_per_block: Counted
    aisle_pitch_cm: LengthCm
    bay_pitch_cm: LengthCm
    cross_aisle_width_cm: LengthCm
    depot_aisle: Index

    @property
    def block_pitch_cm(self) -> int:
        return self.cross_aisle_width_cm + self.bays_per_block * self.bay_pitch_cm

    def walkways(self) -> Walkways:
        return Walkways(
            tuple(aisle * self.aisle_pitch_cm for aisle in range(self.aisles)),
            tuple(cross * self.block_pitch_cm for cross in range(self.blocks + 1)),
        )

    def spot(self, aisle: int, block: int, bay: int) -> Spot:
        """Where a picker stands for this bay."""
        into_block_cm = self.cross_aisle_width_cm // 2 + self.bay_pitch_cm // 2
        y_cm = block * self.block_pitch_cm + into_block_cm + bay * self.bay_pitch_cm
        return Spot(aisle, y_cm)


class Instance(msgspec.Struct, frozen=True):
    """One case: where to go, and what its author knows about it."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    geometry: Geometry
    picks: tuple[tuple[Index, Index, Index], ...]
    optimal_cm: int | None = None


class ToursFileRefused(HubError):
    """A file of instances that cannot be planned; nothing was written."""

    code = "TOURS_FILE_REFUSED"

    def __init__(self, file: str, problem: str) -> None:
        self.file, self.problem = file, problem
        super().__init__(f"{file}: {problem}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="JSON file to write.")
def command(file: Path, out: Path) -> None:
    """Plan the shortest pick tour for each instance in FILE."""
    instances = read_instances(file)
    tours = {instance.name: plan_instance(instance) for instance in instances}
    _write(out, tours)
    click.echo(_table(instances, tours))


def read_instances(file: Path) -> list[Instance]:
    """The instances of a file. Raises ToursFileRefused, saying which instance and why."""
    try:
        if file.stat().st_size > INSTANCE_BYTES_MAX:
            raise ToursFileRefused(str(file), f"more than {INSTANCE_BYTES_MAX} bytes.")
        instances = msgspec.json.decode(file.read_bytes(), type=list[Instance])
    except OSError as error:
        raise ToursFileRefused(str(file), f"cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise ToursFileRefused(str(file), f"{error}.") from error
    names: set[str] = set()
    for instance in instances:
        problem = _problem(instance) or ("comes twice" if instance.name in names else None)
        if problem:
            raise ToursFileRefused(str(file), f"instance {instance.name!r} {problem}.")
        names.add(instance.name)
    return instances


def plan_instance(instance: Instance) -> Tour:
    """The tour from the depot on the front cross-aisle over all picks and back."""
    geometry = instance.geometry
    stops = [geometry.spot(*pick) for pick in instance.picks]
    depot = Spot(geometry.depot_aisle, 0)
    return plan_tour(geometry.walkways(), stops, start=depot, end=depot)


def _problem(instance: Instance) -> str | None:
    geometry = instance.geometry
    if geometry.depot_aisle >= geometry.aisles:
        return f"has its depot at aisle {geometry.depot_aisle} of {geometry.aisles}"
    limits = (geometry.aisles, geometry.blocks, geometry.bays_per_block)
    for index, pick in enumerate(instance.picks):
        for what, value, limit in zip(("aisle", "block", "bay"), pick, limits, strict=True):
            if value >= limit:
                return f"has pick {index} at {what} {value}, and only 0 to {limit - 1} exist"
    return None


def _write(out: Path, tours: dict[str, Tour]) -> None:
    plain = {
        name: {"order": tour.order, "length_cm": tour.length_cm} for name, tour in tours.items()
    }
    try:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(plain), indent=0) + b"\n")
    except OSError as error:
        raise ToursFileRefused(str(out), f"cannot be written: {error.strerror}.") from error


def _table(instances: list[Instance], tours: dict[str, Tour]) -> str:
    width = max([len(instance.name) for instance in instances], default=4)
    rows = [f"{'name':<{width}}  picks  length m  gap"]
    rows += [_row(instance, tours[instance.name], width) for instance in instances]
    gaps = [_gap(i, tours[i.name]) for i in instances if i.optimal_cm]
    if gaps:
        mean = sum(gaps) / len(gaps)
        rows.append(f"gap: mean {mean:.2%}, median {median(gaps):.2%}, most {max(gaps):.2%}")
    return "\n".join(rows)


def _row(instance: Instance, tour: Tour, width: int) -> str:
    gap = f"{_gap(instance, tour):.2%}" if instance.optimal_cm else "proven" * _is_proven(tour)
    length_m = tour.length_cm / 100
    return f"{instance.name:<{width}}  {len(instance.picks):>5}  {length_m:>8.1f}  {gap}"


def _gap(instance: Instance, tour: Tour) -> float:
    """How far above the known optimum."""
    assert instance.optimal_cm  # noqa: S101 - asked only where it is known
    return tour.length_cm / instance.optimal_cm - 1


def _is_proven(tour: Tour) -> bool:
    return tour.length_cm == tour.bound_cm
