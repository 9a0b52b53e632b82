"""What goes into the workflow and what comes out of it, as values. Owns no decision."""

from __future__ import annotations

from typing import Literal

import msgspec

from edge.handheld.work import HandheldState
from edge.tones import Tone
from protocols.barcodes import CommandName
from protocols.messages.commands import CommandAck
from protocols.messages.configuration import ShiftPerson
from protocols.messages.events import EventData
from protocols.messages.work import Assignment

# ── Input: what a person did, already read. ─────────────────────────────────────────────────


class BinRead(msgspec.Struct, frozen=True):
    code: str


class ToteRead(msgspec.Struct, frozen=True):
    code: str


class BadgeRead(msgspec.Struct, frozen=True):
    code: str


class CommandRead(msgspec.Struct, frozen=True):
    name: CommandName


class ItemRead(msgspec.Struct, frozen=True):
    """A product's code; `keys` are what a line's `codes` may name it by, best first."""

    text: str
    keys: tuple[str, ...]


class FigureTyped(msgspec.Struct, frozen=True):
    """Digits ended with Enter: a PIN, check digits, a count or a choice, as the phase asks."""

    text: str


class ScannerChecked(msgspec.Struct, frozen=True):
    """The scanner's check code arrived whole: it sends FNC1."""


class Unreadable(msgspec.Struct, frozen=True):
    """A scan that means nothing: `code` names the reason, `sentence` says it."""

    text: str
    code: str
    sentence: str


PersonInput = (
    BinRead
    | ToteRead
    | BadgeRead
    | CommandRead
    | ItemRead
    | FigureTyped
    | ScannerChecked
    | Unreadable
)

# ── Input: what the hub wants. ──────────────────────────────────────────────────────────────


class WorkOffered(msgspec.Struct, frozen=True):
    command: str
    assignment: Assignment


class WorkRevoked(msgspec.Struct, frozen=True):
    command: str
    assignment: str
    rev: int
    reason: str = ""
    unless_begun: bool = False


class LoginEnded(msgspec.Struct, frozen=True):
    command: str
    person: str


class TextSent(msgspec.Struct, frozen=True):
    command: str
    text: str
    level: Literal["INFO", "WARN"] = "INFO"


class CommandUnknown(msgspec.Struct, frozen=True):
    """A command that this version does not know, or cannot read."""

    command: str
    code: str


HubInput = WorkOffered | WorkRevoked | LoginEnded | TextSent | CommandUnknown
WorkInput = PersonInput | HubInput


class Scene(msgspec.Struct, frozen=True):
    """What a step may look at besides the state."""

    now_ms: int
    """CLOCK_BOOTTIME."""
    epoch: str
    next_seq: int
    """The key that the first event of this step will get."""
    people: tuple[ShiftPerson, ...] = ()
    slots: int = 1
    is_hub_online: bool = False


# ── Output. ─────────────────────────────────────────────────────────────────────────────────


class Emit(msgspec.Struct, frozen=True):
    """One event: what happened, and what its envelope says about it."""

    data: EventData
    actor: str | None = None
    assignment: str | None = None
    rev: int | None = None


class Notice(msgspec.Struct, frozen=True):
    """Something to read until the next act. `look` REFUSED fills the screen in red."""

    code: str
    values: dict[str, object] = {}
    look: Literal["INFO", "WARN", "REFUSED", "ALERT"] = "INFO"


class Outcome(msgspec.Struct, frozen=True):
    """The next state and what to do about it, in this order: commit, answer, tone, show."""

    state: HandheldState
    events: tuple[Emit, ...] = ()
    tone: Tone | None = None
    notice: Notice | None = None
    answers: tuple[CommandAck, ...] = ()


def refused(state: HandheldState, code: str, **values: object) -> Outcome:
    """Nothing is recorded; the screen says what was wrong."""
    return Outcome(state, tone=Tone.REFUSED, notice=Notice(code, values, "REFUSED"))


def told(state: HandheldState, code: str, tone: Tone = Tone.OK, **values: object) -> Outcome:
    """Nothing is recorded, and nothing is wrong."""
    return Outcome(state, tone=tone, notice=Notice(code, values))
