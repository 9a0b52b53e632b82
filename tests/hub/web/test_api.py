"""The HTTP API: tokens, idempotency, refusals, and nothing that OpenAPI allows breaks it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from hub.orders.models import SalesOrder
from hub.staff import service as staff
from tests.hub import builders
from tests.hub.conftest import TestHub

ORDER = {"channel": "shop", "external_id": "S-1", "lines": [{"sku": "LAMP", "quantity": 3}]}


OPEN = ("/api/1/health", "/api/1/authority", "/api/1/enrolments")
"""What may be asked without a token: whether it answers, and how a device is enrolled."""


class Caller:
    """A program with somebody's key."""

    def __init__(self, app: Flask, token: str) -> None:
        self.client = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(f"/api/1{path}", query_string=query, headers=self.headers)

    def send(self, path: str, body: Any, key: str = "", method: str = "POST") -> TestResponse:
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        return self.client.open(f"/api/1{path}", method=method, json=body, headers=headers)


@pytest.fixture
def call(
    sqlite_hub: TestHub,
    app: Flask,
    people: dict[str, bytes],
) -> Callable[[str], Caller]:
    def with_key_of(role: str) -> Caller:
        token = secrets.token_urlsafe()
        with sqlite_hub.act() as act:
            staff.add_token(act, people[role], "test", staff.token_digest(token))
        return Caller(app, token)

    return with_key_of


def test_without_a_token_nothing_is_told(app: Flask) -> None:
    stranger = Caller(app, "wrong")
    for path in ("/orders", "/items", "/waves", "/stock"):
        answer = stranger.get(path)
        assert answer.status_code == 401
        assert answer.json is not None
        assert answer.json["code"] == "NO_VALID_TOKEN"


def test_a_log_in_on_the_pages_is_no_key(app: Flask) -> None:
    from tests.hub.web.browsing import Browser

    browser = Browser(app)
    browser.log_in("admin")
    assert browser.get("/api/1/orders").status_code == 401


@pytest.mark.parametrize(("must_change", "answer"), [(True, 401), (False, 200)])
def test_keys_end_with_a_password_that_somebody_else_set_but_not_with_ones_own_change(
    sqlite_hub: TestHub, people: dict[str, bytes], call: Callable[[str], Caller],
    *, must_change: bool, answer: int,
) -> None:  # fmt: skip
    office = call("office")
    with sqlite_hub.act() as act:
        staff.set_password(act, people["office"], "hash", must_change=must_change)
    assert office.get("/orders").status_code == answer


def test_a_revoked_key_opens_nothing(
    sqlite_hub: TestHub,
    people: dict[str, bytes],
    call: Callable[[str], Caller],
) -> None:
    from hub.staff.models import ApiToken

    office = call("office")
    assert office.get("/orders").status_code == 200
    with sqlite_hub.act() as act:
        staff.revoke_token(act, people["office"], ApiToken.get().id)
    assert office.get("/orders").status_code == 401


def test_an_order_sent_twice_is_one_order(
    sqlite_hub: TestHub, call: Callable[[str], Caller]
) -> None:
    """Lessons 21, 22: the reply was lost, so the shop sends it again."""
    builders.item(sqlite_hub, "LAMP")
    office = call("office")
    first, again = office.send("/orders", ORDER, "k1"), office.send("/orders", ORDER, "k1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json is not None
    assert again.json == {"id": first.json["id"], "was_known": True}
    assert SalesOrder.select().count() == 1
    found = office.get(f"/orders/{first.json['id']}").json
    assert found is not None
    assert found["external_id"] == "S-1"
    assert found["lines"][0]["units"]["open"] == 3


def test_one_key_for_two_wishes_is_refused(
    sqlite_hub: TestHub, call: Callable[[str], Caller]
) -> None:
    builders.item(sqlite_hub, "LAMP")
    office = call("office")
    office.send("/orders", ORDER, "k1")
    other = office.send("/orders", {**ORDER, "external_id": "S-2"}, "k1")
    assert other.status_code == 409
    assert other.json is not None
    assert other.json["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert SalesOrder.select().count() == 1


def test_two_people_may_use_the_same_key(
    sqlite_hub: TestHub, call: Callable[[str], Caller]
) -> None:
    builders.item(sqlite_hub, "LAMP")
    call("office").send("/orders", ORDER, "k1")
    second = call("admin").send("/orders", {**ORDER, "external_id": "S-2"}, "k1")
    assert second.status_code == 201


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({**ORDER, "lines": [{"sku": "NOPE", "quantity": 1}]}, 404, "NOT_FOUND"),
        ({**ORDER, "lines": []}, 422, "BAD_VALUE"),
        ({**ORDER, "lines": [{"sku": "LAMP", "quantity": 0}]}, 422, "BAD_VALUE"),
        ({**ORDER, "lines": [{"sku": "LAMP", "quantity": 1.5}]}, 422, "BAD_VALUE"),
        ({**ORDER, "surprise": 1}, 422, "BAD_VALUE"),
        ([], 422, "BAD_VALUE"),
        ({}, 422, "BAD_VALUE"),
    ],
)
def test_a_bad_order_is_refused_with_code_text_and_values(
    sqlite_hub: TestHub, call: Callable[[str], Caller], body: Any, status: int, code: str
) -> None:
    builders.item(sqlite_hub, "LAMP")
    answer = call("office").send("/orders", body, "k1")
    assert answer.status_code == status
    assert answer.json is not None
    assert answer.json["code"] == code
    assert answer.json["text"]
    assert SalesOrder.select().count() == 0


def test_what_is_no_json_is_refused(call: Callable[[str], Caller]) -> None:
    office = call("office")
    answer = office.client.post(
        "/api/1/orders", data="{", content_type="application/json",
        headers={**office.headers, "Idempotency-Key": "k"},
    )  # fmt: skip
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["code"] == "BAD_REQUEST"


def test_a_picker_may_not_place_orders_and_it_is_noted(call: Callable[[str], Caller]) -> None:
    from hub.staff.models import Denial

    answer = call("picker").send("/orders", ORDER, "k1")
    assert answer.status_code in {403, 404}
    answer = call("picker").get("/orders")
    assert answer.status_code == 403
    assert Denial.select().where(Denial.what.startswith("GET /api/1/orders")).count() == 1


def test_an_article_is_put_and_read_back(call: Callable[[str], Caller]) -> None:
    office = call("office")
    made = office.send("/items/LAMP-1", {"name": "Lamp", "price_micros": 2_555_000}, method="PUT")
    assert made.status_code == 200
    assert office.get("/items/lamp-1").json == made.json
    listed = office.get("/items", limit=1).json
    assert listed is not None
    assert [item["sku"] for item in listed["items"]] == ["LAMP-1"]


def test_pages_of_a_list_follow_each_other_without_gap_or_repeat(
    sqlite_hub: TestHub, call: Callable[[str], Caller]
) -> None:
    made = {builders.order(sqlite_hub, {"LAMP": 1}).hex() for _ in range(7)}
    office, seen, after = call("office"), [], ""
    while True:
        page = office.get("/orders", limit=3, **({"after": after} if after else {})).json
        assert page is not None
        seen += [order["id"] for order in page["orders"]]
        after = page["next"]
        if not after:
            break
    assert len(seen) == 7
    assert set(seen) == made


def test_a_wave_is_planned_once_for_each_key(
    sqlite_hub: TestHub, call: Callable[[str], Caller]
) -> None:
    builders.stock(sqlite_hub, "A-01-01-1", "LAMP", 9)
    builders.order(sqlite_hub, {"LAMP": 3})
    supervisor = call("supervisor")
    first = supervisor.send("/waves", {"method": "SINGLE"}, "w")
    assert first.status_code == 201
    assert first.json is not None
    again = supervisor.send("/waves", {"method": "SINGLE"}, "w")
    assert again.json == {"id": first.json["id"], "was_known": True}
    released = supervisor.send(f"/waves/{first.json['id']}/release", None)
    assert released.status_code == 200
    assert released.json is not None
    assert released.json["goal"] == "RELEASED"
    nothing_left = supervisor.send("/waves", {}, "w2")
    assert nothing_left.status_code == 409


def test_openapi_is_three_point_one_and_names_every_refusal(app: Flask) -> None:
    spec = app.test_client().get("/api/openapi.json").json
    assert spec is not None
    assert spec["openapi"] == "3.1.0"
    assert all(path.startswith("/api/1/") for path in spec["paths"])
    for path, methods in spec["paths"].items():
        for method, told in methods.items():
            if path not in OPEN:
                assert {"400", "401", "403"} <= set(told["responses"]), (method, path)
                assert told["security"], (method, path)
            assert told["summary"]
