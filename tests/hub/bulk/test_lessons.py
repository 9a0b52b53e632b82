"""What users of comparable systems complain about, as stories: bulk imports and rounding."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from hub.bulk import days
from hub.bulk.errors import ImportRefused
from hub.bulk.kinds.order_entries import ROW_UNITS_IN_SLICE
from hub.orders import lines, queries, service
from hub.orders.models import LineMove, OrderLine, SalesOrder
from hub.orders.service import NewLine, NewOrder
from hub.verify.command import verify
from tests.hub import builders
from tests.hub.bulk.files import take_in, uci_row, write
from tests.hub.conftest import TestHub


def test_importing_thousands_of_rows_never_locks_the_floor_out(sqlite_hub: TestHub) -> None:
    """AvS_FastSimpleImport#279 and others: imports for hours, everything else waiting.

    No act takes more than one slice of lines, so a scan waits for one slice at most; and orders
    and lines cost plain inserts alone, but for a few look-ups for each document and credit.
    """
    asked: list[str] = []
    connection = sqlite_hub.database.connection()
    connection.set_trace_callback(asked.append)
    report = take_in(sqlite_hub, "orders", days.PATH)
    connection.set_trace_callback(None)
    by_act: dict[str, int] = {}
    for move in LineMove.select(LineMove.cause):
        by_act[move.cause] = by_act.get(move.cause, 0) + 1
    assert len(by_act) > 15
    assert max(by_act.values()) <= ROW_UNITS_IN_SLICE
    others = [
        sql for sql in asked
        if not sql.startswith("INSERT") and ("order_line" in sql or "sales_order" in sql)
    ]  # fmt: skip
    assert len(others) < report.rows / 10


def test_an_order_larger_than_a_slice_comes_in_whole(sqlite_hub: TestHub, tmp_path: Path) -> None:
    rows = [uci_row("1001", f"{n}", 1) for n in range(ROW_UNITS_IN_SLICE + 100)]
    rows.append(uci_row("1002", "7", 1))
    report = take_in(sqlite_hub, "orders", write(tmp_path / "a.csv", rows))
    assert report.counts == {"order_line": len(rows)}
    assert OrderLine.select().where(
        OrderLine.order == SalesOrder.get(SalesOrder.external_id == "1001").id
    ).count() == len(rows) - 1  # fmt: skip


def test_sixty_pieces_stay_sixty_from_order_to_shipping(hub: TestHub) -> None:
    """odoo#5667 (60 → 61), #46686 (0.96 unit): quantities are integers of the base unit."""
    item = builders.item(hub, "NAIL")
    with hub.act() as act:
        order = service.place(
            act, NewOrder(hub.company, [NewLine(item, 5, unit="dozen", unit_size=12)])
        )
    line = OrderLine.get(OrderLine.order == order)
    steps = ["open", "allocated", "released", "picked", "packed", "shipped"]
    for part in (7, 1, 19, 33):
        for source, target in pairwise(steps):
            with hub.act() as act:
                lines.move(act, line.id, source, target, part)
    done = OrderLine.get_by_id(line.id)
    assert (done.unit, done.unit_quantity, done.ordered, done.shipped) == ("dozen", 5, 60, 60)
    assert {type(done.shipped), type(done.ordered)} == {int}


@pytest.mark.parametrize("quantity", ["0.96", "1e3", "1,000", "60.0", " ", "٣"])
def test_a_fraction_of_a_piece_is_refused_and_never_rounded(
    sqlite_hub: TestHub, tmp_path: Path, quantity: str
) -> None:
    builders.stock(sqlite_hub, "A-01", "NAIL", 0)
    rows = [("A-01", "NAIL", quantity)]
    with pytest.raises(ImportRefused) as refused:
        take_in(sqlite_hub, "stock", write(tmp_path / "a.csv", rows, ("bin", "sku", "quantity")))
    assert [(e.row, e.column) for e in refused.value.errors] == [(1, "quantity")]


def test_prices_keep_every_decimal_and_lines_are_rounded_once(hub: TestHub, tmp_path: Path) -> None:

    rows = [
        uci_row("1001", "NAIL", 1_000, price="0.0015"),
        uci_row("1001", "PEN", 3, price="0.335"),
    ]
    take_in(hub, "orders", write(tmp_path / "a.csv", rows))
    view = queries.order_of(SalesOrder.get().id)
    assert [line.amount_minor for line in view.lines] == [150, 101]
    assert view.total_minor == 251
    assert verify(hub.database).ok
