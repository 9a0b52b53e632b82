"""How an act on a piece of work is recorded. Owns AssignmentStarted, undo records and their keys.

Every act goes through `record`, so that what it changed can be taken back exactly by `undo.py`.
"""

from __future__ import annotations

from edge.handheld.outcome import Emit, Outcome, Scene
from edge.handheld.work import (
    UNDO_ACTS_MAX,
    HandheldState,
    UndoAct,
    Work,
    kept_last,
)
from edge.tones import Tone
from protocols.messages.events import AssignmentStarted, EventData


def record(
    state: HandheldState,
    scene: Scene,
    before: Work,
    after: Work,
    facts: tuple[EventData, ...],
    tone: Tone = Tone.OK,
) -> Outcome:
    """`facts` turned `before` into `after`, which differs in at most one line and its slots."""
    opening: tuple[EventData, ...] = () if before.progress.started else (AssignmentStarted(),)
    act = _undo_act(scene, before, after, len(opening), len(facts))
    history = kept_last((*before.progress.undo, act), UNDO_ACTS_MAX)
    after = after.with_progress(started=True, undo=history)
    events = emits(state, after, *opening, *facts)
    return Outcome(state.with_work(after), events, tone)


def emits(state: HandheldState, work: Work | None, *facts: EventData) -> tuple[Emit, ...]:
    """The facts as events of the present person, on `work` where one is meant."""
    if work is None:
        return tuple(Emit(fact, state.person) for fact in facts)
    assignment = work.assignment
    return tuple(Emit(fact, state.person, assignment.id, assignment.rev) for fact in facts)


def _undo_act(scene: Scene, before: Work, after: Work, skipped: int, count: int) -> UndoAct:
    first = scene.next_seq + skipped
    line, mark = None, None
    for known, old, new in zip(
        before.assignment.lines, before.progress.marks, after.progress.marks, strict=True
    ):
        if old != new:
            line, mark = known.id, old
    slots = before.progress.slots
    return UndoAct(
        epoch=scene.epoch,
        seqs=tuple(range(first, first + count)),
        line=line,
        mark=mark,
        slots=None if slots == after.progress.slots else slots,
        at_bin=before.progress.at_bin,
        dialog=before.progress.dialog,
    )
