"""The tone driver that the configuration names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.drivers import make_driver
from edge.tones.contract import ToneDriver


def tone_driver(name: str, options: Mapping[str, Any]) -> ToneDriver:
    """Build the driver. Raises UnknownDriver, UnknownConfigKey."""
    made: ToneDriver = make_driver("tone", name, options, "tones")
    return made
