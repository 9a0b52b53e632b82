"""Whatever pickers' devices say, in whatever order: the books stay true and no unit is lost."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.db import fetch
from hub.errors import HubError
from hub.verify.command import verify
from tests.hub.conftest import TestHub
from tests.hub.warehouse.picking import Picking, released

STOCK = {"A-01-01-1": 6, "A-03-01-1": 4}

acts = st.lists(
    st.one_of(
        st.tuples(st.just("pick"), st.integers(0, 2), st.integers(1, 7)),
        st.tuples(st.just("short"), st.integers(0, 2), st.integers(0, 3)),
        st.tuples(st.just("undo"), st.just(0), st.integers(1, 12)),
        st.tuples(st.just("other picks"), st.integers(0, 2), st.integers(1, 4)),
        st.tuples(st.just("accept"), st.just(0), st.just(0)),
    ),
    max_size=12,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=acts)
def test_any_sequence_of_facts_leaves_true_books(
    sqlite_hub: TestHub, acts: list[tuple[str, int, int]]
) -> None:
    hub = sqlite_hub
    sku = f"MUG-{hub.random.getrandbits(48):x}"
    mine, other = Picking(hub, f"a{sku[4:]}"[:20]), Picking(hub, f"b{sku[4:]}"[:20])
    released(hub, {f"{bin}/{sku}": units for bin, units in STOCK.items()}, {sku: 5}, {sku: 3})
    mine.take_work()
    other.work = mine.work
    for act in acts:
        with suppress(HubError):
            _carry_out(mine, other, act)
    report = verify(hub.database)
    assert report.ok, report.findings
    assert _units(hub, sku) == sum(STOCK.values())


def _carry_out(mine: Picking, other: Picking, act: tuple[str, int, int]) -> None:
    what, line, number = act
    assert mine.work is not None
    n = line % len(mine.work.lines)
    match what:
        case "pick":
            mine.pick(number, n)
        case "short":
            mine.short(number, n)
        case "undo":
            mine.undo(f"{mine.device}/e/{number}")
        case "other picks":
            other.work = mine.work
            other.pick(number, n, tote="T2")
        case _:
            mine.accept()


def _units(hub: TestHub, sku: str) -> int:
    """Units in real places, without those that only `unexplained` has brought in."""
    rows = fetch(
        hub.database,
        "SELECT SUM(b.on_hand) FROM balance b JOIN item i ON i.id = b.item "
        "JOIN place p ON p.id = b.place WHERE i.sku = ? AND (b.is_real OR p.kind = 'UNEXPLAINED')",
        (sku,),
    )
    return int(rows[0][0])
