"""Somebody who puts away: takes a tote that packing has set aside, and brings what no order needs
back to the bins, along one walk.

Owns what becomes of such totes. What is left over in one, the page says; what is really in it, the
eyes. A tote whose pieces an order wants after all goes back to a bench.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final, NamedTuple

from hub.errors import HubError
from hub.warehouse.acts import SettleException
from hub.warehouse.walkways import Place
from protocols.errors import ProtocolsError
from simulators.hall import Hall
from simulators.people.actors import Ask, Asking, Busy, Look, Script
from simulators.people.desk import Desk
from simulators.people.device_in_hand import Habits

LOOK_S: Final = 20.0
NOT_FOR_LONG_S: Final = 300.0
"""Nothing is known of a tote's pieces yet: so long until the next look."""

IN_TOTES: Final = "(e.kind = 'PUT_BACK' OR e.kind = 'PACK_DIFFERENCE' AND e.quantity > 0)"
"""Exceptions, as `e`, that are settled by carrying pieces from a tote to a bin."""
_LEFT_OVER: Final = (
    "SELECT e.id, e.item, ABS(e.quantity) FROM floor_exception e JOIN place p ON p.id = e.place "
    f"WHERE e.site = ? AND e.state = 'OPEN' AND p.code = ? AND {IN_TOTES} ORDER BY e.id"
)


class LeftOver(NamedTuple):
    """One line of the page about a tote."""

    exception: bytes
    item: bytes
    quantity: int


class Stower:
    """One person with a trolley."""

    def __init__(self, hall: Hall, desk: Desk, habits: Habits) -> None:
        self._hall, self._truth, self._desk, self._habits = hall, hall.truth, desk, habits
        self._spot: Place = hall.floor.bench
        self.is_idle = True

    def doing(self) -> str:
        """What keeps them, in words for whoever waits until everybody has gone."""
        return "waits" if self.is_idle else f"puts away, {len(self._hall.put_backs)} totes wait"

    def script(self) -> Script:
        """Until the hall closes; a tote in hand is finished."""
        while not self._hall.is_over:
            self.is_idle = not self._hall.put_backs
            if self.is_idle:
                yield Look(LOOK_S)
            else:
                yield from self._see_to(self._hall.put_backs.popleft())
        self.is_idle = True

    def _see_to(self, tote: str) -> Asking:
        rows: list[tuple[Any, ...]] = yield Ask(partial(self._read_page, tote))
        for row in sorted(rows, key=self._by_bin):
            yield from self._put_away(tote, LeftOver(*row))
        yield from self._walk_to(self._hall.floor.bench)
        if not self._truth.of(("TOTE", tote)):
            self._hall.stack_tote(tote)
        elif rows:
            self._hall.put_backs.append(tote)
        else:
            yield Busy(NOT_FOR_LONG_S)
            self._hall.shortest_bench().put([tote])

    def _read_page(self, tote: str) -> list[tuple[Any, ...]]:
        return self._desk.rows(_LEFT_OVER, (self._desk.site, tote))

    def _by_bin(self, row: tuple[Any, ...]) -> str:
        return self._bin_of(bytes(row[1]))

    def _put_away(self, tote: str, left: LeftOver) -> Asking:
        count = min(self._truth.count(("TOTE", tote), left.item), left.quantity)
        if not count:
            yield Busy(self._habits.scan_s)
            yield Ask(partial(self._settle, left, "not_there", {}))
            return
        bin = self._bin_of(left.item)
        yield from self._walk_to(self._hall.floor.bin(bin))
        yield Busy(self._habits.reach_s + self._habits.scan_s)
        if (yield Ask(partial(self._settle, left, "put_back", {"bin": bin}))):
            self._truth.move(("TOTE", tote), ("BIN", bin), left.item, count)

    def _settle(self, left: LeftOver, remedy: str, answers: dict[str, str]) -> bool:
        """Press the button; False when the page says that it cannot be done now."""
        try:
            self._desk.carry_out(SettleException(left.exception, remedy, answers))
        except (HubError, ProtocolsError):
            return False
        return True

    def _bin_of(self, item: bytes) -> str:
        return next(code for code, items in self._hall.shelves.items() if item in items)

    def _walk_to(self, there: Place) -> Asking:
        way_cm = self._hall.floor.distance_cm(self._spot, there)
        self._spot = there
        if way_cm:
            yield Busy(way_cm / self._habits.walk_cm_s)
