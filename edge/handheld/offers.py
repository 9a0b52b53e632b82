"""What the hub wants of a handheld: offers, revisions, revocations, texts. Pure.

Owns the answers to commands. A repeat of a command gets the answer of the first time and changes
nothing. A line that somebody has begun is never changed under their hands.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from edge.handheld.outcome import (
    CommandUnknown,
    HubInput,
    LoginEnded,
    Notice,
    Outcome,
    Scene,
    TextSent,
    WorkOffered,
    WorkRevoked,
)
from edge.handheld.session import settle
from edge.handheld.work import (
    ANSWERS_KEPT_MAX,
    HELD_MAX,
    HandheldState,
    LineMark,
    Progress,
    Work,
    kept_last,
)
from edge.tones import Tone
from protocols.messages.commands import CommandAck
from protocols.messages.work import Assignment, CartSlot, WorkLine

COMES_FIRST: Final = -1
"""The turn of a line that was left half done: it is the one to go on with."""


def hear(state: HandheldState, wanted: HubInput, scene: Scene) -> Outcome:
    """Answer one command."""
    known = next((answer for answer in state.answers if answer.id == wanted.command), None)
    if known is not None:
        return Outcome(state, answers=(known,))
    if any(work.progress.revoked_by == wanted.command for work in state.works):
        return Outcome(state)  # answered when the line in hand is finished
    return _hear_new(state, wanted, scene)


def _hear_new(state: HandheldState, wanted: HubInput, scene: Scene) -> Outcome:
    match wanted:
        case WorkOffered():
            return _offer(state, wanted, scene)
        case WorkRevoked():
            return _revoke(state, wanted, scene)
        case LoginEnded():
            return _end_login(state, wanted)
        case TextSent():
            return _show(state, wanted)
        case CommandUnknown():
            return _reject(state, wanted.command, wanted.code)


def give_back_when_finished(outcome: Outcome, scene: Scene) -> Outcome:
    """Second half of a revocation: the line in hand is finished, so the work goes."""
    for work in outcome.state.works:
        if work.progress.revoked_by is not None and not _is_in_hand(outcome.state, work):
            outcome = _give_back(outcome, work, work.progress.revoked_by, scene)
    return outcome


# ── Offers. ─────────────────────────────────────────────────────────────────────────────────


def _offer(state: HandheldState, offer: WorkOffered, scene: Scene) -> Outcome:
    held = state.work_by_id(offer.assignment.id)
    if held is not None:
        return _revise(state, held, offer, scene)
    if _is_done_here(state, offer.assignment):
        return _reject(state, offer.command, "FINISHED_HERE")
    problem = _problem(state, offer.assignment)
    if problem:
        return _reject(state, offer.command, problem)
    return _take(state, offer, scene)


def _is_done_here(state: HandheldState, assignment: Assignment) -> bool:
    """Whether the hub has not heard yet that this was finished, and asks for nothing new."""
    finished = next((work for work in state.finished if work.id == assignment.id), None)
    if finished is None:
        return False
    pairs = zip(finished.assignment.lines, finished.progress.marks, strict=True)
    done = {line.id for line, mark in pairs if mark.is_final}
    return all(line.id in done or _mark(line).is_final for line in assignment.lines)


def _problem(state: HandheldState, assignment: Assignment) -> str:
    if state.person is None:
        return "NOBODY_LOGGED_IN"
    if assignment.person not in {None, state.person}:
        return "OTHER_PERSON"
    if len(state.my_works) >= HELD_MAX:
        return "HANDS_FULL"
    return _flaw(assignment)


def _flaw(assignment: Assignment) -> str:
    """Why no device could do this; an empty text when one can."""
    lines = {line.id for line in assignment.lines}
    slots = {slot.slot for slot in assignment.slots}
    if not lines or len(lines) != len(assignment.lines):
        return "BAD_LINES"
    if len(slots) != len(assignment.slots) or any(ln.slot not in slots for ln in assignment.lines):
        return "BAD_SLOTS"
    return ""


def _take(state: HandheldState, offer: WorkOffered, scene: Scene) -> Outcome:
    work = _work(offer.assignment, state.person)
    is_first = state.work is None
    finished = tuple(known for known in state.finished if known.id != work.id)
    taken = replace(state, works=(*state.works, work), finished=finished, asked=False)
    tone = Tone.DONE if is_first else None
    answered = _accept(Outcome(taken, tone=tone), offer.command, work)
    return settle(answered, scene) if is_first else answered


def _work(assignment: Assignment, person: str | None) -> Work:
    """New work, or work that somebody left somewhere: it goes on at the same line and count."""
    marks = tuple(_mark(line) for line in assignment.lines)
    totes = any(slot.totes for slot in assignment.slots)
    is_begun = totes or any(mark.state not in {"OPEN", "CANCELLED"} for mark in marks)
    progress = Progress(
        marks=marks,
        slots=assignment.slots,
        person=person,
        started=is_begun,
        suspended=is_begun,
    )
    return Work(assignment, progress)


def _mark(line: WorkLine) -> LineMark:
    mark = LineMark(line.state, min(line.counted, line.quantity), line.picked)
    if mark.is_final or line.state == "OPEN":
        return mark
    return replace(mark, turn=1 if line.state == "SKIPPED" else COMES_FIRST)


# ── A newer revision of work that is here. ──────────────────────────────────────────────────


def _revise(state: HandheldState, held: Work, offer: WorkOffered, scene: Scene) -> Outcome:
    assignment = offer.assignment
    if assignment.rev < held.assignment.rev:
        return _reject(state, offer.command, "OLDER_REVISION")
    if _flaw(assignment):
        return _reject(state, offer.command, _flaw(assignment))
    if assignment.rev == held.assignment.rev:
        return _accept(Outcome(state), offer.command, held)
    revised = _merged(held, assignment)
    after = Outcome(state.with_work(revised), notice=_what_changed(held, revised))
    return settle(_accept(after, offer.command, revised), scene)


def _what_changed(held: Work, revised: Work) -> Notice:
    """More lines is what people want to know: the rest of a short pick, from another bin."""
    more = len(revised.assignment.lines) - len(held.assignment.lines)
    if more > 0:
        return Notice("WORK_GREW", {"lines": more}, "WARN")
    return Notice("WORK_CHANGED", look="WARN")


def _merged(held: Work, newer: Assignment) -> Work:
    """Touched lines stay as they are; the others are as the newer revision says."""
    known = dict(zip((line.id for line in held.assignment.lines), _pairs(held), strict=True))
    named = {line.id for line in newer.lines}
    gone = tuple(pair for key, pair in known.items() if pair[1].is_touched and key not in named)
    pairs = (*gone, *(_newer_pair(line, known.get(line.id)) for line in newer.lines))
    lines, marks = tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)
    slots = _merged_slots(held.progress.slots, newer.slots, lines)
    merged = Work(replace(newer, lines=lines, slots=slots), held.progress)
    return merged.with_progress(marks=marks, slots=slots)


def _pairs(work: Work) -> list[tuple[WorkLine, LineMark]]:
    return list(zip(work.assignment.lines, work.progress.marks, strict=True))


def _newer_pair(
    line: WorkLine, known: tuple[WorkLine, LineMark] | None
) -> tuple[WorkLine, LineMark]:
    if known is None:
        return line, _mark(line)
    if known[1].is_touched:
        return known
    is_waiting = known[1].state == "SKIPPED" and line.state in {"OPEN", "SKIPPED"}
    return line, known[1] if is_waiting else _mark(line)


def _merged_slots(
    ours: tuple[CartSlot, ...], theirs: tuple[CartSlot, ...], lines: tuple[WorkLine, ...]
) -> tuple[CartSlot, ...]:
    """Totes that stand on the cart stay there."""
    here = {slot.slot: slot for slot in ours}
    merged = [here.get(slot.slot, slot) for slot in theirs]
    named = {slot.slot for slot in theirs}
    needed = {line.slot for line in lines}
    return (*merged, *(slot for slot in ours if slot.slot in needed - named))


# ── Taking back, ending, showing. ───────────────────────────────────────────────────────────


def _revoke(state: HandheldState, wanted: WorkRevoked, scene: Scene) -> Outcome:
    held = state.work_by_id(wanted.assignment)
    if held is None:
        return _accept(Outcome(state), wanted.command, code="NOT_HELD")
    if wanted.rev < held.assignment.rev:
        return _reject(state, wanted.command, "OLDER_REVISION")
    if wanted.unless_begun and held.progress.started:
        return _reject(state, wanted.command, "BEGUN")
    if _is_in_hand(state, held):
        marked = held.with_progress(revoked_by=wanted.command)
        notice = Notice("FINISH_THIS_LINE", {"reason": wanted.reason}, "WARN")
        return Outcome(state.with_work(marked), tone=Tone.WARN, notice=notice)
    return _give_back(Outcome(state), held, wanted.command, scene)


def _is_in_hand(state: HandheldState, work: Work) -> bool:
    is_current = state.work is not None and state.work.id == work.id
    return is_current and work.has_line_in_hand and not work.progress.suspended


def _give_back(outcome: Outcome, work: Work, command: str, scene: Scene) -> Outcome:
    was_current = outcome.state.work is not None and outcome.state.work.id == work.id
    answered = _accept(outcome, command, work)
    gone = replace(answered, state=answered.state.without_work(work.id))
    if not was_current:
        return gone
    notice = Notice("WORK_TAKEN_BACK", look="WARN")
    return settle(replace(gone, tone=Tone.WARN, notice=notice), scene)


def _end_login(state: HandheldState, wanted: LoginEnded) -> Outcome:
    """The person went on elsewhere, with their work: this copy of it is no longer theirs."""
    works = tuple(work for work in state.works if work.progress.person != wanted.person)
    after = replace(state, works=works)
    if state.person == wanted.person:
        after = replace(after, person=None, name="", asked=False, finished=())
        notice = Notice("LOGGED_IN_ELSEWHERE", look="WARN")
        return _accept(Outcome(after, tone=Tone.WARN, notice=notice), wanted.command)
    return _accept(Outcome(after), wanted.command)


def _show(state: HandheldState, sent: TextSent) -> Outcome:
    tone = Tone.WARN if sent.level == "WARN" else Tone.OK
    notice = Notice("HUB_SAYS", {"text": sent.text}, sent.level)
    return _accept(Outcome(state, tone=tone, notice=notice), sent.command)


# ── Answers. ────────────────────────────────────────────────────────────────────────────────


def _accept(outcome: Outcome, command: str, work: Work | None = None, code: str = "") -> Outcome:
    """Yes, and at which revision of the work; `code` says what is worth knowing about it."""
    rev = work.assignment.rev if work is not None else None
    return _answered(outcome, CommandAck(v=1, id=command, accepted=True, code=code, rev=rev))


def _reject(state: HandheldState, command: str, problem: str) -> Outcome:
    """No, and why: nothing has changed."""
    return _answered(Outcome(state), CommandAck(v=1, id=command, accepted=False, code=problem))


def _answered(outcome: Outcome, answer: CommandAck) -> Outcome:
    """Say it, and remember it for repeats."""
    answers = kept_last((*outcome.state.answers, answer), ANSWERS_KEPT_MAX)
    state = replace(outcome.state, answers=answers)
    return replace(outcome, state=state, answers=(*outcome.answers, answer))
