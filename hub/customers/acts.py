"""What somebody may want done about customers, as commands."""

from __future__ import annotations

from hub.command import Command, Id, Personal, command
from hub.customers import service
from hub.journal import Act
from hub.personal import forget

EDIT = "customers.edit"


@command("customers.change", needs=EDIT)
class ChangeCustomer(Command[None], frozen=True):
    """Bring what is known of a customer up to date."""

    customer: Id
    name: Personal
    email: Personal
    country: str

    def carry_out(self, act: Act) -> None:
        act.about = self.customer
        service.change_customer(
            act, self.customer, name=self.name, email=self.email, country=self.country
        )


@command("customers.erase", needs=EDIT)
class EraseCustomer(Command[None], frozen=True):
    """Forget who this is, here and in what earlier acts were told."""

    customer: Id

    def carry_out(self, act: Act) -> None:
        service.erase(act, self.customer)
        forget(act, self.customer)
