"""What somebody may want done about customers, as commands."""

from __future__ import annotations

from hub.command import Command, Id, Personal, PersonalOrNone, command
from hub.customers import service
from hub.journal import Act
from hub.personal import forget

EDIT = "customers.edit"


@command("customers.save", needs=EDIT)
class SaveCustomer(Command[bytes], frozen=True):
    """Make a customer or bring them up to date; what is None stays. Returns the id."""

    company: str
    external_id: Personal
    name: PersonalOrNone = None
    email: PersonalOrNone = None
    country: str | None = None

    def carry_out(self, act: Act) -> bytes:
        act.about = service.save_customer(
            act, self.company, self.external_id, name=self.name, email=self.email,
            country=self.country,
        )  # fmt: skip
        return act.about


@command("customers.erase", needs=EDIT)
class EraseCustomer(Command[None], frozen=True):
    """Forget who this is, here and in what earlier acts were told."""

    customer: Id

    def carry_out(self, act: Act) -> None:
        service.erase(act, self.customer)
        forget(act, self.customer)
