"""The planner's step: all that waits for it and nothing else; and waves that plan themselves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from hub.errors import BadValue
from hub.inventory import service as inventory
from hub.journal import JournalRow
from hub.warehouse import planner, queries, service, streaming, waves
from hub.warehouse.models import Assignment, Wave
from hub.warehouse.streaming import Stream
from tests.hub import builders
from tests.hub.warehouse import floorwork as floor
from tests.hub.warehouse.floorwork import ANNA, BEN


def stream(hub, **how) -> None:
    with hub.act() as act:
        service.set_stream(act, Stream(is_on=True, **how))


def acts(hub) -> list[str]:
    rows = JournalRow.select().where(JournalRow.via == "planner").order_by(JournalRow.position)
    return [row.act.removeprefix("warehouse.") for row in rows]


def test_a_planner_with_nothing_to_do_writes_nothing(hub):
    assert planner.step(hub.journal, hub.site) == 0
    floor.released(hub, floor.simple_world(hub))
    before = JournalRow.select().count()
    assert planner.step(hub.journal, hub.site) == 0
    assert JournalRow.select().count() == before


def test_one_step_brings_a_wave_from_plan_to_the_waiting_picker(hub):
    floor.ask(hub, "hh-1", ANNA, slots=6)
    wave = floor.wave(hub, floor.simple_world(hub), goal="RELEASED")
    planner.step(hub.journal, hub.site)
    assert queries.wave(wave).state == "RELEASED"
    assert floor.offered(hub, "hh-1").wave == queries.wave(wave).code
    assert acts(hub) == [
        "store_preview", "allocate_wave", "allocate_wave", "store_preview", "release_wave",
        "offer_waiting",
    ]  # fmt: skip


def test_a_wave_without_a_goal_waits_for_the_supervisor_with_its_preview(hub):
    wave = floor.wave(hub, floor.simple_world(hub))
    assert floor.settle(hub) == 1
    assert queries.preview_of(queries.wave(wave)).lines == 4
    assert queries.wave(wave).state == "PLANNED"


def test_the_chosen_plan_is_in_the_journal(hub):
    wave = floor.wave(hub, floor.simple_world(hub))
    floor.settle(hub)
    (row,) = JournalRow.select().where(JournalRow.act == "warehouse.store_preview")
    assert queries.wave(wave).plan.encode() in bytes(row.input)


def test_a_wave_that_goes_on_while_its_tours_are_planned_is_planned_again(hub, monkeypatch):
    wave = floor.wave(hub, floor.simple_world(hub))
    honest = waves.make_preview

    def slow(site, planned):
        preview = honest(site, planned)
        with hub.act() as act:
            service.allocate_wave(act, wave)
        monkeypatch.setattr(service, "make_preview", honest)
        return preview

    monkeypatch.setattr(service, "make_preview", slow)
    assert planner.step(hub.journal, hub.site) == 0
    floor.settle(hub)
    assert queries.wave(wave).state == "ALLOCATED"
    assert queries.preview_of(queries.wave(wave)).is_final


def test_waves_go_in_the_order_of_their_priority(hub):
    builders.stock(hub, "B1", "MUG", 3)
    plain, urgent = builders.order(hub, {"MUG": 3}), builders.order(hub, {"MUG": 3})
    floor.wave(hub, [plain], goal="RELEASED")
    floor.wave(hub, [urgent], goal="RELEASED", priority=1)
    floor.settle(hub)
    assert floor.stages(urgent) == {"released": 3}
    assert floor.stages(plain) == {"backordered": 3}


# --- streaming ------------------------------------------------------------------------------------


def test_streaming_plans_the_next_wave_when_pickers_run_out_of_work(hub):
    ids = floor.simple_world(hub, 5)
    stream(hub, slots=2, orders_max=2, orders_ahead=1)
    assert floor.settle(hub) == 0, "nobody is there to pick"
    floor.ask(hub, "hh-1", ANNA, slots=2)
    planner.step(hub.journal, hub.site)
    assert [wave.orders_total for wave in Wave.select()] == [2]
    assert [slot.slot for slot in floor.offered(hub, "hh-1").slots] == ["1", "2"]
    floor.settle(hub)
    assert Wave.select().count() == 2, "one tour is taken, the next one is ready, and that is it"
    floor.ask(hub, "hh-2", BEN, slots=2)
    floor.settle(hub)
    assert Wave.select().count() == 3
    assert [floor.stages(id).get("released", 0) > 0 for id in ids] == [True] * 5


def test_streaming_takes_up_waiting_orders_when_their_goods_have_come(hub):
    builders.stock(hub, "B1", "MUG", 0)
    id = builders.order(hub, {"MUG": 2, "BOWL": 1})
    stream(hub)
    floor.ask(hub, "hh-1")
    floor.settle(hub)
    assert floor.stages(id) == {"backordered": 3}
    waves_before = Wave.select().count()
    floor.settle(hub)
    assert Wave.select().count() == waves_before, "it would only wait again"
    with hub.act() as act:
        inventory.receive(act, "B1", builders.item(hub, "MUG"), 5, "delivery")
    floor.settle(hub)
    assert floor.stages(id) == {"released": 2, "backordered": 1}
    floor.assert_true_books(hub)


def test_streaming_is_off_until_somebody_switches_it_on_and_again_when_off(hub):
    assert streaming.stream_of(hub.site) == Stream()
    stream(hub, method="SINGLE", slots=1, orders_ahead=3)
    assert streaming.stream_of(hub.site) == Stream(True, "SINGLE", 1, 120, 60, 3)
    with hub.act() as act:
        service.set_stream(act, Stream(is_on=False))
    floor.simple_world(hub)
    floor.ask(hub, "hh-1")
    assert floor.settle(hub) == 0


@pytest.mark.parametrize(
    "wrong", [{"method": "ZONE"}, {"slots": 99}, {"orders_max": 0}, {"orders_ahead": 0}]
)
def test_a_setting_that_makes_no_sense_is_refused(sqlite_hub, wrong):
    with pytest.raises(BadValue):
        stream(sqlite_hub, **wrong)


# --- the process ----------------------------------------------------------------------------------


def test_the_process_plans_until_it_is_asked_to_stop(hub):
    """A process of its own, as the hub starts it; it ends by SIGTERM with success."""
    wave = floor.wave(hub, floor.simple_world(hub), goal="RELEASED")
    program = textwrap.dedent(
        """
        import sys
        from types import SimpleNamespace
        from hub.warehouse.planner import run_planner
        run_planner(SimpleNamespace(database=sys.argv[1], site=sys.argv[2]))
        """
    )
    process = subprocess.Popen([sys.executable, "-c", program, hub.url, hub.site])
    try:
        while Assignment.select().where(Assignment.state == "READY").count() == 0:
            assert process.poll() is None
            os.sched_yield()
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    finally:
        process.kill()
        process.wait()
    assert queries.wave(wave).state == "RELEASED"
    floor.assert_true_books(hub)
