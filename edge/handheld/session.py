"""Who works with the device: badge, PIN, lock-out, log-out, break, the next piece of work. Pure.

Owns the person in the state and the events about people. The PIN is checked against the verifiers
of this shift's people, so a log-in needs no network.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from msgspec.structs import replace

from edge.handheld.acts import emits
from edge.handheld.outcome import (
    BadgeRead,
    Emit,
    FigureTyped,
    Notice,
    Outcome,
    Scene,
    refused,
    told,
)
from edge.handheld.work import HandheldState, PinFailures, Work
from edge.tones import Tone
from protocols.messages.configuration import ShiftPerson
from protocols.messages.events import (
    AssignmentResumed,
    AssignmentSuspended,
    PauseReason,
    PersonLoggedIn,
    PersonLoggedOut,
    PinLockedOut,
    WorkRequested,
)
from protocols.pin_verifier import is_right

WRONG_PINS_MAX: Final = 5
LOCK_FIRST_MS: Final = 60_000
LOCK_MAX_MS: Final = 3_600_000
PIN_LIKE: Final = re.compile(r"[0-9]{4,12}")


def scan_badge(state: HandheldState, read: BadgeRead, scene: Scene) -> Outcome:
    """The way in, the way back from a break, and the way to hand the device on."""
    person = _owner_of(read.code, scene)
    if person is None:
        return refused(state, "UNKNOWN_BADGE", scanned=read.code)
    if state.person is None:
        return Outcome(replace(state, pin_for=person.id), tone=Tone.OK)
    if person.id == state.person:
        return _own_badge(state, scene)
    if state.phase in {"READY", "PAUSED"}:
        left = _left(state, "OTHER_PERSON", "HANDOVER")
        return replace(left, state=replace(left.state, pin_for=person.id))
    return refused(state, "OTHER_PERSONS_DEVICE", scanned=person.name, expected=state.name)


def read_plain_badge(state: HandheldState, text: str, scene: Scene) -> Outcome | None:
    """A badge's bare code, without the label around it; None when the text is nobody's.

    What may be a PIN, typed too early, is refused without showing it.
    """
    if text and _owner_of(text, scene) is not None:
        return scan_badge(state, BadgeRead(text), scene)
    return refused(state, "NOBODYS_BADGE") if PIN_LIKE.fullmatch(text) else None


def refuse_late_pin(state: HandheldState, text: str) -> Outcome | None:
    """Digits where none are asked may be a PIN out of habit: refused without showing them. None for
    what cannot be one.
    """
    if not PIN_LIKE.fullmatch(text):
        return None
    return refused(state, f"NOT_NOW_{state.phase}", scanned=masked(text))


def masked(text: str) -> str:
    """What stands on the screen instead."""
    return "•" * len(text)


def _owner_of(badge: str, scene: Scene) -> ShiftPerson | None:
    """Case does not matter, as on labels."""
    wanted = badge.upper()
    return next((known for known in scene.people if known.badge.upper() == wanted), None)


def _own_badge(state: HandheldState, scene: Scene) -> Outcome:
    """Work that waits for its person goes on; otherwise nothing changes."""
    went_on = settle(Outcome(state, tone=Tone.OK), scene)
    return went_on if went_on.events else replace(went_on, notice=Notice("YOU_ARE_LOGGED_IN"))


def type_pin(state: HandheldState, typed: FigureTyped, scene: Scene) -> Outcome:
    """The right PIN logs in; the fifth wrong one in a row locks this badge out for a while."""
    person = next((known for known in scene.people if known.id == state.pin_for), None)
    if person is None:  # no longer in this shift's list
        return told(replace(state, pin_for=None), "UNKNOWN_BADGE", Tone.WARN, scanned="")
    failures = _failures_of(state, person)
    left_ms = lock_left_ms(failures, scene.now_ms)
    if left_ms > 0:
        return refused(state, "PIN_LOCKED", seconds=-(-left_ms // 1_000))
    if is_right(typed.text, person.verifier):
        return _log_in(_with_failures(state, PinFailures(person.id)), person, scene)
    return _wrong_pin(state, failures, scene)


def say_logout(state: HandheldState) -> Outcome:
    """The work stays here, suspended, until its person comes back or the hub takes it."""
    if state.person is not None:
        return _left(state, "ASKED", "LOGOUT")
    if state.pin_for is not None:
        return Outcome(replace(state, pin_for=None), tone=Tone.OK)
    return told(state, "NOBODY_LOGGED_IN", Tone.WARN)


def leave_shift(state: HandheldState) -> Outcome:
    """The hub's list does not name this person any more: what they did counts, and others go on."""
    left = _left(state, "NOT_ON_SHIFT", "LOGOUT")
    notice = Notice("NOT_ON_SHIFT", {"name": state.name}, "WARN")
    return replace(left, tone=Tone.WARN, notice=notice)


def say_pause(state: HandheldState) -> Outcome:
    """A break: the work waits for the badge or RESUME."""
    work = state.work
    if work is None or not work.progress.started:
        return refused(state, "NOTHING_TO_PAUSE")
    if work.progress.suspended:
        return refused(state, "ALREADY_PAUSED")
    return Outcome(
        state.with_work(_suspended(work)),
        emits(state, work, AssignmentSuspended(reason="BREAK")),
        Tone.DONE,
    )


def say_resume(state: HandheldState, scene: Scene) -> Outcome:
    """Go on where the work was left."""
    went_on = settle(Outcome(state, tone=Tone.OK), scene)
    return went_on if went_on.events else refused(state, "NOTHING_TO_RESUME")


def say_next(state: HandheldState, scene: Scene) -> Outcome:
    """Ask for work, again if need be; in the middle of work it is refused."""
    if state.work is not None:
        return refused(state, "WORK_IN_HAND")
    return settle(Outcome(replace(state, asked=False), tone=Tone.OK), scene)


def settle(outcome: Outcome, scene: Scene) -> Outcome:
    """After the work in hand has changed: resume what was suspended, or ask for the next."""
    state = outcome.state
    if state.person is None:
        return outcome
    work = state.work
    if work is None:
        return outcome if state.asked else _request(outcome, scene)
    if not work.progress.suspended:
        return outcome
    going_on = work.with_progress(suspended=False)
    resumed = emits(state, going_on, AssignmentResumed())
    return replace(outcome, state=state.with_work(going_on), events=(*outcome.events, *resumed))


def lock_left_ms(failures: PinFailures, now_ms: int) -> int:
    """How long a badge stays locked. After a reboot `after_restart` comes first."""
    return max(0, failures.locked_at_ms + failures.lock_ms - now_ms)


def after_restart(state: HandheldState, now_ms: int) -> HandheldState:
    """CLOCK_BOOTTIME began again: a lock that lies in the future begins now."""
    failures = tuple(
        replace(known, locked_at_ms=min(known.locked_at_ms, now_ms)) for known in state.failures
    )
    return state if failures == state.failures else replace(state, failures=failures)


# ── inside ──────────────────────────────────────────────────────────────────────────────────


def _log_in(state: HandheldState, person: ShiftPerson, scene: Scene) -> Outcome:
    state = replace(state, person=person.id, name=person.name, pin_for=None, asked=False)
    state = replace(state, finished=())
    event = Emit(PersonLoggedIn(offline=not scene.is_hub_online), person.id)
    return settle(Outcome(state, (event,), Tone.DONE), scene)


def _request(outcome: Outcome, scene: Scene) -> Outcome:
    event = emits(outcome.state, None, WorkRequested(slots=scene.slots))
    asked = replace(outcome.state, asked=True)
    return replace(outcome, state=asked, events=(*outcome.events, *event))


def _left(
    state: HandheldState,
    why: Literal["ASKED", "OTHER_PERSON", "NOT_ON_SHIFT"],
    pause: PauseReason,
) -> Outcome:
    events: tuple[Emit, ...] = ()
    work = state.work
    after = state
    if work is not None and work.progress.started and not work.progress.suspended:
        events = emits(state, work, AssignmentSuspended(reason=pause))
        after = state.with_work(_suspended(work))
    events += emits(state, None, PersonLoggedOut(reason=why))
    after = replace(after, person=None, name="", pin_for=None, asked=False, finished=())
    return Outcome(after, events, Tone.DONE)


def _suspended(work: Work) -> Work:
    return work.with_progress(suspended=True, dialog=None)


def _wrong_pin(state: HandheldState, failures: PinFailures, scene: Scene) -> Outcome:
    wrong = failures.wrong + 1
    if wrong < WRONG_PINS_MAX:
        counted = _with_failures(state, replace(failures, wrong=wrong))
        return refused(counted, "WRONG_PIN", left=WRONG_PINS_MAX - wrong)
    lock_ms = min(LOCK_FIRST_MS * 2**failures.locks, LOCK_MAX_MS)
    locked = PinFailures(
        failures.person,
        locks=failures.locks + 1,
        locked_at_ms=scene.now_ms,
        lock_ms=lock_ms,
    )
    told_hub = PinLockedOut(
        person=failures.person,
        wrong=wrong,
        lock_s=lock_ms // 1_000,
        locks=locked.locks,
        offline=not scene.is_hub_online,
    )
    outcome = refused(_with_failures(state, locked), "PIN_LOCKED", seconds=lock_ms // 1_000)
    return replace(outcome, events=(Emit(told_hub),))


def _failures_of(state: HandheldState, person: ShiftPerson) -> PinFailures:
    found = (known for known in state.failures if known.person == person.id)
    return next(found, PinFailures(person.id))


def _with_failures(state: HandheldState, failures: PinFailures) -> HandheldState:
    others = tuple(known for known in state.failures if known.person != failures.person)
    is_clean = not failures.wrong and not failures.locks
    return replace(state, failures=others if is_clean else (*others, failures))
