"""Exceptions: every kind can be settled, and settling changes the house, once."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import hub as hub_package
from hub.errors import BadValue, NotFound, WrongState
from hub.floor_exceptions import FloorException, open_exception
from hub.inventory import facts
from hub.inventory.posting import Where, place_id
from hub.orders.models import OrderLine
from hub.outbox import OutboxMessage
from hub.verify.command import verify
from hub.warehouse import exceptions, packing
from hub.warehouse.models import Assignment, WorkLine
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.warehouse import totes

BIN = "A-01-01-1"


def kinds_opened() -> set[str]:
    """Every kind that any line of the hub opens."""
    kinds: set[str] = set()
    for path in Path(hub_package.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "open_exception":
                kind = node.args[1]
                assert isinstance(kind, ast.Constant), f"{path}: name the kind where it is opened"
                kinds.add(str(kind.value))
    return kinds


def test_every_kind_that_the_hub_can_open_has_a_way_to_settle_it() -> None:
    opened = kinds_opened()
    assert opened >= {"SHORT_PICK", "PUT_BACK", "HELP", "PARKED_EVENT", "PACK_DIFFERENCE"}
    assert opened <= exceptions.KINDS.keys()
    for kind in exceptions.KINDS:
        assert exceptions.remedies_for(kind, 1), kind
    assert exceptions.remedies_for("PACK_DIFFERENCE", -1)


def test_every_kind_and_way_is_told_in_the_manual() -> None:
    page = Path(hub_package.__path__[0]).parent / "docs" / "exceptions.md"
    text = page.read_text()
    for name, kind in exceptions.KINDS.items():
        assert f"`{name}`" in text
        for remedy in kind.remedies:
            assert remedy.title in text, remedy.title


def bin_place(hub: TestHub, code: str = BIN) -> bytes:
    return place_id(hub.site, "BIN", code)


def short_pick(hub: TestHub, sku: str, missing: int, reason: str = "EMPTY") -> bytes:
    """Somebody found the bin short: what the books have there is set aside."""
    goods = builders.goods(hub, sku)
    with hub.act() as act:
        facts.set_doubtful(act, goods, Where(bin_place(hub)), missing, reason)
        return open_exception(
            act, "SHORT_PICK", place=bin_place(hub), item=goods.item, quantity=missing,
            physical=0, reason=reason,
        )  # fmt: skip


def opened(hub: TestHub, kind: str, **facts_: object) -> bytes:
    with hub.act() as act:
        act.device = str(facts_.pop("device", ""))
        return open_exception(act, kind, **facts_)  # type: ignore[arg-type]


def settle(hub: TestHub, id: bytes, name: str, **answers: object) -> str:
    with hub.act() as act:
        return exceptions.settle(act, id, name, answers)


def on_hand(hub: TestHub, sku: str, status: str = "AVAILABLE") -> int:
    from hub.inventory import posting

    goods = builders.goods(hub, sku)
    with hub.act() as act:
        return posting.on_hand(act, goods, Where(bin_place(hub), True, status))[0]


def is_open(id: bytes) -> bool:
    return FloorException.get_by_id(id).state == "OPEN"


@pytest.mark.parametrize(
    ("counted", "good", "said"),
    [
        (4, 4, "4 counted: 4 found again, 1 lost, 0 more than booked"),
        (0, 0, "0 counted: 0 found again, 5 lost, 0 more than booked"),
        (7, 7, "7 counted: 5 found again, 0 lost, 2 more than booked"),
    ],
)
def test_a_count_makes_the_books_say_what_was_seen(
    hub: TestHub, counted: int, good: int, said: str
) -> None:
    builders.stock(hub, BIN, "MUG", 5)
    id = short_pick(hub, "MUG", 2)
    assert (on_hand(hub, "MUG"), on_hand(hub, "MUG", "HOLD")) == (0, 5)
    assert settle(hub, id, "count", quantity=counted) == said
    assert (on_hand(hub, "MUG"), on_hand(hub, "MUG", "HOLD")) == (good, 0)
    assert not is_open(id)
    assert verify(hub.database).ok


def test_a_count_answers_everybody_who_doubted_the_same_stock(hub: TestHub) -> None:
    builders.stock(hub, BIN, "MUG", 5)
    builders.stock(hub, BIN, "BOWL", 5)
    first, second = short_pick(hub, "MUG", 2), short_pick(hub, "MUG", 1)
    other = short_pick(hub, "BOWL", 1)
    settle(hub, first, "count", quantity=5)
    assert [is_open(id) for id in (first, second, other)] == [False, False, True]


def test_a_count_below_what_is_promised_makes_claims_give_way(hub: TestHub) -> None:
    builders.stock(hub, BIN, "MUG", 5)
    order = builders.order(hub, {"MUG": 4})
    line = OrderLine.get(OrderLine.order == order)
    goods = builders.goods(hub, "MUG")
    from hub.inventory import claims
    from hub.inventory.posting import balance_id
    from hub.orders import lines

    with hub.act() as act:
        claims.claim(
            act, balance_id(hub.site, goods, Where(bin_place(hub))), 4, order=order,
            order_line=line.id, item=goods.item, place=bin_place(hub), reason="test",
        )  # fmt: skip
        lines.move(act, line.id, "open", "allocated", 4)
    id = opened(hub, "UNEXPLAINED_STOCK", place=bin_place(hub), item=goods.item, quantity=0)
    settle(hub, id, "count", quantity=3)
    line = OrderLine.get_by_id(line.id)
    assert (line.allocated, line.backordered) == (3, 1)
    assert on_hand(hub, "MUG") == 3
    assert verify(hub.database).ok


def test_a_mistaken_short_pick_frees_the_stock_again(hub: TestHub) -> None:
    builders.stock(hub, BIN, "MUG", 5)
    id = short_pick(hub, "MUG", 2)
    assert settle(hub, id, "not_short") == "5 released"
    assert on_hand(hub, "MUG") == 5


def test_damaged_units_are_scrapped(hub: TestHub) -> None:
    builders.stock(hub, BIN, "MUG", 5)
    id = short_pick(hub, "MUG", 2, "DAMAGED")
    assert settle(hub, id, "scrap") == "2 scrapped"
    assert (on_hand(hub, "MUG"), on_hand(hub, "MUG", "DAMAGED")) == (3, 0)
    assert totes.units_in(hub, "SCRAP", "scrap", "MUG") == 2


def test_unexplained_stock_is_accepted_as_a_difference(hub: TestHub) -> None:
    builders.stock(hub, BIN, "MUG", 1)
    goods = builders.goods(hub, "MUG")
    with hub.act() as act:
        facts.explain(act, goods, 3, Where(bin_place(hub)))
    assert totes.units_in(hub, "UNEXPLAINED", "unexplained", "MUG") == -3
    settle(hub, FloorException.get().id, "accept")
    assert totes.units_in(hub, "UNEXPLAINED", "unexplained", "MUG") == 0
    assert on_hand(hub, "MUG") == 4
    assert verify(hub.database).ok


def test_left_over_units_go_into_a_bin_and_the_tote_is_empty_again(hub: TestHub) -> None:
    totes.put_loose(hub, "MUG", 2, "T1")
    tote, item = place_id(hub.site, "TOTE", "T1"), builders.item(hub, "MUG")
    with hub.act() as act:
        act.tx.run("UPDATE place SET state = 'UNLOADED' WHERE id = ?", (tote,))
    id = opened(hub, "PUT_BACK", place=tote, item=item, quantity=2)
    with pytest.raises(NotFound):
        settle(hub, id, "put_back", bin="Z-99-99-9")
    assert is_open(id)
    assert settle(hub, id, "put_back", bin=BIN.lower()) == f"2 into {BIN}"
    with hub.act() as act:
        assert act.tx.row("SELECT state FROM place WHERE id = ?", (tote,)) == ("EMPTY",)
    assert on_hand(hub, "MUG") == 2


def test_units_missing_at_packing_are_found_again_or_lost(hub: TestHub) -> None:
    totes.picked(hub, {"MUG": 3, "BOWL": 2}, "T1")
    with hub.act() as act:
        packing.close_parcel(act, packing.scan_tote(act, "b", "T1"))
    by_quantity = {row.quantity: row.id for row in FloorException.select()}
    with pytest.raises(BadValue, match="3 were missing"):
        settle(hub, by_quantity[-3], "found", quantity=4, bin=BIN)
    assert settle(hub, by_quantity[-3], "found", quantity=2, bin=BIN) == f"2 into {BIN}, 1 lost"
    assert settle(hub, by_quantity[-2], "lost") == "2 lost"
    for sku in ("MUG", "BOWL"):
        assert totes.units_in(hub, "UNEXPLAINED", "unexplained", sku) == 0
    assert on_hand(hub, "MUG") == 2
    assert verify(hub.database).ok


def test_a_surplus_at_packing_is_put_back_like_any_left_over(hub: TestHub) -> None:
    totes.picked(hub, {"MUG": 1}, "T1")
    with hub.act() as act:
        task = packing.scan_tote(act, "b", "T1")
        packing.report_surplus(act, task, "T1", "MUG", 2)
        packing.verify_item(act, task, "MUG")
    id = FloorException.get().id
    with pytest.raises(WrongState):
        settle(hub, id, "lost")
    settle(hub, id, "put_back", bin=BIN)
    assert on_hand(hub, "MUG") == 2
    assert totes.units_in(hub, "UNEXPLAINED", "unexplained", "MUG") == 0
    assert verify(hub.database).ok


def add_device(hub: TestHub, name: str) -> None:
    from hub.devices import service as devices

    with hub.act() as act:
        devices.add_device(act, name, "handheld", hub.random.randbytes)


def test_a_call_is_answered_on_the_screen_of_whoever_called(hub: TestHub) -> None:
    add_device(hub, "hh-1")
    id = opened(hub, "HELP", device="hh-1", text="where is the ladder?")
    with pytest.raises(BadValue):
        settle(hub, id, "answer", text=" ")
    settle(hub, id, "answer", text="Behind aisle 4.")
    sent = OutboxMessage.get()
    assert (sent.device, sent.type) == ("hh-1", "ShowMessage")
    assert b"Behind aisle 4." in bytes(sent.payload)


def work(hub: TestHub, order: bytes, state: str) -> tuple[bytes, bytes]:
    """An assignment over one released line of the order; returns it and its work line."""
    from hub.inventory import claims
    from hub.inventory.posting import balance_id
    from hub.orders import lines

    line = OrderLine.get(OrderLine.order == order)
    goods = builders.Goods(hub.company, line.item)
    with hub.act() as act:
        balance = balance_id(hub.site, goods, Where(bin_place(hub)))
        held = claims.claim(
            act, balance, line.ordered, order=order, order_line=line.id, item=line.item,
            place=bin_place(hub), reason="test", state="RELEASED",
        )  # fmt: skip
        lines.move(act, line.id, "open", "allocated", line.ordered)
        lines.move(act, line.id, "allocated", "released", line.ordered)
        assignment, work_line = act.new_id(), act.new_id()
    Assignment.insert(
        id=assignment, site=hub.site, wave=bytes(16), state=state, method="SINGLE", device="hh-1"
    ).execute()
    WorkLine.insert(
        id=work_line, assignment=assignment, sequence=10, state="OPEN", allocation=held,
        order=order, order_line=line.id, item=line.item, place=bin_place(hub), slot="1",
        quantity=line.ordered,
    ).execute()  # fmt: skip
    return assignment, work_line


def test_work_left_over_is_handed_to_whoever_asks_next(hub: TestHub) -> None:
    builders.stock(hub, BIN, "MUG", 2)
    assignment, _ = work(hub, builders.order(hub, {"MUG": 2}), "EXCEPTION")
    id = opened(hub, "WORK_LEFT", assignment=assignment, quantity=1)
    settle(hub, id, "hand_over")
    row = Assignment.get_by_id(assignment)
    assert (row.state, row.device) == ("READY", "")


def test_work_left_over_ends_without_its_open_lines(hub: TestHub) -> None:
    builders.stock(hub, BIN, "MUG", 2)
    order = builders.order(hub, {"MUG": 2})
    assignment, work_line = work(hub, order, "EXCEPTION")
    id = opened(hub, "WORK_LEFT", assignment=assignment, quantity=1)
    assert settle(hub, id, "drop_rest") == "1 lines dropped, 2 units wait for stock"
    assert Assignment.get_by_id(assignment).state == "COMPLETED"
    assert WorkLine.get_by_id(work_line).state == "CANCELLED"
    assert OrderLine.get(OrderLine.order == order).backordered == 2
    assert verify(hub.database).ok


def test_a_silent_pickers_work_is_handed_over(hub: TestHub) -> None:
    builders.stock(hub, BIN, "MUG", 2)
    assignment, _ = work(hub, builders.order(hub, {"MUG": 2}), "IN_PROGRESS")
    id = opened(hub, "LEASE_EXPIRED", assignment=assignment, holder="hh-1")
    settle(hub, id, "hand_over")
    assert Assignment.get_by_id(assignment).state == "READY"
    assert OutboxMessage.get().type == "RevokeAssignment"


def test_a_device_at_somebody_elses_work_is_told_to_stop(hub: TestHub) -> None:
    add_device(hub, "hh-2")
    id = opened(hub, "LEASE_CONFLICT", device="hh-2", assignment=bytes(16), holder="hh-1", rev=2)
    settle(hub, id, "stop")
    assert OutboxMessage.get().device == "hh-2"


def test_after_lost_messages_a_bin_is_locked_for_a_count(hub: TestHub) -> None:
    builders.stock(hub, BIN, "MUG", 1)
    id = opened(hub, "LOST_RANGE", epoch="e", first=3, last=9)
    settle(hub, id, "lock_bin", bin=BIN)
    with hub.act() as act:
        row = act.tx.row("SELECT state FROM place WHERE id = ?", (bin_place(hub),))
    assert row == ("COUNT_LOCK",)


@pytest.mark.parametrize("kind", ["TOTE_SHARED", "UNKNOWN_SKU", "HELP", "LOST_RANGE"])
def test_what_somebody_took_care_of_is_off_the_list(sqlite_hub: TestHub, kind: str) -> None:
    id = opened(sqlite_hub, kind)
    settle(sqlite_hub, id, "seen")
    assert not is_open(id)


def test_an_exception_is_settled_once(hub: TestHub) -> None:
    id = opened(hub, "TOTE_SHARED", slot="A")
    settle(hub, id, "seen")
    with pytest.raises(WrongState):
        settle(hub, id, "seen")
    with pytest.raises(NotFound):
        settle(hub, bytes(16), "seen")
    other = opened(hub, "TOTE_SHARED", slot="A")
    with pytest.raises(NotFound):
        settle(hub, other, "count")
