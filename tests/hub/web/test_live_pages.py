"""What the stream's address answers, and what pages tell on it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Flask

from hub.staff import service as staff
from hub.staff import sessions
from hub.staff.models import WebSession
from hub.web.context import of_app
from hub.web.live import LOOK_WHO_MS, Subject, provider
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import Browser


def test_a_stranger_gets_no_stream(browse: Callable[[str], Browser]) -> None:
    assert browse("").get("/live?topic=orders").status_code == 401


def test_a_picker_gets_no_topic_of_the_office(browse: Callable[[str], Browser]) -> None:
    assert browse("picker").get("/live?topic=orders").status_code == 403


@pytest.mark.parametrize("ending", ["log-out", "fewer rights", "thrown out"])
def test_an_open_stream_ends_with_what_let_it_in(
    sqlite_hub: TestHub, app: Flask, browse: Callable[[str], Browser], people: dict[str, bytes],
    ending: str,
) -> None:  # fmt: skip
    office, feed = browse("office"), of_app(app).feed
    office.get("/orders")
    answer = office.client.get("/live?topic=orders")
    feed.end()
    news = answer.iter_encoded()
    assert b"beat" in next(news)
    if ending == "log-out":
        office.post("/log-out")
    with sqlite_hub.act() as act:
        if ending == "fewer rights":
            staff.set_roles(act, people["office"], ["picker"])
        if ending == "thrown out":
            sessions.end_sessions(act, people["office"])
    sqlite_hub.clock.advance(ms=LOOK_WHO_MS)
    feed.tick()
    assert list(news) == []
    assert feed.streams == 0


def test_watching_alone_keeps_no_log_in_alive(
    sqlite_hub: TestHub, app: Flask, browse: Callable[[str], Browser]
) -> None:
    answer = browse("office").client.get("/live?topic=orders")
    of_app(app).feed.end()
    before = WebSession.get().expires_at
    sqlite_hub.clock.advance(s=3_600)
    of_app(app).feed.tick()
    assert WebSession.get().expires_at == before
    answer.close()


@pytest.mark.parametrize(
    "query",
    ["", "topic=nonsense", "topic=order:" + "a" * 65, "topic=order:%22%3E",
     "&".join(["topic=orders"] * 13)],
)  # fmt: skip
def test_a_topic_that_no_page_has_is_refused(browse: Callable[[str], Browser], query: str) -> None:
    assert browse("admin").get(f"/live?{query}").status_code == 422


def test_streams_beyond_the_limit_are_sent_away_for_a_while(
    app: Flask, browse: Callable[[str], Browser]
) -> None:
    feed = of_app(app).feed
    for _ in range(of_app(app).settings.streams_max):
        feed.open([Subject("orders", "", "en")])
    answer = browse("admin").get("/live?topic=orders")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "15"


def test_every_topic_of_a_page_is_one_that_is_told(
    sqlite_hub: TestHub, app: Flask, browse: Callable[[str], Browser]
) -> None:
    order = builders.order(sqlite_hub, {"LAMP": 3})
    browser = browse("admin")
    for path in ("/", "/orders", f"/orders/{order.hex()}"):
        text = browser.get(path).text
        topics = text.split('data-live-topics="')[1].split('"')[0].split()
        assert topics
        for topic in topics:
            assert provider(topic.partition(":")[0]) is not None


def test_a_change_of_an_order_is_on_the_next_look(
    sqlite_hub: TestHub, app: Flask, browse: Callable[[str], Browser]
) -> None:
    order = builders.order(sqlite_hub, {"LAMP": 3})
    feed = of_app(app).feed
    watch = feed.open([Subject("order", order.hex(), "en"), Subject("orders", "", "en")])
    feed.tick()
    watch.news()
    browser = browse("office")
    browser.get(f"/orders/{order.hex()}")
    browser.post(f"/orders/{order.hex()}/cancel", {"reason": "wrong address"})
    sqlite_hub.clock.advance(s=1)
    feed.tick()
    news = {subject.topic: json.loads(told.body) for subject, told in watch.news()}
    assert "wrong address" in news["order"]["story"]
    assert news["orders"] == {"states": {"CANCELLED": 1, "CLOSED": 0}, "open": 0}
