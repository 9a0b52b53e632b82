"""Reads the UCI Online Retail format: rows to documents, articles and customers.

Owns the form of the file. What a row becomes is decided in `hub.bulk.rules`, carried out in
`order_posting`. A cell that cannot be read refuses the file; dirt that can be read never does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from hub.bulk import rules
from hub.bulk.errors import WrongColumns
from hub.bulk.kinds.order_entries import (
    AdjustmentEntry,
    ChargeRow,
    CreditEntry,
    CustomerEntry,
    Entry,
    ItemEntry,
    LineRow,
    OrderEntry,
    RefusalEntry,
    slices_of,
)
from hub.bulk.posting import Context, Staged
from hub.bulk.reading import Errors, SourceFile, price_micros, some_text, whole_number
from hub.catalog.rules import NAME_CHARS_MAX, clean_sku, sku_key
from hub.errors import BadValue
from protocols.limits import QUANTITY_MAX

COLUMNS: Final = (
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID",
    "Country",
)  # fmt: skip


class Row(NamedTuple):
    """One row of the file, its cells read."""

    n: int
    code: str
    name: str
    quantity: int
    price_micros: int


class Invoice:
    """The rows with one number; date, customer and country are those of its first row."""

    __slots__ = ("at", "country", "customer", "number", "rows")

    def __init__(self, number: str, at: datetime, customer: str, country: str) -> None:
        self.number, self.at, self.customer, self.country = number, at, customer, country
        self.rows: list[Row] = []

    @property
    def kind(self) -> rules.Document:
        return rules.document_kind(self.number)

    @property
    def holds(self) -> list[str]:
        """Nobody and nothing to pay ("check", "found"): an order on which a person decides."""
        is_sale = bool(self.customer) or any(row.price_micros for row in self.rows)
        return [] if is_sale else ["MANUAL"]


class Cells:
    """Reads cells and remembers: most values of a big file come up thousands of times."""

    def __init__(self, errors: Errors) -> None:
        self.errors = errors
        self._known: dict[str, dict[str, Any]] = {column: {} for column in COLUMNS}

    def row(self, n: int, texts: tuple[str, ...]) -> list[Any]:
        """The values of one row, in the order of COLUMNS."""
        try:
            return [known[text] for known, text in zip(self._known.values(), texts, strict=True)]
        except KeyError:
            return [self.value(n, c, text) for c, text in zip(COLUMNS, texts, strict=True)]

    def value(self, n: int, column: str, text: str) -> Any:
        """The value of a cell; None, and a noted error, when it cannot be read."""
        known = self._known[column]
        if text in known:
            return known[text]
        value = self.errors.cell(n, column, text, _READERS[column])
        if value is not None:
            known[text] = value
        return value


def _name(text: str) -> str:
    return " ".join(text.split())[:NAME_CHARS_MAX]


def _day_and_time(text: str) -> datetime:
    """Local time; ISO as in the bundled files, or month/day/year as in UCI's spreadsheet."""
    for form in ("%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M"):
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the zone comes from the options
        except ValueError:
            continue
    raise ValueError("a date such as 2010-12-01 08:26:00 is needed")


def _customer(text: str) -> str:
    """The spreadsheet wrote numbers as floats: 17850.0 is customer 17850."""
    return text.removesuffix(".0")


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "InvoiceNo": some_text,
    "StockCode": clean_sku,
    "Description": _name,
    "Quantity": whole_number(-QUANTITY_MAX, QUANTITY_MAX),
    "InvoiceDate": _day_and_time,
    "UnitPrice": price_micros,
    "CustomerID": _customer,
    "Country": str,
}


def is_uci(source: SourceFile) -> bool:
    """Whether the header is that of this format."""
    return "InvoiceNo" in source.header()


def read(source: SourceFile, context: Context) -> Staged:
    """Understand a whole file. Raises ImportRefused, WrongColumns, UnreadableFile."""
    errors = Errors(source.name)
    invoices, rows = _invoices(source, Cells(errors))
    errors.refuse_if_any()
    moments = Moments(context, [invoice.at for invoice in invoices])
    catalogue = Catalogue()
    foreseen: Counter[str] = Counter()
    documents: list[Entry] = []
    for invoice in invoices:
        documents += _entries(invoice, context.options.channel, moments, catalogue, foreseen)
    base = [*catalogue.entries(), *_customers(invoices)]
    return Staged(rows, slices_of([*base, *documents]), foreseen, [])


def _invoices(source: SourceFile, cells: Cells) -> tuple[list[Invoice], int]:
    """Rows gathered by number, in the order in which the numbers first come up."""
    header = source.header()
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise WrongColumns(source.name, missing, [])
    cells_of = itemgetter(*(header.index(name) for name in COLUMNS))
    invoices: dict[str, Invoice] = {}
    n, rows = 0, source.rows()
    next(rows)
    for n, row in enumerate(rows, start=1):
        if len(row) != len(header):
            cells.errors.add(n, COLUMNS[0], "CELLS", f"{len(row)} cells, not {len(header)}")
            continue
        values = cells.row(n, cells_of(row))
        if None in values:
            continue
        number, code, name, quantity, at, price, customer, country = values
        invoice = invoices.get(number)
        if invoice is None:
            invoice = invoices[number] = Invoice(number, at, customer, country)
        invoice.rows.append(Row(n, code, name, quantity, price))
    return list(invoices.values()), n


class Moments:
    """Local times to UTC, after the shift of days."""

    def __init__(self, context: Context, local: Sequence[datetime]) -> None:
        try:
            self._zone = ZoneInfo(context.options.time_zone)
        except (KeyError, ValueError, OSError) as wrong:
            name = context.options.time_zone
            raise BadValue("time zone", name, "use a name such as Europe/London") from wrong
        wanted = context.options.shift_to
        last = max(local).date() if local else None
        self._shift = wanted - last if wanted and last else timedelta()
        self._known: dict[datetime, int] = {}

    def of(self, local: datetime) -> int:
        """Microseconds UTC. An hour that comes twice is the first one."""
        found = self._known.get(local)
        if found is None:
            moment = (local + self._shift).replace(tzinfo=self._zone)
            found = self._known[local] = int(moment.timestamp()) * 1_000_000
        return found


class Catalogue:
    """The articles that a file sells: their spellings, names and prices, and how often each."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[Counter[str], Counter[str], Counter[int]]] = defaultdict(
            lambda: (Counter(), Counter(), Counter())
        )

    def see(self, row: Row, *, is_sale: bool) -> str:
        """Note a row; returns the article's key. Only names of sales are names."""
        key = sku_key(row.code)
        codes, names, prices = self._seen[key]
        codes[row.code] += 1
        if is_sale and row.price_micros > 0:
            prices[row.price_micros] += 1
            if row.name:
                names[row.name] += 1
        return key

    def entries(self) -> Iterator[ItemEntry]:
        """One article for each key: the most frequent spelling, name and price."""
        for codes, names, prices in self._seen.values():
            sku = codes.most_common(1)[0][0]
            ranked = [name for name, _ in names.most_common()]
            price = prices.most_common(1)[0][0] if prices else 0
            yield ItemEntry(sku, ranked[0] if ranked else sku, price, ranked[1:])


def _customers(invoices: Sequence[Invoice]) -> list[CustomerEntry]:
    countries = {invoice.customer: invoice.country for invoice in invoices if invoice.customer}
    return [CustomerEntry(customer, country) for customer, country in countries.items()]


class Sorted:
    """The rows of one invoice by what they become."""

    def __init__(self) -> None:
        self.lines: list[LineRow] = []
        self.credits: list[LineRow] = []
        self.adjustments: list[LineRow] = []
        self.charges: list[ChargeRow] = []
        self.refusals: list[RefusalEntry] = []


def _sort(invoice: Invoice, catalogue: Catalogue, foreseen: Counter[str]) -> Sorted:
    found, kind = Sorted(), invoice.kind
    for row in invoice.rows:
        decided = rules.decide_row(kind, row.code, row.quantity, row.price_micros)
        foreseen[decided.kind] += 1
        if decided.kind == "refusal":
            found.refusals.append(
                RefusalEntry(row.n, decided.detail, f"{invoice.number} {row.code}: "
                             f"{rules.REFUSALS[decided.detail]}")
            )  # fmt: skip
        elif decided.kind == "charge":
            charge = ChargeRow(row.n, decided.detail, row.name, row.quantity, row.price_micros)
            found.charges.append(charge)
        else:
            key = catalogue.see(row, is_sale=decided.kind == "order_line")
            _add_goods(found, decided.kind, row, key)
    return found


def _add_goods(found: Sorted, kind: str, row: Row, key: str) -> None:
    if kind == "credit":
        found.credits.append(LineRow(row.n, key, row.name, -row.quantity, row.price_micros))
        return
    target = found.lines if kind == "order_line" else found.adjustments
    target.append(LineRow(row.n, key, row.name, row.quantity, row.price_micros))


def _entries(
    invoice: Invoice, channel: str, moments: Moments, catalogue: Catalogue,
    foreseen: Counter[str],
) -> Iterator[Entry]:  # fmt: skip
    """What one invoice is staged as: one document, and refusals beside it.

    Charges go with the order; without one they stand alone, under the number of the document.
    """
    found = _sort(invoice, catalogue, foreseen)
    at, number, customer = moments.of(invoice.at), invoice.number, invoice.customer
    yield from found.refusals
    if found.lines:
        lines = [
            line if line.name else LineRow(line.row, line.sku_key, line.sku_key.upper(),
                                           line.quantity, line.price_micros)
            for line in found.lines
        ]  # fmt: skip
        yield OrderEntry(
            channel, number, at, customer, invoice.country, lines, found.charges,
            holds=invoice.holds,
        )  # fmt: skip
    elif found.credits or (found.charges and not found.adjustments):
        yield CreditEntry(channel, number, at, customer, found.credits, found.charges)
    if found.adjustments:
        part = f"{number}/adjustments" if found.lines else number
        charges = [] if found.lines else found.charges
        yield AdjustmentEntry(channel, part, at, found.adjustments, charges)
