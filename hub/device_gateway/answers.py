"""Look-ups from the floor: what is this code, what stock is here? Owns the sentences of answers.

Reads only; a look-up changes nothing and needs no transaction.
"""

from __future__ import annotations

from typing import Any, Final

from peewee import fn

from hub.catalog.models import Barcode, Item
from hub.inventory.models import Balance, Place
from protocols.messages.asking import Answer, Ask

LINES_MAX: Final = 12
_NOTHING: Final = Answer(v=1, found=False)
_KIND_WORDS: Final = {"BIN": "Bin", "TOTE": "Tote", "PARCEL": "Parcel", "DOCK": "Dock"}


class Answers:
    """Answers for one company and site."""

    def __init__(self, company: str, site: str) -> None:
        self._company, self._site = company, site

    def answer(self, ask: Ask) -> Answer:
        """What the books know about a code; `found` is False when nothing."""
        place = self._place(ask.code)
        if place is not None:
            return self._about_place(place)
        item = self._item(ask.code)
        if item is None:
            return _NOTHING
        return self._stock_of(item) if ask.kind == "STOCK" else self._about_item(item)

    def _place(self, code: str) -> Place | None:
        found: Place | None = Place.get_or_none(
            Place.site == self._site, Place.kind.in_(tuple(_KIND_WORDS)), Place.code == code
        )
        return found

    def _item(self, code: str) -> Item | None:
        found: Item | None = Item.get_or_none(
            Item.company == self._company, Item.sku_key == code.casefold()
        )
        if found is None:
            label = Barcode.get_or_none(Barcode.company == self._company, Barcode.code == code)
            if label is not None:
                found = Item.get_or_none(Item.id == label.item)
        return found

    def _about_item(self, item: Item) -> Answer:
        total = self._in_bins(item).select(fn.COALESCE(fn.SUM(Balance.on_hand), 0)).scalar()
        return Answer(
            v=1, found=True, text=f"{item.sku} {item.name}"[:500], lines=(f"In stock: {total}",)
        )

    def _stock_of(self, item: Item) -> Answer:
        query = self._in_bins(item).select(Place.code, Balance.on_hand, Balance.allocated)
        rows: list[Any] = list(query.order_by(Place.code).limit(LINES_MAX).tuples())
        return Answer(
            v=1, found=True, text=f"{item.sku} {item.name}"[:500],
            lines=tuple(f"{code}: {there} ({there - held} free)" for code, there, held in rows),
        )  # fmt: skip

    def _in_bins(self, item: Item) -> Any:
        return (
            Balance.select()
            .join(Place, on=(Place.id == Balance.place))
            .where(
                Balance.item == item.id, Balance.site == self._site, Place.kind == "BIN",
                Balance.on_hand > 0,
            )
        )  # fmt: skip

    def _about_place(self, place: Place) -> Answer:
        query = (
            Balance.select(Item.sku, Item.name, Balance.on_hand)
            .join(Item, on=(Item.id == Balance.item))
            .where(Balance.place == place.id, Balance.on_hand > 0)
            .order_by(Item.sku)
            .limit(LINES_MAX)
        )
        rows: list[Any] = list(query.tuples())
        return Answer(
            v=1, found=True, text=f"{_KIND_WORDS[place.kind]} {place.code}",
            lines=tuple(f"{quantity} × {sku} {name}"[:500] for sku, name, quantity in rows),
        )  # fmt: skip
