"""Somebody who looks after the floor: lets waves be released, counts bins, settles exceptions.

Owns what supervisors do about each kind of exception. They count what is really there; what lies
in totes is put away by others (`stower`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from hub.errors import HubError
from hub.warehouse import exceptions
from hub.warehouse.acts import SetStream, SettleException
from hub.warehouse.streaming import Stream
from protocols.errors import ProtocolsError
from simulators.hall import Hall
from simulators.people.actors import Ask, Asking, Busy, Look, Script
from simulators.people.desk import Desk
from simulators.people.stower import IN_TOTES

LOOK_S: Final = 20.0
COUNT_S: Final = 45.0
ANSWER_S: Final = 15.0

_OPEN: Final = (
    "SELECT e.id, e.kind, e.quantity, e.item, p.kind, p.code FROM floor_exception e "
    "LEFT JOIN place p ON p.id = e.place WHERE e.site = ? AND e.state = 'OPEN' "
    f"AND NOT {IN_TOTES} ORDER BY e.opened_at, e.id"
)
"""The page without what is put away; that is the stowers'."""


class Trouble(NamedTuple):
    """One line of the exceptions page."""

    id: bytes
    kind: str
    quantity: int
    item: bytes | None
    place_kind: str | None
    place: str | None


class Supervisor:
    """One person with the page open."""

    def __init__(self, hall: Hall, desk: Desk, stream: Stream, hands: list[str]) -> None:
        self._hall, self._truth, self._desk = hall, hall.truth, desk
        self._stream, self._hands = stream, hands
        """Badges of the people whose hands may hold pieces."""
        self.settled = 0
        self.is_idle = False
        self._ways: dict[str, Callable[[Trouble], Asking]] = {
            "SHORT_PICK": self._count, "UNEXPLAINED_STOCK": self._count,
            "LATE_MOVES": self._count,
            "PACK_DIFFERENCE": self._lost,
            "HELP": self._answer, "WORK_LEFT": self._hand_over, "PARKED_EVENT": self._parked,
        }  # fmt: skip

    def script(self) -> Script:
        """Until the hall is closed by somebody else."""
        yield Ask(self._release_waves)
        while not self._hall.is_over:
            rows: list[tuple[Any, ...]] = yield Ask(self._read_page)
            self.is_idle = not rows
            if not rows:
                yield Look(LOOK_S)
            for row in rows:
                yield from self._see_to(Trouble(*row))
            yield Busy(5)

    def _release_waves(self) -> None:
        stream = self._stream
        self._desk.carry_out(SetStream(stream))

    def _read_page(self) -> list[tuple[Any, ...]]:
        return self._desk.rows(_OPEN, (self._desk.site,))

    def _see_to(self, trouble: Trouble) -> Asking:
        way = self._ways.get(trouble.kind, self._take_note)
        before = self.settled
        yield from way(trouble)
        if self.settled == before:
            yield Busy(3)

    def _settle(
        self, trouble: Trouble, remedy: str, answers: Mapping[str, Any] | None = None
    ) -> Asking:
        """Press the button; False when the page says that it cannot be done now."""
        press = SettleException(trouble.id, remedy, dict(answers or {}))
        try:
            yield Ask(partial(self._desk.carry_out, press))
        except (HubError, ProtocolsError):
            return False
        self.settled += 1
        return True

    # ── one way for each kind ────────────────────────────────────────────────────────────

    def _count(self, trouble: Trouble) -> Asking:
        """Go there and count; while somebody has pieces of it in hand, come again later."""
        if trouble.item is None or trouble.place is None or self._is_in_hand(trouble.item):
            return
        yield Busy(COUNT_S)
        spot = (str(trouble.place_kind), trouble.place)
        if self._is_in_hand(trouble.item):
            return
        seen = self._truth.count(spot, trouble.item)
        yield from self._settle(trouble, "count", {"quantity": seen})

    def _is_in_hand(self, item: bytes) -> bool:
        return any(self._truth.count(("HAND", badge), item) for badge in self._hands)

    def _lost(self, trouble: Trouble) -> Asking:
        yield Busy(ANSWER_S)
        yield from self._settle(trouble, "lost")

    def _answer(self, trouble: Trouble) -> Asking:
        yield Busy(ANSWER_S)
        yield from self._settle(trouble, "answer", {"text": "I am on my way."})

    def _hand_over(self, trouble: Trouble) -> Asking:
        yield Busy(ANSWER_S)
        yield from self._settle(trouble, "hand_over")

    def _parked(self, trouble: Trouble) -> Asking:
        yield Busy(ANSWER_S)
        if not (yield from self._settle(trouble, "apply")):
            yield from self._settle(trouble, "reject", {"text": "It cannot be carried out."})

    def _take_note(self, trouble: Trouble) -> Asking:
        yield Busy(ANSWER_S)
        remedies = [remedy.name for remedy in exceptions.remedies_for(trouble.kind, 0)]
        wanted = "seen" if "seen" in remedies else "keep"
        yield from self._settle(trouble, wanted)
