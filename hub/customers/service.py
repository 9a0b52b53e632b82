"""What is done to customers. Their names and addresses live in this table alone, so that erasing
them leaves every ledger as it is.
"""

from __future__ import annotations

from typing import Final

from hub.customers.models import Customer
from hub.db import Insert
from hub.errors import BadValue, NotFound
from hub.journal import Act

EXTERNAL_ID_CHARS_MAX: Final = 64
_insert: Final = Insert(Customer)


def save_customer(
    act: Act, company: str, external_id: str, *, name: str | None = None,
    email: str | None = None, country: str | None = None,
) -> bytes:  # fmt: skip
    """Make a customer or bring them up to date; returns the id. What is None stays. Repeatable."""
    kept = external_id.strip()
    if not kept or len(kept) > EXTERNAL_ID_CHARS_MAX:
        raise BadValue("customer", external_id, f"use 1 to {EXTERNAL_ID_CHARS_MAX} characters")
    row = act.tx.row(
        "SELECT id FROM customer WHERE company = ? AND external_id = ?", (company, kept)
    )
    if row is not None:
        _change(act, bytes(row[0]), {"name": name, "email": email, "country": country})
        return bytes(row[0])
    id = act.new_id()
    act.tx.run(_insert.sql, (id, company, kept, name or "", email or "", country or "", act.now_us))
    return id


def change_customer(act: Act, id: bytes, *, name: str, email: str, country: str) -> None:
    """Write down what is known of a customer. Raises NotFound."""
    changed = act.tx.run(
        "UPDATE customer SET name = ?, email = ?, country = ? WHERE id = ?",
        (name, email, country, id),
    )
    if changed != 1:
        raise NotFound("customer", id.hex())


def _change(act: Act, id: bytes, wanted: dict[str, str | None]) -> None:
    given = {field: value for field, value in wanted.items() if value is not None}
    if given:
        sets = ", ".join(f"{field} = ?" for field in given)
        act.tx.run(f"UPDATE customer SET {sets} WHERE id = ?", (*given.values(), id))


def erase(act: Act, customer: bytes) -> None:
    """Forget who this is. Orders and ledgers keep the id, which then means nobody."""
    changed = act.tx.run(
        "UPDATE customer SET name = '', email = '', external_id = NULL WHERE id = ?", (customer,)
    )
    if changed != 1:
        raise NotFound("customer", customer.hex())
