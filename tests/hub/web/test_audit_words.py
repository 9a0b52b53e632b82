"""The audit in words: who, what, on what, from what to what; the row as it stands is behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hub.desk import audit_words
from hub.journal import JournalRow
from hub.orders.acts import PlaceOrder
from hub.orders.models import SalesOrder
from hub.orders.placing import NewLine, NewOrder
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import Browser

Browse = Callable[[str], Browser]
ONE_APP = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
"""Reading a row changes nothing in the application."""


@pytest.fixture
def words(app: Flask) -> Iterator[None]:
    """Texts are in somebody's language and at some site."""
    with app.app_context():
        yield


def row(act: str, **values: object) -> JournalRow:
    return JournalRow(act=act, input=json.dumps(values).encode())


@pytest.mark.usefixtures("words")
@pytest.mark.parametrize(
    ("act", "said"),
    [
        ("orders.set_priority", "Orders: set priority"),
        ("PickConfirmed", "Pick confirmed"),
        ("import.post", "Import: post"),
    ],
)
def test_an_act_is_named_in_words(act: str, said: str) -> None:
    assert audit_words.title(act) == said


def test_the_list_says_who_did_what_on_what_without_braces(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    order = builders.order(sqlite_hub, {"LAMP": 1})
    office = browse("office")
    office.get(f"/orders/{order.hex()}")
    office.post(f"/orders/{order.hex()}/priority", {"priority": "7"})
    page = browse("finance").get("/audit?act=orders.set").text
    number = SalesOrder.get_by_id(order).number
    assert "Orders: set priority" in page
    assert f'<a href="/orders/{order.hex()}">{number}</a>' in page
    assert "Priority 7" in page
    assert '{"' not in page.split("<tbody>")[1]


def test_one_act_shows_fields_and_the_raw_row_behind_a_click(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    balance = builders.stock(sqlite_hub, "A-01-01-1", "LAMP", 5)
    assert balance
    admin = browse("admin")
    item = builders.item(sqlite_hub, "LAMP")
    admin.get(f"/stock/item/{item.hex()}")
    from hub.inventory.acts import SetStatus

    command = SetStatus(balance, item, 2, "AVAILABLE", "QC", "looks wet")
    sqlite_hub.journal.carry_out(command, site=sqlite_hub.site, via="page")
    last = JournalRow.select().order_by(JournalRow.position.desc()).get()
    page = admin.get(f"/audit/{last.position}").text
    assert "Inventory: set status" in page
    assert "<dt>After</dt><dd>AVAILABLE → QC</dd>" in page
    assert "<dt>Reason</dt><dd>looks wet</dd>" in page
    assert ">A-01-01-1</a>" in page
    raw = page.split("As it stands in the journal")[1]
    assert "&#34;before&#34;: &#34;AVAILABLE&#34;" in raw


def test_an_order_is_told_by_the_names_of_its_parts(sqlite_hub: TestHub, browse: Browse) -> None:
    item = builders.item(sqlite_hub, "LAMP")
    order = NewOrder("shop", [NewLine(item, 3)], channel="web", external_id="W-77")
    sqlite_hub.journal.carry_out(PlaceOrder(order), site=sqlite_hub.site, via="api")
    last = JournalRow.select().order_by(JournalRow.position.desc()).get()
    page = browse("finance").get(f"/audit/{last.position}").text
    for said in ("<dt>Channel</dt><dd>web</dd>", "<dt>External id</dt><dd>W-77</dd>", "Quantity 3"):
        assert said in page


def test_personal_fields_are_named_and_not_shown(people: dict[str, bytes], browse: Browse) -> None:
    admin = browse("admin")
    admin.get("/people/new")
    admin.post("/people/new", {"name": "Grace Hopper", "role": "office"})
    last = JournalRow.select().where(JournalRow.act == "staff.add_person").get()
    page = admin.get(f"/audit/{last.position}").text
    assert "Kept apart" in page
    assert "Password hash" in page
    assert "Grace Hopper" not in page


@pytest.mark.usefixtures("words")
@pytest.mark.parametrize(
    ("heard_s", "more"), [(2, []), (7_200, ["At"])], ids=["at once", "two hours later"]
)
def test_what_a_device_sent_is_told_by_its_own_fields_and_nothing_twice(
    heard_s: int, more: list[str]
) -> None:
    """Its time is said when it differs from the hub's; the rest has columns of its own."""
    at, actor = 1_700_000_000_000_000, "0a" * 16
    scan = row(
        "PickConfirmed", v=1, dev="h1", epoch="e", boot=3, seq=7, at=at, at_quality="synced",
        mono_ms=12, type="PickConfirmed", actor=actor, assignment="0b" * 16, rev=1,
        data={"quantity": 3, "bin": "A-1"},
    )  # fmt: skip
    scan.device, scan.actor, scan.now_us = "h1", bytes.fromhex(actor), at + heard_s * 1_000_000
    told = audit_words.tell(scan)
    assert [field.label for field in told.more] == ["Quantity", "Bin", *more]
    assert told.on is not None
    assert told.on.label == "Assignment"


@pytest.mark.usefixtures("words")
def test_an_event_under_another_name_than_its_rows_says_so() -> None:
    told = audit_words.tell(row("PARKED", type="PickConfirmed", actor="0c" * 16, data={}))
    assert [field.label for field in told.more] == ["Type", "Actor"]


@pytest.mark.usefixtures("words")
@ONE_APP
@given(st.binary(max_size=80), st.text(max_size=20))
def test_whatever_stands_in_a_row_there_is_something_to_read(raw: bytes, act: str) -> None:
    told = audit_words.tell(JournalRow(act=act, input=raw))
    assert isinstance(told.what, str)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)


@pytest.mark.usefixtures("words")
@ONE_APP
@given(st.dictionaries(st.sampled_from(["order", "device", "before", "after", "data", "x"]), JSON))
@example({"before": 10**18, "after": 2**70})
@example({"x": {"seen_at": -(2**63)}})
def test_any_shape_of_input_becomes_fields(values: dict[str, object]) -> None:
    told = audit_words.tell(row("orders.place", **values))
    every = [told.on, *told.more] if told.on else told.more
    assert all(field.label for field in every)
