"""Posts staged orders, credits, charges and adjustments. Nothing here can be refused: what does not
fit is counted and noted, so that the counts add up to the rows of the file.
"""

from __future__ import annotations

from typing import Final

from hub.bulk.kinds import order_entries as entries
from hub.bulk.kinds.order_entries import (
    AdjustmentEntry,
    ChargeRow,
    CreditEntry,
    CustomerEntry,
    DocumentEntry,
    ItemEntry,
    LineRow,
    OrderEntry,
)
from hub.bulk.models import ImportedDocument, ListedAdjustment
from hub.bulk.posting import Context
from hub.bulk.report import Outcome
from hub.bulk.rules import REFUSALS
from hub.catalog import service as catalog
from hub.catalog.rules import sku_key
from hub.customers import service as customers
from hub.db import Insert
from hub.ids import digest_id
from hub.journal import Act
from hub.orders import crediting, placing
from hub.orders.placing import NewCharge, NewLine, NewOrder

_insert_document: Final = Insert(ImportedDocument, or_ignore=True)
_insert_adjustment: Final = Insert(ListedAdjustment, or_ignore=True)


class OrderPosting:
    """Posts slices of one run; remembers ids of articles and customers between slices."""

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], bytes] = {}
        self._customers: dict[tuple[str, str], bytes] = {}

    def post(self, act: Act, context: Context, packed: bytes) -> Outcome:
        """Write one slice; returns what each of its rows became."""
        outcome, orders = Outcome(), list[OrderEntry]()
        for entry in entries.decode(packed):
            match entry:
                case ItemEntry():
                    _save_item(act, context.company, entry)
                case CustomerEntry():
                    customers.save_customer(
                        act, context.company, entry.external_id, country=entry.country or None
                    )
                case OrderEntry() if self._is_new(act, context, entry, outcome):
                    orders.append(entry)
                case CreditEntry() if self._is_new(act, context, entry, outcome):
                    self._place(act, context, orders, outcome)
                    self._credit(act, context, entry, outcome)
                case AdjustmentEntry() if self._is_new(act, context, entry, outcome):
                    self._list_adjustments(act, context, entry, outcome)
                case entries.RefusalEntry():
                    outcome.note(entry.row, "refusal", entry.code, entry.text)
        self._place(act, context, orders, outcome)
        return outcome

    def _is_new(self, act: Act, context: Context, entry: DocumentEntry, outcome: Outcome) -> bool:
        """Take the document's number; one that another file brought is refused, row by row."""
        values = (context.company, entry.channel, entry.document, context.run)
        if act.tx.run(_insert_document.sql, values) == 1 and not (
            isinstance(entry, OrderEntry)
            and placing.known(act, context.company, entry.channel, [entry.document])
        ):
            return True
        for row in entry.row_numbers():
            outcome.note(row, "refusal", "DOCUMENT_KNOWN", REFUSALS["DOCUMENT_KNOWN"])
        return False

    def _place(
        self, act: Act, context: Context, orders: list[OrderEntry], outcome: Outcome
    ) -> None:
        """Place the orders gathered so far, and empty the list."""
        placing.place_many(act, [self._order(act, context, entry) for entry in orders])
        for entry in orders:
            outcome.count("order_line", len(entry.lines))
            outcome.count("charge", len(entry.charges))
        orders.clear()

    def _order(self, act: Act, context: Context, entry: OrderEntry) -> NewOrder:
        company = context.company
        return NewOrder(
            company,
            [
                NewLine(self._item(act, company, line.sku_key), line.quantity, line.name,
                        line.price_micros)
                for line in entry.lines
            ],
            channel=entry.channel, division=entry.division, external_id=entry.document,
            site=context.site, customer=self._customer(act, company, entry.customer),
            country=entry.country, currency=entry.currency, ships_complete=entry.ships_complete,
            priority=entry.priority,
            placed_at=entry.at,
            due_at=context.options.due_at if entry.due_at is None else entry.due_at,
            holds=entry.holds,
            charges=[_charge(row) for row in entry.charges],
        )  # fmt: skip

    def _credit(self, act: Act, context: Context, entry: CreditEntry, outcome: Outcome) -> None:
        customer = self._customer(act, context.company, entry.customer)
        for row in entry.rows:
            settled = crediting.settle(
                act,
                crediting.Credit(
                    context.company, entry.document, customer,
                    self._item(act, context.company, row.sku_key), row.quantity,
                    row.price_micros, entry.at,
                ),
            )  # fmt: skip
            _count_credit(outcome, entry.document, row, settled)
        self._charge_alone(act, context, entry, entry.charges, customer, outcome)

    def _charge_alone(
        self, act: Act, context: Context, entry: DocumentEntry, rows: list[ChargeRow],
        customer: bytes | None, outcome: Outcome,
    ) -> None:  # fmt: skip
        for row in rows:
            placing.add_charge(
                act, context.company, _charge(row), entry.at, customer=customer,
                external_id=entry.document,
            )  # fmt: skip
        outcome.count("charge", len(rows))

    def _list_adjustments(
        self, act: Act, context: Context, entry: AdjustmentEntry, outcome: Outcome
    ) -> None:
        for row in entry.rows:
            item = self._item(act, context.company, row.sku_key)
            id = digest_id("adjustment", str(row.row), raw=context.run)
            act.tx.add(
                _insert_adjustment,
                (id, context.company, context.site, context.run, row.row, entry.document, item,
                 row.quantity, row.name, entry.at, "DRAFT", None, None, None),
            )  # fmt: skip
        outcome.count("adjustment", len(entry.rows))
        self._charge_alone(act, context, entry, entry.charges, None, outcome)

    def _item(self, act: Act, company: str, key: str) -> bytes:
        """The article; made by an earlier slice, or known before."""
        found = self._items.get((company, key))
        if found is None:
            row = act.tx.row(
                "SELECT id FROM item WHERE company = ? AND sku_key = ?", (company, key)
            )
            found = self._items[company, key] = bytes(row[0]) if row else catalog.save_item(
                act, company, key, key
            )  # fmt: skip
        return found

    def _customer(self, act: Act, company: str, external_id: str) -> bytes | None:
        if not external_id:
            return None
        found = self._customers.get((company, external_id))
        if found is None:
            found = customers.save_customer(act, company, external_id)
            self._customers[company, external_id] = found
        return found


def _save_item(act: Act, company: str, entry: ItemEntry) -> None:
    """Make the article if it is new; a known one keeps its name and price, and learns names."""
    row = act.tx.row(
        "SELECT id, name FROM item WHERE company = ? AND sku_key = ?",
        (company, sku_key(entry.sku)),
    )
    if row is None:
        item, name = catalog.save_item(
            act, company, entry.sku, entry.name, price_micros=entry.price_micros
        ), entry.name  # fmt: skip
    else:
        item, name = bytes(row[0]), row[1]
    for other in (entry.name, *entry.other_names):
        if other != name:
            catalog.add_name(act, item, other)


def _charge(row: ChargeRow) -> NewCharge:
    return NewCharge(row.kind, row.quantity, row.price_micros, row.text)


def _count_credit(
    outcome: Outcome, document: str, row: LineRow, settled: crediting.Settled
) -> None:
    """A row is one thing: unmatched if any unit found no order, else a return, else cancelled."""
    if settled.unmatched:
        found = row.quantity - settled.unmatched
        text = f"{document} {row.sku_key}: {found} of {row.quantity} units found an order"
        outcome.note(row.row, "return_unmatched", "NO_ORDER_FOUND", text)
    else:
        outcome.count("return" if settled.returned else "cancellation")
