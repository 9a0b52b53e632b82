"""What users of comparable systems complain about, as stories of the hub (docs/lessons.md).

Stories of one part alone stand with that part; here are those that cross several.
"""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from random import Random

import msgspec
import peewee
import pytest

from hub.bulk.engine import STAGED_AT_ONCE
from hub.bulk.kinds.order_entries import ROW_UNITS_IN_SLICE
from hub.bulk.models import ImportSlice
from hub.catalog import queries as catalog
from hub.catalog import service as catalog_service
from hub.db import fetch
from hub.devices.models import DeviceEvent
from hub.errors import HubError
from hub.inventory import service as inventory
from hub.inventory.models import Movement
from hub.inventory.posting import NotEnoughStock, place_id
from hub.journal import Act, JournalRow
from hub.orders import service as orders
from hub.orders.models import OrderLine
from hub.tables import TABLES
from hub.verify.command import verify
from protocols import messages
from tests.hub import builders
from tests.hub.bulk.files import take_in, uci_row, write
from tests.hub.conftest import TestHub
from tests.hub.device_gateway.conftest import Device, Floor, acks
from tests.hub.warehouse.picking import Picking, open_kinds, released, stages, where_is

WRITERS, ACTS, SCANS, GROUP = 3, 40, 120, 4
SEED = 20_261_121


# ── Lesson 2: scanning fast exhausted the retries of the database, and scans vanished. ───────


def test_no_scan_vanishes_while_others_write_as_fast_as_they_can(hub: TestHub) -> None:
    """Lesson 2 (odoo/odoo#4637): the scans' writer stands in line like everybody else."""
    floor = Floor(hub)
    floor.enrol("h1")
    device, failed = Device(floor), []
    barrier = threading.Barrier(WRITERS + 1)
    office = [
        threading.Thread(target=_write_on_and_on, args=(hub, barrier, failed))
        for _ in range(WRITERS)
    ]
    for thread in office:
        thread.start()
    barrier.wait()
    for first in range(1, SCANS, GROUP):
        said = floor.core.step([device.event(first + n) for n in range(GROUP)])
        assert acks(list(said))[-1].upto == first + GROUP - 1
    for thread in office:
        thread.join()
    assert failed == []
    kept = [(row.seq, row.state) for row in DeviceEvent.select().order_by(DeviceEvent.seq)]
    assert kept == [(seq, "APPLIED") for seq in range(1, SCANS + 1)]
    assert JournalRow.select().where(JournalRow.act == "office").count() == WRITERS * ACTS
    assert verify(hub.database).ok


def _write_on_and_on(hub: TestHub, barrier: threading.Barrier, failed: list[BaseException]) -> None:
    """Somebody at a page."""
    barrier.wait()
    try:
        for _ in range(ACTS):
            hub.journal.perform("office", lambda _act: None, site=hub.site, via="page")
    except BaseException as wrong:
        failed.append(wrong)
    finally:
        hub.database.close()


# ── Lesson 26: reserved counters drifted away from what was reserved. ────────────────────────


def test_reserved_counters_equal_the_claims_after_any_acts(hub: TestHub) -> None:
    """Lesson 26 (odoo/odoo#62139, open since 2020): counted anew from the claims themselves."""
    print(f"seed {SEED}")
    chance = Random(SEED)
    released(
        hub, {"A-01-01-1/MUG": 9, "A-03-01-1/MUG": 6, "A-02-01-1/BOWL": 7},
        {"MUG": 5, "BOWL": 3}, {"MUG": 4}, {"BOWL": 3},
    )  # fmt: skip
    picking = Picking(hub)
    picking.take_work()
    for _ in range(60):
        with suppress(HubError):
            _one_act(hub, picking, chance)
        assert _reserved_as_kept(hub) == _reserved_by_claims(hub)
        assert _stages_as_kept(hub) == _stages_by_claims(hub)
    assert stages(hub)["picked"] > 0
    assert verify(hub.database).ok


def _one_act(hub: TestHub, picking: Picking, chance: Random) -> None:
    assert picking.work is not None
    n, units = chance.randrange(len(picking.work.lines)), chance.randint(1, 4)
    match chance.choice(("pick", "pick", "short", "undo", "cancel", "receive", "lose", "again")):
        case "pick":
            picking.pick(units, n)
        case "short":
            picking.short(units - 1, n)
        case "undo":
            picking.undo(f"{picking.device}/e/{chance.randint(1, picking.seq)}")
        case "cancel":
            _cancel(hub, chance, 1)
        case "receive":
            builders.stock(hub, "A-02-01-1", "MUG", units)
        case "lose":
            with hub.act() as act:
                place = place_id(hub.site, "BIN", "A-03-01-1")
                inventory.adjust(act, place, _item(hub, "MUG"), -units, "count")
        case _:
            picking.accept()


def _cancel(hub: TestHub, chance: Random, units: int) -> None:
    line = chance.choice([row.id for row in OrderLine.select().order_by(OrderLine.id)])
    with hub.act() as act:
        orders.cancel_units(act, line, units, "customer")


def _item(hub: TestHub, sku: str) -> bytes:
    found = catalog.item_of_code(hub.company, sku)
    assert found is not None
    return found[0].id


def _counted(hub: TestHub, sql: str) -> dict[object, int]:
    return {key: int(units) for key, units in fetch(hub.database, sql) if units}


def _reserved_as_kept(hub: TestHub) -> dict[object, int]:
    return _counted(hub, "SELECT id, allocated FROM balance")


def _reserved_by_claims(hub: TestHub) -> dict[object, int]:
    return _counted(
        hub, "SELECT balance, SUM(quantity) FROM allocation "
        "WHERE state IN ('ALLOCATED', 'RELEASED', 'PICKED') GROUP BY balance",
    )  # fmt: skip


def _stages_as_kept(hub: TestHub) -> dict[object, int]:
    return _counted(hub, "SELECT id, allocated + released + picked + packed FROM order_line")


def _stages_by_claims(hub: TestHub) -> dict[object, int]:
    return _counted(
        hub, "SELECT order_line, SUM(quantity) FROM allocation "
        "WHERE state IN ('ALLOCATED', 'RELEASED', 'PICKED') GROUP BY order_line",
    )  # fmt: skip


# ── Lesson 35: over-picking one bin, negative bins, failed adjustment saved half. ────────────


def test_a_bin_that_is_over_picked_ends_at_zero_and_asks_for_a_count(hub: TestHub) -> None:
    """Lesson 35 (openboxes/openboxes#229): eight were taken where the books had five."""
    released(hub, {"A-01-01-1/MUG": 5}, {"MUG": 5})
    picking = Picking(hub)
    picking.take_work()
    picking.pick(8)
    assert where_is(hub, "MUG") == {"T1": 8}
    assert open_kinds(hub) == ["PUT_BACK", "UNEXPLAINED_STOCK"]
    assert stages(hub) == {"picked": 5}
    lowest = fetch(hub.database, "SELECT MIN(on_hand) FROM balance WHERE is_real")
    assert lowest == [(0,)]


def test_an_adjustment_of_two_bins_that_fails_at_the_second_changes_neither(hub: TestHub) -> None:
    """Lesson 35 (rubyforgood/human-essentials#3712): a failed adjustment was saved half."""
    first, second = builders.stock(hub, "A-1", "MUG", 3), builders.stock(hub, "A-2", "MUG", 3)
    mug, before = _item(hub, "MUG"), Movement.select().count()

    def both(act: Act) -> None:
        inventory.adjust(act, first, mug, -2, "count")
        inventory.adjust(act, second, mug, -4, "count")

    with pytest.raises(NotEnoughStock):
        hub.journal.perform("inventory.adjust", both, site=hub.site, via="page")
    assert where_is(hub, "MUG") == {"A-1": 3, "A-2": 3}
    assert Movement.select().count() == before
    assert verify(hub.database).ok


# ── Lesson 46: 60 became 61, 1 ml became 2 ml. ───────────────────────────────────────────────


def test_no_column_of_any_table_holds_a_fraction(hub: TestHub) -> None:
    """Lesson 46 (odoo/odoo#5667): asked of the models and of the database itself."""
    inexact = (peewee.FloatField, peewee.DoubleField, peewee.DecimalField)
    for table in TABLES:
        for field in table._meta.sorted_fields:
            assert not isinstance(field, inexact), f"{table._meta.table_name}.{field.name}"
        for column in hub.database.get_columns(table._meta.table_name):
            kind = column.data_type.upper()
            assert not any(word in kind for word in ("REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL"))


def kinds_of_messages() -> set[type[msgspec.Struct]]:
    modules = [import_module(f"protocols.messages.{module.name}")
               for module in iter_modules(messages.__path__)]  # fmt: skip
    return {kind for module in modules for kind in vars(module).values()
            if isinstance(kind, type) and issubclass(kind, msgspec.Struct)}  # fmt: skip


def test_no_message_carries_a_fraction() -> None:
    """Lesson 46: quantities travel as integers too."""
    kinds = kinds_of_messages()
    assert len(kinds) > 30
    inexact = {
        f"{kind.__name__}.{field.name}"
        for kind in kinds
        for field in msgspec.structs.fields(kind)
        if float in (field.type, *getattr(field.type, "__args__", ()))
    }
    assert inexact == set()


@pytest.mark.parametrize(("cartons", "size"), [(10, 6), (3, 33), (7, 144), (999, 7)])
def test_cartons_are_exactly_their_units(hub: TestHub, cartons: int, size: int) -> None:
    """Lesson 46 (odoo/odoo#5667): sixty stay sixty."""
    mug = builders.item(hub, "MUG")
    with hub.act() as act:
        catalog_service.save_barcode(act, hub.company, "CARTON", mug, unit="carton", quantity=size)
        line = orders.NewLine(item=mug, quantity=cartons, unit="carton", unit_size=size)
        orders.place(act, orders.NewOrder(company=hub.company, channel="web", lines=(line,)))
    kept = OrderLine.get()
    assert (kept.ordered, kept.unit_quantity, kept.unit) == (cartons * size, cartons, "carton")
    with hub.act() as act:
        assert catalog.codes_of(act.tx, [mug])[mug]["CARTON"] == size


# ── Lesson 59: a bulk import took hours, and everybody else waited. ──────────────────────────


def test_no_transaction_of_an_import_holds_more_than_one_small_slice(
    hub: TestHub, tmp_path: Path
) -> None:
    """Lesson 59: so a scan that comes in between waits for one slice at most."""
    rows = [uci_row(str(n), f"{20_000 + k}", 1) for n in range(300) for k in range(n % 9 + 1)]
    steps: list[str] = []
    take_in(
        hub, "orders", write(tmp_path / "big.csv", rows),
        progress=lambda step, _done, _total: steps.append(step),
    )  # fmt: skip
    lines_of_act = Counter(cause for (cause,) in fetch(hub.database, "SELECT cause FROM line_move"))
    assert sum(lines_of_act.values()) == len(rows)
    assert max(lines_of_act.values()) <= ROW_UNITS_IN_SLICE
    slices = ImportSlice.select().count()
    assert len(lines_of_act) >= len(rows) // ROW_UNITS_IN_SLICE
    assert steps.count("posting") == slices
    assert steps.count("staging") == -(-slices // STAGED_AT_ONCE)
