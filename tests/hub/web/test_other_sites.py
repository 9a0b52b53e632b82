"""Two companies in one database: ids of the other one lead nowhere, on pages and over the API."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from hub.db import fetch
from hub.inventory import service as inventory
from hub.journal import JournalRow
from hub.staff import service as staff
from hub.verify.command import verify
from simulators.campaigns.books import books, differences
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.other_company import OtherHub
from tests.hub.web import busy_site
from tests.hub.web.browsing import Browser

KINDS = {
    "order": "sales_order", "order line": "order_line", "hold": "order_hold", "item": "item",
    "place": "place", "balance": "balance", "claim": "allocation", "wave": "wave",
    "work": "assignment", "parcel": "parcel", "shipment": "shipment", "customer": "customer",
    "exception": "floor_exception", "person": "person", "key": "api_token",
}  # fmt: skip
"""What has an id, and its table."""


@pytest.fixture
def theirs(sqlite_hub: TestHub, app: Flask) -> dict[str, str]:
    """Something of each kind that belongs to the other company."""
    own = {kind: _ids(sqlite_hub, table) for kind, table in KINDS.items()}
    other = OtherHub.beside(sqlite_hub)
    with other.act() as act:
        inventory.ensure_site(act, other.site, other.company, "Theirs")
        person = staff.add_person(act, other.company, "Olga", login="olga", roles=["admin"])
    busy_site.furnish(other, person)
    builders.order(sqlite_hub, {"LAMP": 1})  # so that this site has something, too
    found = {kind: sorted(_ids(other, table) - own[kind]) for kind, table in KINDS.items()}
    assert all(found.values()), found
    return {kind: one[0] for kind, one in found.items()}


def _ids(hub: TestHub, table: str) -> set[str]:
    return {bytes(id).hex() for (id,) in fetch(hub.database, f"SELECT id FROM {table}")}


KIND_OF = {
    "order": "order", "hold": "hold", "item": "item", "place": "place", "balance": "balance",
    "claim": "claim", "wave": "wave", "assignment": "work", "parcel": "parcel",
    "shipment": "shipment", "customer": "customer", "exception": "exception", "person": "person",
    "token": "key", "tote": "place",
}  # fmt: skip
"""What a name in an address means; over the API `id` is an order's or a wave's."""
STEPS = {
    "warehouse.step_wave": ("release", "hold", "resume", "cancel"),
    "warehouse.step_work": ("ask-back", "hand-over", "keep", "recall"),
    "warehouse.settle": ("count", "seen", "put_back", "apply", "reject"),
    "warehouse.settle_tote": ("put_back", "not_there"),
}


def addresses(app: Flask, method: str, named: dict[str, str]) -> Iterator[str]:
    """Every address that names something, with these ids in the place of the names."""
    for rule in sorted(app.url_map.iter_rules(), key=str):
        kinds = {**KIND_OF, "id": "wave" if "/waves/" in rule.rule else "order"}
        arguments = rule.arguments - {"step", "remedy", "way"}
        if arguments and arguments <= kinds.keys() and method in (rule.methods or ()):
            path = rule.rule
            for name in arguments:
                path = path.replace(f"<{name}>", named[kinds[name]])
            for step in STEPS.get(rule.endpoint, ("",)):
                yield re.sub("<(step|remedy|way)>", step, path)


def test_no_page_and_no_api_shows_what_belongs_to_another_company(
    app: Flask, theirs: dict[str, str], people: dict[str, bytes], sqlite_hub: TestHub,
    browse: Callable[[str], Browser],
) -> None:  # fmt: skip
    admin, key = browse("admin"), secrets.token_urlsafe()
    with sqlite_hub.act() as act:
        staff.add_token(act, people["admin"], "test", staff.token_digest(key))
    shown, asked = [], list(addresses(app, "GET", theirs))
    for path in asked:
        client = app.test_client() if path.startswith("/api/") else admin.client
        headers = {"Authorization": f"Bearer {key}"} if path.startswith("/api/") else {}
        answer = client.get(path, headers=headers)
        if answer.status_code not in {303, 404, 422}:  # 303: to an address asked for as well
            shown.append((path, answer.status_code))
    assert len(asked) > 15
    assert shown == []


def test_no_form_changes_what_belongs_to_another_company(
    app: Flask, theirs: dict[str, str], sqlite_hub: TestHub, browse: Callable[[str], Browser]
) -> None:
    admin = browse("admin")
    admin.get("/own")
    fields = {"csrf_token": admin.token(), "quantity": "1", "slots": "2", "counted": "1",
              "reason": "mine now", "name": "mine", "text": "hello", "pin": "4711",
              "language": "en", "rest": "MISSING", "status": "HOLD", "state": "BLOCKED_IN",
              "priority": "3", "kind": "MANUAL", "sku": "LAMP", "role": "admin", "site": "*",
              "division": "*", "tote": "T3", "code": "LAMP", "country": "FR"}  # fmt: skip
    named = {name: theirs[KIND_OF[name]] for name in ("person", "item", "shipment", "parcel")}
    own_order = builders.order(sqlite_hub, {"LAMP": 1}).hex()
    mixed = addresses(app, "POST", {**theirs, "order": own_order})
    sent = {
        *addresses(app, "POST", theirs), *(path for path in mixed if theirs["hold"] in path),
        f"/orders/{own_order}/lines/cancel", "/shipments/ship-all", "/stock/receive",
    }  # fmt: skip
    before, acts = books(sqlite_hub.database), JournalRow.select().count()
    done = []
    for path in sorted(path for path in sent if not path.startswith("/api/")):
        answer = admin.client.post(
            path, data={**fields, **named, "line": theirs["order line"]},
            headers={"Referer": "http://localhost/own"},
        )  # fmt: skip
        assert answer.status_code < 500, path
        if JournalRow.select().count() != acts:
            done.append((path, answer.status_code))
            acts = JournalRow.select().count()
    assert len(sent) > 40
    assert done == []
    assert differences(before, books(sqlite_hub.database)) == []
    assert verify(sqlite_hub.database).ok
