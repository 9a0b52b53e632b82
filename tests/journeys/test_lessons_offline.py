"""Lessons 20 to 24: what users of comparable systems lose when the network drops, as stories."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.db import fetch
from tests.journeys.floor_in_time import BIN, HOUR_S, OTHER_BIN, FloorInTime


@pytest.fixture
def floor(tmp_path: Path) -> FloorInTime:
    """Orders for three carts in two bins, reserve for hours."""
    stock = {f"{BIN}/MUG": 60, f"{OTHER_BIN}/BOWL": 60}
    floor = FloorInTime(tmp_path, stock, *[{"MUG": 1, "BOWL": 1}] * 18)
    floor.first.log_in()
    floor.run()
    assert len(floor.first.works) == 3
    return floor


def pick_all(floor: FloorInTime, first_tote: int) -> None:
    """One piece of work, from the empty cart to DONE, as the screen asks for it."""
    hand = floor.first
    work = hand.works[0]
    totes = {slot.slot: f"T-{first_tote + n}" for n, slot in enumerate(work.progress.slots)}
    hand.tote(*totes.values())
    while hand.works and hand.works[0].id == work.id and hand.works[0].line is not None:
        line = hand.works[0].line
        hand.pick(line.sku, line.bin, line.quantity, totes[line.slot])
    hand.say("DONE")


def picked(floor: FloorInTime) -> int:
    return floor.stages().get("picked", 0)


def test_lesson_20_offline_work_is_no_insane_complexity_but_the_same_work(floor: FloorInTime):
    """inventree-app#613, spryker-docs#2251: partial picks, undo, log-out, all without a hub."""
    floor.first.go_away()
    pick_all(floor, 0)
    floor.first.say("LOGOUT")
    floor.first.log_in()
    floor.first.power_cut()
    pick_all(floor, 100)
    floor.run(HOUR_S)
    assert picked(floor) == 0
    floor.first.come_back()
    assert (picked(floor), floor.open()) == (24, [])
    floor.assert_nothing_waits()


def test_lesson_21_whatever_breaks_while_it_is_sent_each_act_counts_once(floor: FloorInTime):
    """odoo#152259, #288974, #261096: dropped again and again in the middle of the upload."""
    floor.first.go_away()
    pick_all(floor, 0)
    pick_all(floor, 100)
    for cut in range(6):
        floor.first.machine.switch_radio(is_on=True)
        floor.run(3.0 + cut * 7)
        (floor.gateway.kill, floor.broker.kill, floor.first.machine.kill)[cut % 3]()
        floor.first.machine.switch_radio(is_on=False)
        floor.run(5.0)
        floor.broker.start()
        floor.run(5.0)
    floor.first.come_back()
    assert (picked(floor), floor.open()) == (24, [])
    twice = fetch(floor.database, "SELECT key FROM journal GROUP BY site, key HAVING COUNT(*) > 1")
    assert twice == []
    floor.assert_nothing_waits()


def test_lesson_22_a_reply_that_is_lost_after_the_commit_makes_nobody_send_blindly(
    floor: FloorInTime,
):
    """celerp#304: the hub has it, the device has not heard so; it asks, and nothing is doubled."""
    floor.gateway.dies_at = "after_commit"
    pick_all(floor, 0)
    floor.run(60.0)
    assert floor.gateway.starts >= 2
    core = floor.first.machine.core
    assert core is not None
    assert core.outbox.depth == 0
    upto = fetch(floor.database, "SELECT upto FROM device_epoch WHERE device = 'h1'")
    assert upto == [(core.outbox.last_seq,)]
    assert (picked(floor), floor.open()) == (12, [])
    floor.assert_nothing_waits()


def test_lesson_23_people_see_what_waits_before_it_is_sent_and_while_it_goes(floor: FloorInTime):
    """barcode-to-pc-app#202: several share the work, and an upload surprises nobody."""
    floor.first.go_away()
    pick_all(floor, 0)
    waiting = floor.first.view.queue
    seen: list[str] = []
    floor.first.machine.on_change = lambda: seen.append(floor.first.view.message)
    floor.first.come_back()
    drains = [text for text in seen if "to send: the hub hears now" in text]
    assert drains[0].startswith(f"{waiting} to send")
    depths = [int(text.split()[0]) for text in drains]
    assert depths == sorted(depths, reverse=True)
    assert len(set(depths)) > 1
    assert "The hub has heard everything." in seen
    floor.assert_nothing_waits()


def test_lesson_24_a_session_goes_on_at_the_same_line_on_any_device(floor: FloorInTime):
    """ScanBridge#23, DataWedge-Android-Samples#3: the device fails, the work does not."""
    work = floor.first.works[0]
    floor.first.tote(*(f"T-{n}" for n in range(len(work.progress.slots))))
    line = floor.first.works[0].line
    floor.first.pick(line.sku, line.bin, line.quantity, "T-0")
    floor.run()
    before = [row.text for row in floor.first.view.rows]
    floor.first.go_away()
    floor.second.log_in("ANA")
    floor.run()
    assert [row.text for row in floor.second.view.rows] == before
    assert floor.second.works[0].id == work.id
    floor.first.come_back()
    assert floor.first.view.phase == "BADGE"
    floor.assert_nothing_waits()
