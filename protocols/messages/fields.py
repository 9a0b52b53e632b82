"""What fields of messages are made of, and how long each may be.

Ids are UUIDs written as 32 hexadecimal digits. Quantities are integers of the item's base unit.
Moments (`at`) are integer microseconds UTC; durations carry their unit in the name.
Codes (bins, totes, SKUs) are the codes that people read, without a label's prefix or check digits.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from protocols.limits import NAME_CHARS_MAX, PEM_CHARS_MAX, QUANTITY_MAX, SCAN_CHARS_MAX

Id = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Scanned = Annotated[str, Meta(max_length=SCAN_CHARS_MAX)]
Quantity = Annotated[int, Meta(ge=0, le=QUANTITY_MAX)]
Units = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
Moment = Annotated[int, Meta(ge=0)]
Name = Annotated[str, Meta(min_length=1, max_length=NAME_CHARS_MAX)]
Text = Annotated[str, Meta(max_length=500)]
Pem = Annotated[str, Meta(max_length=PEM_CHARS_MAX)]
Day = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Slot = Annotated[str, Meta(min_length=1, max_length=4)]
