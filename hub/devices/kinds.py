"""Kinds and states of devices that code decides by. Values only; needs no database."""

from __future__ import annotations

from typing import Final

OBSERVER: Final = "observer"
"""May read everything of the site and say nothing: for people's tools."""
KINDS: Final = ("handheld", "dock", "picklight", "packing", "till", OBSERVER)

AWAITED: Final = "AWAITED"
"""Added, but no device has enrolled under the name yet."""
ENROLLED: Final = "ENROLLED"
"""The only state in which a device is heard."""
REVOKED: Final = "REVOKED"
"""Lost or stolen: whatever it has admits nobody. A new code from a person takes it back."""
RETIRED: Final = "RETIRED"

ACTIVE: Final = "ACTIVE"
SUPERSEDED: Final = "SUPERSEDED"
