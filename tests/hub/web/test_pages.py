"""Every page answers, empty and with goods, for whoever may see it and for nobody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub.inventory.models import Balance
from hub.inventory.posting import place_id
from hub.orders.models import OrderLine
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import Browser

LISTS = (
    "/", "/orders", "/items", "/items/new", "/stock", "/customers", "/people", "/people/new",
    "/audit", "/audit/denials", "/audit/refused", "/own", "/own/password", "/search?q=nothing",
)  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_every_list_answers_when_there_is_nothing_yet(
    browse: Callable[[str], Browser], path: str
) -> None:
    response = browse("admin").get(path)
    assert response.status_code == 200
    assert "<h1" in response.text


def test_every_list_answers_with_goods_and_orders(
    sqlite_hub: TestHub, browse: Callable[[str], Browser]
) -> None:
    builders.stock(sqlite_hub, "A-01-01-1", "LAMP", 12)
    builders.order(sqlite_hub, {"LAMP": 3})
    browser = browse("admin")
    for path in LISTS:
        assert browser.get(path).status_code == 200, path
    assert "LAMP" in browser.get("/stock").text
    assert "Article LAMP" in browser.get("/items").text


def test_one_of_each_answers(sqlite_hub: TestHub, browse: Callable[[str], Browser]) -> None:
    bin = builders.stock(sqlite_hub, "A-01-01-1", "LAMP", 12)
    item = builders.item(sqlite_hub, "LAMP")
    order = builders.order(sqlite_hub, {"LAMP": 3})
    balance = Balance.get(Balance.place == bin)
    browser = browse("admin")
    for path in (
        f"/orders/{order.hex()}", f"/items/{item.hex()}", f"/stock/item/{item.hex()}",
        f"/stock/place/{bin.hex()}", f"/stock/balance/{balance.id.hex()}", "/audit/1",
    ):  # fmt: skip
        response = browser.get(path)
        assert response.status_code == 200, path


@pytest.mark.parametrize("path", ["/orders/", "/items/", "/stock/item/", "/stock/place/",
                                  "/stock/balance/", "/customers/", "/people/"])  # fmt: skip
@pytest.mark.parametrize("id", ["0" * 32, "nonsense", "é"])
def test_what_is_not_there_is_said_in_a_sentence(
    browse: Callable[[str], Browser], path: str, id: str
) -> None:
    response = browse("admin").get(path + id)
    assert response.status_code == 404
    assert "There is no" in response.text


def test_a_name_with_markup_in_it_is_shown_as_text(
    sqlite_hub: TestHub, browse: Callable[[str], Browser]
) -> None:
    browser = browse("admin")
    browser.get("/items/new")
    evil = '<script>alert(1)</script>"><img src=x>'
    done = browser.post(
        "/items/new",
        {"sku": "EVIL", "name": evil, "price": "2.555", "status": "ACTIVE", "weight_g": "0",
         "volume_ml": "0"},
    )  # fmt: skip
    assert done.status_code == 303
    for path in (done.location, "/items", "/search?q=alert"):
        text = browser.get(path, follow_redirects=True).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "&lt;script&gt;" in text
    assert "2.555" in browser.get("/items").text


def test_an_order_shows_where_its_units_are_and_who_moved_them(
    sqlite_hub: TestHub, browse: Callable[[str], Browser]
) -> None:
    order = builders.order(sqlite_hub, {"LAMP": 3})
    browser = browse("supervisor")
    page = browser.get(f"/orders/{order.hex()}")
    line = OrderLine.get(OrderLine.order == order)
    browser.post(
        f"/orders/{order.hex()}/lines/cancel",
        {"line": line.id.hex(), "quantity": "1", "reason": "customer rang"},
    )
    page = browser.get(f"/orders/{order.hex()}")
    assert "1 unit is cancelled." in page.text
    assert "customer rang" in page.text
    assert "Supervisor" in page.text
    assert OrderLine.get_by_id(line.id).cancelled == 1


def test_a_hold_is_placed_and_released_on_the_page(
    sqlite_hub: TestHub, browse: Callable[[str], Browser]
) -> None:
    order = builders.order(sqlite_hub, {"LAMP": 3})
    browser = browse("office")
    browser.get(f"/orders/{order.hex()}")
    browser.post(f"/orders/{order.hex()}/holds", {"reason": "CREDIT", "note": "see Ana"})
    page = browser.get(f"/orders/{order.hex()}").text
    assert "see Ana" in page
    release = page.split("/release")[0].rsplit('action="', 1)[1] + "/release"
    browser.post(release)
    assert "The order goes on" in browser.get(f"/orders/{order.hex()}").text


def test_a_refusal_comes_back_as_a_sentence_on_the_same_page(
    sqlite_hub: TestHub, browse: Callable[[str], Browser]
) -> None:
    order = builders.order(sqlite_hub, {"LAMP": 3})
    line = OrderLine.get(OrderLine.order == order)
    browser = browse("office")
    browser.get(f"/orders/{order.hex()}")
    answer = browser.post(
        f"/orders/{order.hex()}/lines/cancel",
        {"line": line.id.hex(), "quantity": "9", "reason": "too many"},
    )
    assert answer.status_code == 303
    assert answer.location == f"/orders/{order.hex()}"
    assert 'class="note refusal"' in browser.get(answer.location).text
    assert OrderLine.get_by_id(line.id).cancelled == 0


def test_who_holds_this_is_one_click_and_can_be_released(
    sqlite_hub: TestHub, browse: Callable[[str], Browser]
) -> None:
    from tests.hub.web.claiming import claim_for_order

    balance, order = claim_for_order(sqlite_hub, "A-01-01-1", "LAMP", 12, 5)
    browser = browse("supervisor")
    assert f"/stock/balance/{balance.hex()}" in browser.get("/stock").text
    page = browser.get(f"/stock/balance/{balance.hex()}").text
    assert f"/orders/{order.hex()}" in page
    release = page.split('/release"')[0].rsplit('action="', 1)[1] + "/release"
    browser.post(release)
    assert Balance.get_by_id(balance).allocated == 0
    assert OrderLine.get(OrderLine.order == order).open == 5


def test_a_count_below_what_is_promised_is_accepted_and_replanned(
    sqlite_hub: TestHub, browse: Callable[[str], Browser]
) -> None:
    """Lesson 28: a count is never refused because something is reserved."""
    from tests.hub.web.claiming import claim_for_order

    balance, order = claim_for_order(sqlite_hub, "A-01-01-1", "LAMP", 12, 5)
    builders.stock(sqlite_hub, "A-01-02-1", "LAMP", 2)
    browser = browse("supervisor")
    browser.get(f"/stock/balance/{balance.hex()}")
    browser.post(
        f"/stock/balance/{balance.hex()}/adjust",
        {"counted": "3", "seen": "12", "reason": "found only three"},
    )
    row, line = Balance.get_by_id(balance), OrderLine.get(OrderLine.order == order)
    assert (row.on_hand, row.allocated) == (3, 3)
    assert (line.allocated, line.backordered) == (5, 0)


def test_the_audit_says_who_when_and_why(
    sqlite_hub: TestHub, people: dict[str, bytes], browse: Callable[[str], Browser]
) -> None:
    order = builders.order(sqlite_hub, {"LAMP": 3})
    office = browse("office")
    office.get(f"/orders/{order.hex()}")
    office.post(f"/orders/{order.hex()}/cancel", {"reason": "wrong address"})
    page = browse("finance").get(f"/audit?person={people['office'].hex()}&act=orders").text
    assert "orders.cancel" in page
    assert "wrong address" in page
    assert "Office" in page


def test_a_damaged_label_still_finds_its_bin(
    sqlite_hub: TestHub, browse: Callable[[str], Browser]
) -> None:
    builders.stock(sqlite_hub, "A-01-01-1", "LAMP", 1)
    place = place_id("w1", "BIN", "A-01-01-1").hex()
    browser = browse("supervisor")
    for text in ("%BA-01-01-1.zz", "A-01-01-1", "a-01-01-1"):
        answer = browser.get("/search", query_string={"q": text})
        assert answer.location == f"/stock/place/{place}", text
