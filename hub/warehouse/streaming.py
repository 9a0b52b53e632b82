"""Waves that plan themselves: order streaming. Owns the setting, and when the next wave is due.

The next wave is planned when too few released orders are left for the people who are picking, so
that late orders still find a good tour and nobody waits.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from hub.errors import BadValue
from hub.journal import Act
from hub.warehouse import order_pool, queries, rules
from hub.warehouse.models import Assignment, Wave, WaveStream, WorkRequest
from hub.warehouse.order_pool import OrderFilter
from hub.warehouse.waves import check_method

ORDERS_AHEAD_MAX: Final = 1_000
REFILLED_MAX: Final = 100
"""Waiting orders that are looked at for goods that came in."""


class Stream(NamedTuple):
    """The setting of a site."""

    is_on: bool = False
    method: str = "CLUSTER"
    slots: int = 6
    lines_max: int = 120
    orders_max: int = 60
    orders_ahead: int = 6


def set_stream(act: Act, stream: Stream) -> None:
    """Switch streaming on or off for the site of the act. Safe to repeat. Raises BadValue."""
    check_method(stream.method, stream.slots, stream.lines_max)
    if not 1 <= stream.orders_max <= order_pool.ORDERS_MAX:
        raise BadValue("orders_max", stream.orders_max, f"1 to {order_pool.ORDERS_MAX} orders")
    if not 1 <= stream.orders_ahead <= ORDERS_AHEAD_MAX:
        raise BadValue("orders_ahead", stream.orders_ahead, f"1 to {ORDERS_AHEAD_MAX} orders")
    columns = ", ".join(Stream._fields)
    updates = ", ".join(f"{name} = excluded.{name}" for name in Stream._fields)
    act.tx.run(
        f"INSERT INTO wave_stream (site, {columns}) VALUES (?, ?, ?, ?, ?, ?, ?) "
        f"ON CONFLICT (site) DO UPDATE SET {updates}",
        (act.site, *stream),
    )


def stream_of(site: str) -> Stream:
    """The setting of a site; off when nobody has set it."""
    row = WaveStream.get_or_none(WaveStream.site == site)
    if row is None:
        return Stream()
    return Stream(*(getattr(row, name) for name in Stream._fields))


def next_orders(site: str, stream: Stream) -> list[bytes]:
    """The orders of the next wave; none while there is work enough or nobody to do it.

    First what is due and was never tried, then what waits for goods that are there by now.
    """
    people = _people_at_work(site)
    if not people or _is_planning(site):
        return []
    if _orders_left(site) >= stream.orders_ahead * people:
        return []
    due = order_pool.due_orders(site, OrderFilter(orders_max=stream.orders_max))
    return due or _refilled(site, stream.orders_max)


def _people_at_work(site: str) -> int:
    """Devices that hold work or wait for some."""
    holding = Assignment.select(Assignment.device).where(
        (Assignment.site == site)
        & Assignment.state.in_(("OFFERED", "ASSIGNED", "IN_PROGRESS"))
        & (Assignment.device != "")
    )
    waiting = WorkRequest.select(WorkRequest.device).where(WorkRequest.site == site)
    return len({device for (device,) in [*holding.tuples(), *waiting.tuples()]})


def _is_planning(site: str) -> bool:
    """Whether a wave is on its way to the floor already."""
    asked = (Wave.site == site) & Wave.state.in_(("PLANNED", "ALLOCATING", "ALLOCATED"))
    return Wave.select().where(asked & (Wave.goal == "RELEASED")).exists()


def _orders_left(site: str) -> int:
    """Released orders that anybody may take."""
    rows: Any = (
        Assignment.select(Assignment.slots)
        .join(Wave, on=(Wave.id == Assignment.wave))
        .where((Assignment.site == site) & (Assignment.state == "READY") & (Wave.state != "HELD"))
        .where(Assignment.person.is_null())
        .tuples()
    )
    return sum(slots for (slots,) in rows)


def _refilled(site: str, orders_max: int) -> list[bytes]:
    """Waiting orders that would get something now; others would only wait again."""
    orders = order_pool.refillable_orders(site, min(orders_max, REFILLED_MAX))
    demand = queries.demand_of(orders, with_backordered=True)
    plan = rules.plan_allocation(demand, queries.stock_for(site, demand))
    return list(dict.fromkeys(claim.order for claim in plan.claims))
