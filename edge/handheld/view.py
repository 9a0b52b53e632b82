"""What the screen says, as a value. Pure: state and facts → ScreenView; `render.py` draws it.

Owns the choice of words and of what is biggest. Simulated people read this value too. A bin's
check digits are not shown: typed, they prove that somebody stands before the label.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from edge.handheld.dialogs import SHORT_REASONS
from edge.handheld.outcome import Notice
from edge.handheld.session import masked
from edge.handheld.texts import Texts
from edge.handheld.work import AskNewTote, HandheldState, LineMark, Phase, Work
from protocols.messages.work import WorkLine

Look = Literal["NOW", "DONE", "LATER"]
"""What to do now is inverted, what is done is dimmed."""
Mood = Literal["NORMAL", "INFO", "WARN", "REFUSED", "ALERT"]

LINE_LOOKS: Final[dict[Phase, tuple[Look, Look, Look]]] = {
    "BIN": ("NOW", "LATER", "LATER"),
    "ITEM": ("DONE", "NOW", "LATER"),
    "TOTE": ("DONE", "DONE", "NOW"),
    "ASK_SHORT": ("DONE", "LATER", "LATER"),
    "SHORT_REASON": ("DONE", "NOW", "LATER"),
    "SHORT_TOTE": ("DONE", "DONE", "NOW"),
    "NEW_TOTE": ("DONE", "DONE", "LATER"),
}
"""Where none is NOW, the title asks."""
DIGITS_HIDDEN: Final[frozenset[Phase]] = frozenset({"BADGE", "READY", "PAUSED"})
"""Where no figure is asked, digits are most likely a PIN, typed too early or out of habit."""
DIGIT: Final = re.compile(r"[0-9]")


class Facts(msgspec.Struct, frozen=True):
    """What the device knows beside the work."""

    is_hub_online: bool = False
    queue: int = 0
    battery_percent: int | None = None
    radio_dbm: int | None = None
    typed: str = ""
    notice: Notice | None = None
    is_draining: bool = False
    """The hub came back and hears now what was done without it."""
    is_refused: bool = False
    """The broker said no when it was asked last: waiting for radio will not help."""
    is_outdated: bool = False
    """It said so of the certificate's date, by the hub's clock."""


class Row(msgspec.Struct, frozen=True):
    """One of BIN, TAKE, INTO, or a choice of a menu."""

    label: str
    text: str
    look: Look = "LATER"
    note: str = ""
    """What is good to know where there is room: the article's number."""


class ScreenView(msgspec.Struct, frozen=True):
    """Everything on the screen, ready to be drawn at any size."""

    phase: Phase | Literal["ENROL"]
    who: str
    is_hub_online: bool
    queue: int
    battery_percent: int | None
    radio_dbm: int | None
    mood: Mood
    """REFUSED and ALERT fill the screen with `message`."""
    message: str
    progress: str
    title: str
    rows: tuple[Row, ...]
    counted: int | None
    """The running count, drawn in big digits; None where nothing is counted."""
    asked: int | None
    prompt: str
    typed: str
    """What was typed so far; a PIN, and what may be one, is masked."""
    is_refused: bool = False


def show(state: HandheldState, facts: Facts, texts: Texts) -> ScreenView:
    """The screen for a state."""
    phase, work = state.phase, state.work
    notice = facts.notice or _backlog(phase, facts)
    line, mark = (work.line, work.mark) if work else (None, None)
    counted, asked = _count(line, mark, phase)
    return ScreenView(
        phase=phase,
        who=state.name or "–",
        is_hub_online=facts.is_hub_online,
        queue=facts.queue,
        battery_percent=facts.battery_percent,
        radio_dbm=facts.radio_dbm,
        mood=notice.look if notice else "NORMAL",
        message=texts.say(notice.code, notice.values) if notice else "",
        progress=_progress(work, state.in_reserve, texts),
        title=_title(work, line, mark, phase, facts, texts),
        rows=_rows(work, phase, texts),
        counted=counted,
        asked=asked,
        prompt=_prompt(work, counted, phase, facts, texts),
        typed=_typed(facts.typed, phase),
        is_refused=facts.is_refused,
    )


def _count(
    line: WorkLine | None, mark: LineMark | None, phase: Phase
) -> tuple[int | None, int | None]:
    if line is None or mark is None or phase not in LINE_LOOKS or phase == "BIN":
        return None, None
    return mark.counted, line.quantity


def _backlog(phase: Phase, facts: Facts) -> Notice | None:
    """What waits for the hub, where somebody has time to read it, and how it gets less."""
    is_idle = phase in {"BADGE", "READY", "PAUSED", "FINISH"}
    if facts.is_refused:
        why = "OUTDATED_AND_KEPT" if facts.is_outdated else "REFUSED_AND_KEPT"
        kept = Notice(why, {"depth": facts.queue}, "WARN")
        return kept if is_idle else None
    if not facts.queue:
        return None
    if facts.is_draining:
        return Notice("BACKLOG_DRAINS", {"depth": facts.queue}, "WARN")
    if is_idle and not facts.is_hub_online:
        return Notice("BACKLOG_WAITS", {"depth": facts.queue}, "WARN")
    return None


def _progress(work: Work | None, in_reserve: int, texts: Texts) -> str:
    if work is None:
        return ""
    marks = work.progress.marks
    done = sum(mark.is_final for mark in marks)
    values = {
        "wave": work.assignment.wave,
        "stop": min(done + 1, len(marks)),
        "stops": len(marks),
        "metres": work.assignment.walk_cm // 100,
        "more": in_reserve,
    }
    return texts.say("PROGRESS_AND_MORE" if in_reserve else "PROGRESS", values)


def _typed(typed: str, phase: Phase) -> str:
    """A PIN is never readable, nor what may be one: digits typed before it is asked, or after."""
    if phase == "PIN":
        return masked(typed)
    return DIGIT.sub(masked("0"), typed) if phase in DIGITS_HIDDEN else typed


def _ready(facts: Facts) -> str:
    """What is known about work while there is none here, as the ending of a text's code."""
    if facts.is_refused:
        return "_REFUSED"
    if not facts.is_hub_online:
        return "_AWAY"
    return "" if facts.queue else "_NONE"  # it has heard the request and gave nothing for it


def _title(
    work: Work | None,
    line: WorkLine | None,
    mark: LineMark | None,
    phase: Phase,
    facts: Facts,
    texts: Texts,
) -> str:
    if phase in {"BIN", "ITEM", "TOTE"}:
        return ""
    if phase == "READY":
        return texts.say(f"TITLE_READY{_ready(facts)}")
    values: dict[str, object] = {}
    if line is not None and mark is not None:
        values |= {"counted": mark.counted, "asked": line.quantity, "slot": line.slot}
    dialog = work.progress.dialog if work else None
    if isinstance(dialog, AskNewTote):
        values["tote"] = dialog.tote
    return texts.say(f"TITLE_{phase}", values)


def _rows(work: Work | None, phase: Phase, texts: Texts) -> tuple[Row, ...]:
    if work is None or phase == "PAUSED":
        return ()
    if phase == "TOTES":
        return _slot_rows(work, texts)
    if phase == "SHORT_REASON":
        return tuple(Row("", texts.say(f"SHORT_{reason}"), "NOW") for reason in SHORT_REASONS)
    return _line_rows(work, phase, texts)


def _slot_rows(work: Work, texts: Texts) -> tuple[Row, ...]:
    rows = []
    next_slot = work.slot_to_fill()
    for slot in work.progress.slots:
        look: Look = "DONE" if slot.totes else "NOW" if slot == next_slot else "LATER"
        label = texts.say("INTO_SLOT", {"slot": slot.slot})
        rows.append(Row(label, " ".join((slot.order, *slot.totes)), look))
    return tuple(rows)


def _line_rows(work: Work, phase: Phase, texts: Texts) -> tuple[Row, ...]:
    line = work.line
    if line is None or phase not in LINE_LOOKS:
        return ()
    bin_look, take_look, into_look = LINE_LOOKS[phase]
    totes = work.slot(line.slot).totes
    into = {"slot": line.slot, "tote": totes[-1] if totes else ""}
    return (
        Row(texts.say("WORD_BIN"), line.bin, bin_look),
        Row(texts.say("WORD_TAKE"), f"{line.quantity}  {line.name}", take_look, line.sku),
        Row(texts.say("WORD_INTO"), texts.say("INTO", into), into_look),
    )


def _prompt(
    work: Work | None, counted: int | None, phase: Phase, facts: Facts, texts: Texts
) -> str:
    if phase == "READY":
        return texts.say(f"PROMPT_READY{_ready(facts)}")
    if phase == "ITEM" and counted:
        return texts.say("PROMPT_ITEM_COUNTING")
    if work is None or phase not in {"TOTES", "TOTE", "SHORT_TOTE"}:
        return texts.say(f"PROMPT_{phase}")
    slot = work.slot_to_fill() or work.line
    return texts.say(f"PROMPT_{phase}", {"slot": slot.slot if slot else ""})
