"""What a handheld remembers: the person, the pieces of work, each line, what can be undone.

Owns the frozen values of the workflow's state and the questions about them. Changes nothing:
`workflow.py` and its siblings make the next state. All of it can be written as JSON, so that a
restarted agent shows the same screen.
"""

from __future__ import annotations

from typing import Final, Literal, TypeVar, get_args

import msgspec
from msgspec.structs import replace

from protocols.messages.commands import CommandAck
from protocols.messages.events import ShortReason
from protocols.messages.work import Assignment, CartSlot, WorkLine, WorkLineState

FINAL_STATES: Final = frozenset({"DONE", "SHORT", "SUBSTITUTED", "CANCELLED"})
UNDO_ACTS_MAX: Final = 50
"""Acts that can be taken back, one by one; older ones need a supervisor."""
ANSWERS_KEPT_MAX: Final = 64
"""Commands whose repeats get the same answer; the hub repeats one for minutes at most."""
HELD_MAX: Final = 64
"""Pieces of work of one person: the one in hand, and hours of reserve."""

Phase = Literal[
    "BADGE", "PIN", "READY", "PAUSED",
    "TOTES", "BIN", "ITEM", "TOTE", "FINISH",
    "ASK_SHORT", "SHORT_REASON", "SHORT_TOTE", "NEW_TOTE",
]  # fmt: skip
PHASES: Final[tuple[Phase, ...]] = get_args(Phase)


class LineMark(msgspec.Struct, frozen=True, array_like=True):
    """How far one line is. `turn` counts how often it was put back to the end."""

    state: WorkLineState = "OPEN"
    counted: int = 0
    picked: int = 0
    turn: int = 0

    @property
    def is_final(self) -> bool:
        return self.state in FINAL_STATES

    @property
    def is_touched(self) -> bool:
        """Whether a newer revision must leave this line alone."""
        return self.state not in {"OPEN", "SKIPPED", "CANCELLED"}


class AskShort(msgspec.Struct, frozen=True, tag=True):
    """DONE with less than asked: is the rest missing?"""


class AskReason(msgspec.Struct, frozen=True, tag=True):
    """Why is it short? Answered by a number."""


class AskShortTote(msgspec.Struct, frozen=True, tag=True):
    """Something was found: into which tote?"""

    reason: ShortReason


class AskNewTote(msgspec.Struct, frozen=True, tag=True):
    """An unknown tote was scanned where a known one was expected: does it join the slot?"""

    tote: str
    reason: ShortReason | None = None


Dialog = AskShort | AskReason | AskShortTote | AskNewTote


class UndoAct(msgspec.Struct, frozen=True, omit_defaults=True):
    """One act that can be taken back: its events' keys, and what stood there before."""

    epoch: str
    seqs: tuple[int, ...]
    line: str | None = None
    mark: LineMark | None = None
    slots: tuple[CartSlot, ...] | None = None
    at_bin: str | None = None
    dialog: Dialog | None = None


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything about a piece of work that changes while it is done."""

    marks: tuple[LineMark, ...]
    """One for each line of the assignment, in its order."""
    slots: tuple[CartSlot, ...]
    person: str | None = None
    """Whose it is: the one who was logged in when it came."""
    started: bool = False
    suspended: bool = False
    at_bin: str | None = None
    """The bin that was verified last: the next line there needs no second scan of it."""
    dialog: Dialog | None = None
    undo: tuple[UndoAct, ...] = ()
    revoked_by: str | None = None
    """Id of the command that takes this work away once the line in hand is finished."""


class Work(msgspec.Struct, frozen=True):
    """One assignment on this device."""

    assignment: Assignment
    progress: Progress

    @property
    def id(self) -> str:
        return self.assignment.id

    @property
    def line_index(self) -> int | None:
        """The line to work on: skipped ones come last, walking order otherwise."""
        found, least_turn = None, 0
        for n, mark in enumerate(self.progress.marks):  # asked often for each scan: a plain loop
            if mark.state not in FINAL_STATES and (found is None or mark.turn < least_turn):
                found, least_turn = n, mark.turn
        return found

    @property
    def line(self) -> WorkLine | None:
        index = self.line_index
        return None if index is None else self.assignment.lines[index]

    @property
    def mark(self) -> LineMark | None:
        index = self.line_index
        return None if index is None else self.progress.marks[index]

    @property
    def phase(self) -> Phase:
        """What is asked next."""
        progress = self.progress
        if progress.suspended:
            return "PAUSED"
        if progress.dialog is not None:
            return _DIALOG_PHASES[type(progress.dialog)]
        if any(not slot.totes for slot in progress.slots):
            return "TOTES"
        return self._line_phase()

    def _line_phase(self) -> Phase:
        line, mark = self.line, self.mark
        if line is None or mark is None:
            return "FINISH"
        if mark.state in {"OPEN", "SKIPPED"}:
            return "ITEM" if self.progress.at_bin == line.bin else "BIN"
        return "TOTE" if mark.counted >= line.quantity else "ITEM"

    @property
    def has_line_in_hand(self) -> bool:
        """Whether something was done on a line that is not finished."""
        mark = self.mark
        return mark is not None and mark.is_touched

    def slot(self, name: str) -> CartSlot:
        """One position on the cart."""
        return next(slot for slot in self.progress.slots if slot.slot == name)

    def slot_to_fill(self) -> CartSlot | None:
        """The first position without a tote."""
        return next((slot for slot in self.progress.slots if not slot.totes), None)

    def slot_of_tote(self, tote: str) -> CartSlot | None:
        return next((slot for slot in self.progress.slots if tote in slot.totes), None)

    def with_mark(self, mark: LineMark, line: str) -> Work:
        """The same work with one line's mark changed."""
        pairs = zip(self.assignment.lines, self.progress.marks, strict=True)
        marks = tuple(mark if known.id == line else old for known, old in pairs)
        return self.with_progress(marks=marks)

    def with_progress(self, **changes: object) -> Work:
        return replace(self, progress=replace(self.progress, **changes))

    def with_tote(self, slot: str, tote: str) -> Work:
        """The tote stands in the slot, behind those that already do."""
        slots = tuple(
            replace(known, totes=(*known.totes, tote)) if known.slot == slot else known
            for known in self.progress.slots
        )
        return self.with_progress(slots=slots)


_DIALOG_PHASES: Final[dict[type, Phase]] = {
    AskShort: "ASK_SHORT",
    AskReason: "SHORT_REASON",
    AskShortTote: "SHORT_TOTE",
    AskNewTote: "NEW_TOTE",
}


class PinFailures(msgspec.Struct, frozen=True, omit_defaults=True):
    """Wrong PINs in a row for one badge; `lock_ms` counts from `locked_at_ms` (CLOCK_BOOTTIME)."""

    person: str
    wrong: int = 0
    locks: int = 0
    locked_at_ms: int = 0
    lock_ms: int = 0


class HandheldState(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that survives a restart."""

    person: str | None = None
    name: str = ""
    pin_for: str | None = None
    """The badge was scanned, the PIN is asked."""
    failures: tuple[PinFailures, ...] = ()
    asked: bool = False
    """Work was requested and none has come yet."""
    works: tuple[Work, ...] = ()
    finished: tuple[Work, ...] = ()
    """The piece of work that was completed last, while its completion can still be undone."""
    answers: tuple[CommandAck, ...] = ()

    @property
    def work(self) -> Work | None:
        """The piece of work in hand: this person's first."""
        mine = self.my_works
        return mine[0] if mine else None

    @property
    def my_works(self) -> tuple[Work, ...]:
        if self.person is None:
            return ()
        return tuple(work for work in self.works if work.progress.person == self.person)

    @property
    def phase(self) -> Phase:
        """What the device asks for."""
        if self.person is None:
            return "BADGE" if self.pin_for is None else "PIN"
        return self.work.phase if self.work is not None else "READY"

    @property
    def in_reserve(self) -> int:
        """Pieces of work that come after the one in hand."""
        return max(0, len(self.my_works) - 1)

    def work_by_id(self, assignment: str) -> Work | None:
        return next((work for work in self.works if work.id == assignment), None)

    def with_work(self, work: Work) -> HandheldState:
        """The same state with one piece of work changed."""
        works = tuple(work if known.id == work.id else known for known in self.works)
        return replace(self, works=works)

    def without_work(self, assignment: str) -> HandheldState:
        return replace(self, works=tuple(work for work in self.works if work.id != assignment))

    def has_tote_elsewhere(self, tote: str, work: Work) -> bool:
        """Whether the tote is in use for another piece of work on this device."""
        others = (other for other in self.works if other.id != work.id)
        return any(other.slot_of_tote(tote) for other in others)


K = TypeVar("K")


def kept_last(values: tuple[K, ...], limit: int) -> tuple[K, ...]:
    """The newest `limit` values."""
    return values[-limit:]
