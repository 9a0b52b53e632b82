"""Picking, line by line: bin, item, quantity, tote. Pure: what was read → the next state.

Owns the acts on totes and lines. Each event carries everything it says (line, bin, item, count,
tote) from the line at hand: nothing is remembered from a scan of before. Dialogs are in
`dialogs.py`, taking back in `undo.py`.
"""

from __future__ import annotations

from msgspec.structs import replace

from edge.handheld.acts import record
from edge.handheld.outcome import (
    BinRead,
    FigureTyped,
    ItemRead,
    Outcome,
    Scene,
    ToteRead,
    refused,
    told,
)
from edge.handheld.work import AskNewTote, HandheldState, LineMark, Work
from edge.tones import Tone
from protocols.barcodes import BarcodeError, confirms_bin
from protocols.limits import QUANTITY_MAX
from protocols.messages.events import (
    BinVerified,
    EventData,
    PickConfirmed,
    PickShorted,
    ShortReason,
    ToteAssigned,
    UnitsCounted,
)
from protocols.messages.work import WorkLine

FIGURE_CHARS_MAX = len(str(QUANTITY_MAX))


# ── The bin. ────────────────────────────────────────────────────────────────────────────────


def scan_bin(state: HandheldState, work: Work, read: BinRead, scene: Scene) -> Outcome:
    """Right bin: the line begins. Any other: refused by name."""
    line, phase = work.line, work.phase
    if line is None or phase in {"TOTES", "FINISH"}:
        return refuse_now(state, work, read.code)
    if _same(read.code, line.bin) and phase != "BIN":
        return told(state, "BIN_ALREADY_RIGHT", bin=line.bin)
    if not _same(read.code, line.bin):
        return refused(state, "WRONG_BIN", scanned=read.code, expected=line.bin)
    return _verify_bin(state, work, line, scene)


def type_check_digits(
    state: HandheldState, work: Work, typed: FigureTyped, scene: Scene
) -> Outcome:
    """The digits beside the barcode prove that the person stands there."""
    line = work.line
    assert line is not None  # noqa: S101 - phase BIN has a line
    try:
        is_right = confirms_bin(line.bin, typed.text)
    except BarcodeError:  # a bin whose code no label of ours can carry
        is_right = False
    if not is_right:
        return refused(state, "WRONG_CHECK_DIGITS", scanned=typed.text, expected=line.bin)
    return _verify_bin(state, work, line, scene)


def _verify_bin(state: HandheldState, work: Work, line: WorkLine, scene: Scene) -> Outcome:
    mark = _mark(work)
    after = work.with_mark(replace(mark, state="AT_LOCATION"), line.id)
    after = after.with_progress(at_bin=line.bin)
    return record(state, scene, work, after, (BinVerified(line=line.id, bin=line.bin),))


# ── The item and the count. ─────────────────────────────────────────────────────────────────


def scan_item(state: HandheldState, work: Work, read: ItemRead, scene: Scene) -> Outcome:
    """Each scan of the right item counts, never above what is asked."""
    line, phase = work.line, work.phase
    if line is None or phase not in {"ITEM", "TOTE"}:
        return refuse_now(state, work, _name_of(state, read))
    units = _units(line, read)
    if units is None:
        return refused(
            state, "WRONG_ITEM", scanned=_name_of(state, read), expected=_item_name(line)
        )
    counted = _mark(work).counted + units
    if counted > line.quantity:
        return refused(state, "TOO_MANY", counted=counted, asked=line.quantity)
    fact = UnitsCounted(
        line=line.id, item=line.item, quantity=units, counted=counted, code=read.text
    )
    return _count(state, work, line, fact, scene)


def type_count(state: HandheldState, work: Work, typed: FigureTyped, scene: Scene) -> Outcome:
    """The typed figure becomes the count, once a scan has proved the item."""
    line = work.line
    assert line is not None  # noqa: S101 - phases ITEM and TOTE have a line
    mark = _mark(work)
    if mark.state not in {"ITEM_VERIFIED", "QTY_CONFIRMED"}:
        return refused(state, "SCAN_ITEM_FIRST", scanned=typed.text, expected=_item_name(line))
    counted = int(typed.text) if len(typed.text) <= FIGURE_CHARS_MAX else QUANTITY_MAX + 1
    if counted > line.quantity:
        return refused(state, "TOO_MANY_TYPED", typed=typed.text, asked=line.quantity)
    if counted == mark.counted:
        return told(state, "COUNT_UNCHANGED", counted=counted)
    fact = UnitsCounted(
        line=line.id,
        item=line.item,
        quantity=counted - mark.counted,
        counted=counted,
        how="TYPED",
        code=typed.text,
    )
    return _count(state, work, line, fact, scene)


def _count(
    state: HandheldState, work: Work, line: WorkLine, fact: UnitsCounted, scene: Scene
) -> Outcome:
    is_full = fact.counted == line.quantity
    mark = replace(
        _mark(work),
        state="QTY_CONFIRMED" if is_full else "ITEM_VERIFIED",
        counted=fact.counted,
    )
    after = work.with_mark(mark, line.id)
    facts = (*bin_fact(work, line), fact)
    return record(state, scene, work, after, facts, Tone.DONE if is_full else Tone.COUNT)


def bin_fact(work: Work, line: WorkLine) -> tuple[EventData, ...]:
    """The next line in the same bin needs no scan of the bin; the fact is recorded all the same."""
    if _mark(work).state in {"OPEN", "SKIPPED"}:
        return (BinVerified(line=line.id, bin=line.bin),)
    return ()


# ── The tote. ───────────────────────────────────────────────────────────────────────────────


def scan_tote(state: HandheldState, work: Work, read: ToteRead, scene: Scene) -> Outcome:
    """At set-up it fills a slot; after counting it ends the line."""
    phase = work.phase
    if phase == "TOTES":
        return _assign_tote(state, work, read.code, scene)
    if phase == "TOTE":
        return put_into(state, work, read.code, None, scene)
    if phase == "ITEM" and work.line is not None:
        counted, asked = _mark(work).counted, work.line.quantity
        return refused(state, "NOT_ENOUGH_YET", scanned=read.code, counted=counted, asked=asked)
    return refuse_now(state, work, read.code)


def put_into(
    state: HandheldState, work: Work, tote: str, reason: ShortReason | None, scene: Scene
) -> Outcome:
    """The counted units go into the slot's tote; `reason` says why there are too few."""
    line = work.line
    assert line is not None  # noqa: S101 - only asked for while a line is at hand
    totes = work.slot(line.slot).totes
    if _same(tote, totes[-1]):
        return confirm(state, work, totes[-1], reason, scene)
    if tote in totes:
        return refused(state, "TOTE_IS_FULL", scanned=tote, expected=totes[-1], slot=line.slot)
    other = work.slot_of_tote(tote)
    if other is not None:
        values = {"scanned": tote, "scanned_slot": other.slot}
        return refused(state, "WRONG_TOTE", **values, expected=totes[-1], slot=line.slot)
    if state.has_tote_elsewhere(tote, work):
        return refused(state, "TOTE_IN_USE", scanned=tote)
    asking = work.with_progress(dialog=AskNewTote(tote, reason))
    return Outcome(state.with_work(asking), tone=Tone.WARN)


def confirm(
    state: HandheldState,
    work: Work,
    tote: str,
    reason: ShortReason | None,
    scene: Scene,
    joined: tuple[EventData, ...] = (),
) -> Outcome:
    """End the line: DONE, or SHORT with what was found. `joined` tells of a new tote before."""
    line = work.line
    assert line is not None  # noqa: S101 - only called while a line is at hand
    counted = _mark(work).counted
    fact: EventData
    if reason is None:
        fact = PickConfirmed(
            line=line.id, bin=line.bin, item=line.item, quantity=counted, tote=tote
        )
    else:
        fact = PickShorted(
            line=line.id, bin=line.bin, item=line.item, quantity=counted, reason=reason, tote=tote
        )
    after = end_line(work, line, "DONE" if reason is None else "SHORT")
    if joined:
        after = after.with_tote(line.slot, tote)
    return record(state, scene, work, after, (*joined, fact), Tone.DONE)


def end_line(work: Work, line: WorkLine, final: str) -> Work:
    """The line is over; the next one is asked without any memory of this one's count."""
    mark = _mark(work)
    ended = LineMark(
        state="DONE" if final == "DONE" else "SHORT",
        counted=mark.counted,
        picked=mark.counted,
        turn=mark.turn,
    )
    return work.with_mark(ended, line.id).with_progress(dialog=None, at_bin=line.bin)


def _assign_tote(state: HandheldState, work: Work, tote: str, scene: Scene) -> Outcome:
    slot = work.slot_to_fill()
    assert slot is not None  # noqa: S101 - phase TOTES has a slot to fill
    other = work.slot_of_tote(tote)
    if other is not None:
        return refused(state, "TOTE_IN_OTHER_SLOT", scanned=tote, scanned_slot=other.slot)
    if state.has_tote_elsewhere(tote, work):
        return refused(state, "TOTE_IN_USE", scanned=tote)
    after = work.with_tote(slot.slot, tote)
    tone = Tone.DONE if after.slot_to_fill() is None else Tone.OK
    return record(state, scene, work, after, (ToteAssigned(slot=slot.slot, tote=tote),), tone)


# ── Words for refusals. ─────────────────────────────────────────────────────────────────────


def refuse_now(state: HandheldState, work: Work, scanned: str) -> Outcome:
    """A good scan at the wrong moment: say what it was and what is asked."""
    line, slot = work.line, work.slot_to_fill()
    return refused(
        state,
        f"NOT_NOW_{work.phase}",
        scanned=scanned,
        bin=line.bin if line else "",
        item=_item_name(line) if line else "",
        slot=slot.slot if slot else "",
    )


def _item_name(line: WorkLine) -> str:
    return f"{line.name} ({line.sku})"


def _name_of(state: HandheldState, read: ItemRead) -> str:
    """What a scanned code is, as far as this device knows."""
    lines = (line for work in state.my_works for line in work.assignment.lines)
    return next((_item_name(line) for line in lines if _units(line, read)), read.text)


def _units(line: WorkLine, read: ItemRead) -> int | None:
    """Base units of one scan; None when the code is not this line's."""
    return next((line.codes[key] for key in read.keys if line.codes.get(key, 0) > 0), None)


def _mark(work: Work) -> LineMark:
    mark = work.mark
    assert mark is not None  # noqa: S101 - only called while a line is at hand
    return mark


def _same(scanned: str, known: str) -> bool:
    """Labels are read in capitals whatever they were typed in."""
    return scanned.upper() == known.upper()
