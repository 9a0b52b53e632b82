"""What a body of the API has to be before its shape is looked at: JSON that can be read.

Owns the refusals of what Python's reader fails on in its own ways.
"""

from __future__ import annotations

import json
from typing import Any, Final

from apiflask import HTTPError
from flask import request

NESTING_MAX: Final = 16
"""Arrays and objects within each other; the deepest shape of ours has three."""


def look() -> None:
    """Refuse with 400 what is no JSON, has numbers beyond reading, or is nested without end."""
    if request.method in {"GET", "HEAD"} or not request.is_json:
        return  # nobody reads a body there, whatever its header says
    try:
        level: list[Any] = [json.loads(request.get_data())]
    except (ValueError, RecursionError):
        raise HTTPError(400, "Not JSON that can be read.") from None
    for _ in range(NESTING_MAX):
        level = [part for whole in level for part in _parts(whole)]
        if not level:
            return
    raise HTTPError(400, f"Nested deeper than {NESTING_MAX} levels.")


def _parts(whole: Any) -> list[Any]:
    if isinstance(whole, dict):
        return list(whole.values())
    return whole if isinstance(whole, list) else []
