"""The live map: people where they scanned last, their walk, and bins to look at."""

from __future__ import annotations

import re
from collections.abc import Callable

from hub.devices.models import Device
from hub.inventory import service as inventory
from hub.warehouse import dispatch, planner, service, wave_lists
from hub.warehouse.floor import demo_floor
from hub.warehouse.floor_state import floor_state
from hub.warehouse.models import Assignment, WorkLine
from hub.warehouse.reserve import ReservePlan
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.warehouse.test_exceptions import add_device, short_pick
from tests.hub.web.browsing import Browser

Browse = Callable[[str], Browser]
BINS = ("A-01-01-1", "A-03-05-1", "A-05-09-2")


def at_work(hub: TestHub) -> bytes:
    """One picker with a tour over three bins; returns the assignment."""
    with hub.act() as act:
        inventory.define_bins(act, [demo_floor().bin(code) for code in BINS])
    for code, sku in zip(BINS, ("MUG", "BOWL", "JUG"), strict=True):
        builders.stock(hub, code, sku, 5)
    order = builders.order(hub, {"MUG": 1, "BOWL": 1, "JUG": 1})
    add_device(hub, "hh-1")
    with hub.act() as act:
        service.plan_wave(act, [order], method="SINGLE", goal="RELEASED")
    while planner.step(hub.journal, hub.site):
        pass
    with hub.act() as act:
        dispatch.offer_next(act, "hh-1", bytes(16))
    id = Assignment.get().id
    with hub.act() as act:
        dispatch.answered_offer(act, id, "hh-1", True)
    return bytes(id)


def test_a_picker_is_where_the_last_scan_was(sqlite_hub: TestHub) -> None:
    at_work(sqlite_hub)
    Device.update(place_code="A-03-05-1").execute()
    (picker,) = floor_state("w1").pickers
    spot = demo_floor().bin("A-03-05-1")
    assert picker.x == spot.x_cm
    assert picker.points.startswith(f"{picker.x},{picker.y}")
    assert (picker.done, picker.total, picker.mark) == (0, 3, "1")


def give_reserve(hub: TestHub) -> bytes:
    """A second piece of work on the same handheld, behind the first; returns the assignment."""
    order = builders.order(hub, {"MUG": 1, "BOWL": 1})
    with hub.act() as act:
        service.plan_wave(act, [order], method="SINGLE", goal="RELEASED")
    while planner.step(hub.journal, hub.site):
        pass
    id = bytes(Assignment.get(Assignment.state == "READY").id)
    with hub.act() as act:
        dispatch.share_reserve(act, ReservePlan(((id, "hh-1", bytes(16)),), ()))
    with hub.act() as act:
        dispatch.answered_offer(act, id, "hh-1", True)
    return id


def test_work_that_lies_ahead_of_somebody_is_called_reserve(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    first = at_work(sqlite_hub)
    sqlite_hub.clock.advance(ms=1_000)
    ahead = give_reserve(sqlite_hub)
    pickers = floor_state("w1").pickers
    assert [(p.key, p.is_reserve) for p in pickers] == [(first.hex(), False), (ahead.hex(), True)]
    page = browse("supervisor").get("/floor").text
    assert page.count('class="chip chip-') == 1, "one person, one number"
    assert f'<a href="/work/{ahead.hex()}">reserve</a>' in page
    rows = browse("supervisor").get("/work").text.split("<tr>")
    said = {id: next(row for row in rows if id.hex() in row) for id in (first, ahead)}
    assert "Reserve" in said[ahead]
    assert "Reserve" not in said[first]


def test_reserve_that_is_begun_first_is_reserve_no_more(hub: TestHub) -> None:
    first = at_work(hub)
    hub.clock.advance(ms=1_000)
    second = give_reserve(hub)
    assert wave_lists.in_reserve("w1") == {second}
    Assignment.update(state="IN_PROGRESS", started_at=1).where(Assignment.id == second).execute()
    assert wave_lists.in_reserve("w1") == {first}
    Assignment.update(state="COMPLETED").where(Assignment.id == second).execute()
    assert wave_lists.in_reserve("w1") == frozenset()


def test_the_walk_that_is_left_gets_shorter_as_lines_are_done(sqlite_hub: TestHub) -> None:
    at_work(sqlite_hub)
    before = floor_state("w1")
    assert set(before.bins.values()) == {"due"}
    first = WorkLine.select().order_by(WorkLine.sequence).get()
    WorkLine.update(state="DONE").where(WorkLine.id == first.id).execute()
    after = floor_state("w1")
    assert after.pickers[0].done == 1
    assert after.pickers[0].next_bin != before.pickers[0].next_bin
    assert sorted(after.bins.values()) == ["done", "due", "due"]


def test_short_and_locked_bins_are_shown_as_such(sqlite_hub: TestHub) -> None:
    at_work(sqlite_hub)
    short_pick(sqlite_hub, "MUG", 1)
    with sqlite_hub.act() as act:
        inventory.block_bin(act, "A-05-09-2", "COUNT_LOCK")
    bins = floor_state("w1").bins
    assert bins == {"A-01-01-1": "short", "A-03-05-1": "due", "A-05-09-2": "blocked"}


def test_the_page_draws_the_hall_and_says_who_is_at_work(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    browser = browse("supervisor")
    assert "Nobody is at work" in browser.get("/floor").text
    at_work(sqlite_hub)
    page = browser.get("/floor").text
    picture = re.search(r'data-picture="([^"]+)"', page)
    assert picture
    assert picture[1] in browser.get("/").text, "today shows the same hall"
    assert 'id="bin-A-01-01-1"' in browser.get(picture[1]).text
    assert browse("picker").get(picture[1]).status_code == 403
    assert '"mark": "1"' in page.replace('"mark":"1"', '"mark": "1"')
    assert "hh-1" in page
    assert browser.get("/floor/style.css").mimetype == "text/css"
    assert browse("packer").get("/floor").status_code == 200
    assert browse("picker").get("/floor").status_code == 403
