"""The handheld's state as the outbox keeps it. Pure: state ↔ named parts of bytes.

Owns the form of those parts. A device holds hours of work, and an act changes one piece of it: each
assignment (up to 45 kB, changed only by its revision) and each progress is a part of its own, so an
act writes the small rest. Reading back gives the very same state.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from edge.handheld.work import HandheldState, PinFailures, Progress, Work
from protocols.messages.commands import CommandAck
from protocols.messages.work import Assignment

SESSION = "session"
ANSWERS = "answers"
ASSIGNMENT = "assignment/"
PROGRESS = "progress/"


class _Session(msgspec.Struct, frozen=True, omit_defaults=True):
    """The state without what has a part of its own."""

    person: str | None = None
    name: str = ""
    pin_for: str | None = None
    failures: tuple[PinFailures, ...] = ()
    asked: bool = False
    held: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    works: tuple[tuple[str, Progress], ...] = ()
    finished: tuple[tuple[str, Progress], ...] = ()
    """As it was written before each progress had a part of its own; read only."""


_encoder = msgspec.json.Encoder()
_progress_decoder = msgspec.json.Decoder(Progress)
_session_decoder = msgspec.json.Decoder(_Session)
_answers_decoder = msgspec.json.Decoder(tuple[CommandAck, ...])
_assignment_decoder = msgspec.json.Decoder(Assignment)


def changed_parts(before: HandheldState, after: HandheldState) -> dict[str, bytes | None]:
    """What has to be written to turn the kept `before` into `after`; None means: delete."""
    parts: dict[str, bytes | None] = {SESSION: _encoder.encode(_session(after))}
    if after.answers != before.answers:
        parts[ANSWERS] = _encoder.encode(after.answers)
    old, new = _pieces(before), _pieces(after)
    for name in old.keys() - new.keys():
        parts[name] = None
    for name, piece in new.items():
        if old.get(name) is not piece:
            parts[name] = _encoder.encode(piece)
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
        works=_works(kept.held, parts) or _older(kept.works, parts),
        finished=_works(kept.done, parts) or _older(kept.finished, parts),
        answers=_answers_decoder.decode(parts.get(ANSWERS, b"[]")),
    )


def _session(state: HandheldState) -> _Session:
    return _Session(
        person=state.person,
        name=state.name,
        pin_for=state.pin_for,
        failures=state.failures,
        asked=state.asked,
        held=tuple(work.id for work in state.works),
        done=tuple(work.id for work in state.finished),
    )


def _pieces(state: HandheldState) -> dict[str, Assignment | Progress]:
    """What is written apart, by its name."""
    works = (*state.works, *state.finished)
    found: dict[str, Assignment | Progress] = {ASSIGNMENT + w.id: w.assignment for w in works}
    return found | {PROGRESS + work.id: work.progress for work in works}


def _works(names: tuple[str, ...], parts: Mapping[str, bytes]) -> tuple[Work, ...]:
    return tuple(
        Work(
            _assignment_decoder.decode(parts[ASSIGNMENT + name]),
            _progress_decoder.decode(parts[PROGRESS + name]),
        )
        for name in names
    )


def _older(kept: tuple[tuple[str, Progress], ...], parts: Mapping[str, bytes]) -> tuple[Work, ...]:
    return tuple(
        Work(_assignment_decoder.decode(parts[ASSIGNMENT + name]), progress)
        for name, progress in kept
    )
