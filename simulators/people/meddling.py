"""What an office does to work that is out of reach: cancels, counts, takes back, gives to others.

Owns the choice, by its own random numbers. Every act is one that a page has.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

from hub.desk.acts import CancelOrder, CountStock
from hub.errors import HubError
from hub.warehouse.acts import HandOverWork, RevokeWork
from simulators.hall import Hall
from simulators.people.desk import Desk

_HELD: Final = (
    "SELECT a.id FROM assignment a WHERE a.site = ? AND a.state = 'ASSIGNED' "
    "AND a.asked_back_at IS NULL AND a.device IN ({marks}) ORDER BY a.held_since, a.id"
)


class Meddler:
    """One person with all the pages open."""

    def __init__(self, desk: Desk, hall: Hall, chance: Random) -> None:
        self._desk, self._hall, self._chance = desk, hall, chance
        self._turn = 0
        self.done: dict[str, int] = {}
        """What was done so far, by name."""

    def meddle(self, devices: list[str]) -> None:
        """One act, in turn, on work that these devices hold as far as the hub knows."""
        acts: tuple[tuple[str, Callable[[list[bytes]], bool]], ...] = (
            ("cancelled", self._cancel), ("counted", self._count),
            ("revoked", self._revoke), ("handed_over", self._hand_over),
        )  # fmt: skip
        held = self._held(devices)
        name, act = acts[self._turn % len(acts)]
        self._turn += 1
        try:
            if held and act(held):
                self.done[name] = self.done.get(name, 0) + 1
        except HubError:
            return  # somebody was faster: the office shrugs

    def _held(self, devices: list[str]) -> list[bytes]:
        sql = _HELD.format(marks=", ".join("?" * len(devices)))
        return [bytes(id) for (id,) in self._desk.rows(sql, (self._desk.site, *devices))]

    def _cancel(self, held: list[bytes]) -> bool:
        """An order that lies on a device: picked by now or not, nobody here can know."""
        rows = self._desk.rows(
            "SELECT order_id FROM assignment_slot WHERE assignment = ?",
            (self._chance.choice(held),),
        )
        self._desk.carry_out(CancelOrder(bytes(rows[0][0]), "customer rang"))
        return True

    def _count(self, held: list[bytes]) -> bool:
        """A bin that the work asks for, while nobody stands there with pieces in hand."""
        rows: list[tuple[Any, ...]] = self._desk.rows(
            "SELECT b.id, p.code, w.item FROM work_line w JOIN place p ON p.id = w.place "
            "JOIN allocation c ON c.id = w.allocation JOIN balance b ON b.id = c.balance "
            "WHERE w.assignment = ? AND b.place = w.place ORDER BY w.sequence",
            (self._chance.choice(held),),
        )
        for balance, code, item in rows:
            if self._is_in_a_hand(bytes(item)):
                continue
            seen = self._hall.truth.count(("BIN", code), bytes(item))
            self._desk.carry_out(CountStock(bytes(balance), seen, "cycle count"))
            return True
        return False

    def _is_in_a_hand(self, item: bytes) -> bool:
        return any(
            spot[0] == "HAND" and found == item for spot, found, _ in self._hall.truth.everything()
        )

    def _revoke(self, held: list[bytes]) -> bool:
        self._desk.carry_out(RevokeWork(self._chance.choice(held), "needed elsewhere"))
        return True

    def _hand_over(self, held: list[bytes]) -> bool:
        """What the device reaches last: others may well be faster."""
        self._desk.carry_out(HandOverWork(held[-1]))
        return True
