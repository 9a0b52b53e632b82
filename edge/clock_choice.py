"""The clock that the configuration names.

A device has the system's; a bench that sets a clock wrong gives it another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.clock import Clock
from edge.drivers import make_driver


def clock_driver(name: str, options: Mapping[str, Any]) -> Clock:
    """Build the clock. Raises UnknownDriver, UnknownConfigKey."""
    made: Clock = make_driver("clock", name, options, "clock")
    return made
