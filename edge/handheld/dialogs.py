"""Questions that a handheld asks, and the words a person may say at any time. Pure.

Owns the command barcodes' effects on a piece of work: DONE, SHORT, SKIP, YES, NO, HELP, and the
answers to the dialogs they open. Logging in and out and pausing are in `session.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from edge.handheld import picking
from edge.handheld.acts import emits, record
from edge.handheld.outcome import (
    FigureTyped,
    Notice,
    Outcome,
    Scene,
    ToteRead,
    refused,
    told,
)
from edge.handheld.work import (
    AskNewTote,
    AskReason,
    AskShort,
    AskShortTote,
    Dialog,
    HandheldState,
    Work,
)
from edge.tones import Tone
from protocols.barcodes import CommandName
from protocols.messages.events import (
    AssignmentCompleted,
    HelpRequested,
    LineSkipped,
    PickShorted,
    ShortReason,
    ToteAssigned,
)

SHORT_REASONS: Final[tuple[ShortReason, ...]] = ("EMPTY", "DAMAGED", "WRONG_ITEM", "CANNOT_REACH")
"""Answered by their number, beginning with 1."""


def say_done(state: HandheldState, work: Work, scene: Scene) -> Outcome:
    """At the end it completes the work; in a line it asks whether the rest is missing."""
    phase = work.phase
    if phase == "FINISH":
        done = record(state, scene, work, work, (AssignmentCompleted(),), Tone.DONE)
        finished = done.state.work_by_id(work.id)
        assert finished is not None  # noqa: S101 - recorded one line above
        return replace(
            done,
            state=replace(done.state.without_work(work.id), finished=(finished,)),
        )
    if phase == "ITEM":
        return _ask(state, work, AskShort())
    if work.progress.dialog is not None:
        return picking.refuse_now(state, work, "DONE")
    left = sum(not mark.is_final for mark in work.progress.marks)
    return refused(state, "NOT_DONE_YET", lines=left)


def say_short(state: HandheldState, work: Work, _scene: Scene) -> Outcome:
    """There is less than asked: the reason is next."""
    phase = work.phase
    if phase in {"ITEM", "ASK_SHORT"}:
        return _ask(state, work, AskReason())
    if phase == "TOTE":
        return refused(state, "NOTHING_IS_SHORT")
    return picking.refuse_now(state, work, "SHORT")


def say_skip(state: HandheldState, work: Work, scene: Scene) -> Outcome:
    """The line moves to the end and comes back."""
    line, mark, phase = work.line, work.mark, work.phase
    if line is None or mark is None or phase not in {"BIN", "ITEM"}:
        return picking.refuse_now(state, work, "SKIP")
    if mark.counted:
        return refused(state, "UNITS_IN_HAND", counted=mark.counted)
    marks = work.progress.marks
    if sum(not known.is_final for known in marks) == 1:
        return refused(state, "NOTHING_ELSE_TO_DO")
    last = max(known.turn for known in marks)
    after = work.with_mark(replace(mark, state="SKIPPED", turn=last + 1), line.id)
    after = after.with_progress(at_bin=None)
    return record(state, scene, work, after, (LineSkipped(line=line.id),))


def say_help(state: HandheldState, work: Work | None) -> Outcome:
    """Call the supervisor; the work stays where it is."""
    line = work.line if work is not None else None
    fact = HelpRequested(line=line.id if line else None, bin=line.bin if line else None)
    return Outcome(state, emits(state, work, fact), Tone.OK, Notice("HELP_IS_COMING"))


def say_yes(state: HandheldState, work: Work, scene: Scene) -> Outcome:
    """Agree to what was asked."""
    dialog = work.progress.dialog
    if isinstance(dialog, AskShort):
        return _ask(state, work, AskReason())
    if isinstance(dialog, AskNewTote):
        line = work.line
        assert line is not None  # noqa: S101 - a dialog has a line
        joined = (ToteAssigned(slot=line.slot, tote=dialog.tote),)
        return picking.confirm(state, work, dialog.tote, dialog.reason, scene, joined)
    return refused(state, "NOTHING_WAS_ASKED")


def say_no(state: HandheldState, work: Work, _scene: Scene) -> Outcome:
    """Leave the question; the line stays as it was. Another tote for what was found is asked."""
    dialog = work.progress.dialog
    if dialog is None:
        return refused(state, "NOTHING_WAS_ASKED")
    if isinstance(dialog, AskNewTote) and dialog.reason is not None:
        return _ask(state, work, AskShortTote(dialog.reason), Tone.OK)
    return told(state.with_work(work.with_progress(dialog=None)), "BACK_TO_THE_LINE")


def choose_reason(state: HandheldState, work: Work, typed: FigureTyped, scene: Scene) -> Outcome:
    """Nothing found ends the line at once: there is nothing to put into a tote."""
    line, mark = work.line, work.mark
    assert line is not None  # noqa: S101 - a dialog has a line
    assert mark is not None  # noqa: S101 - likewise
    if typed.text not in {str(n + 1) for n in range(len(SHORT_REASONS))}:
        return refused(state, "NO_SUCH_CHOICE", scanned=typed.text, last=len(SHORT_REASONS))
    reason = SHORT_REASONS[int(typed.text) - 1]
    if mark.counted:
        return _ask(state, work, AskShortTote(reason), Tone.OK)
    short = PickShorted(line=line.id, bin=line.bin, item=line.item, quantity=0, reason=reason)
    after = picking.end_line(work, line, "SHORT")
    return record(state, scene, work, after, (*picking.bin_fact(work, line), short), Tone.DONE)


def scan_tote(state: HandheldState, work: Work, read: ToteRead, scene: Scene) -> Outcome:
    """The tote for what was found."""
    dialog = work.progress.dialog
    if isinstance(dialog, AskShortTote):
        return picking.put_into(state, work, read.code, dialog.reason, scene)
    if isinstance(dialog, AskNewTote) and read.code == dialog.tote:
        return say_yes(state, work, scene)
    return picking.refuse_now(state, work, read.code)


def _ask(state: HandheldState, work: Work, dialog: Dialog, tone: Tone = Tone.WARN) -> Outcome:
    return Outcome(state.with_work(work.with_progress(dialog=dialog)), tone=tone)


WORDS: Final[dict[CommandName, Callable[[HandheldState, Work, Scene], Outcome]]] = {
    CommandName.DONE: say_done,
    CommandName.SHORT: say_short,
    CommandName.SKIP: say_skip,
    CommandName.YES: say_yes,
    CommandName.NO: say_no,
}
"""Words about the line at hand."""
