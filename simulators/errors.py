"""What can go wrong in a simulation that is nobody's defect. Owns the root of these facts."""

from __future__ import annotations

from typing import ClassVar


class SimulatorsError(Exception):
    """A simulation that cannot be carried out as asked."""

    code: ClassVar[str] = "SIMULATORS_ERROR"


class NotInTheWorld(SimulatorsError):
    """Somebody wanted to move pieces that are not there: a defect of the simulated people."""

    code = "NOT_IN_THE_WORLD"

    def __init__(self, place: tuple[str, str], item: bytes, wanted: int, there: int) -> None:
        self.place, self.item, self.wanted, self.there = place, item.hex(), wanted, there
        kind, name = place
        super().__init__(f"{wanted} pieces wanted from {kind} {name}, and {there} are there.")


class DemoFailed(SimulatorsError):
    """A part of the live world did not come up, or ended before it should."""

    code = "DEMO_FAILED"
