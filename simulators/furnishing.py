"""A warehouse to work in: real orders, articles with barcodes, bins, stock, people, devices.

Owns how the two bundled days become a world that people can work in, with so little stock that some
lines stay short. Everything enters the hub as it would in a shop: by imports and acts.
"""

from __future__ import annotations

import csv
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple, TypeVar

from hub.bulk import days
from hub.bulk.engine import run_import
from hub.bulk.kinds.orders import OrderFile
from hub.bulk.posting import Options
from hub.catalog import queries as catalog_queries
from hub.catalog.acts import SaveBarcode
from hub.command import Command
from hub.config import HubConfig
from hub.db import fetch
from hub.devices import service as devices
from hub.devices.acts import AddDevice
from hub.inventory.acts import Goods, Receive
from hub.journal import Journal
from hub.staff.acts import AddPerson
from hub.warehouse.floor import BinSpot, Floor
from hub.warehouse.queries import floor_of
from protocols import pin_verifier
from protocols.barcodes import check_digit
from simulators.hall import Article

SHORT_LINES: Final = 0.03
"""So many of the lines find too little stock in the books; bins that are wrong come on top."""
SLICE: Final = 100
"""Rows of one act while the warehouse is filled."""
SECOND_BIN: Final = 0.2
"""Of the articles, the busiest share has a second bin."""
CASE_PIECES: Final = 6
PICKERS_OF_A_STOWER: Final = 3
HOURS_TO_CUT_OFF: Final = timedelta(hours=4)
FIRST_NAMES: Final = (
    "Ana", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gina", "Hugo", "Ida", "Jon", "Kim", "Lea", "Max",
    "Nora", "Otto", "Pia", "Quentin", "Rosa", "Sam", "Tess", "Uli", "Vera", "Will", "Xenia",
)  # fmt: skip


T = TypeVar("T")


class Badge(NamedTuple):
    """Somebody of the shift."""

    person: bytes
    name: str
    badge: str
    pin: str


class Furnished(NamedTuple):
    """What the simulated world has to know of the hub's beginning."""

    floor: Floor
    articles: tuple[Article, ...]
    books: dict[tuple[tuple[str, str], bytes], int]
    pickers: tuple[Badge, ...]
    packers: tuple[Badge, ...]
    supervisor: Badge
    stowers: tuple[Badge, ...]
    """They put away what no order needs any more."""
    passwords: dict[str, str]
    """Of the devices, by name."""


class Demand(NamedTuple):
    """What the orders want of one article, in the order in which they came."""

    item: bytes
    sku: str
    name: str
    wanted: tuple[int, ...]

    @property
    def pieces(self) -> int:
        return sum(self.wanted)


class Furnisher:
    """Fills one hub's database."""

    def __init__(self, config: HubConfig, journal: Journal, chance: Random) -> None:
        self._config, self._journal, self._chance = config, journal, chance
        self._company, self._site = config.company, config.site

    def furnish(self, orders: int, pickers: int, packers: int) -> Furnished:
        """Everything; the site itself must be there."""
        self.take_orders(orders)
        floor = floor_of(self._site)
        demand = self._demand()
        articles = self._label(demand)
        books = self._stock(demand, floor)
        names = [f"handheld-{n + 1}" for n in range(pickers + 1)]
        stowers = max(1, pickers // PICKERS_OF_A_STOWER)
        return Furnished(
            floor, articles, books,
            tuple(self._person(n, "picker") for n in range(pickers)),
            tuple(self._person(pickers + n, "packer") for n in range(packers)),
            self._person(pickers + packers, "supervisor"),
            tuple(self._person(pickers + packers + 1 + n, "supervisor") for n in range(stowers)),
            {name: self._device(name) for name in names},
        )  # fmt: skip

    # ── orders ───────────────────────────────────────────────────────────────────────────

    def take_orders(self, count: int) -> None:
        """Import the first so many goods orders of the two days, shifted to today."""
        now_us = self._journal.clock.now_us()
        today = datetime.fromtimestamp(now_us / 1_000_000, tz=UTC).date()
        with tempfile.TemporaryDirectory(prefix="binlight-orders-") as folder:
            file = Path(folder) / "orders.csv"
            write_days(file, count)
            self._import(file, today)

    def _import(self, file: Path, today: date) -> None:
        run_import(
            self._journal, OrderFile(), file, company=self._company, site=self._site,
            options=Options(shift_to=today, due_at=self._due_at()), rest=lambda _seconds: None,
        )  # fmt: skip

    def _due_at(self) -> int:
        """Some hours from now, within the day: nothing is late before anybody had a chance."""
        now = datetime.fromtimestamp(self._journal.clock.now_us() / 1_000_000, tz=UTC)
        cut_off = now.replace(minute=0, second=0, microsecond=0) + HOURS_TO_CUT_OFF
        midnight = now.replace(hour=23, minute=59, second=59, microsecond=0)
        return int(min(cut_off, midnight).timestamp()) * 1_000_000

    def _demand(self) -> list[Demand]:
        """By article, the busiest first."""
        wanted: dict[bytes, list[int]] = defaultdict(list)
        names: dict[bytes, tuple[str, str]] = {}
        rows = fetch(
            self._journal.database,
            "SELECT l.item, i.sku, i.name, l.ordered FROM order_line l "
            "JOIN sales_order o ON o.id = l.order_id JOIN item i ON i.id = l.item "
            "WHERE o.site = ? AND o.state = 'APPROVED' ORDER BY o.due_at, o.number, l.n",
            (self._site,),
        )
        for item, sku, name, ordered in rows:
            wanted[bytes(item)].append(int(ordered))
            names[bytes(item)] = (sku, name)
        demand = [Demand(item, *names[item], tuple(counts)) for item, counts in wanted.items()]
        return sorted(demand, key=lambda one: (-len(one.wanted), one.sku))

    # ── articles ─────────────────────────────────────────────────────────────────────────

    def _label(self, demand: list[Demand]) -> tuple[Article, ...]:
        """Every article gets an EAN-13, and the busy ones a case of six with a label of its own."""
        numbered = list(enumerate(demand))

        for n, one in numbered:
            self._carry_out(SaveBarcode(self._company, _ean(n), one.item))
            if _has_case(one):
                self._carry_out(SaveBarcode(self._company, _case(n), one.item, "case", CASE_PIECES))
        return tuple(
            Article(
                one.item, one.sku, one.name,
                ((_ean(n), 1), (_case(n), CASE_PIECES)) if _has_case(one) else ((_ean(n), 1),),
            )
            for n, one in numbered
        )  # fmt: skip

    # ── stock ────────────────────────────────────────────────────────────────────────────

    def _stock(
        self, demand: list[Demand], floor: Floor
    ) -> dict[tuple[tuple[str, str], bytes], int]:
        """Put stock into bins: busy articles near the benches, and a second bin for the busiest."""
        pieces = self._how_much(demand)
        bins = _by_nearness(floor)
        seconds = list(range(int(len(demand) * SECOND_BIN)))
        rows: list[Goods] = []
        for n, one in enumerate(demand):
            count = pieces[one.item]
            part = count // 3 if n < len(seconds) and count >= 12 else 0
            rows.append(Goods(bins[n % len(bins)].code, one.item, count - part))
            if part:
                rows.append(Goods(bins[-1 - n % len(bins)].code, one.item, part))
        rows = [row for row in rows if row.quantity > 0]
        for some in _slices(rows):
            self._carry_out(Receive(tuple(some), "opening stock"))
        return {(("BIN", code), item): count for code, item, count in rows}

    def _how_much(self, demand: list[Demand]) -> dict[bytes, int]:
        """Enough of most articles, and too little of some: SHORT_LINES of all lines stay short."""
        lines = sum(len(one.wanted) for one in demand)
        left = int(lines * SHORT_LINES)
        pieces = {one.item: one.pieces + 3 + one.pieces // 4 for one in demand}
        for one in self._chance.sample(demand, len(demand)):
            if left <= 0:
                break
            there = int(one.pieces * self._chance.uniform(0, 0.9))
            short = _short_lines(one.wanted, there)
            if 0 < short <= left:
                pieces[one.item] = there
                left -= short
        return pieces

    # ── people and devices ───────────────────────────────────────────────────────────────

    def _person(self, n: int, role: str) -> Badge:
        name = FIRST_NAMES[n % len(FIRST_NAMES)] + ("" if n < len(FIRST_NAMES) else f" {n}")
        badge, pin = f"{name.upper().replace(' ', '-')}", f"{self._chance.randrange(10**4):04d}"
        proof = pin_verifier.make(pin, self._chance.randbytes(12))
        person = self._carry_out(
            AddPerson(self._company, name, badge=badge, verifier=proof, roles=(role,))
        )
        return Badge(person, name, badge, pin)

    def _device(self, name: str) -> str:
        password, secret_hash = devices.new_password(self._chance.randbytes)
        self._carry_out(AddDevice(name, "handheld", secret_hash))
        return password

    def _carry_out(self, command: Command[T]) -> T:
        return self._journal.carry_out(command, site=self._site, via="setup")


def articles_of(config: HubConfig, journal: Journal) -> tuple[Article, ...]:
    """Every article with what its labels say, as the catalogue knows it."""
    rows = fetch(journal.database, "SELECT id, sku, name FROM item ORDER BY sku_key")
    codes = catalog_queries.codes_of(journal.database, [bytes(row[0]) for row in rows])
    return tuple(
        Article(bytes(id), sku, name, tuple(sorted(codes[bytes(id)].items(), key=lambda c: c[1])))
        for id, sku, name in rows
    )


def write_days(file: Path, orders: int) -> int:
    """The bundled days' file, with its first so many invoices of goods alone; returns how many."""
    chosen: dict[str, None] = {}
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = None
        for row in days.rows():
            number = row["InvoiceNo"]
            if not _is_goods(row) or (number not in chosen and len(chosen) == orders):
                continue
            chosen[number] = None
            if writer is None:
                writer = csv.DictWriter(out, list(row))
                writer.writeheader()
            writer.writerow(row)
    return len(chosen)


def _is_goods(row: dict[str, str]) -> bool:
    """A row of an order that asks for pieces: no cancellation, adjustment or charge."""
    return (
        row["InvoiceNo"].isdigit()
        and int(row["Quantity"]) > 0
        and float(row["UnitPrice"]) > 0
        and row["StockCode"][:5].isdigit()
    )


def _by_nearness(floor: Floor) -> list[BinSpot]:
    """Bins by how far they are from the bench, lower levels first."""
    return sorted(
        floor.bins(), key=lambda bin: (bin.level > 1, floor.distance_cm(floor.bench, bin), bin.code)
    )


def _short_lines(wanted: tuple[int, ...], there: int) -> int:
    """How many lines get less than they want when they are served as they came."""
    short = 0
    for count in wanted:
        short += count > there
        there = max(0, there - count)
    return short


def _has_case(one: Demand) -> bool:
    return max(one.wanted) >= 2 * CASE_PIECES


def _ean(n: int) -> str:
    """An EAN-13 of the range that GS1 keeps for examples."""
    body = f"952{n:09d}"
    return body + check_digit(body)


def _case(n: int) -> str:
    body = f"1952{n:09d}"
    return body + check_digit(body)


def _slices(rows: list[Any]) -> Iterator[list[Any]]:
    source = iter(rows)
    while some := list(islice(source, SLICE)):
        yield some
