"""odoo#62139 and its kin: reserved counters drift until nothing can be released any more."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.inventory import claims
from hub.inventory.models import Allocation, Balance
from hub.inventory.posting import Goods, Where, balance_id
from hub.orders import lines, service
from hub.orders.models import OrderLine
from hub.verify.command import verify
from tests.hub import builders
from tests.hub.conftest import TestHub

PIECES = 12
steps = st.lists(
    st.tuples(st.sampled_from(["claim", "cancel", "order"]), st.integers(1, 6), st.integers(0, 9)),
    min_size=1, max_size=20,
)  # fmt: skip


def _claim(hub: TestHub, goods: Goods, place: bytes, line: OrderLine, quantity: int) -> None:
    with hub.act() as act:
        held = claims.claim(
            act, balance_id(hub.site, goods, Where(place)), quantity, order=line.order,
            order_line=line.id, item=goods.item, place=place, reason="story",
        )  # fmt: skip
        if held is not None:
            lines.move(act, line.id, "open", "allocated", quantity)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=steps)
def test_what_is_reserved_is_always_what_the_claims_hold(
    sqlite_hub: TestHub, story: list[tuple[str, int, int]]
) -> None:
    hub = sqlite_hub
    place = builders.stock(hub, "A-01", "PEN", PIECES)
    goods = builders.goods(hub, "PEN")
    builders.order(hub, {"PEN": 6})
    for step, quantity, which in story:
        some = list(OrderLine.select().order_by(OrderLine.id))
        line = some[which % len(some)]
        if step == "order":
            builders.order(hub, {"PEN": quantity})
        elif step == "claim" and line.open >= quantity:
            _claim(hub, goods, place, line, quantity)
        elif step == "cancel" and line.open + line.allocated >= quantity:
            with hub.act() as act:
                service.cancel_units(act, line.id, quantity, "story")
    held = Allocation.select().where(Allocation.state == "ALLOCATED")
    balance = Balance.get((Balance.place == place) & Balance.is_real)
    assert balance.allocated == sum(a.quantity for a in held) <= balance.on_hand
    assert balance.allocated == sum(line.allocated for line in OrderLine.select())
    assert verify(hub.database).ok
