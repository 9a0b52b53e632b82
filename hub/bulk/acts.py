"""What an import does, as commands. Their input is the run and its staged slices, which are kept
with the import: the journal does not hold a file twice.
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.bulk import forgetting, posting
from hub.bulk.kinds.by_name import kind_named
from hub.bulk.posting import Context, Options
from hub.command import Command, Id, command
from hub.customers.forgetting import also_kept
from hub.customers.models import Customer
from hub.journal import Act
from hub.staff import giving
from hub.staff.rules import ROLES


@command("bulk.import")
class NoteUpload(Command[None], frozen=True):
    """Somebody uploads a file on a page. The import's own acts follow; this one says who it was."""

    kind: str
    file: str
    sha256: str

    def refuse_to(self, actor: bytes) -> None:
        """A file of people may give any role at every site, so it takes all that they give."""
        if self.kind == "people":
            giving.refuse_to_give(actor, ROLES)

    def carry_out(self, act: Act) -> None:
        return


@command("import.accept")
class AcceptImport(Command[None], frozen=True):
    """Every row of a file was found good and is staged."""

    run: Id
    kind: str
    file: str
    digest: str
    rows: int
    slices: int

    def carry_out(self, act: Act) -> None:
        posting.accept(act, self.run, self.slices, self.file)


@command("import.post")
class PostSlice(Command[None], frozen=True):
    """Post one staged slice. Its key makes sure that no slice is posted twice."""

    run: Id
    n: int
    kind: str
    company: str
    options: Options

    def carry_out(self, act: Act) -> None:
        kind = posting.poster(act.tx.database, self.run, kind_named(self.kind))
        context = Context(self.company, act.site, self.run, self.options, act.now_us)
        posting.post_slice(act, context, kind, self.n)


@command("import.finish")
class FinishImport(Command[None], frozen=True):
    run: Id

    def carry_out(self, act: Act) -> None:
        posting.finish(act, self.run)


@command("import.forget_customer", needs="customers.edit")
class ForgetInSlices(Command[None], frozen=True):
    """Take a customer's number out of some slices of a file, before the customer is erased."""

    run: Id
    slices: tuple[int, ...]
    customer: Id

    def carry_out(self, act: Act) -> None:
        forgetting.forget_in_slices(act, self.run, self.slices, self.customer)


@also_kept
def forget_customer(customer: Customer) -> Iterator[ForgetInSlices]:
    """The commands that make staged files forget a customer."""
    for run, numbers in forgetting.slices_with(customer.company, customer.external_id or ""):
        yield ForgetInSlices(run, tuple(numbers), customer.id)
