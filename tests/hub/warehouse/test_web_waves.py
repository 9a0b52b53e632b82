"""Pages of waves and work: planned, seen before it is released, held, handed over."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from hub.ids import NIL
from hub.inventory.service import define_bins
from hub.warehouse import dispatch, planner
from hub.warehouse.floor import demo_floor
from hub.warehouse.models import Assignment, Wave
from hub.web import live
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import Browser

Browse = Callable[[str], Browser]
FORM = {"method": "CLUSTER", "slots": "4", "lines_max": "100", "wave_priority": "0"}


@pytest.fixture
def floor(sqlite_hub: TestHub) -> TestHub:
    """Two bins with stock and three orders, one line of which is short."""
    with sqlite_hub.act() as act:
        define_bins(act, [demo_floor().bin("A-01-01-1"), demo_floor().bin("A-02-03-1")])
    builders.stock(sqlite_hub, "A-01-01-1", "MUG", 20)
    builders.stock(sqlite_hub, "A-02-03-1", "BOWL", 2)
    for _ in range(3):
        builders.order(sqlite_hub, {"MUG": 2, "BOWL": 1})
    return sqlite_hub


def plan(browser: Browser, hub: TestHub) -> str:
    """Plan a wave of everything; returns the path of its page."""
    browser.get("/waves/new")
    answer = browser.post("/waves/new", FORM)
    assert answer.status_code == 303, answer.text
    planner.step(hub.journal, hub.site)
    return str(answer.location)


def test_a_wave_is_seen_with_metres_and_shortages_before_it_is_released(
    floor: TestHub, browse: Browse
) -> None:
    browser = browse("supervisor")
    page = browser.get("/waves/new").text
    assert '<dd id="orders">3</dd>' in page
    path = plan(browser, floor)
    page = browser.get(path).text
    for words in ("above the proven bound", "metres", "BOWL", "more urgent orders of this wave"):
        assert words in page
    assert "Release" in page
    assert Wave.get().state == "PLANNED"


def test_another_plan_stands_beside_the_first_once_the_planner_has_it(
    floor: TestHub, browse: Browse
) -> None:
    browser = browse("supervisor")
    path = plan(browser, floor)
    browser.get(path)
    assert browser.post(f"{path}/compare", {"slots": "1"}).location == path
    page = browser.get(path).text
    assert "Plan: 4 orders on a cart" in page
    assert "Instead: one order at a time" in page
    assert "They stand here as soon as it has them" in page
    planner.step(floor.journal, floor.site)
    page = browser.get(path).text
    assert "Instead: one order at a time" in page
    assert "They stand here as soon as it has them" not in page
    assert page.count("above the proven bound") == 2


def test_the_live_feed_tells_when_a_comparison_is_there(
    floor: TestHub, browse: Browse, app: Flask
) -> None:
    browser = browse("supervisor")
    path = plan(browser, floor)
    browser.get(path)
    browser.post(f"{path}/compare", {"slots": "2"})
    topic = live.provider("wave")
    assert topic is not None
    with app.app_context():
        assert topic.tell(path.rpartition("/")[2])["compared"] == [(2, False)]
        planner.step(floor.journal, floor.site)
        assert topic.tell(path.rpartition("/")[2])["compared"] == [(2, True)]


def test_a_cart_that_there_is_not_is_refused_where_it_was_typed(
    floor: TestHub, browse: Browse
) -> None:
    browser = browse("supervisor")
    path = plan(browser, floor)
    for slots, said in (("65", "a cart has 1 to 64"), ("-1", "use 1 to"), ("", "whole number")):
        browser.get(path)
        assert browser.post(f"{path}/compare", {"slots": slots}).status_code == 303
        assert said in browser.get(path).text


def test_a_wave_is_released_held_and_resumed(floor: TestHub, browse: Browse) -> None:
    browser = browse("supervisor")
    path = plan(browser, floor)
    browser.get(path)
    for step, state in (("release", "RELEASED"), ("hold", "HELD"), ("resume", "RELEASED")):
        assert browser.post(f"{path}/{step}").status_code == 303
        planner.step(floor.journal, floor.site)
        assert Wave.get().state == state
        assert browser.get(path).status_code == 200
    page = browser.get("/work").text
    assert "tour 1" in page


def test_a_planned_wave_is_taken_back_and_its_orders_can_be_planned_again(
    floor: TestHub, browse: Browse
) -> None:
    browser = browse("supervisor")
    path = plan(browser, floor)
    browser.get(path)
    browser.post(f"{path}/cancel")
    planner.step(floor.journal, floor.site)
    assert Wave.get().state == "CANCELLED"
    assert '<dd id="orders">3</dd>' in browser.get("/waves/new").text
    assert Wave.get().code in browser.get("/waves?view=cancelled").text


def test_work_is_asked_back_and_handed_over(
    floor: TestHub, people: dict[str, bytes], browse: Browse
) -> None:
    browser = browse("supervisor")
    path = plan(browser, floor)
    browser.get(path)
    browser.post(f"{path}/release")
    planner.step(floor.journal, floor.site)
    with floor.act() as act:
        assert dispatch.offer_next(act, "hh-1", NIL, slots=6)
    work = Assignment.get()
    page = f"/work/{work.id.hex()}"
    assert "hh-1" in browser.get(page).text
    browser.post(f"{page}/ask-back")
    assert "was asked to give it back" in browser.get(page).text
    browser.post(f"{page}/hand-over")
    assert Assignment.get().state == "READY"
    assert "Whoever asks for work next gets it" in browser.get(page).text
    browser.post(f"{page}/keep", {"person": people["picker"].hex()})
    assert Assignment.get().person == people["picker"]
    assert "Picker gets it first" in browser.get(page).text
    browser.post(f"{page}/recall")
    assert Assignment.get().state == "CANCELLED"


def test_what_a_wave_cannot_be_is_said_where_it_was_typed(floor: TestHub, browse: Browse) -> None:
    browser = browse("supervisor")
    browser.get("/waves/new")
    answer = browser.post("/waves/new", {**FORM, "slots": "999"})
    assert answer.status_code == 303
    assert "a cart has 1 to 64" in browser.get("/waves/new").text
    assert browser.get("/waves/new?due=tomorrow").status_code == 422
    assert browser.get("/waves/00").status_code == 404


def test_only_planners_plan(floor: TestHub, browse: Browse) -> None:
    supervisor = browse("supervisor")
    path = plan(supervisor, floor)
    packer = browse("packer")
    assert packer.get("/waves/new").status_code == 403
    packer.get(path)
    assert "Release" not in packer.get(path).text
    packer.page = "/packing"
    assert packer.post(f"{path}/release").status_code == 403
    assert Wave.get().goal == ""


def test_waves_are_let_plan_themselves(floor: TestHub, browse: Browse) -> None:
    from hub.warehouse.streaming import stream_of

    browser = browse("supervisor")
    browser.get("/waves")
    browser.post("/waves/stream", {"is_on": "on", "slots": "5", "orders_max": "40"})
    assert stream_of(floor.site).is_on
    assert stream_of(floor.site).slots == 5


def test_the_work_ahead_on_devices_is_set_on_the_page(floor: TestHub, browse: Browse) -> None:
    browser = browse("supervisor")
    assert 'name="minutes" type="number" value="120"' in browser.get("/waves").text
    browser.post("/waves/reserve", {"minutes": "45"})
    assert 'name="minutes" type="number" value="45"' in browser.get("/waves").text
    refused = browser.post("/waves/reserve", {"minutes": "1441"}, follow_redirects=True)
    assert "0 to 1440 minutes" in refused.text
    assert 'name="minutes" type="number" value="45"' in browser.get("/waves").text
