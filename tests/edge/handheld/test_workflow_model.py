"""Every reachable state of a small piece of work, tried with every kind of scan (lessons 10, 16).

The exploration is exhaustive over states without their history: what a person can reach by any
order of acts. It shows that no scan raises, that refusals change nothing, that each phase has a
way on, and that from everywhere the work can still be finished.
"""

from __future__ import annotations

from collections import deque

import pytest
from msgspec.structs import replace

from edge.handheld.memory import PROGRESS, SESSION, changed_parts
from edge.handheld.outcome import (
    BadgeRead,
    BinRead,
    CommandRead,
    FigureTyped,
    ItemRead,
    LoginEnded,
    Outcome,
    Scene,
    TextSent,
    ToteRead,
    Unreadable,
    WorkInput,
    WorkOffered,
    WorkRevoked,
)
from edge.handheld.work import PHASES, HandheldState, Work
from edge.handheld.workflow import step
from edge.tones import Tone
from protocols.barcodes import CommandName
from protocols.messages.work import CartSlot
from tests.edge.handheld.floor import ANA, BEN, MUG, PIN, assignment, hex_id, line

WORK = assignment(
    (line(1, "A-1", 2, "A"), line(2, "A-1", 1, "B"), line(3, "A-2", 1, "A", MUG)),
    (CartSlot("A", "O-1"), CartSlot("B", "O-2", ("T-2",))),
)
NEWER = replace(WORK, rev=2, lines=WORK.lines[:2])
SCENE = Scene(now_ms=10_000, epoch="e", next_seq=1, people=(ANA, BEN), slots=2)

PERSON: tuple[WorkInput, ...] = (
    BadgeRead("ANA"), BadgeRead("BEN"), BadgeRead("EVE"),
    BinRead("A-1"), BinRead("A-2"), BinRead("Z-9"),
    ItemRead("85123A", ("85123A",)), ItemRead("14012345678908", ("14012345678908",)),
    ItemRead("71053", ("71053",)), ItemRead("?", ("?",)),
    ToteRead("T-1"), ToteRead("T-2"), ToteRead("T-3"),
    *(CommandRead(name) for name in CommandName),
    *(FigureTyped(text) for text in ("0", "1", "2", "9", "85", PIN)),
    Unreadable("%", "BAD_LABEL", "not a label"),
)  # fmt: skip
HUB: tuple[WorkInput, ...] = (
    WorkOffered("c1", WORK), WorkOffered("c2", NEWER), WorkRevoked("c3", WORK.id, 2),
    LoginEnded("c4", ANA.id), TextSent("c5", "hello"),
)  # fmt: skip


def key(state: HandheldState) -> bytes:
    """What makes two states the same: all but history and answers, which only grow."""
    works = tuple(_abstract_work(work) for work in state.works)
    finished = tuple(_abstract_work(work) for work in state.finished)
    plain = replace(state, works=works, finished=finished, answers=(), failures=())
    parts = changed_parts(HandheldState(), plain)
    progress = (body for name, body in sorted(parts.items()) if name.startswith(PROGRESS))
    return b"".join((parts[SESSION] or b"", *(body or b"" for body in progress)))


def _abstract_work(work: Work) -> Work:
    """How often a line was skipped matters only as an order: 0, 1, 2 and more."""
    marks = tuple(replace(mark, turn=min(mark.turn, 2)) for mark in work.progress.marks)
    return work.with_progress(undo=(), marks=marks)


class Reached:
    """The states found, each with the history that led there first, and which lead to which."""

    def __init__(self, inputs: tuple[WorkInput, ...], start: HandheldState) -> None:
        self.states: dict[bytes, HandheldState] = {key(start): start}
        self.following: dict[bytes, set[bytes]] = {}
        waiting = deque([start])
        while waiting:
            state = waiting.popleft()
            following = self.following.setdefault(key(state), set())
            for happened in inputs:
                outcome = step(state, happened, SCENE)
                check(state, happened, outcome)
                if outcome.state is state:
                    continue
                name = key(outcome.state)
                following.add(name)
                if name not in self.states:
                    self.states[name] = outcome.state
                    waiting.append(outcome.state)


def check(before: HandheldState, happened: WorkInput, outcome: Outcome) -> None:
    """What is true of every single step."""
    if outcome.tone is Tone.REFUSED:
        assert outcome.events == (), (before.phase, happened)
        assert replace(outcome.state, failures=()) == replace(before, failures=())
    if not isinstance(happened, WorkOffered | WorkRevoked | LoginEnded | TextSent):
        assert outcome.tone is not None, f"{before.phase}: {happened} is answered by silence"
    for work in outcome.state.works:
        for known, mark in zip(work.assignment.lines, work.progress.marks, strict=True):
            assert 0 <= mark.counted <= known.quantity
            assert mark.picked <= known.quantity


def at_work() -> HandheldState:
    logged_in = HandheldState(person=ANA.id, name="ANA", asked=True)
    return step(logged_in, WorkOffered("c0", WORK), SCENE).state


@pytest.fixture(scope="module")
def reached() -> Reached:
    """Everything that one person can bring about from one offer on, short of leaving."""
    leaving = (CommandRead(CommandName.LOGOUT), BadgeRead("BEN"))
    return Reached(tuple(one for one in PERSON if one not in leaving), at_work())


def test_the_whole_workflow_is_explored(reached):
    phases = {state.phase for state in reached.states.values()}
    transitions = sum(map(len, reached.following.values()))
    print(f"{len(reached.states)} states, {transitions} transitions")
    assert phases == set(PHASES) - {"BADGE", "PIN"}


def test_every_state_has_an_exit(reached):
    for name, following in reached.following.items():
        assert following - {name}, f"nothing leads out of {reached.states[name].phase}"


def test_from_every_state_the_work_can_still_be_finished(reached):
    backwards: dict[bytes, set[bytes]] = {}
    for name, following in reached.following.items():
        for after in following:
            backwards.setdefault(after, set()).add(name)
    ends = [name for name, state in reached.states.items() if state.phase == "READY"]
    can_finish, waiting = set(ends), deque(ends)
    while waiting:
        for before in backwards.get(waiting.popleft(), set()) - can_finish:
            can_finish.add(before)
            waiting.append(before)
    assert set(reached.states) == can_finish


def test_whatever_the_hub_says_in_any_state_nothing_raises_and_it_is_answered(reached):
    for state in reached.states.values():
        for happened in HUB:
            outcome = step(state, happened, SCENE)
            check(state, happened, outcome)
            is_waiting = any(work.progress.revoked_by for work in outcome.state.works)
            assert len(outcome.answers) == (0 if is_waiting else 1)


def test_anybody_can_leave_from_any_state(reached):
    for state in reached.states.values():
        left = step(state, CommandRead(CommandName.LOGOUT), SCENE)
        assert left.state.phase == "BADGE"
        assert [emit.data.__class__.__name__ for emit in left.events][-1] == "PersonLoggedOut"


def test_before_the_log_in_every_scan_is_answered():
    for state in (HandheldState(), HandheldState(pin_for=ANA.id), HandheldState(pin_for=hex_id(7))):
        for happened in PERSON:
            check(state, happened, step(state, happened, SCENE))
