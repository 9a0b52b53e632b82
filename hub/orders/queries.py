"""Reads of orders: lists, one order, its story."""

from __future__ import annotations

from hub.orders.models import SalesOrder


def known_documents(company: str, channel: str) -> set[str]:
    """External ids of every order that the channel sent."""
    query = SalesOrder.select(SalesOrder.external_id).where(
        (SalesOrder.company == company)
        & (SalesOrder.channel == channel)
        & SalesOrder.external_id.is_null(False)
    )
    return {str(row.external_id) for row in query}
