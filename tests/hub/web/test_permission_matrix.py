"""Every address of the application, asked by everybody: strangers, people without any right, and
forms without their token. A new page is in here by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from flask import Flask
from peewee import fn
from werkzeug.routing import Rule

from hub.orders import service as orders
from hub.orders.models import OrderHold, SalesOrder
from hub.staff import service as staff
from hub.staff.models import Denial
from hub.web.security import OPEN_ENDPOINTS
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import Browser

Browse = Callable[[str], Browser]

FOR_EVERYBODY = frozenset(
    {
        "desk.today",  # says where to go to whoever may read nothing
        "desk.find",  # finds only what its reader may open
        "live.stream",  # asks for each topic
        "devices.code_again",  # leads to the device's page
        "staff.after_reset",  # leads to the person's page
        "staff.log_out",
        "staff.own",
        "staff.own_password",
        "staff.change_own_password",
        "staff.end_other_sessions",
        "staff.add_token",
        "staff.revoke_token",
        "staff.tokens",
        "staff.own_second_factor",
        "staff.begin_second_factor",
        "staff.confirm_second_factor",
        "staff.renew_recovery_codes",
        "staff.turn_off_second_factor",
        "staff.second_factor_again",
        "staff.log_in_code",  # asks for nothing that was not asked before
        "staff.enter_code",
        "warehouse.style",  # colours of the map
    }
)
"""What each person may open: their own account, and pages that ask about each of their parts."""
OF_ORDERS = frozenset(
    {
        "orders.orders",
        "orders.order",
        "orders.hold",
        "orders.release_hold",
        "orders.set_priority",
        "desk.cancel_order",
        "desk.cancel_units",
        "api.list_orders",
        "api.one_order",
        "api.place_order",
        "api.cancel_order",
    }
)
"""Asked in the division of the order."""
OF_PARCELS = frozenset(
    {
        "warehouse.bench",
        "warehouse.choose_bench",
        "warehouse.scan",
        "warehouse.close",
        "warehouse.start_over",
        "warehouse.put_aside",
        "warehouse.surplus",
        "warehouse.reopen",
        "warehouse.slip",
        "warehouse.shipments",
        "warehouse.shipment",
        "warehouse.ship",
        "warehouse.ship_all",
        "warehouse.stage",
    }
)
"""Asked in the division of the order that is packed: see test_divisions."""
SHARED = frozenset(
    {
        "catalog.items",
        "catalog.item",
        "inventory.stock",
        "inventory.stock_of_item",
        "inventory.stock_in_place",
        "inventory.who_holds",
        "api.list_items",
        "api.one_item",
        "api.stock",
    }
)
"""What all divisions share, and whoever works in one of them may read."""
UNASKED = frozenset({"api.health", "api.show_authority", "api.enrol_device", "openapi.spec"})
"""The API's own description, and whether it answers at all."""
OUTSIDE = frozenset({"static", *OPEN_ENDPOINTS, *UNASKED})


class Address(NamedTuple):
    """One way to ask for one page."""

    endpoint: str
    method: str
    path: str

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")


def addresses(app: Flask) -> Iterator[Address]:
    """Every address with something in the place of each part that varies."""
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if rule.endpoint.endswith("static") or rule.endpoint in OUTSIDE:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Address(rule.endpoint, method, _filled(rule))


def _filled(rule: Rule) -> str:
    path = rule.rule
    for name in rule.arguments:
        converter = rule._converters[name]
        value = "7" if "Integer" in type(converter).__name__ else "0" * 32
        for form in (f"<{name}>", f"<int:{name}>", f"<path:{name}>", f"<string:{name}>"):
            path = path.replace(form, value)
    assert "<" not in path, path
    return path


def test_there_is_something_to_ask_for(app: Flask):
    assert len(list(addresses(app))) > 80


def test_a_stranger_gets_in_nowhere(app: Flask):
    for address in addresses(app):
        answer = app.test_client().open(address.path, method=address.method)
        wanted = {401} if address.is_api or address.path == "/live" else {303, 400}
        assert answer.status_code in wanted, address
        if answer.status_code == 303:
            assert answer.location.startswith("/log-in?next="), address


def test_a_form_without_its_token_changes_nothing_anywhere(app: Flask, browse: Browse):
    admin = browse("admin")
    for address in addresses(app):
        if address.method != "GET" and not address.is_api:
            answer = admin.client.open(address.path, method=address.method, data={"x": "y"})
            assert answer.status_code == 400, address


def refusals() -> int:
    return int(Denial.select(fn.SUM(Denial.count)).scalar() or 0)


def test_somebody_without_any_right_opens_nothing_and_each_try_is_noted(app: Flask, browse: Browse):
    picker = browse("picker")
    picker.get("/own")
    token = picker.token()
    tried = [a for a in addresses(app) if not a.is_api and a.endpoint not in FOR_EVERYBODY]
    let_in = []
    for address in tried:
        noted = refusals()
        answer = picker.client.open(
            address.path, method=address.method, data={"csrf_token": token},
            headers={"Referer": "http://localhost/own"},
        )  # fmt: skip
        if answer.status_code != 403 or refusals() != noted + 1:
            let_in.append((address, answer.status_code))
    assert let_in == []


@pytest.mark.parametrize("endpoint", sorted(FOR_EVERYBODY | UNASKED))
def test_the_list_of_what_everybody_may_open_is_not_longer_than_the_application(
    app: Flask, endpoint: str
):
    assert endpoint in {rule.endpoint for rule in app.url_map.iter_rules()}


# --- divisions -----------------------------------------------------------------------------------


@pytest.fixture
def of_toys(sqlite_hub: TestHub, people: dict[str, bytes]) -> bytes:
    """The picker may do everything there is, in the division toys alone."""
    with sqlite_hub.act() as act:
        staff.grant(act, people["picker"], "admin", "*", "toys")
        staff.add_token(act, people["picker"], "key", staff.token_digest("bw_toys"))
    return people["picker"]


def ask(browser: Browser, address: Address) -> int:
    """The status of an answer, asked as a page's form or with the person's key."""
    if address.is_api:
        headers = {"Authorization": "Bearer bw_toys", "Idempotency-Key": "k"}
        body = {"reason": "?"} if address.path.endswith("/cancel") else None
        answer = browser.client.open(
            address.path, method=address.method, headers=headers, json=body
        )
    else:
        answer = browser.client.open(
            address.path, method=address.method, headers={"Referer": "http://localhost/own"},
            data={"csrf_token": browser.token(), "reason": "?", "priority": "1"},
        )  # fmt: skip
    return answer.status_code


def test_every_right_in_one_division_opens_nothing_that_belongs_to_all_of_them(
    app: Flask, of_toys: bytes, browse: Browse
) -> None:
    browser = browse("picker")
    browser.get("/own")
    asked = FOR_EVERYBODY | OF_ORDERS | OF_PARCELS | SHARED
    let_in = []
    for address in addresses(app):
        if address.endpoint in asked or (address.is_api and address.method != "GET"):
            continue
        noted = refusals()
        status = ask(browser, address)
        if status != 403 or refusals() != noted + 1:
            let_in.append((address, status))
    assert let_in == []


def test_what_divisions_share_may_be_read_in_each_of_them(
    app: Flask, of_toys: bytes, browse: Browse
) -> None:
    browser = browse("picker")
    browser.get("/own")
    shared = [a for a in addresses(app) if a.endpoint in SHARED and a.method == "GET"]
    assert {a.endpoint for a in shared} == SHARED
    for address in shared:
        assert ask(browser, address) != 403, address


@pytest.mark.parametrize("division", ["garden", ""])
def test_an_order_of_another_division_is_refused_at_every_address_and_each_try_is_noted(
    app: Flask, sqlite_hub: TestHub, of_toys: bytes, browse: Browse, division: str
) -> None:
    foreign = builders.order(sqlite_hub, {"LAMP": 1}, division=division)
    with sqlite_hub.act() as act:
        hold = orders.hold(act, foreign, "MANUAL")
    before = state_of(foreign)
    browser = browse("picker")
    browser.get("/own")
    tried = 0
    for address in _about(app, foreign, hold):
        noted = refusals()
        assert ask(browser, address) == 403, address
        assert refusals() == noted + 1, address
        tried += 1
    assert tried >= 6
    last = Denial.select().order_by(Denial.at.desc()).first()
    assert last.person == of_toys
    assert state_of(foreign) == before


def test_an_order_of_ones_own_division_is_refused_at_no_address(
    app: Flask, sqlite_hub: TestHub, of_toys: bytes, browse: Browse
) -> None:
    own = builders.order(sqlite_hub, {"LAMP": 1}, division="toys")
    with sqlite_hub.act() as act:
        hold = orders.hold(act, own, "MANUAL")
    browser = browse("picker")
    browser.get("/own")
    for address in _about(app, own, hold):
        assert ask(browser, address) not in {401, 403, 404, 500}, address
    assert state_of(own)[0] == "CANCELLED"


def _about(app: Flask, order: bytes, hold: bytes) -> Iterator[Address]:
    """Every address about one order, with real ids in it; what changes most comes last."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in OF_ORDERS or not rule.arguments:
            continue
        path = rule.rule.replace("<hold>", hold.hex())
        for name in ("<order>", "<id>"):
            path = path.replace(name, order.hex())
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        found += [Address(rule.endpoint, method, path) for method in methods]
    assert {address.endpoint for address in found} == OF_ORDERS - {
        "orders.orders", "api.list_orders", "api.place_order",
    }  # fmt: skip
    units = [address for address in found if address.endpoint == "desk.cancel_units"]
    rest = [address for address in found if address.endpoint != "desk.cancel_units"]
    yield from sorted(rest, key=lambda address: ("cancel" in address.path, address.path))
    assert len(units) == 1, "asked by line, in its own test"


def state_of(order: bytes) -> tuple[str, int, int]:
    row = SalesOrder.get_by_id(order)
    standing = OrderHold.select().where(OrderHold.order == order, OrderHold.state == "PLACED")
    return row.state, row.priority, standing.count()
