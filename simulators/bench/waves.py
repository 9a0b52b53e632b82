"""How long a wave takes: 1,000 order lines planned and released, alone and beside 50,000 open
orders. Owns its own database in a folder that is gone afterwards.

Figures are of this machine: `cpu_ms` is what the wave itself needs, the rest up to `total_ms` is
waiting for the disk (`commit_ms` is one bare durable commit) or for others on the same cores.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any, Final

from hub.catalog.service import save_item
from hub.clock import FixedClock
from hub.inventory import service as inventory
from hub.journal import Act, Journal
from hub.migrations import migrate
from hub.opening import open_database
from hub.orders.service import NewLine, NewOrder, place_many
from hub.warehouse import order_pool, planner, queries, service
from hub.warehouse.floor import demo_floor
from hub.warehouse.models import Wave
from hub.warehouse.order_pool import OrderFilter

SITE: Final = "w1"
COMPANY: Final = "shop"
ARTICLES: Final = 1_500
LINES_PER_ORDER: Final = 25
"""Real orders of the bundled days have about 26."""
ORDERS_PER_WAVE: Final = 40
ORDERS_PER_ACT: Final = 200
OPEN_ORDERS: Final = 50_000
LATER: Final = 10**15
"""Due long after the measured orders."""


class World:
    """A furnished hall with stock for everything, and a seed."""

    def __init__(self, folder: str, seed: int) -> None:
        self.random = Random(seed)
        database = open_database(f"sqlite:///{Path(folder) / 'hub.db'}")
        migrate(database)
        self.database = database
        self.journal = Journal(database, FixedClock(), Random(seed + 1))
        self.items: list[bytes] = []
        self.perform(self._furnish)

    def perform(self, do: Callable[[Act], object]) -> None:
        self.journal.perform("bench", do, site=SITE, via="setup")

    def _furnish(self, act: Act) -> None:
        bins = list(demo_floor().bins())
        inventory.ensure_site(act, SITE, COMPANY, "Bench")
        inventory.define_bins(act, bins)
        for n in range(ARTICLES):
            item = save_item(act, COMPANY, f"SKU{n}", f"Article {n}")
            self.items.append(item)
            for spot in self.random.sample(bins, 2):
                units = self.random.randint(200, 600)
                inventory.receive(act, spot.code, item, units, "opening", company=COMPANY)

    def orders(self, count: int, due_at: int, lines: int = LINES_PER_ORDER) -> None:
        for first in range(0, count, ORDERS_PER_ACT):
            some = [
                NewOrder(
                    COMPANY,
                    tuple(
                        NewLine(item, self.random.randint(1, 6))
                        for item in self.random.sample(self.items, lines)
                    ),
                    due_at=due_at + first + n,
                )
                for n in range(min(ORDERS_PER_ACT, count - first))
            ]
            self._place(some)

    def _place(self, some: list[NewOrder]) -> None:
        self.perform(lambda act: place_many(act, some))

    def wave(self) -> dict[str, float]:
        """Plan and release the next wave as page and planner do; milliseconds."""
        self.orders(ORDERS_PER_WAVE, due_at=1)
        begun, busy = perf_counter(), process_time()
        due = order_pool.due_orders(SITE, OrderFilter(orders_max=ORDERS_PER_WAVE))
        self.perform(lambda act: service.plan_wave(act, due))
        planner.step(self.journal, SITE)
        planned = perf_counter()
        wave = Wave.get(Wave.state == "PLANNED")
        self.perform(lambda act: service.set_goal(act, wave.id, "RELEASED"))
        planner.step(self.journal, SITE)
        released = perf_counter()
        done = queries.wave(wave.id)
        assert done.state == "RELEASED"  # noqa: S101 - else the figure is of something else
        return {
            "lines": done.lines_total,
            "plan_ms": (planned - begun) * 1_000,
            "release_ms": (released - planned) * 1_000,
            "total_ms": (released - begun) * 1_000,
            "cpu_ms": (process_time() - busy) * 1_000,
        }

    def commit_ms(self) -> float:
        """One act that does nothing but its journal row."""
        begun = perf_counter()
        self.perform(lambda _act: None)
        return (perf_counter() - begun) * 1_000


def run(*, rounds: int = 5, open_orders: int = 0, seed: int = 7) -> dict[str, float]:
    """Median of `rounds` waves of 1,000 lines; `open_orders` others of 2 lines wait beside."""
    with TemporaryDirectory() as folder:
        world = World(folder, seed)
        world.orders(open_orders, LATER, lines=2)
        waves = [world.wave() for _ in range(rounds)]
        commits = [world.commit_ms() for _ in range(rounds)]
        world.database.close()
    names = ("plan_ms", "release_ms", "total_ms", "cpu_ms")
    return {
        "lines": waves[0]["lines"],
        **{name: round(median(wave[name] for wave in waves), 1) for name in names},
        "commit_ms": round(median(commits), 1),
        "open_orders": open_orders,
    }


def measure(say: Callable[[str], None], *, scale: float = 1.0) -> dict[str, Any]:
    """Both settings, for `binlight bench waves`."""
    say("Waves of 1,000 lines, nothing else open")
    alone = run()
    say(f"{alone['total_ms']} ms; now beside open orders")
    beside = run(rounds=3, open_orders=int(OPEN_ORDERS * scale))
    return {"bench": "waves", "alone": alone, "beside_open_orders": beside}
