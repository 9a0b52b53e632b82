"""Work to pick, by the thousands: stock, orders and released lines for a measurement of events.

Owns rows that are consistent with each other for the acts that are measured, written at once; how
such rows come about in earnest is orders', inventory's and the planner's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any, Final, NamedTuple, TypeVar

from hub.catalog import service as catalog
from hub.db import Insert, Table
from hub.inventory import service as inventory
from hub.inventory.models import Allocation
from hub.inventory.posting import Goods, balance_id, place_id, real
from hub.journal import Act, Journal
from hub.orders import lines
from hub.orders.models import OrderLine, SalesOrder
from hub.warehouse.models import Assignment, AssignmentSlot, Wave, WorkLine
from protocols.envelope import Event, encode_data, encode_event
from protocols.messages.events import PickConfirmed

T = TypeVar("T")

ITEMS: Final = 400
LINES_AN_ORDER: Final = 26
"""What real orders have."""
ORDERS_AN_ACT: Final = 20
FIRST_AT_US: Final = 1_767_596_400_000_000


class Line(NamedTuple):
    """One released work line, as its picker knows it."""

    id: bytes
    assignment: bytes
    bin: str
    item: bytes
    quantity: int
    tote: str


class RowOf(Insert):
    """A plain insert that knows its table's defaults."""

    def __init__(self, model: type[Table]) -> None:
        super().__init__(model)
        meta: Any = model._meta  # noqa: SLF001 - peewee keeps a table's columns there
        self.defaults = {field.column_name: field.default for field in meta.sorted_fields}


_order: Final = RowOf(SalesOrder)
_order_line: Final = RowOf(OrderLine)
_claim: Final = RowOf(Allocation)
_wave: Final = RowOf(Wave)
_assignment: Final = RowOf(Assignment)
_slot: Final = RowOf(AssignmentSlot)
_line: Final = RowOf(WorkLine)


class PickWork:
    """Makes released work lines, and the events that confirm them."""

    def __init__(self, journal: Journal, site: str, company: str, random: Random) -> None:
        self._journal, self._site, self._company, self._random = journal, site, company, random
        self._items: list[tuple[bytes, str]] = []
        self._orders = 0

    def stock_up(self, items: int = ITEMS) -> None:
        """Articles, each in a bin of its own, with more than anybody will take."""
        for first in range(0, items, 50):
            self._perform(partial(self._add_items, first, min(first + 50, items)))

    def _perform(self, do: Callable[[Act], T]) -> T:
        return self._journal.perform("bench.prepare", do, site=self._site, via="setup")

    def _add_items(self, first: int, last: int, act: Act) -> None:
        for n in range(first, last):
            item = catalog.save_item(act, self._company, f"BENCH{n:04}", f"Article {n}")
            bin = f"B-{n // 100:02}-{n % 100:02}"
            inventory.ensure_place(act, "BIN", bin)
            inventory.receive(act, bin, item, 1_000_000, "opening")
            self._items.append((item, bin))

    def release(self, device: str, count: int) -> list[Line]:
        """So many lines for one device, in orders of 26, one assignment for each order."""
        found: list[Line] = []
        while len(found) < count:
            orders = min(ORDERS_AN_ACT, -((len(found) - count) // LINES_AN_ORDER))
            found += self._perform(partial(self._some, device, orders))
        return found[:count]

    def _some(self, device: str, orders: int, act: Act) -> list[Line]:
        return [line for _ in range(orders) for line in self._one_order(act, device)]

    def _one_order(self, act: Act, device: str) -> Iterator[Line]:
        self._orders += 1
        tx, order, wave, assignment = act.tx, act.new_id(), act.new_id(), act.new_id()
        tote = f"T{self._orders:06}"
        tx.run(_order.sql, _row(_order, id=order, company=self._company, site=self._site,
               division="", channel="bench", number=f"B{self._orders}", country="", currency="GBP",
               state="APPROVED", ships_complete=False, priority=0, wave=wave,
               placed_at=act.now_us, due_at=act.now_us, created_at=act.now_us))  # fmt: skip
        tx.run(_wave.sql, _row(_wave, id=wave, site=self._site, code=f"W{self._orders}", title="",
               state="IN_PROGRESS", method="SINGLE", slots=1, plan="{}",
               orders_total=1, lines_total=LINES_AN_ORDER, walk_cm=0, baseline_cm=0,
               created_at=act.now_us, released_at=act.now_us))  # fmt: skip
        tx.run(_assignment.sql, _row(_assignment, id=assignment, site=self._site, wave=wave,
               type="PICK", state="IN_PROGRESS", rev=1, method="SINGLE", priority=0,
               sequence=self._orders, device=device, lease_until=2**52, lease_token=1, walk_cm=0,
               reason="", started_at=act.now_us))  # fmt: skip
        tx.run(_slot.sql, _row(_slot, assignment=assignment, slot="1", order_id=order))
        for n in range(1, LINES_AN_ORDER + 1):
            yield self._one_line(act, order, assignment, n, tote)

    def _one_line(self, act: Act, order: bytes, assignment: bytes, n: int, tote: str) -> Line:
        item, bin = self._random.choice(self._items)
        quantity = self._random.choice((1, 1, 1, 2, 3, 6))
        order_line, claim, line = act.new_id(), act.new_id(), act.new_id()
        where = real(self._site, "BIN", bin)
        balance = balance_id(self._site, Goods(self._company, item), where)
        stages = {"released": quantity, "ordered": quantity, "unit_quantity": quantity}
        act.tx.run(_order_line.sql, _row(_order_line, id=order_line, order_id=order, n=n, item=item,
                   name="", unit="each", price_micros=0, **stages))  # fmt: skip
        lines.record(act, order_line, "", "released", quantity, "bench")
        act.tx.run(_claim.sql, _row(_claim, id=claim, site=self._site, balance=balance,
                   order_id=order, order_line=order_line, item=item, place=where.place,
                   quantity=quantity, state="RELEASED", reason="", created_at=act.now_us,
                   changed_at=act.now_us))  # fmt: skip
        act.tx.run("UPDATE balance SET allocated = allocated + ? WHERE id = ?", (quantity, balance))
        act.tx.run(_line.sql, _row(_line, id=line, assignment=assignment, sequence=n, state="OPEN",
                   allocation=claim, order_id=order, order_line=order_line, item=item,
                   place=place_id(self._site, "BIN", bin), slot="1", quantity=quantity,
                   counted=0, picked=0))  # fmt: skip
        return Line(line, assignment, bin, item, quantity, tote)


def _row(insert: RowOf, **values: object) -> list[object]:
    """Values in the table's own order; columns that are not named have their defaults."""
    return [values.get(column, insert.defaults.get(column)) for column in insert.columns]


def confirmations(device: str, epoch: str, work: list[Line], actor: str) -> list[bytes]:
    """The events that confirm these lines, seq 1 and on."""
    return [confirmation(device, epoch, seq, line, actor) for seq, line in enumerate(work, start=1)]


def confirmation(device: str, epoch: str, seq: int, line: Line, actor: str) -> bytes:
    """One event: all units of the line went into its tote."""
    picked = PickConfirmed(
        line=line.id.hex(), bin=line.bin, item=line.item.hex(), quantity=line.quantity,
        tote=line.tote,
    )  # fmt: skip
    return encode_event(
        Event(
            v=1, dev=device, epoch=epoch, boot=1, seq=seq, at=FIRST_AT_US + seq,
            at_quality="synced", mono_ms=60_000 + seq, type="PickConfirmed",
            data=encode_data(picked), actor=actor, assignment=line.assignment.hex(), rev=1,
        )
    )  # fmt: skip
