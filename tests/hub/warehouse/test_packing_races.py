"""Two benches reach for one tote at the same moment, each with its own connection."""

from __future__ import annotations

from collections import Counter
from threading import Barrier, Thread

from hub.errors import WrongState
from hub.shipping import service as shipping
from hub.shipping.models import Parcel
from hub.verify.command import verify
from hub.warehouse import packing
from tests.hub.conftest import TestHub
from tests.hub.warehouse import totes

TOTES = [f"T{n}" for n in range(1, 9)]


def _both(hub: TestHub, do) -> None:  # type: ignore[no-untyped-def]
    barrier = Barrier(2)

    def run(n: int) -> None:
        barrier.wait()
        do(n)
        hub.database.close()

    threads = [Thread(target=run, args=(n,)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_one_of_two_benches_gets_each_tote(hub: TestHub) -> None:
    for tote in TOTES:
        totes.picked(hub, {"MUG": 1}, tote)
    outcomes: Counter[str] = Counter()

    def scan_all(n: int) -> None:
        for tote in TOTES:
            try:
                hub.journal.perform(
                    "packing.scan_tote",
                    lambda act, tote=tote: packing.scan_tote(act, f"bench-{n}", tote),
                    site=hub.site, via="page",
                )  # fmt: skip
                outcomes["won"] += 1
            except (packing.ToteAtOtherBench, WrongState):
                outcomes["lost"] += 1

    _both(hub, scan_all)
    assert outcomes == {"won": len(TOTES), "lost": len(TOTES)}
    assert Parcel.select().count() == len(TOTES)
    assert verify(hub.database).ok


def test_of_two_who_ship_one_ships(hub: TestHub) -> None:
    totes.picked(hub, {"MUG": 3}, "T1")
    with hub.act() as act:
        task = packing.verify_item(act, packing.scan_tote(act, "b", "T1"), "MUG", 3)
    outcomes: Counter[str] = Counter()

    def ship(n: int) -> None:
        try:
            hub.journal.perform(
                "shipping.ship", lambda act: shipping.ship(act, task.shipment),
                site=hub.site, via="page",
            )  # fmt: skip
            outcomes["won"] += 1
        except WrongState:
            outcomes["lost"] += 1

    _both(hub, ship)
    assert outcomes == {"won": 1, "lost": 1}
    assert totes.units_in(hub, "CUSTOMER", "customer", "MUG") == 3
    assert verify(hub.database).ok
