"""What pickers' events do to stock, lines, claims and work; the books are true after each story."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.db import fetch
from hub.errors import NotFound, WrongState
from hub.verify.command import verify
from hub.warehouse import packing
from protocols.messages.events import (
    AssignmentCompleted,
    AssignmentStarted,
    AssignmentSuspended,
    BinVerified,
    LineSkipped,
    PersonLoggedOut,
    PickConfirmed,
    UnitsCounted,
    WorkRequested,
)
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.warehouse.picking import (
    Picking,
    open_kinds,
    released,
    stages,
    values_of,
    where_is,
    work_states,
)

NEAR, FAR = "A-01-01-1", "A-03-01-1"


@pytest.fixture(autouse=True)
def books_are_true_afterwards(hub: TestHub) -> Iterator[None]:
    yield
    report = verify(hub.database)
    assert report.ok, report.findings


@pytest.fixture
def picking(hub: TestHub) -> Picking:
    return Picking(hub)


def test_a_pick_moves_units_claim_and_line_together(hub: TestHub, picking: Picking) -> None:
    released(hub, {f"{NEAR}/MUG": 5}, {"MUG": 2})
    picking.take_work()
    picking.tote()
    picking.pick(2)
    assert where_is(hub, "MUG") == {NEAR: 3, "T1": 2}
    assert stages(hub) == {"picked": 2}
    picking.apply(AssignmentCompleted())
    assert work_states(hub) == ["COMPLETED"]


def test_a_line_may_be_picked_in_two_goes_into_two_totes(hub: TestHub, picking: Picking) -> None:
    released(hub, {f"{NEAR}/MUG": 5}, {"MUG": 4})
    picking.take_work()
    picking.tote("T1")
    picking.pick(3, tote="T1")
    picking.tote("T2")
    picking.pick(1, tote="T2")
    assert where_is(hub, "MUG") == {NEAR: 1, "T1": 3, "T2": 1}
    assert stages(hub) == {"picked": 4}


def test_units_above_the_need_stay_in_the_tote_with_a_put_back_task(
    hub: TestHub, picking: Picking
) -> None:
    released(hub, {f"{NEAR}/MUG": 5}, {"MUG": 2})
    picking.take_work()
    picking.pick(3)
    assert where_is(hub, "MUG") == {NEAR: 2, "T1": 3}
    assert stages(hub) == {"picked": 2}
    assert open_kinds(hub) == ["PUT_BACK"]


def test_units_beyond_the_books_come_from_unexplained_and_open_a_count(
    hub: TestHub, picking: Picking
) -> None:
    released(hub, {f"{NEAR}/MUG": 2}, {"MUG": 2})
    picking.take_work()
    picking.pick(5)
    assert where_is(hub, "MUG") == {"T1": 5}
    assert open_kinds(hub) == ["PUT_BACK", "UNEXPLAINED_STOCK"]


def test_a_fact_takes_what_others_were_promised_and_they_are_planned_again(
    hub: TestHub, picking: Picking
) -> None:
    released(hub, {f"{NEAR}/MUG": 4}, {"MUG": 2}, {"MUG": 2})
    builders.stock(hub, FAR, "MUG", 2)
    picking.take_work()
    picking.pick(3, 0)
    assert where_is(hub, "MUG") == {NEAR: 1, FAR: 2, "T1": 3}
    assert stages(hub) == {"released": 2, "picked": 2}
    revised = picking.accept()
    left = [line for line in revised.lines if line.state == "OPEN"]
    assert sum(line.quantity for line in left) == 2
    assert FAR in {line.bin for line in left}


def test_a_short_pick_is_fetched_from_another_bin(hub: TestHub, picking: Picking) -> None:
    released(hub, {f"{NEAR}/MUG": 4, f"{FAR}/MUG": 9}, {"MUG": 4})
    picking.take_work()
    assert picking.line().bin == NEAR
    picking.short(1)
    assert where_is(hub, "MUG") == {"T1": 1, f"{NEAR} HOLD": 3, FAR: 9}
    assert open_kinds(hub) == ["SHORT_PICK"]
    revised = picking.accept()
    assert [(line.bin, line.quantity, line.state) for line in revised.lines] == [
        (NEAR, 4, "SHORT"),
        (FAR, 3, "OPEN"),
    ]
    picking.pick(3, 1)
    assert stages(hub) == {"picked": 4}


def test_a_short_pick_with_nothing_elsewhere_is_backordered(hub: TestHub, picking: Picking) -> None:
    released(hub, {f"{NEAR}/MUG": 4}, {"MUG": 4})
    picking.take_work()
    picking.short(0)
    assert stages(hub) == {"backordered": 4}
    assert where_is(hub, "MUG") == {f"{NEAR} HOLD": 4}
    assert values_of(hub, "SHORT_PICK")["reason"] == "EMPTY"


def test_others_whose_stock_turned_out_doubtful_are_planned_again(
    hub: TestHub, picking: Picking
) -> None:
    released(hub, {f"{NEAR}/MUG": 6, f"{FAR}/MUG": 3}, {"MUG": 3}, {"MUG": 3})
    picking.take_work()
    picking.short(0, 0)
    found = stages(hub)
    assert found == {"released": 3, "backordered": 3}
    assert where_is(hub, "MUG") == {f"{NEAR} HOLD": 6, FAR: 3}


def test_damaged_units_are_set_aside_and_the_rest_of_the_bin_stays(
    hub: TestHub, picking: Picking
) -> None:
    released(hub, {f"{NEAR}/MUG": 9}, {"MUG": 4})
    picking.take_work()
    picking.short(3, reason="DAMAGED")
    assert where_is(hub, "MUG") == {"T1": 3, f"{NEAR} DAMAGED": 1, NEAR: 5}


def test_undo_of_a_pick_restores_everything(hub: TestHub, picking: Picking) -> None:
    released(hub, {f"{NEAR}/MUG": 5}, {"MUG": 2})
    picking.take_work()
    picking.tote()
    key = picking.pick(2)
    picking.undo(key)
    assert where_is(hub, "MUG") == {NEAR: 5}
    assert stages(hub) == {"released": 2}
    picking.pick(2)
    assert stages(hub) == {"picked": 2}


def test_undo_of_one_of_two_goes_leaves_the_other(hub: TestHub, picking: Picking) -> None:
    released(hub, {f"{NEAR}/MUG": 5}, {"MUG": 4})
    picking.take_work()
    first = picking.pick(3)
    picking.undo(first)
    picking.pick(1)
    picking.undo(picking.pick(3))
    picking.pick(3)
    assert where_is(hub, "MUG") == {NEAR: 1, "T1": 4}
    assert stages(hub) == {"picked": 4}


def test_undo_of_too_many_takes_the_put_back_task_with_it(hub: TestHub, picking: Picking) -> None:
    released(hub, {f"{NEAR}/MUG": 5}, {"MUG": 2})
    picking.take_work()
    picking.undo(picking.pick(3))
    assert where_is(hub, "MUG") == {NEAR: 5}
    assert open_kinds(hub) == []


def test_undo_of_a_short_pick_lets_the_other_bin_go(hub: TestHub, picking: Picking) -> None:
    released(hub, {f"{NEAR}/MUG": 4, f"{FAR}/MUG": 9}, {"MUG": 4})
    picking.take_work()
    key = picking.short(0)
    picking.undo(key)
    assert where_is(hub, "MUG") == {NEAR: 4, FAR: 9}
    assert stages(hub) == {"released": 4}
    assert open_kinds(hub) == []
    picking.pick(4)
    assert where_is(hub, "MUG") == {FAR: 9, "T1": 4}


def test_undo_of_a_short_pick_whose_units_were_fetched_elsewhere_makes_a_put_back(
    hub: TestHub, picking: Picking
) -> None:
    released(hub, {f"{NEAR}/MUG": 4, f"{FAR}/MUG": 9}, {"MUG": 4})
    picking.take_work()
    key = picking.short(0)
    picking.accept()
    picking.pick(4, 1)
    picking.undo(key)
    picking.pick(4, 0)
    assert where_is(hub, "MUG") == {FAR: 5, "T1": 8}
    assert stages(hub) == {"picked": 4}
    assert open_kinds(hub) == ["PUT_BACK"]


def test_a_pick_is_not_undone_once_its_tote_is_at_packing(hub: TestHub, picking: Picking) -> None:
    released(hub, {f"{NEAR}/MUG": 5}, {"MUG": 2})
    picking.take_work()
    picking.tote()
    key = picking.pick(2)
    with hub.act() as act:
        packing.scan_tote(act, "bench-1", "T1")
    with pytest.raises(WrongState, match="T1"):
        picking.undo(key)
    assert where_is(hub, "MUG") == {NEAR: 3, "T1": 2}


def test_a_device_whose_person_left_waits_for_work_no_longer(
    hub: TestHub, picking: Picking
) -> None:
    picking.apply(WorkRequested(slots=6), assignment=False)
    assert fetch(hub.database, "SELECT device FROM work_request") == [("hh-1",)]
    picking.apply(PersonLoggedOut(), assignment=False)
    assert fetch(hub.database, "SELECT device FROM work_request") == []


def test_an_act_is_undone_once(hub: TestHub, picking: Picking) -> None:
    released(hub, {f"{NEAR}/MUG": 5}, {"MUG": 2})
    picking.take_work()
    key = picking.pick(2)
    picking.undo(key)
    with pytest.raises(WrongState):
        picking.undo(key)
    assert where_is(hub, "MUG") == {NEAR: 5}


def test_undo_of_a_tote_frees_it(hub: TestHub, picking: Picking) -> None:
    released(hub, {f"{NEAR}/MUG": 5}, {"MUG": 2})
    picking.take_work()
    picking.undo(picking.tote("T7"))
    assert fetch(hub.database, "SELECT state FROM place WHERE code = 'T7'") == [("EMPTY",)]


def test_what_was_picked_without_a_claim_still_serves_the_order_that_waits(
    hub: TestHub, picking: Picking
) -> None:
    released(hub, {f"{NEAR}/MUG": 4}, {"MUG": 4})
    picking.take_work()
    picking.short(0)
    assert stages(hub) == {"backordered": 4}
    line = picking.line()
    other = Picking(hub, "hh-2")
    other.work = picking.work
    other.apply(AssignmentStarted())
    assert stages(hub) == {"backordered": 4}
    picking.undo(f"hh-1/e/{picking.seq}")
    other.apply(PickConfirmed(line=line.id, bin=line.bin, item=line.item, quantity=4, tote="T2"))
    assert where_is(hub, "MUG") == {"T2": 4}
    assert stages(hub) == {"picked": 4}
    assert "LEASE_CONFLICT" in open_kinds(hub)


def test_units_taken_off_a_line_still_serve_the_order_when_the_picker_brings_them(
    hub: TestHub, picking: Picking
) -> None:
    released(hub, {f"{NEAR}/MUG": 4}, {"MUG": 2}, {"MUG": 2})
    picking.take_work()
    picking.pick(3, 0)
    picking.accept()
    assert stages(hub) == {"picked": 2, "released": 1, "backordered": 1}
    key = picking.pick(2, 1)
    assert stages(hub) == {"picked": 4}
    assert open_kinds(hub) == ["PUT_BACK", "UNEXPLAINED_STOCK"]
    picking.undo(key)
    assert stages(hub) == {"picked": 2, "released": 2}


def test_two_pickers_of_one_line_both_count_and_the_second_puts_back(
    hub: TestHub, picking: Picking
) -> None:
    """Lesson 25: facts of both are kept, the line gets its units once."""
    released(hub, {f"{NEAR}/MUG": 9}, {"MUG": 4})
    picking.take_work()
    picking.pick(4)
    other = Picking(hub, "hh-2")
    other.work = picking.work
    other.pick(4, tote="T2")
    assert where_is(hub, "MUG") == {NEAR: 1, "T1": 4, "T2": 4}
    assert stages(hub) == {"picked": 4}
    assert open_kinds(hub) == ["LEASE_CONFLICT", "PUT_BACK"]


def test_states_of_a_line_follow_the_scans(hub: TestHub, picking: Picking) -> None:
    released(hub, {f"{NEAR}/MUG": 9}, {"MUG": 2})
    picking.take_work()
    line = picking.line()
    seen = []
    for data in (
        BinVerified(line=line.id, bin=line.bin),
        UnitsCounted(line=line.id, item=line.item, quantity=1, counted=1),
        UnitsCounted(line=line.id, item=line.item, quantity=1, counted=2),
        LineSkipped(line=line.id),
    ):
        picking.apply(data)
        seen.append(fetch(hub.database, "SELECT state, counted FROM work_line")[0])
    assert seen == [("AT_LOCATION", 0), ("ITEM_VERIFIED", 1), ("QTY_CONFIRMED", 2), ("SKIPPED", 2)]


def test_completing_with_lines_left_asks_a_person(hub: TestHub, picking: Picking) -> None:
    released(hub, {f"{NEAR}/MUG": 9}, {"MUG": 2})
    picking.take_work()
    picking.apply(AssignmentStarted())
    picking.apply(AssignmentCompleted())
    assert work_states(hub) == ["EXCEPTION"]
    assert open_kinds(hub) == ["WORK_LEFT"]


def test_an_undo_opens_completed_work_again(hub: TestHub, picking: Picking) -> None:
    released(hub, {f"{NEAR}/MUG": 9}, {"MUG": 2})
    picking.take_work()
    key = picking.pick(2)
    picking.apply(AssignmentCompleted())
    picking.undo(key)
    assert work_states(hub) == ["IN_PROGRESS"]


def test_completing_is_undone_like_any_other_act(hub: TestHub, picking: Picking) -> None:
    released(hub, {f"{NEAR}/MUG": 9}, {"MUG": 2})
    picking.take_work()
    picking.pick(2)
    picking.undo(picking.apply(AssignmentCompleted()))
    assert work_states(hub) == ["IN_PROGRESS"]


def test_a_suspended_assignment_goes_on_on_another_device(hub: TestHub, picking: Picking) -> None:
    released(hub, {f"{NEAR}/MUG": 9, f"{FAR}/BOWL": 3}, {"MUG": 2, "BOWL": 1})
    picking.take_work()
    picking.tote()
    picking.pick(2)
    picking.apply(AssignmentSuspended())
    other = Picking(hub, "hh-2")
    work = other.take_work()
    assert picking.work is not None
    assert work.id == picking.work.id
    assert [line.state for line in work.lines] == ["DONE", "OPEN"]
    assert work.slots[0].totes == ("T1",)
    other.pick(1, 1)
    assert stages(hub) == {"picked": 3}
    assert "LEASE_CONFLICT" not in open_kinds(hub)


def test_a_line_that_nobody_knows_is_refused_by_name(hub: TestHub, picking: Picking) -> None:
    builders.stock(hub, NEAR, "MUG", 1)
    with pytest.raises(NotFound, match="work line"):
        picking.apply(BinVerified(line="0" * 32, bin=NEAR), assignment=False)
