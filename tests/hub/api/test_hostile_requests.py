"""Requests that no honest program sends, each one that once broke an answer: refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from hub.orders.models import OrderLine, SalesOrder
from hub.web.incoming import BODY_BYTES_MAX
from tests.hub import builders
from tests.hub.conftest import TestHub

ORDER = {"channel": "shop", "lines": [{"sku": "LAMP", "quantity": 3}]}


class Program:
    """Whoever has a key, and sends what it likes."""

    def __init__(self, app: Flask, key: dict[str, str]) -> None:
        self._client, self._key = app.test_client(), key

    def get(self, address: str) -> TestResponse:
        return self._client.get(address, headers=self._key)

    def post(self, address: str, body: bytes) -> TestResponse:
        headers = {**self._key, "Idempotency-Key": "one"}
        return self._client.post(
            address, data=body, content_type="application/json", headers=headers
        )

    def order(self, **other: Any) -> TestResponse:
        return self.post("/api/1/orders", json.dumps({**ORDER, **other}).encode())


@pytest.fixture
def program(app: Flask, key: dict[str, str]) -> Program:
    return Program(app, key)


def is_refused(answer: TestResponse, status: int, code: str) -> bool:
    assert answer.json is not None, answer.text
    assert answer.json["text"], "somebody has to read it"
    return (answer.status_code, answer.json["code"]) == (status, code)


ADDRESSES_WITH_NUL = (
    "/api/1/items/%00", "/api/1/items/A%00B", "/api/1/items?q=%00", "/api/1/items?after=A%00",
    "/api/1/orders?q=%00", "/api/1/stock?sku=%00", "/api/1/orders/%00", "/api/1/items?%00=1",
)  # fmt: skip
UNREADABLE = {
    "arrays without end": b"[" * 100_000,
    "objects without end": b'{"a":' * 50_000,
    "nested 400 deep": b"[" * 400 + b"]" * 400,
    "a number of 5,001 digits": b'{"lines": 1' + b"0" * 5_000 + b"}",
    "half": b"{",
    "no Unicode": b"\xff\xfe",
    "NUL": b"\x00",
    "a surrogate in UTF-8": b'{"channel": "\xed\xa0\x80"}',
    "nothing": b"",
}
NO_QUANTITIES = ("3", 3.5, True, None, 10**30, -1, float("nan"), 1e400, [3])
NOT_ALLOWED: tuple[tuple[str, object], ...] = (
    ("channel", "\ud800"), ("channel", "a\0b"), ("channel", "shop\n"), ("currency", "GBP\n"),
    ("ships_complete", "yes"), ("ships_complete", 1), ("due_at_us", 10**17), ("country", "\x7f"),
)  # fmt: skip
NO_LIMITS = ("1_0", "+5", " 5", "５", "0", "201", "9" * 30, "")
NO_KEYS = ("Bearer \x7f", "Bearer é", "Bearer", "Basic", "=", "Bearer " * 99)


def test_a_nul_in_an_address_is_refused_before_a_database_sees_it(program: Program) -> None:
    for address in ADDRESSES_WITH_NUL:
        assert is_refused(program.get(address), 422, "BAD_VALUE"), address


def test_what_cannot_be_read_as_json_is_refused(program: Program) -> None:
    for what, body in UNREADABLE.items():
        assert is_refused(program.post("/api/1/orders", body), 400, "BAD_REQUEST"), what


def test_no_quantity_but_a_whole_number_in_its_range_is_taken(
    hub: TestHub, program: Program
) -> None:
    builders.item(hub, "LAMP")
    for quantity in NO_QUANTITIES:
        answer = program.order(lines=[{"sku": "LAMP", "quantity": quantity}])
        assert is_refused(answer, 422, "BAD_VALUE"), quantity
    assert SalesOrder.select().count() == 0


def test_a_number_without_a_fraction_is_whole_as_json_schema_means_it(
    hub: TestHub, program: Program
) -> None:
    builders.item(hub, "LAMP")
    assert program.order(lines=[{"sku": "LAMP", "quantity": 3.0}]).status_code == 201


def test_a_value_beyond_its_description_is_refused(program: Program) -> None:
    for field, value in NOT_ALLOWED:
        assert is_refused(program.order(**{field: value}), 422, "BAD_VALUE"), (field, value)


def test_a_page_has_so_many_rows_as_plain_digits_say(program: Program) -> None:
    for limit in NO_LIMITS:
        assert is_refused(program.get(f"/api/1/items?limit={limit}"), 422, "BAD_VALUE"), limit


def test_a_search_for_more_than_a_label_holds_finds_nothing(program: Program) -> None:
    answer = program.get("/api/1/items?q=" + "0" * 80)
    assert answer.status_code == 200
    assert answer.json == {"items": [], "next": None}


def test_a_body_beyond_the_limit_is_refused_unread(program: Program) -> None:
    answer = program.post("/api/1/orders", b'"' + b"x" * BODY_BYTES_MAX + b'"')
    assert is_refused(answer, 413, "REQUEST_ENTITY_TOO_LARGE")


def test_what_is_no_key_lets_nobody_in(app: Flask) -> None:
    for sent in NO_KEYS:
        answer = app.test_client().get("/api/1/items", headers={"Authorization": sent})
        assert is_refused(answer, 401, "NO_VALID_TOKEN"), sent


def test_a_method_that_an_address_lacks_is_told_which_it_has(app: Flask) -> None:
    answer = app.test_client().open("/api/1/orders", method="DELETE")
    assert is_refused(answer, 405, "METHOD_NOT_ALLOWED")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_an_order_of_a_thousand_lines_is_taken_as_it_stands(hub: TestHub, program: Program) -> None:
    skus = [f"ART-{n}" for n in range(3)]
    for sku in skus:
        builders.item(hub, sku)
    lines = [{"sku": skus[n % 3].lower(), "quantity": 1 + n} for n in range(1_000)]
    made = program.order(lines=lines)
    assert made.status_code == 201
    assert [line.ordered for line in order_lines(made)] == [1 + n for n in range(1_000)]


def order_lines(made: TestResponse) -> list[OrderLine]:
    assert made.json is not None
    order = bytes.fromhex(made.json["id"])
    return list(OrderLine.select().where(OrderLine.order == order).order_by(OrderLine.n))
