"""The tone driver that the configuration names. Owns finding it and refusing its options."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from edge.errors import UnknownConfigKey, UnknownDriver
from edge.tones.contract import ToneDriver


def tone_driver(name: str, options: Mapping[str, Any]) -> ToneDriver:
    """Build the driver. Raises UnknownDriver, UnknownConfigKey."""
    installed = entry_points(group="binlight.tones")
    if name not in installed.names:
        raise UnknownDriver("tone", name, tuple(sorted(installed.names)))
    driver = installed[name].load()
    known = tuple(inspect.signature(driver).parameters)
    for key in options:
        if key not in known:
            raise UnknownConfigKey("[tones.options]", key, known)
    made: ToneDriver = driver(**options)
    return made
