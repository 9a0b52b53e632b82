"""What is really where: the pieces in each bin, hand, tote and parcel. Owns the world's own truth.

Neither hub nor agent may ever read it. It changes only by what simulated people physically do, and
moving is all they can do: pieces neither appear nor vanish.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from random import Random
from typing import Final, NamedTuple

from simulators.errors import NotInTheWorld

Spot = tuple[str, str]
"""Kind and code of a place: ("BIN", "A-01-01-1"), ("TOTE", "T-0001"), ("HAND", badge) …"""

CUSTOMER: Final[Spot] = ("CUSTOMER", "customer")
WRONG_SHARE: Final = 0.015
"""Of the bins, this share holds something else than the books say."""


class Difference(NamedTuple):
    """So many pieces more (+) or fewer (-) than the books say, from the beginning."""

    spot: Spot
    item: bytes
    pieces: int


class Truth:
    """Pieces by place and article."""

    def __init__(self) -> None:
        self._pieces: dict[Spot, Counter[bytes]] = {}
        self._all: Counter[bytes] = Counter()
        self.seeded: dict[tuple[Spot, bytes], int] = {}
        """Where truth and books differed before anybody worked: pieces beyond the books."""

    def begin(self, books: Mapping[tuple[Spot, bytes], int], wrong: Iterable[Difference]) -> None:
        """Fill the world as the books say, but for what is wrong from the beginning."""
        for (spot, item), count in books.items():
            self._pieces.setdefault(spot, Counter())[item] += count
        for difference in wrong:
            spot, item, pieces = difference
            there = self.count(spot, item)
            pieces = max(pieces, -there)
            self._pieces.setdefault(spot, Counter())[item] += pieces
            self.seeded[spot, item] = pieces
        for counts in self._pieces.values():
            self._all.update(counts)

    def count(self, spot: Spot, item: bytes) -> int:
        """What somebody sees who looks."""
        return self._pieces.get(spot, Counter())[item]

    def of(self, spot: Spot) -> dict[bytes, int]:
        """Everything in one place."""
        return {item: count for item, count in self._pieces.get(spot, {}).items() if count}

    def move(self, source: Spot, target: Spot, item: bytes, count: int) -> None:
        """Somebody carries pieces. Raises NotInTheWorld."""
        there = self.count(source, item)
        if not 0 <= count <= there:
            raise NotInTheWorld(source, item, count, there)
        self._pieces.setdefault(source, Counter())[item] -= count
        self._pieces.setdefault(target, Counter())[item] += count

    def everything(self) -> Iterator[tuple[Spot, bytes, int]]:
        """Every place and article with pieces."""
        for spot, counts in self._pieces.items():
            for item, count in counts.items():
                if count:
                    yield spot, item, count

    def lost_pieces(self) -> int:
        """How many pieces have appeared or vanished since the beginning: always 0."""
        now: Counter[bytes] = Counter()
        for _, item, count in self.everything():
            now[item] += count
        return sum(abs(now[item] - self._all[item]) for item in now | self._all)


def seed_differences(
    books: Mapping[tuple[Spot, bytes], int], chance: Random, share: float = WRONG_SHARE
) -> list[Difference]:
    """Choose which bins hold fewer or more pieces than the books say: most of them fewer."""
    return [
        Difference(spot, item, _how_wrong(count, chance))
        for (spot, item), count in books.items()
        if chance.random() < share
    ]


def _how_wrong(count: int, chance: Random) -> int:
    few = 1 + min(int(chance.expovariate(0.4)), max(count - 1, 0))
    return -few if chance.random() < 0.7 else few
