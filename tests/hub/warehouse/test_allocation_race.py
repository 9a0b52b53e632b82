"""Two planners in two processes allocate two waves over the same stock at the same time."""

from __future__ import annotations

import multiprocessing
from multiprocessing.synchronize import Barrier
from random import Random

from hub.clock import FixedClock
from hub.inventory.models import Allocation
from hub.journal import Journal
from hub.opening import open_database
from hub.warehouse import allocating, queries
from tests.hub import builders
from tests.hub.warehouse import floorwork as floor

SKUS = [f"SKU{n}" for n in range(8)]
UNITS = 6
PATIENCE_S = 60


def _allocate(url: str, seed: int, wave: bytes, barrier: Barrier) -> None:
    """Bring one wave to ALLOCATED in slices as short as possible."""
    allocating.SLICE_LINES = 1  # type: ignore[misc]  # many slices, so that they meet often
    journal = Journal(open_database(url), FixedClock(), Random(seed))
    barrier.wait(PATIENCE_S)
    while not journal.perform(
        "allocate", lambda act: allocating.allocate_wave(act, wave), site="w1", via="planner"
    ):
        pass


def test_two_waves_allocated_at_once_share_the_stock_and_claim_each_unit_once(hub):
    """Lessons 25 and 29: together they want twice what is there, and get exactly what is there."""
    for n, sku in enumerate(SKUS):
        builders.stock(hub, f"B{n}", sku, UNITS)
    wanted = [
        [builders.order(hub, dict.fromkeys(skus, 2)) for _ in range(UNITS // 2)]
        for skus in (SKUS, SKUS[::-1])
    ]
    waves = [floor.wave(hub, orders) for orders in wanted]
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(len(waves))
    planners = [
        context.Process(target=_allocate, args=(hub.url, n, wave, barrier), daemon=True)
        for n, wave in enumerate(waves)
    ]
    for planner in planners:
        planner.start()
    for planner in planners:
        planner.join()
    assert [planner.exitcode for planner in planners] == [0, 0]
    assert [queries.wave(wave).state for wave in waves] == ["ALLOCATED", "ALLOCATED"]
    assert sum(claim.quantity for claim in Allocation.select()) == UNITS * len(SKUS)
    waiting = [floor.stages(id).get("backordered", 0) for orders in wanted for id in orders]
    assert sum(waiting) == UNITS * len(SKUS)
    floor.assert_true_books(hub)
