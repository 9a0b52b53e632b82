"""Drivers that the configuration names. Owns finding them and refusing options they do not have.

They are found by entry point (`binlight.scanners`, `binlight.tones`, `binlight.clocks`), so a bench
can bring its own and the edge never imports it.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any

from edge.errors import UnknownConfigKey, UnknownDriver


def find_driver(kind: str, name: str) -> Any:
    """What is installed under this name. Raises UnknownDriver."""
    installed = entry_points(group=f"binlight.{kind}s")
    if name not in installed.names:
        raise UnknownDriver(kind, name, tuple(sorted(installed.names)))
    return installed[name].load()


def make_driver(kind: str, name: str, options: Mapping[str, Any], table: str) -> Any:
    """The driver with the options of this table of the configuration.

    Raises UnknownDriver, UnknownConfigKey.
    """
    driver = find_driver(kind, name)
    known = tuple(inspect.signature(driver).parameters)
    for key in options:
        if key not in known:
            raise UnknownConfigKey(f"[{table}.options]", key, known)
    return driver(**options)
