"""Somebody who packs: takes totes from the bench, sees every piece once more, ships the parcel.

Owns what packers do. They know what is before them: the pieces in the tote and the task on the
screen; where the two differ, they wait a little for news from the floor and then say so.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from hub.errors import HubError
from hub.shipping.acts import Ship
from hub.warehouse import packing
from hub.warehouse.pack_acts import CloseParcel, ReportSurplus, ScanTote, VerifyItem
from hub.warehouse.pack_task import PackTask, read_task
from simulators.hall import Bench, Hall
from simulators.people.actors import Ask, Asking, Busy, Look, Machine, Script
from simulators.people.desk import Desk
from simulators.truth import CUSTOMER, Spot

FIRST_SCAN_S: Final = 4.0
ARTICLE_S: Final = 2.0
PIECE_S: Final = 0.25
PIECES_COUNTED_MAX: Final = 30
CLOSE_S: Final = 12.0
NEWS_TRIES: Final = 75
"""Looks, a second apart, before a packer believes that nothing more is to come."""


class Packer:
    """One person at one bench."""

    def __init__(self, hall: Hall, bench: Bench, desk: Desk) -> None:
        self._hall, self._truth, self._bench, self._desk = hall, hall.truth, bench, desk
        self._tries: dict[str, int] = {}
        self.is_idle = True

    def doing(self) -> str:
        """What keeps them, in words for whoever waits until everybody has gone."""
        tries = ", ".join(f"{tote} looked at {n} times" for tote, n in self._tries.items())
        return f"{len(self._bench.totes)} totes wait{f' ({tries})' if tries else ''}"

    def script(self) -> Script:
        """Until the hall closes and no tote is left."""
        while True:
            if not self._bench.totes:
                self.is_idle = True
                if self._hall.is_over:
                    return
                yield Look(20)
                continue
            self.is_idle = False
            yield from self._serve(self._bench.totes.popleft())

    def _serve(self, tote: str) -> Asking:
        yield Busy(FIRST_SCAN_S)
        try:
            task = yield Ask(partial(self._scan_tote, tote))
        except packing.NothingToPack as nothing:
            yield from self._put_aside(tote, leftovers=nothing.leftovers)
        except HubError:
            yield from self._try_later(tote)
        else:
            self._tries.pop(tote, None)
            yield from self._pack(task, [tote])

    def _put_aside(self, tote: str, *, leftovers: int) -> Asking:
        """A tote with pieces of which no book knows may be ahead of its news."""
        tries = self._tries.get(tote, 0)
        if self._truth.of(("TOTE", tote)) and not leftovers and tries < NEWS_TRIES:
            yield from self._try_later(tote)
            return
        self._tries.pop(tote, None)
        self._leave(tote)

    def _try_later(self, tote: str) -> Asking:
        """Its books are not here yet."""
        self._tries[tote] = self._tries.get(tote, 0) + 1
        self._bench.totes.append(tote)
        yield Machine(min(60.0, float(self._tries[tote])))

    def _scan_tote(self, tote: str) -> PackTask:
        bench = self._bench.name
        return self._desk.carry_out(ScanTote(bench, tote))

    # ── one parcel ───────────────────────────────────────────────────────────────────────

    def _pack(self, task: PackTask, totes: list[str]) -> Asking:
        for _ in range(NEWS_TRIES):
            task = yield from self._verify(task, totes)
            joined = yield from self._join(task, totes)
            if joined is not None:
                task = joined
                continue
            if task.is_verified and task.is_last and not self._unknown(task, totes):
                break
            yield Machine(1.0)
            task = yield Ask(partial(self._read, task.parcel))
        yield from self._report(task, totes)
        yield from self._close(task)
        for tote in totes:
            self._leave(tote)

    def _verify(self, task: PackTask, totes: list[str]) -> Asking:
        """Every piece that is both on the screen and in a tote goes into the parcel."""
        while True:
            found = self._next(task, totes)
            if found is None:
                return task
            tote, item, count = found
            yield Busy(ARTICLE_S + PIECE_S * min(count, PIECES_COUNTED_MAX))
            code = self._hall.articles[item].codes[0][0]
            task = yield Ask(partial(self._verify_item, task.parcel, code, count))
            self._truth.move(("TOTE", tote), ("PARCEL", task.number), item, count)

    def _next(self, task: PackTask, totes: list[str]) -> tuple[str, bytes, int] | None:
        for wanted in task.items:
            for tote in totes:
                count = min(wanted.left, self._truth.count(("TOTE", tote), wanted.item))
                if count > 0:
                    return tote, wanted.item, count
        return None

    def _join(self, task: PackTask, totes: list[str]) -> Asking:
        """The order's next tote, if it stands here; None if it does not."""
        for other in task.elsewhere:
            if other.code in self._bench.totes:
                self._bench.totes.remove(other.code)
                yield Busy(FIRST_SCAN_S)
                try:
                    joined = yield Ask(partial(self._scan_tote, other.code))
                except HubError:
                    self._bench.totes.append(other.code)
                    return None
                totes.append(other.code)
                return joined
        return None

    def _unknown(self, task: PackTask, totes: list[str]) -> dict[tuple[str, bytes], int]:
        """Pieces in the totes that neither belong to the order nor are known to be left over."""
        known = {(left.tote_code, left.item): left.quantity for left in task.leftovers}
        return {
            (tote, item): count
            for tote in totes
            for item, count in self._truth.of(("TOTE", tote)).items()
            if count > known.get((tote, item), 0)
        }

    def _report(self, task: PackTask, totes: list[str]) -> Asking:
        for (tote, item), count in self._unknown(task, totes).items():
            code = self._hall.articles[item].codes[0][0]
            yield Ask(partial(self._report_surplus, task.parcel, tote, code, count))

    def _close(self, task: PackTask) -> Asking:
        yield Busy(CLOSE_S)
        closed: PackTask = yield Ask(partial(self._close_parcel, task.parcel))
        if closed.shipment_state not in {"LABELLED", "STAGED"}:
            return
        try:
            yield Ask(partial(self._ship, closed.shipment))
        except HubError:
            return  # another parcel of the shipment is open; whoever closes it ships
        parcels: list[tuple[str]] = yield Ask(partial(self._parcels, closed.shipment))
        for (number,) in parcels:
            self._hand_over(("PARCEL", number))

    def _hand_over(self, parcel: Spot) -> None:
        for item, count in self._truth.of(parcel).items():
            self._truth.move(parcel, CUSTOMER, item, count)

    def _leave(self, tote: str) -> None:
        """An empty tote goes to the stack; one with pieces to whoever puts them back."""
        if self._truth.of(("TOTE", tote)):
            self._hall.put_backs.append(tote)
        else:
            self._hall.stack_tote(tote)

    # ── what the hub does ────────────────────────────────────────────────────────────────

    def _read(self, parcel: bytes) -> PackTask:
        return read_task(self._desk.rows, parcel, self._desk.site)

    def _verify_item(self, parcel: bytes, code: str, count: int) -> PackTask:
        return self._desk.carry_out(VerifyItem(parcel, code, count, closes=False))

    def _report_surplus(self, parcel: bytes, tote: str, code: str, count: int) -> None:
        self._desk.carry_out(ReportSurplus(parcel, tote, code, count))

    def _close_parcel(self, parcel: bytes) -> PackTask:
        return self._desk.carry_out(CloseParcel(parcel))

    def _ship(self, shipment: bytes) -> int:
        return self._desk.carry_out(Ship(shipment))

    def _parcels(self, shipment: bytes) -> list[tuple[str]]:
        sql = "SELECT number FROM parcel WHERE shipment = ? AND state = 'SHIPPED' ORDER BY number"
        return [(str(number),) for (number,) in self._desk.rows(sql, (shipment,))]
