"""Kinds and states of devices that code decides by. Values only; needs no database."""

from __future__ import annotations

from typing import Final

OBSERVER: Final = "observer"
"""May read everything of the site and say nothing: for people's tools."""
KINDS: Final = ("handheld", "dock", "picklight", "packing", "till", OBSERVER)
RETIRED: Final = "RETIRED"
