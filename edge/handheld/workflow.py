"""The handheld's workflow: (state, what happened) → next state and what to do about it. Pure.

Owns which part answers what. No clock, no storage, no screen: `agent.py` commits the outcome and
only then lets anybody hear it. Every refusal leaves the state as it was.

| asked for (phase) | accepts |
|---|---|
| BADGE, PIN | a badge or its plain code, its PIN |
| READY | offers of work, NEXT |
| TOTES | one tote for each slot of the cart |
| BIN → ITEM → TOTE | for each line: the bin or its check digits, items or a count, the tote |
| ASK_SHORT, SHORT_REASON, SHORT_TOTE, NEW_TOTE | YES, NO, a number, a tote |
| FINISH | DONE |
| PAUSED | RESUME, the badge |
"""

from __future__ import annotations

from edge.handheld import dialogs, offers, picking, session, undo
from edge.handheld.outcome import (
    BadgeRead,
    BinRead,
    CommandRead,
    FigureTyped,
    HubInput,
    ItemRead,
    Notice,
    Outcome,
    PersonInput,
    ScannerChecked,
    Scene,
    ToteRead,
    Unreadable,
    WorkInput,
    refused,
    told,
)
from edge.handheld.work import HandheldState, Work
from edge.tones import Tone
from protocols.barcodes import CommandName

DIALOGS = frozenset({"ASK_SHORT", "SHORT_REASON", "SHORT_TOTE", "NEW_TOTE"})


def step(state: HandheldState, happened: WorkInput, scene: Scene) -> Outcome:
    """The whole workflow. Never raises for anything that a person or the hub may do."""
    if isinstance(happened, HubInput):
        return offers.hear(state, happened, scene)
    outcome = _person(state, happened, scene)
    if outcome.events:
        outcome = offers.give_back_when_finished(outcome, scene)
    return outcome


def _person(state: HandheldState, happened: PersonInput, scene: Scene) -> Outcome:
    if isinstance(happened, ItemRead | Unreadable):
        answer = _code_out_of_work(state, happened.text, scene)
        if answer is not None:
            return answer
    match happened:
        case Unreadable(text=text, code=code, sentence=sentence):
            return refused(state, "UNREADABLE", scanned=text, reason=code, sentence=sentence)
        case ScannerChecked():
            return told(state, "SCANNER_IS_RIGHT")
        case BadgeRead():
            return session.scan_badge(state, happened, scene)
        case CommandRead(name=name):
            return _command(state, name, scene)
        case FigureTyped() if state.phase == "PIN":
            return session.type_pin(state, happened, scene)
    work = state.work
    if work is None or work.progress.suspended:
        return refused(state, f"NOT_NOW_{state.phase}", scanned=_scanned(happened))
    return _on_work(state, work, happened, scene)


def _code_out_of_work(state: HandheldState, text: str, scene: Scene) -> Outcome | None:
    """Where no article is asked a code may be a badge's, or a PIN; None when it is neither."""
    if state.phase == "BADGE":
        return session.read_plain_badge(state, text, scene)
    return session.refuse_late_pin(state, text) if state.phase in {"READY", "PAUSED"} else None


def _on_work(
    state: HandheldState,
    work: Work,
    happened: BinRead | ToteRead | ItemRead | FigureTyped,
    scene: Scene,
) -> Outcome:
    phase = work.phase
    if isinstance(happened, ToteRead) and phase in DIALOGS:
        return dialogs.scan_tote(state, work, happened, scene)
    if isinstance(happened, FigureTyped):
        return _figure(state, work, happened, scene)
    if phase in DIALOGS:
        return picking.refuse_now(state, work, _scanned(happened))
    match happened:
        case BinRead():
            return picking.scan_bin(state, work, happened, scene)
        case ToteRead():
            return picking.scan_tote(state, work, happened, scene)
        case ItemRead():
            return picking.scan_item(state, work, happened, scene)


def _figure(state: HandheldState, work: Work, typed: FigureTyped, scene: Scene) -> Outcome:
    phase = work.phase
    if phase == "BIN":
        return picking.type_check_digits(state, work, typed, scene)
    if phase in {"ITEM", "TOTE"}:
        return picking.type_count(state, work, typed, scene)
    if phase == "SHORT_REASON":
        return dialogs.choose_reason(state, work, typed, scene)
    return picking.refuse_now(state, work, typed.text)


def _command(state: HandheldState, name: CommandName, scene: Scene) -> Outcome:
    if name == CommandName.LOGOUT:
        return session.say_logout(state)
    if state.person is None:
        is_leaving = state.phase == "PIN" and name in {CommandName.NO, CommandName.UNDO}
        return session.say_logout(state) if is_leaving else _refuse_word(state, name)
    if name == CommandName.NEXT:
        return session.say_next(state, scene)
    if name == CommandName.RESUME:
        return session.say_resume(state, scene)
    if name == CommandName.REPEAT:
        return told(state, "REPEATED")
    if name in {CommandName.HELP, CommandName.CALL}:
        return dialogs.say_help(state, state.work)
    return _word_about_work(state, name, scene)


def _word_about_work(state: HandheldState, name: CommandName, scene: Scene) -> Outcome:
    work = state.work
    if work is not None and work.progress.suspended:
        return _refuse_word(state, name)
    if name == CommandName.UNDO:
        return undo.say_undo(state)
    if name == CommandName.PAUSE:
        return session.say_pause(state)
    if work is None:
        return _refuse_word(state, name)
    outcome = dialogs.WORDS[name](state, work, scene)
    if outcome.state.work_by_id(work.id) is None:  # it was completed: what is next?
        return _with_notice(session.settle(outcome, scene))
    return outcome


def _with_notice(outcome: Outcome) -> Outcome:
    return Outcome(
        outcome.state, outcome.events, Tone.DONE, Notice("WORK_COMPLETED"), outcome.answers
    )


def _refuse_word(state: HandheldState, name: CommandName) -> Outcome:
    return refused(state, f"NOT_NOW_{state.phase}", scanned=name.value)


def _scanned(happened: BinRead | ToteRead | ItemRead | FigureTyped) -> str:
    return happened.code if isinstance(happened, BinRead | ToteRead) else happened.text
