"""What no campaign may find, by the names in its result. Owns the list, and what breaks it.

How long something took is never among it: a busy machine is not a defect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

ZERO: Final = (
    "acknowledged_lost", "corrupt", "half_done", "double_effects", "wrong_answers", "events_lost",
    "events_doubled", "balance_mismatch", "line_mismatch", "world_mismatch", "never_back",
    "wrong_sums", "crashes", "silent", "manual_repairs",
)  # fmt: skip
"""Of the whole run: a control, inside of a group, has to find something."""
FLOOD: Final = "flood"
"""The group of `bench drain --events` that is a campaign of its own."""


def broken(result: Mapping[str, Any]) -> Iterator[str]:
    """Whatever of a result must not be, as `name: value`."""
    yield from (f"{name}: {result[name]}" for name in ZERO if result.get(name))
    if result.get("verify", "ok") != "ok":
        yield f"verify: {result['verify']}"
    for name, trial in result.get("trials", {}).items():
        if not trial.get("good", True):
            yield f"{name}: {trial}"
    if FLOOD in result:
        yield from broken(result[FLOOD])
