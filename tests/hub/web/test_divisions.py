"""Somebody who works for one division sees and changes its orders, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, g

from hub.bulk.exports import EXPORTS
from hub.orders.models import OrderLine, SalesOrder
from hub.shipping.models import Parcel, Shipment
from hub.staff import service as staff
from hub.staff.models import Denial, PersonRole
from hub.warehouse import packing
from hub.web.context import of_app
from hub.web.naming import label
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.warehouse import totes
from tests.hub.web.browsing import Browser
from tests.hub.web.claiming import claim_for_order

Browse = Callable[[str], Browser]
KEY = {"Authorization": "Bearer bw_toys"}


@pytest.fixture
def toys(sqlite_hub: TestHub, people: dict[str, bytes], browse: Browse) -> Browser:
    """The picker does the office's work in the division toys alone."""
    with sqlite_hub.act() as act:
        staff.grant(act, people["picker"], "office", sqlite_hub.site, "toys")
        staff.add_token(act, people["picker"], "key", staff.token_digest("bw_toys"))
    return browse("picker")


@pytest.fixture
def orders(sqlite_hub: TestHub) -> dict[str, str]:
    """The number of one order in each division, all over the same article."""
    return {
        division: SalesOrder.get_by_id(
            builders.order(
                sqlite_hub, {"LAMP": 1}, division=division, external_id=f"ext-{division}"
            )
        ).number
        for division in ("toys", "garden", "")
    }


def id_of(number: str) -> str:
    return str(SalesOrder.get(SalesOrder.number == number).id.hex())


def test_lists_and_counts_show_the_orders_of_ones_own_divisions(
    toys: Browser, orders: dict[str, str], browse: Browse
) -> None:
    page = toys.get("/orders").text
    assert orders["toys"] in page
    assert orders["garden"] not in page
    assert orders[""] not in page
    assert '<span data-live="orders/open">1</span>' in page
    assert "data-live-topics" not in page, "the counts in the live news are of every division"
    office = browse("office").get("/orders").text
    assert all(number in office for number in orders.values())
    assert '<span data-live="orders/open">3</span>' in office


def test_a_search_finds_nothing_of_other_divisions(toys: Browser, orders: dict[str, str]) -> None:
    assert toys.get(f"/search?q={orders['toys']}").location == f"/orders/{id_of(orders['toys'])}"
    for text in (orders["garden"], "ext-garden", orders[""]):
        page = toys.get(f"/search?q={text}")
        assert page.status_code == 200
        assert "Nothing here has that number" in page.text


def test_live_news_of_an_order_are_told_in_its_division_only(
    toys: Browser, orders: dict[str, str]
) -> None:
    for topic in ("orders", f"order:{id_of(orders['garden'])}", "today", "waves"):
        answer = toys.client.get(f"/live?topic={topic}")
        assert answer.status_code == 403, topic
    own = toys.client.get(f"/live?topic=order:{id_of(orders['toys'])}")
    assert own.status_code == 200
    own.close()


def test_the_refusal_names_the_division_and_the_audit_keeps_it(
    toys: Browser, orders: dict[str, str], people: dict[str, bytes]
) -> None:
    answer = toys.get(f"/orders/{id_of(orders['garden'])}")
    assert answer.status_code == 403
    assert "(orders.read in the division garden)" in answer.text
    row = Denial.select().order_by(Denial.at.desc()).get()
    assert row.person == people["picker"]
    assert row.what == f"GET /orders/{id_of(orders['garden'])} orders.read.w1.garden"


def test_whoever_may_see_no_order_at_all_sees_no_orders_name_either(
    app: Flask, orders: dict[str, str], browse: Browse
) -> None:
    """The picker has a right in no division: that is fewer than in one, not more."""
    picker, id = browse("picker"), bytes.fromhex(id_of(orders["toys"]))
    for login, shown in (("picker", id.hex()[-8:]), ("office", orders["toys"])):
        with app.test_request_context():
            g.visitor = of_app(app).people.of_session(str(browse(login).cookie))
            assert label("order", id) == shown
    assert picker.get(f"/orders/{id.hex()}").status_code == 403


def test_units_of_another_division_cannot_be_cancelled_through_an_order_of_ones_own(
    toys: Browser, orders: dict[str, str]
) -> None:
    own, foreign = id_of(orders["toys"]), bytes.fromhex(id_of(orders["garden"]))
    line = OrderLine.get(OrderLine.order == foreign)
    toys.get(f"/orders/{own}")
    sent = {"line": line.id.hex(), "quantity": "1", "reason": "?"}
    toys.post(f"/orders/{own}/lines/cancel", sent)
    refused = toys.post(f"/orders/{foreign.hex()}/lines/cancel", sent)
    assert refused.status_code == 403
    assert OrderLine.get_by_id(line.id).cancelled == 0
    mine = OrderLine.get(OrderLine.order == bytes.fromhex(own))
    toys.post(f"/orders/{own}/lines/cancel", {**sent, "line": mine.id.hex()})
    assert OrderLine.get_by_id(mine.id).cancelled == 1


def test_the_api_lists_shows_and_takes_orders_of_ones_own_division(
    app: Flask, toys: Browser, orders: dict[str, str]
) -> None:
    client = app.test_client()
    listed = client.get("/api/1/orders", headers=KEY).json
    assert listed is not None
    assert [(o["number"], o["division"]) for o in listed["orders"]] == [(orders["toys"], "toys")]
    shown = client.get(f"/api/1/orders/{id_of(orders['garden'])}", headers=KEY)
    assert shown.status_code == 403
    assert shown.json is not None
    assert shown.json["values"]["division"] == "garden"
    order = {"channel": "shop", "external_id": "S-1", "lines": [{"sku": "LAMP", "quantity": 1}]}
    for division, status in (("garden", 403), ("", 403), ("toys", 201)):
        headers = {**KEY, "Idempotency-Key": f"k{division}"}
        wanted = {**order, "division": division}
        answer = client.post("/api/1/orders", json=wanted, headers=headers)
        assert answer.status_code == status, division
    assert SalesOrder.get(SalesOrder.external_id == "S-1").division == "toys"


def test_no_order_can_claim_to_be_of_every_division(
    app: Flask, sqlite_hub: TestHub, people: dict[str, bytes]
) -> None:
    with sqlite_hub.act() as act:
        staff.add_token(act, people["office"], "key", staff.token_digest("bw_toys"))
    order = {"channel": "shop", "division": "*", "lines": [{"sku": "LAMP", "quantity": 1}]}
    builders.item(sqlite_hub, "LAMP")
    headers = {**KEY, "Idempotency-Key": "k"}
    assert app.test_client().post("/api/1/orders", json=order, headers=headers).status_code == 422


def test_who_holds_stock_is_told_without_the_number_of_a_foreign_order(
    sqlite_hub: TestHub, toys: Browser, browse: Browse
) -> None:
    balance, order = claim_for_order(sqlite_hub, "A-01-01-1", "LAMP", 5, 2)
    number = SalesOrder.get_by_id(order).number
    assert number not in toys.get(f"/stock/balance/{balance.hex()}").text
    assert number in browse("office").get(f"/stock/balance/{balance.hex()}").text


def test_a_role_is_given_and_taken_by_division_on_the_persons_page(
    sqlite_hub: TestHub, people: dict[str, bytes], orders: dict[str, str], browse: Browse
) -> None:
    admin, page = browse("admin"), f"/people/{people['picker'].hex()}"
    admin.get(page)
    given = {"role": "office", "division": "garden", "at": "w1"}
    admin.post(page + "/roles", given)
    shown = admin.get(page).text
    assert "garden" in shown
    assert "office (garden)" in admin.get("/people").text
    picker = browse("picker")
    assert orders["garden"] in picker.get("/orders").text
    admin.get(page)
    admin.post(page, {"name": "Picker", "login": "picker", "language": "en", "is_active": "on"})
    assert PersonRole.select().where(PersonRole.division == "garden").count() == 1, "it stays"
    admin.post(page + "/roles/withdraw", given)
    assert picker.get("/orders").status_code == 403
    answer = admin.post(page + "/roles/withdraw", given)
    assert "There is no role" in admin.get(answer.location).text


def test_rights_in_one_division_do_not_let_somebody_give_themselves_more(
    sqlite_hub: TestHub, people: dict[str, bytes], browse: Browse
) -> None:
    with sqlite_hub.act() as act:
        staff.grant(act, people["picker"], "admin", "*", "toys")
    picker = browse("picker")
    picker.get("/own")
    given = {"role": "admin", "division": "*", "at": "*"}
    assert picker.post(f"/people/{people['picker'].hex()}/roles", given).status_code == 403
    assert not PersonRole.get_or_none(
        PersonRole.person == people["picker"],
        PersonRole.role == "admin",
        PersonRole.division == "*",
    )


def test_a_file_of_people_does_not_widen_a_role_in_one_division(
    sqlite_hub: TestHub, people: dict[str, bytes]
) -> None:
    with sqlite_hub.act() as act:
        staff.grant(act, people["picker"], "admin", "*", "toys")
    cells = EXPORTS["people"][1](sqlite_hub.company, sqlite_hub.site)
    assert {row[5] for row in cells if row[0] == "Picker"} == {"picker"}


def test_the_navigation_offers_what_may_be_opened(toys: Browser) -> None:
    page = toys.get("/").text
    for path in ("/orders", "/stock", "/items"):
        assert f'href="{path}"' in page
        assert toys.get(path).status_code == 200
    for path in ("/waves", "/customers", "/people", "/audit", "/import", "/status"):
        assert f'href="{path}"' not in page


# --- packing and shipping -------------------------------------------------------------------------


@pytest.fixture
def packer(sqlite_hub: TestHub, people: dict[str, bytes], browse: Browse) -> Browser:
    """The picker packs and ships in the division toys alone."""
    with sqlite_hub.act() as act:
        staff.grant(act, people["picker"], "packer", sqlite_hub.site, "toys")
        staff.add_token(act, people["picker"], "key", staff.token_digest("bw_toys"))
    browser = browse("picker")
    browser.get("/own")
    browser.post("/packing/bench", {"bench": "east 1"})
    return browser


@pytest.fixture
def picked(sqlite_hub: TestHub) -> dict[str, bytes]:
    """An order of each division, in the tote of its name."""
    builders.stock(sqlite_hub, "A-01-01-1", "LAMP", 9)
    found = {}
    for division in ("toys", "garden", ""):
        found[division] = builders.order(sqlite_hub, {"LAMP": 1}, division=division)
        totes.pick(sqlite_hub, found[division], "LAMP", 1, f"T-{division or 'ALL'}".upper())
    return found


def begun(hub: TestHub, division: str) -> Parcel:
    with hub.act() as act:
        task = packing.scan_tote(act, "east 1", f"T-{division}")
    return Parcel.get_by_id(task.parcel)


def closed(hub: TestHub, division: str) -> Parcel:
    parcel = begun(hub, division)
    with hub.act() as act:
        packing.verify_item(act, parcel.id, "LAMP")
    return Parcel.get_by_id(parcel.id)


def test_a_packer_of_one_division_packs_and_ships_its_orders(
    packer: Browser, picked: dict[str, bytes]
) -> None:
    assert 'href="/packing"' in packer.get("/own").text
    packer.get("/packing")
    shown = packer.post("/packing/scan", {"code": "T-TOYS", "parcel": ""}).location
    assert shown.startswith("/packing?parcel=")
    parcel = Parcel.get()
    packer.post("/packing/scan", {"code": "LAMP", "parcel": parcel.id.hex()})
    page = packer.get(shown).text
    assert "Ship it now" in page
    assert packer.get(f"/packing/{parcel.id.hex()}/slip.pdf").status_code == 200
    assert "Ship" in packer.get(f"/shipments/{parcel.shipment.hex()}").text
    packer.post("/shipments/ship-all", {"shipment": [parcel.shipment.hex()]})
    assert SalesOrder.get_by_id(picked["toys"]).state == "CLOSED"


def test_totes_of_other_divisions_are_refused_at_the_bench(
    app: Flask, packer: Browser, picked: dict[str, bytes]
) -> None:
    packer.get("/own")
    for tote in ("T-GARDEN", "T-ALL"):
        answer = packer.post("/packing/scan", {"code": tote, "parcel": ""})
        assert answer.status_code == 403, tote
        sent = {"bench": "b", "tote": tote}
        asked = app.test_client().post("/api/1/packing/tote", json=sent, headers=KEY)
        assert asked.status_code == 403, tote
    assert Parcel.select().count() == 0
    assert Denial.select().where(Denial.what.contains("warehouse.pack.w1.garden")).count() == 2


def test_an_open_parcel_of_another_division_is_neither_shown_nor_touched(
    app: Flask, sqlite_hub: TestHub, packer: Browser, picked: dict[str, bytes]
) -> None:
    parcel = begun(sqlite_hub, "GARDEN")
    path = f"/packing/{parcel.id.hex()}"
    assert parcel.number not in packer.get("/packing").text
    assert packer.get(f"/packing?parcel={parcel.id.hex()}").status_code == 403
    for act in ("close", "again", "aside", "surplus"):
        sent = {"rest": "MISSING", "tote": "T-GARDEN", "surplus_code": "LAMP",
                "surplus_quantity": "1"}  # fmt: skip
        assert packer.post(f"{path}/{act}", sent).status_code == 403, act
    scan = {"code": "LAMP", "parcel": parcel.id.hex()}
    assert packer.post("/packing/scan", scan).status_code == 403
    headers, named = {**KEY, "Idempotency-Key": "k"}, {"parcel": parcel.id.hex()}
    for way, sent in (("verify", {**named, "code": "LAMP"}), ("close", named)):
        answer = app.test_client().post(f"/api/1/packing/{way}", json=sent, headers=headers)
        assert answer.status_code == 403, (way, answer.json)
    assert Parcel.get_by_id(parcel.id).state == "OPEN"


def test_a_shipment_of_another_division_is_neither_listed_nor_sent(
    sqlite_hub: TestHub, packer: Browser, picked: dict[str, bytes], browse: Browse
) -> None:
    own, foreign = closed(sqlite_hub, "TOYS"), closed(sqlite_hub, "GARDEN")
    page = packer.get("/shipments").text
    numbers = [Shipment.get_by_id(parcel.shipment).number for parcel in (own, foreign)]
    assert numbers[0] in page
    assert numbers[1] not in page
    assert "· 1</a>" in page
    assert "data-live-topics" not in page, "the counts in the live news are of every division"
    assert all(number in browse("supervisor").get("/shipments").text for number in numbers)
    shipment = f"/shipments/{foreign.shipment.hex()}"
    assert packer.get(shipment).status_code == 403
    assert packer.get(f"/packing/{foreign.id.hex()}/slip.pdf").status_code == 403
    packer.get("/shipments")
    assert packer.post(f"{shipment}/ship").status_code == 403
    assert packer.post(f"{shipment}/stage").status_code == 403
    assert packer.post(f"/packing/{foreign.id.hex()}/reopen", {"reason": "?"}).status_code == 403
    packer.post("/shipments/ship-all", {"shipment": [foreign.shipment.hex()]})
    assert Shipment.get_by_id(foreign.shipment).state == "LABELLED"
    said = "POST /shipments/ship-all shipping.ship.w1.garden"
    assert Denial.select().where(Denial.what == said).count() == 1
