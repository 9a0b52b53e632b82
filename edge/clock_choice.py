"""The clock that the configuration names. Owns finding it and refusing its options.

A device has the system's; a bench that sets a clock wrong gives it another (`binlight.clocks`).
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from edge.clock import Clock
from edge.errors import UnknownConfigKey, UnknownDriver


def clock_driver(name: str, options: Mapping[str, Any]) -> Clock:
    """Build the clock. Raises UnknownDriver, UnknownConfigKey."""
    installed = entry_points(group="binlight.clocks")
    if name not in installed.names:
        raise UnknownDriver("clock", name, tuple(sorted(installed.names)))
    driver = installed[name].load()
    known = tuple(inspect.signature(driver).parameters)
    for key in options:
        if key not in known:
            raise UnknownConfigKey("[clock.options]", key, known)
    made: Clock = driver(**options)
    return made
