"""One idempotency key is one wish, however often and by how many at once it is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from hub.orders.models import SalesOrder
from hub.verify.command import verify
from hub.warehouse.models import Wave
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.warehouse import totes

CALLERS = 6
ROUNDS = 4


class Program:
    """Whoever has a key to the API, and sends each wish with one of its own."""

    def __init__(self, app: Flask, key: dict[str, str]) -> None:
        self._app, self._key = app, key

    def post(self, path: str, body: Any, wish: str) -> TestResponse:
        headers = {**self._key, "Idempotency-Key": wish}
        return self._app.test_client().post(f"/api/1{path}", json=body, headers=headers)

    def order(self, wish: str, sku: str = "LAMP", quantity: int = 1) -> TestResponse:
        body = {"channel": "shop", "lines": [{"sku": sku, "quantity": quantity}]}
        return self.post("/orders", body, wish)


@pytest.fixture
def program(app: Flask, key: dict[str, str]) -> Program:
    return Program(app, key)


def at_once(hub: TestHub, tries: list[Callable[[], TestResponse]]) -> list[TestResponse]:
    """All of them in threads of their own, begun at one moment."""
    answers: list[TestResponse] = []
    start = threading.Barrier(len(tries))

    def run(one: Callable[[], TestResponse]) -> None:
        start.wait()
        try:
            answers.append(one())
        finally:
            hub.database.close()

    threads = [threading.Thread(target=run, args=(one,)) for one in tries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == len(tries), "a thread died"
    return answers


def told(answer: TestResponse) -> tuple[int, Any]:
    return answer.status_code, answer.json


def test_the_same_wish_from_many_at_once_is_granted_once(hub: TestHub, program: Program) -> None:
    builders.item(hub, "LAMP")
    for n in range(ROUNDS):
        answers = at_once(hub, [lambda n=n: program.order(f"k{n}")] * CALLERS)
        assert sorted(answer.status_code for answer in answers) == [200] * (CALLERS - 1) + [201]
        assert len({answer.json["id"] for answer in answers if answer.json}) == 1
    assert SalesOrder.select().count() == ROUNDS
    assert verify(hub.database).ok


def test_two_wishes_under_one_key_at_once_are_one_order_and_one_refusal(
    hub: TestHub, program: Program
) -> None:
    builders.item(hub, "LAMP")
    for n in range(ROUNDS):
        wishes = [lambda n=n, q=q: program.order(f"k{n}", quantity=q) for q in (1, 2)]
        answers = sorted(at_once(hub, wishes), key=lambda answer: answer.status_code)
        assert [answer.status_code for answer in answers] == [201, 409]
        assert answers[1].json is not None
        assert answers[1].json["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert SalesOrder.select().count() == ROUNDS


def test_waves_of_the_same_orders_planned_at_once_under_one_key_are_one(
    hub: TestHub, program: Program
) -> None:
    builders.stock(hub, "A-01-01-1", "LAMP", 9)
    builders.order(hub, {"LAMP": 1})
    answers = at_once(hub, [lambda: program.post("/waves", {}, "w")] * CALLERS)
    assert sorted(answer.status_code for answer in answers) == [200] * (CALLERS - 1) + [201]
    assert Wave.select().count() == 1


def test_a_key_of_one_wish_is_no_key_for_another_kind_of_wish(
    hub: TestHub, program: Program
) -> None:
    builders.stock(hub, "A-01-01-1", "LAMP", 9)
    program.order("k")
    refused = program.post("/waves", {}, "k")
    assert refused.status_code == 409
    assert refused.json is not None
    assert refused.json["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert Wave.select().count() == 0


def test_a_refused_wish_may_be_tried_again_under_its_key(hub: TestHub, program: Program) -> None:
    assert program.order("k").status_code == 404, "no such article yet"
    builders.item(hub, "LAMP")
    assert program.order("k").status_code == 201


def test_units_seen_at_a_bench_count_once_for_each_key(hub: TestHub, program: Program) -> None:
    totes.picked(hub, {"MUG": 3, "BOWL": 1}, "T1")
    begun = program.post("/packing/tote", {"bench": "b1", "tote": "T1"}, "t")
    assert begun.json is not None
    parcel = begun.json["parcel"]
    seen = {"parcel": parcel, "code": "MUG", "quantity": 2}
    answers = at_once(hub, [lambda: program.post("/packing/verify", seen, "s")] * CALLERS)
    assert [told(answer) for answer in answers] == [told(answers[0])] * CALLERS
    assert answers[0].status_code == 200
    assert {"sku": "MUG", "name": "Article MUG", "expected": 3, "verified": 2} in (
        answers[0].json or {}
    )["items"]
    other = program.post("/packing/verify", {**seen, "code": "BOWL", "quantity": 1}, "s")
    assert other.status_code == 409
    assert (other.json or {})["code"] == "IDEMPOTENCY_KEY_REUSED"
