"""What a credit becomes: units that are not shipped yet are cancelled, shipped ones come back.

A credit names a customer, an article and how many; which orders it means is found here: the
customer's latest order first, what is unshipped before what is shipped.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from hub.journal import Act
from hub.orders import rules, service
from hub.orders.models import STAGES

_CANDIDATES: Final = (
    "SELECT l.id, l.shipped - l.returned, l.ordered, "
    + ", ".join(f'l."{stage}"' for stage in STAGES)
    + " FROM sales_order o JOIN order_line l ON l.order_id = o.id "
    "WHERE o.customer = ? AND l.item = ? AND o.company = ? AND o.placed_at <= ? "
    "AND l.cancelled + l.returned < l.ordered ORDER BY o.placed_at DESC, o.id DESC, l.n DESC"
)


class Credit(NamedTuple):
    """Goods that a customer gives back or no longer wants."""

    company: str
    external_id: str
    customer: bytes | None
    item: bytes
    quantity: int
    price_micros: int
    at: int


class Settled(NamedTuple):
    """Units cancelled before shipping, returned after it, and those no order is known for."""

    cancelled: int
    returned: int
    unmatched: int


def settle(act: Act, credit: Credit) -> Settled:
    """Carry out a credit; what fits no order is noted as an UNMATCHED return. Never refused."""
    act.tx.flush()
    candidates = _candidates(act, credit)
    plan = rules.plan_credit(candidates, credit.quantity)
    for line, quantity in plan.cancel:
        service.cancel_units(act, line, quantity, credit.external_id)
    for line, quantity in plan.take_back:
        service.take_back(
            act, credit.company, credit.external_id, line, quantity,
            price_micros=credit.price_micros, at=credit.at,
        )  # fmt: skip
    if plan.rest:
        service.note_unmatched_return(
            act, credit.company, credit.external_id, credit.item, plan.rest,
            price_micros=credit.price_micros, at=credit.at,
        )  # fmt: skip
    cancelled = sum(quantity for _, quantity in plan.cancel)
    return Settled(cancelled, credit.quantity - cancelled - plan.rest, plan.rest)


def _candidates(act: Act, credit: Credit) -> list[rules.Creditable]:
    if credit.customer is None:
        return []
    rows = act.tx.rows(
        _CANDIDATES, (credit.customer, credit.item, credit.company, credit.at)
    )  # fmt: skip
    return [
        rules.Creditable(bytes(row[0]), rules.cancellable_units(rules.Stages(*row[2:])), row[1])
        for row in rows
    ]
