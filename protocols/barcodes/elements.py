"""The shape of one GS1 element: application identifier and value."""

from __future__ import annotations

Element = tuple[str, str]
GS = "\x1d"
"""ASCII 29, which scanners send for the separator FNC1."""
