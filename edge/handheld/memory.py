"""The handheld's state as the outbox keeps it. Pure: state ↔ named parts of bytes.

Owns the form of those parts. An assignment has up to 45 kB and changes only with its revision, so
it is a part of its own: an act writes the small rest. Reading back gives the very same state.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from edge.handheld.work import HandheldState, PinFailures, Progress, Work
from protocols.messages import Assignment, CommandAck

SESSION = "session"
ANSWERS = "answers"
ASSIGNMENT = "assignment/"


class _Session(msgspec.Struct, frozen=True, omit_defaults=True):
    """The state without what has a part of its own."""

    person: str | None = None
    name: str = ""
    pin_for: str | None = None
    failures: tuple[PinFailures, ...] = ()
    asked: bool = False
    works: tuple[tuple[str, Progress], ...] = ()
    finished: tuple[tuple[str, Progress], ...] = ()


_encoder = msgspec.json.Encoder()
_session_decoder = msgspec.json.Decoder(_Session)
_answers_decoder = msgspec.json.Decoder(tuple[CommandAck, ...])
_assignment_decoder = msgspec.json.Decoder(Assignment)


def changed_parts(before: HandheldState, after: HandheldState) -> dict[str, bytes | None]:
    """What has to be written to turn the kept `before` into `after`; None means: delete."""
    parts: dict[str, bytes | None] = {SESSION: _encoder.encode(_session(after))}
    if after.answers != before.answers:
        parts[ANSWERS] = _encoder.encode(after.answers)
    old, new = _assignments(before), _assignments(after)
    for name in old.keys() - new.keys():
        parts[name] = None
    for name, assignment in new.items():
        if old.get(name) is not assignment:
            parts[name] = _encoder.encode(assignment)
    return parts


def read_parts(parts: Mapping[str, bytes]) -> HandheldState:
    """The state of before the restart; a first start gives the empty state.

    Raises msgspec.DecodeError when another program wrote there.
    """
    if SESSION not in parts:
        return HandheldState()
    kept = _session_decoder.decode(parts[SESSION])
    return HandheldState(
        person=kept.person,
        name=kept.name,
        pin_for=kept.pin_for,
        failures=kept.failures,
        asked=kept.asked,
        works=_works(kept.works, parts),
        finished=_works(kept.finished, parts),
        answers=_answers_decoder.decode(parts.get(ANSWERS, b"[]")),
    )


def _session(state: HandheldState) -> _Session:
    return _Session(
        person=state.person,
        name=state.name,
        pin_for=state.pin_for,
        failures=state.failures,
        asked=state.asked,
        works=tuple((work.id, work.progress) for work in state.works),
        finished=tuple((work.id, work.progress) for work in state.finished),
    )


def _assignments(state: HandheldState) -> dict[str, Assignment]:
    works = (*state.works, *state.finished)
    return {ASSIGNMENT + work.id: work.assignment for work in works}


def _works(kept: tuple[tuple[str, Progress], ...], parts: Mapping[str, bytes]) -> tuple[Work, ...]:
    return tuple(
        Work(_assignment_decoder.decode(parts[ASSIGNMENT + name]), progress)
        for name, progress in kept
    )
