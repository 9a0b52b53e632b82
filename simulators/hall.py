"""The building as people find it: shelves and their labels, empty totes, benches, spare devices.

Owns what people share and the metres they walk. What is really in each place is `truth`'s.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from hub.warehouse.floor import Floor
from hub.warehouse.walkways import Place
from simulators.truth import Truth

if TYPE_CHECKING:
    from simulators.virtual.handheld import Handheld

TOTES: Final = 600


class Article(NamedTuple):
    """What its labels say. `codes` are (text of a barcode, pieces of one scan), single pieces
    first.
    """

    item: bytes
    sku: str
    name: str
    codes: tuple[tuple[str, int], ...]

    def code_for(self, pieces: int) -> tuple[str, int]:
        """The label with the most pieces that are not more than these."""
        return max((code for code in self.codes if code[1] <= pieces), key=lambda code: code[1])


class Bench:
    """A packing place with its queue of totes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.totes: deque[str] = deque()
        self.wake: Callable[[], None] = lambda: None

    def put(self, totes: Iterable[str]) -> None:
        self.totes.extend(totes)
        self.wake()


class Hall:
    """One warehouse and what stands around in it."""

    def __init__(
        self, floor: Floor, truth: Truth, articles: Iterable[Article],
        shelves: dict[str, list[bytes]], benches: int,
    ) -> None:  # fmt: skip
        self.floor, self.truth = floor, truth
        self.articles = {article.item: article for article in articles}
        self.shelves = shelves
        """Which articles have a label at which bin."""
        self.benches = [Bench(f"bench-{n + 1}") for n in range(benches)]
        self.rack: deque[Handheld] = deque()
        """Devices that nobody uses."""
        self.put_backs: deque[str] = deque()
        """Totes with pieces that no order needs."""
        self.walked_cm = 0
        self.is_over = False
        """The shift ends: people finish what they have in hand."""
        self.leaves_reserve = False
        """They also leave what their device has ahead and nobody has begun."""
        self._empty = [f"T-{n + 1:04d}" for n in range(TOTES)]

    def article(self, bin: str, name: str) -> Article:
        """The article of this name at a bin, by the shelf's labels; else by name alone."""
        here = (self.articles[item] for item in self.shelves.get(bin, ()))
        found = next((article for article in here if article.name == name), None)
        if found is None:
            found = next(a for a in self.articles.values() if a.name == name)
        return found

    def walk(self, here: Place, there: Place) -> int:
        """The way from one place to another, in centimetres, which somebody walks now."""
        way_cm = self.floor.distance_cm(here, there)
        self.walked_cm += way_cm
        return way_cm

    def take_tote(self) -> str:
        """An empty tote off the stack."""
        return heapq.heappop(self._empty)

    def stack_tote(self, tote: str) -> None:
        heapq.heappush(self._empty, tote)

    def shortest_bench(self) -> Bench:
        return min(self.benches, key=lambda bench: len(bench.totes))

    @property
    def is_bench_empty(self) -> bool:
        return not any(bench.totes for bench in self.benches)
