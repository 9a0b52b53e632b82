"""A piece of work as it travels to a device: whole, so that no radio is needed to do it."""

from __future__ import annotations

from typing import Literal

import msgspec

from protocols.messages.fields import Code, Id, Quantity, Slot, Text, Units

WorkLineState = Literal[
    "OPEN", "AT_LOCATION", "ITEM_VERIFIED", "QTY_CONFIRMED", "DONE", "SHORT", "SKIPPED",
    "SUBSTITUTED", "CANCELLED",
]  # fmt: skip


class CartSlot(msgspec.Struct, frozen=True, omit_defaults=True):
    """One position on the cart: one order, and the totes that stand there (last one filling)."""

    slot: Slot
    order: Code
    totes: tuple[Code, ...] = ()


class WorkLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One instruction: take `quantity` of an item from a bin into a slot."""

    id: Id
    bin: Code
    item: Id
    sku: Code
    name: Text
    quantity: Units
    slot: Slot
    codes: dict[str, int]
    """What the item's labels may read → base units of one scan. GTINs in 14 digits."""
    expected: Quantity = 0
    """What the books hold in the bin."""
    state: WorkLineState = "OPEN"
    counted: Quantity = 0
    picked: Quantity = 0
    x_cm: int = 0
    y_cm: int = 0


class Assignment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A whole piece of work, so that it can be done for hours with no radio."""

    id: Id
    rev: int
    wave: Code
    kind: Literal["PICK"]
    method: Literal["SINGLE", "CLUSTER"]
    lease_s: int
    lines: tuple[WorkLine, ...]
    """In walking order."""
    slots: tuple[CartSlot, ...]
    walk_cm: int = 0
    person: Id | None = None
