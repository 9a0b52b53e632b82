"""Taking back the last act, exactly. Pure.

Owns ActUndone: a new event that names the undone one by its key; nothing already recorded is
changed. The work returns to the very state before the act (only `started` stays, as a fact).
"""

from __future__ import annotations

from msgspec.structs import replace

from edge.handheld.acts import emits
from edge.handheld.outcome import Notice, Outcome, refused, told
from edge.handheld.work import HandheldState, LineMark, UndoAct, Work
from edge.tones import Tone
from protocols.messages.events import ActUndone
from protocols.messages.work import CartSlot


def say_undo(state: HandheldState) -> Outcome:
    """Leave an open question; else take the last act back; else re-open the finished work."""
    work = state.work
    if work is not None and work.progress.dialog is not None:
        return told(state.with_work(work.with_progress(dialog=None)), "BACK_TO_THE_LINE")
    if work is not None and work.progress.undo:
        return _undo_last(state, work)
    if state.finished and (work is None or not work.has_line_in_hand):
        return _reopen(state, state.finished[-1])
    return refused(state, "NOTHING_TO_UNDO")


def _undo_last(state: HandheldState, work: Work) -> Outcome:
    act = work.progress.undo[-1]
    restored = _restored(work, act)
    events = emits(state, work, *_compensations(act))
    notice = _said(work, restored, act)
    return Outcome(state.with_work(restored), events, Tone.WARN, notice)


def _said(undone: Work, restored: Work, act: UndoAct) -> Notice:
    """What the hands have to do about it."""
    before, after = _mark(undone, act), _mark(restored, act)
    line = next((known for known in undone.assignment.lines if known.id == act.line), None)
    values = {"bin": line.bin if line else ""}
    code = "UNDONE"
    if act.slots is not None and act.line is None:
        code, values = "UNDONE_TOTE", {"slot": _slot_changed(undone, act.slots)}
    elif before is None or after is None:
        code = "UNDONE"
    elif before.is_final and before.picked:
        code, values = "UNDONE_PICK", {"picked": str(before.picked)}
    elif before.state in {"SHORT", "SKIPPED"}:
        code = "UNDONE_SHORT" if before.state == "SHORT" else "UNDONE_SKIP"
    elif before.counted != after.counted:
        code, values = "UNDONE_COUNT", {"counted": str(after.counted)}
    elif before.state == "AT_LOCATION":
        code = "UNDONE_BIN"
    return Notice(code, dict(values), "WARN")


def _mark(work: Work, act: UndoAct) -> LineMark | None:
    pairs = zip(work.assignment.lines, work.progress.marks, strict=True)
    return next((mark for line, mark in pairs if line.id == act.line), None)


def _slot_changed(work: Work, before: tuple[CartSlot, ...]) -> str:
    return next((slot.slot for slot in work.progress.slots if slot not in before), "")


def _reopen(state: HandheldState, finished: Work) -> Outcome:
    """A completed piece of work comes back, in front of whatever came after it."""
    act = finished.progress.undo[-1]
    events = emits(state, finished, *_compensations(act))
    works = (_restored(finished, act), *state.works)
    reopened = replace(state, works=works, finished=state.finished[:-1], asked=False)
    return Outcome(reopened, events, Tone.WARN, Notice("WORK_REOPENED", look="WARN"))


def _compensations(act: UndoAct) -> tuple[ActUndone, ...]:
    """Several events of one act are taken back in the reverse order."""
    return tuple(ActUndone(epoch=act.epoch, seq=seq, line=act.line) for seq in reversed(act.seqs))


def _restored(work: Work, act: UndoAct) -> Work:
    if act.line is not None and act.mark is not None:
        work = work.with_mark(act.mark, act.line)
    return work.with_progress(
        slots=work.progress.slots if act.slots is None else act.slots,
        at_bin=act.at_bin,
        dialog=act.dialog,
        undo=work.progress.undo[:-1],
    )
