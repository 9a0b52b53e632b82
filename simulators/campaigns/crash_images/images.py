"""The disks that a power cut may leave, at every moment of a recording. Owns what is tried.

Each way to lose power names which unsafe bytes and names arrived; what is safe is always there.
With nothing unsafe all ways are one, and disks that would be the same are built once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Final, NamedTuple

from simulators.campaigns.crash_images.disk import Content, Disk, Survivor, whole
from simulators.campaigns.crash_images.operations import Said, Write
from simulators.campaigns.crash_images.recorder import Recording

SECTOR_BYTES: Final = 512
BLOCK_BYTES: Final = 1_024


class Arrived(NamedTuple):
    """What of the unsafe reached the disk."""

    content: list[Survivor]
    names_count: int


class Image(NamedTuple):
    """One disk after one power cut."""

    files: dict[str, bytes]
    said: tuple[Said, ...]
    """What had been promised by then, oldest first."""
    way: str
    moment: int
    """After so many operations of the recording."""


Way = Callable[[Disk, Random], Arrived]


def _nothing(_disk: Disk, _chance: Random) -> Arrived:
    return Arrived([], 0)


def _everything(disk: Disk, _chance: Random) -> Arrived:
    return Arrived(whole(disk.unsafe), len(disk.waiting_names))


def _names_alone(disk: Disk, _chance: Random) -> Arrived:
    """The file system's journal arrived before the data: how renamed files come out empty."""
    return Arrived([], len(disk.waiting_names))


def _content_alone(disk: Disk, _chance: Random) -> Arrived:
    return Arrived(whole(disk.unsafe), 0)


def _half(disk: Disk, chance: Random) -> Arrived:
    """Each write or not, as a coin falls."""
    there = [operation for operation in disk.unsafe if chance.random() < 0.5]
    return Arrived(whole(there), _some_names(disk, chance))


def _reordered(disk: Disk, chance: Random) -> Arrived:
    """The youngest arrived, an older one did not."""
    unsafe = disk.unsafe
    if len(unsafe) < 2:
        return _everything(disk, chance)
    missing = chance.randrange(len(unsafe) - 1)
    arrived = [o for n, o in enumerate(unsafe) if n > missing or chance.random() < 0.5]
    return Arrived(whole(arrived), _some_names(disk, chance))


def _torn(unit_bytes: int) -> Way:
    """All up to one write, and of that one a number of whole sectors."""

    def torn(disk: Disk, chance: Random) -> Arrived:
        unsafe = disk.unsafe
        writes = [n for n, o in enumerate(unsafe) if isinstance(o, Write)]
        if not writes:
            return _everything(disk, chance)
        last = chance.choice(writes)
        cut = Survivor(unsafe[last], _sectors(unsafe[last], unit_bytes, chance))
        return Arrived([*whole(unsafe[:last]), cut], _some_names(disk, chance))

    return torn


def _sectors(operation: Content, unit_bytes: int, chance: Random) -> int:
    """So many bytes that the cut lies on a sector's edge of the file."""
    assert isinstance(operation, Write)  # noqa: S101 - chosen so
    end = operation.offset + len(operation.content)
    edges = range(-(-operation.offset // unit_bytes) * unit_bytes, end, unit_bytes)
    return max(0, chance.choice(edges) - operation.offset) if edges else 0


def _some_names(disk: Disk, chance: Random) -> int:
    return chance.randint(0, len(disk.waiting_names))


WAYS: Final[dict[str, Way]] = {
    "nothing": _nothing, "everything": _everything, "names alone": _names_alone,
    "content alone": _content_alone, "half": _half, "reordered": _reordered,
    "torn at 512": _torn(SECTOR_BYTES), "torn at 1,024": _torn(BLOCK_BYTES),
}  # fmt: skip


def images(
    recording: Recording, chance: Random, ways: Sequence[str] = tuple(WAYS), share: float = 1.0
) -> Iterator[Image]:
    """Every moment in every way; with a `share` below 1, so many of them by chance."""
    disk = Disk(recording.files)
    said: tuple[Said, ...] = ()
    for moment, operation in enumerate(recording.operations, start=1):
        if isinstance(operation, Said):
            said = (*said, operation)
        disk.take(operation)
        chosen = [way for way in ways if share >= 1 or chance.random() < share]
        for way, arrived in _distinct(disk, chosen, chance):
            files = disk.after_power_cut(arrived.content, arrived.names_count)
            yield Image(files, said, way, moment)


def _distinct(disk: Disk, ways: Sequence[str], chance: Random) -> Iterator[tuple[str, Arrived]]:
    seen: set[object] = set()
    for way in ways:
        arrived = WAYS[way](disk, chance)
        key = (tuple((id(s.operation), s.kept_bytes) for s in arrived.content), arrived.names_count)
        if key not in seen:
            seen.add(key)
            yield way, arrived
