"""What a handheld asks for, and what would answer it. Pure: its state → a scan or a typed text.

Owns the choice: the label that a willing person would take, never a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from edge.handheld.work import HandheldState, Phase, Work
from protocols.barcodes import bin_label, command_label, tote_label
from protocols.messages.work import WorkLine
from simulators.tester_bench.labels import printed

EAN_CHARS: Final = 13


class Answer(NamedTuple):
    """Scan `code`, or type `text`; both empty when nothing would help."""

    code: str = ""
    text: str = ""


class Pockets(NamedTuple):
    """What the person has: a badge, a PIN, and empty totes."""

    badge: str
    pin: str
    take_tote: Callable[[], str]


_COMMANDS: Final[dict[Phase, str]] = {
    "READY": "NEXT", "PAUSED": "RESUME", "FINISH": "DONE", "ASK_SHORT": "YES", "NEW_TOTE": "YES",
}  # fmt: skip
FIRST_REASON: Final = "1"


def answer_to(state: HandheldState, pockets: Pockets, *, types_counts: bool = False) -> Answer:
    """What the screen asks for. `types_counts`: a count is typed once its article is proved."""
    phase, work = state.phase, state.work
    if phase in _COMMANDS:
        return Answer(command_label(_COMMANDS[phase]))
    if phase == "BADGE":
        return Answer(pockets.badge)
    if phase == "PIN":
        return Answer(text=pockets.pin)
    if phase == "TOTES":
        return Answer(tote_label(pockets.take_tote()))
    if phase == "SHORT_REASON":
        return Answer(text=FIRST_REASON)
    return _on_the_line(phase, work, types_counts=types_counts)


def _on_the_line(phase: Phase, work: Work | None, *, types_counts: bool) -> Answer:
    if work is None or work.line is None or work.mark is None:
        return Answer()
    line, counted = work.line, work.mark.counted
    if phase == "BIN":
        return Answer(bin_label(line.bin))
    if phase in {"TOTE", "SHORT_TOTE"}:
        return Answer(tote_label(work.slot(line.slot).totes[-1]))
    if types_counts and counted:
        return Answer(text=str(line.quantity))
    return Answer(_item_code(line, line.quantity - counted))


def _item_code(line: WorkLine, left: int) -> str:
    """The barcode of a single piece, or of the smallest unit that still fits."""
    fitting = [(pieces, printed(code)) for code, pieces in line.codes.items() if pieces <= left]
    _, _, code = min((pieces, len(code) != EAN_CHARS, code) for pieces, code in fitting)
    return code
