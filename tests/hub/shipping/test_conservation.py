"""Whatever packers, pickers and supervisors do in whatever order, every unit is in one place."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from hub.errors import HubError
from hub.floor_exceptions import FloorException
from hub.journal import Act
from hub.orders.models import SalesOrder
from hub.shipping import service as shipping
from hub.shipping.models import Parcel, Shipment
from hub.verify.command import verify
from hub.warehouse import exceptions, packing
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.warehouse import totes

SKUS = ("MUG", "BOWL")
TOTES = ("T1", "T2", "T3")

STEPS = (
    "pick", "pick", "pick", "scan", "scan", "scan", "verify", "verify", "verify", "verify",
    "close", "later", "aside", "again", "surplus", "reopen", "ship", "settle",
)  # fmt: skip
STEP_COUNT = 150


def _parcel(state: str, n: int) -> Parcel | None:
    found = list(Parcel.select().where(Parcel.state == state).order_by(Parcel.number))
    return found[n % len(found)] if found else None


def _pick(hub: TestHub, n: int, quantity: int) -> None:
    orders = list(SalesOrder.select().order_by(SalesOrder.number))
    order, tote = orders[n % len(orders)], TOTES[n % len(TOTES)]
    totes.pick(hub, order.id, SKUS[n % 2], quantity, tote)


def _packing_step(act: Act, step: str, parcel: bytes, n: int, quantity: int) -> None:
    sku = SKUS[n % 2]
    {
        "verify": lambda: packing.verify_item(act, parcel, sku, quantity),
        "close": lambda: packing.close_parcel(act, parcel),
        "later": lambda: packing.close_parcel(act, parcel, rest="LATER"),
        "aside": lambda: packing.put_aside(act, parcel),
        "again": lambda: packing.start_over(act, parcel),
        "surplus": lambda: packing.report_surplus(act, parcel, TOTES[n % 3], sku, quantity),
        "reopen": lambda: shipping.reopen_parcel(act, parcel, "a test"),
    }[step]()


def _ship(act: Act) -> None:
    for shipment in Shipment.select().where(Shipment.state == "LABELLED").limit(1):
        shipping.ship(act, shipment.id)


def _settle(act: Act, n: int) -> None:
    for row in FloorException.select().where(FloorException.state == "OPEN").limit(1):
        fitting = exceptions.remedies_for(row.kind, row.quantity)
        answers = {"quantity": 1, "bin": "A-01-01-1", "text": "a test"}
        exceptions.settle(act, row.id, fitting[n % len(fitting)].name, answers)


def _carry_out(hub: TestHub, step: str, n: int, quantity: int) -> None:
    if step == "pick":
        _pick(hub, n, quantity)
        return
    with hub.act() as act:
        if step == "scan":
            packing.scan_tote(act, f"b{n % 2}", TOTES[n % len(TOTES)])
        elif step == "ship":
            _ship(act)
        elif step == "settle":
            _settle(act, n)
        else:
            parcel = _parcel("LABELLED" if step == "reopen" else "OPEN", n)
            _packing_step(act, step, parcel.id if parcel else bytes(16), n, quantity)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_in_whatever_order_things_are_packed_and_shipped_every_unit_is_somewhere(
    hub: TestHub, seed: int
) -> None:
    random = Random(seed)
    for sku in SKUS:
        builders.stock(hub, "A-01-01-1", sku, 60)
    for _ in range(5):
        builders.order(hub, {"MUG": 9, "BOWL": 7})
    done: Counter[str] = Counter()
    for _ in range(STEP_COUNT):
        step = random.choice(STEPS)
        try:
            _carry_out(hub, step, random.randrange(6), random.randint(1, 3))
        except (HubError, AssertionError):
            continue
        done[step] += 1
    found = verify(hub.database)
    assert found.ok, (seed, found.findings)
    assert done.keys() >= {"pick", "scan", "verify", "close"}, (seed, done)
    numbers = [row.number for row in Parcel.select().order_by(Parcel.number)]
    assert numbers == [f"P-{n:06d}" for n in range(1, len(numbers) + 1)], "parcels have gaps"
    assert sum(done[step] for step in ("ship", "reopen", "settle")) > 0, (seed, done)
