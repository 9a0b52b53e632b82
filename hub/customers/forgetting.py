"""Forgetting a customer everywhere: the commands for it, in their order.

Owns the list of those who keep a customer's number besides the customer's own row. Each names the
commands that make it forget; they come before `customers.erase`, which then takes the number away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from hub.command import Command
from hub.customers.acts import EraseCustomer
from hub.customers.models import Customer

Forget = Callable[[Customer], Iterator[Command[Any]]]
_elsewhere: Final[list[Forget]] = []


def also_kept(forget: Forget) -> Forget:
    """Enter somebody who keeps numbers of customers."""
    _elsewhere.append(forget)
    return forget


def forgetting(customer: Customer) -> Iterator[Command[Any]]:
    """Every command that it takes. Safe to begin again when one of them could not be carried out.

    What they find is looked up before, outside of any transaction.
    """
    if customer.external_id:
        for forget in _elsewhere:
            yield from forget(customer)
    yield EraseCustomer(customer.id)
