"""Reads of customers."""

from __future__ import annotations

from hub.customers.models import Customer


def customer_of(company: str, external_id: str) -> Customer | None:
    return Customer.get_or_none(
        (Customer.company == company) & (Customer.external_id == external_id.strip())
    )


def ids_of(company: str) -> dict[str, bytes]:
    """External id → id of every customer of the company."""
    query = Customer.select(Customer.external_id, Customer.id).where(
        (Customer.company == company) & Customer.external_id.is_null(False)
    )
    return {str(row.external_id): row.id for row in query.namedtuples()}


def customer_page(
    company: str, *, text: str = "", after: str = "", rows: int = 50
) -> list[Customer]:
    """Customers by external id, the next `rows` after `after`; `text` begins the external id."""
    query = Customer.select().where((Customer.company == company) & (Customer.external_id > after))
    if text.strip():
        query = query.where(Customer.external_id.startswith(text.strip()))
    return list(query.order_by(Customer.external_id).limit(rows))
