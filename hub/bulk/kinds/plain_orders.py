"""Our own CSV of orders: one row for each line, rows of one order beside each other or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from hub.bulk.kinds.catalogue import price
from hub.bulk.kinds.order_entries import CustomerEntry, Entry, LineRow, OrderEntry, slices_of
from hub.bulk.posting import Context, Staged
from hub.bulk.reading import (
    Errors,
    SourceFile,
    named_rows,
    one_of,
    some_text,
    whole_number,
)
from hub.catalog.models import Item
from hub.catalog.rules import clean_sku, sku_key
from hub.customers.service import EXTERNAL_ID_CHARS_MAX
from hub.inventory.models import Site
from hub.orders.placing import check_division, check_hold_reason
from hub.orders.queries import known_documents
from protocols.limits import QUANTITY_MAX

NEEDED: Final = ("order", "sku", "quantity")
HEAD: Final = (
    "channel", "division", "customer", "country", "currency", "placed_at", "due_at", "priority",
    "ships_complete", "holds",
)  # fmt: skip
"""Columns that say something of the whole order: every row of it says the same."""
OPTIONAL: Final = ("name", "price", *HEAD)
DEFAULT_CHANNEL: Final = "file"


def moment(zone: ZoneInfo) -> Callable[[str], int | None]:
    """Reads an ISO moment; without an offset it is the site's local time. Empty: none."""

    def read(text: str) -> int | None:
        if not text:
            return None
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=zone) if at.tzinfo is None else at
        since = at - datetime(1970, 1, 1, tzinfo=UTC)
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

    return read


def written_moment(us: int) -> str:
    """The ISO text that `moment` reads back."""
    at = datetime.fromtimestamp(us // 1_000_000, UTC).replace(microsecond=us % 1_000_000)
    return at.isoformat().replace("+00:00", "Z")


def _holds(text: str) -> list[str]:
    for reason in text.split():
        check_hold_reason(reason)
    return text.split()


def _customer(text: str) -> str:
    if len(text) > EXTERNAL_ID_CHARS_MAX:
        raise ValueError(f"at most {EXTERNAL_ID_CHARS_MAX} characters")
    return text


def _division(text: str) -> str:
    check_division(text)
    return text


def _readers(context: Context) -> dict[str, Callable[[str], Any]]:
    site = Site.get_or_none(Site.code == context.site)
    at = moment(ZoneInfo(site.time_zone if site else "UTC"))
    return {
        "order": some_text, "sku": clean_sku, "quantity": whole_number(1, QUANTITY_MAX),
        "price": price, "name": str,
        "channel": lambda text: text or DEFAULT_CHANNEL, "division": _division,
        "customer": _customer, "country": str, "currency": lambda text: text or "GBP",
        "placed_at": at, "due_at": at,
        "priority": lambda text: whole_number(-1_000, 1_000)(text or "0"),
        "ships_complete": lambda text: one_of("", "no", "yes")(text) == "yes", "holds": _holds,
    }  # fmt: skip


def read(source: SourceFile, context: Context) -> Staged:
    """Understand a whole file. Raises ImportRefused, WrongColumns, UnreadableFile."""
    errors = Errors(source.name)
    readers = _readers(context)
    names = dict(Item.select(Item.sku_key, Item.name).where(
        Item.company == context.company).tuples().execute())  # fmt: skip
    heads: dict[tuple[str, str], tuple[Any, ...]] = {}
    lines: dict[tuple[str, str], list[LineRow]] = {}
    n = 0
    for n, cells in named_rows(source, NEEDED, OPTIONAL, errors):
        before = len(errors.found)
        value: dict[str, Any] = {c: errors.cell(n, c, cells[c], readers[c]) for c in cells}
        if len(errors.found) > before:
            continue
        key = sku_key(value["sku"])
        if key not in names:
            errors.add(n, "sku", "UNKNOWN_ARTICLE", f"there is no article {value['sku']}")
            continue
        order = (value["channel"], value["order"])
        head = tuple(str(value[c]) for c in HEAD)
        if heads.setdefault(order, (head, value))[0] != head:
            errors.add(n, "order", "ORDER_DIFFERS", f"rows of {order[1]} disagree in {_of(HEAD)}")
        lines.setdefault(order, []).append(
            LineRow(n, key, value["name"] or names[key], value["quantity"], value["price"])
        )
    _refuse_known(errors, context, lines)
    errors.refuse_if_any()
    orders = [_order(*key, heads[key][1], rows, context) for key, rows in lines.items()]
    return Staged(n, slices_of([*_customers(orders), *orders]), Counter(order_line=n), [])


def _of(columns: tuple[str, ...]) -> str:
    return f"one of {', '.join(columns)}"


def _refuse_known(
    errors: Errors, context: Context, lines: dict[tuple[str, str], list[LineRow]]
) -> None:
    for channel in {channel for channel, _ in lines}:
        there = known_documents(context.company, channel)
        for order, rows in lines.items():
            if order[0] == channel and order[1] in there:
                errors.add(rows[0].row, "order", "ORDER_KNOWN", f"{order[1]} is here already")


def _order(
    channel: str, number: str, head: dict[str, Any], rows: list[LineRow], context: Context
) -> OrderEntry:
    return OrderEntry(
        channel, number, context.now_us if head["placed_at"] is None else head["placed_at"],
        head["customer"], head["country"], rows, [], head["due_at"], head["priority"],
        head["ships_complete"], head["currency"], head["holds"], head["division"],
    )  # fmt: skip


def _customers(orders: list[OrderEntry]) -> list[Entry]:
    countries = {order.customer: order.country for order in orders if order.customer}
    return [CustomerEntry(customer, country) for customer, country in countries.items()]
