"""Taking back restores exactly, for every event that an act on the work can make (lesson 38)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from edge.handheld.work import HandheldState
from protocols.envelope import decode_data
from protocols.messages.events import ActUndone, PickConfirmed, PickShorted
from protocols.messages.work import CartSlot
from tests.edge.handheld.floor import LANTERN, MUG, Handheld, assignment, line, picking, ready

LINES = (line(1, "A-1", 3, "A"), line(2, "A-1", 2, "B"), line(3, "A-2", 2, "A", MUG))


def comparable(state: HandheldState) -> HandheldState:
    """Without `started`, which is a fact that stays."""
    works = tuple(work.with_progress(started=True) for work in state.works)
    return replace(state, works=works, asked=False)


def at_bin() -> Handheld:
    handheld = picking(LINES)
    handheld.bin("A-1")
    return handheld


def counted(units: int) -> Handheld:
    handheld = at_bin()
    for _ in range(units):
        handheld.scan("85123A")
    return handheld


def at_reason(units: int) -> Handheld:
    handheld = counted(units)
    handheld.say("SHORT")
    return handheld


def at_short_tote() -> Handheld:
    handheld = at_reason(1)
    handheld.type("2")
    return handheld


def at_new_tote() -> Handheld:
    handheld = counted(3)
    handheld.tote("T-9")
    return handheld


def offered() -> Handheld:
    handheld = ready()
    handheld.offer(assignment(LINES))
    return handheld


def second_line() -> Handheld:
    handheld = counted(3)
    handheld.tote("T-1")
    return handheld


def finished() -> Handheld:
    handheld = picking([line(1, "A-1", 1)])
    handheld.bin("A-1")
    handheld.say("SHORT")
    handheld.type("1")
    return handheld


ACTS: dict[str, tuple[Callable[[], Handheld], Callable[[Handheld], None]]] = {
    "ToteAssigned": (offered, lambda h: h.tote("T-1")),
    "BinVerified": (lambda: picking(LINES), lambda h: h.bin("A-1")),
    "UnitsCounted": (at_bin, lambda h: h.scan("85123A")),
    "UnitsCounted, the last": (lambda: counted(2), lambda h: h.scan("85123A")),
    "UnitsCounted, typed": (lambda: counted(1), lambda h: h.type("3")),
    "UnitsCounted, with the bin of before": (second_line, lambda h: h.scan("85123A")),
    "PickConfirmed": (lambda: counted(3), lambda h: h.tote("T-1")),
    "PickConfirmed, new tote": (at_new_tote, lambda h: h.say("YES")),
    "PickShorted, nothing": (lambda: at_reason(0), lambda h: h.type("1")),
    "PickShorted, some": (at_short_tote, lambda h: h.tote("T-1")),
    "LineSkipped": (lambda: picking(LINES), lambda h: h.say("SKIP")),
    "AssignmentCompleted": (finished, lambda h: h.say("DONE")),
}


WORDS: dict[str, str] = {
    "ToteAssigned": "Taken back: slot A is empty again.",
    "BinVerified": "Taken back: bin A-1 is not scanned.",
    "UnitsCounted, the last": "Taken back: the count is 2 again.",
    "UnitsCounted, with the bin of before": "Taken back: the count is 0 again.",
    "PickConfirmed": "Taken back: take the 3 out of the tote again.",
    "PickConfirmed, new tote": "Taken back: take the 3 out of the tote again.",
    "PickShorted, nothing": "Taken back: nothing was short.",
    "PickShorted, some": "Taken back: take the 1 out of the tote again.",
    "LineSkipped": "Taken back: bin A-1 is next again.",
}


@pytest.mark.parametrize("name", WORDS)
def test_undo_says_what_the_hands_have_to_do(name):
    situation, act = ACTS[name]
    handheld = situation()
    act(handheld)
    handheld.say("UNDO")
    assert handheld.view.message == WORDS[name]


@pytest.mark.parametrize("name", ACTS)
def test_undo_restores_the_very_state_of_before(name):
    situation, act = ACTS[name]
    handheld = situation()
    before, seq = handheld.core.state, handheld.outbox.last_seq
    act(handheld)
    made = [e for e in handheld.events() if e.seq > seq]
    assert name.partition(",")[0] in {event.type for event in made}
    handheld.say("UNDO")
    assert comparable(handheld.core.state) == comparable(before)


@pytest.mark.parametrize("name", ACTS)
def test_undo_names_every_event_of_the_act_by_its_key_last_first(name):
    situation, act = ACTS[name]
    handheld = situation()
    seq = handheld.outbox.last_seq
    act(handheld)
    session = {"AssignmentStarted", "WorkRequested"}
    made = [e.seq for e in handheld.events() if e.seq > seq and e.type not in session]
    handheld.say("UNDO")
    undone = [decode_data(e) for e in handheld.events() if e.type == "ActUndone"]
    assert [(u.epoch, u.seq) for u in undone] == [
        (handheld.outbox.epoch, made_seq) for made_seq in reversed(made)
    ]


def test_after_undoing_a_confirmed_line_the_line_is_open_at_its_tote():
    handheld = second_line()
    handheld.say("UNDO")
    assert (handheld.view.phase, handheld.view.counted) == ("TOTE", 3)
    handheld.say("UNDO")
    assert (handheld.view.phase, handheld.view.counted) == ("ITEM", 2)


def test_undo_leaves_an_open_question_without_an_event():
    handheld = at_reason(1)
    seq = handheld.outbox.last_seq
    handheld.say("UNDO")
    assert (handheld.view.phase, handheld.outbox.last_seq) == ("ITEM", seq)


def test_undo_with_nothing_to_undo_is_refused():
    handheld = ready()
    handheld.say("UNDO")
    assert handheld.view.mood == "REFUSED"


def test_a_completed_work_comes_back_before_the_one_that_followed():
    handheld = finished()
    handheld.offer(assignment([line(5, "A-5", 1)], number=10))
    handheld.say("DONE")
    assert handheld.view.phase == "TOTES"
    handheld.say("UNDO")
    assert handheld.view.phase == "FINISH"
    handheld.say("DONE")
    assert handheld.view.phase == "TOTES"


class AnyPicker(RuleBasedStateMachine):
    """Somebody who scans anything at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.handheld = picking(LINES)

    @rule(code=st.sampled_from(["A-1", "A-2", "A-3"]))
    def scan_a_bin(self, code: str) -> None:
        self.handheld.bin(code)

    @rule(code=st.sampled_from([*LANTERN, *MUG, "nothing"]))
    def scan_an_item(self, code: str) -> None:
        self.handheld.scan(code)

    @rule(code=st.sampled_from(["T-1", "T-2", "T-3"]))
    def scan_a_tote(self, code: str) -> None:
        self.handheld.tote(code)

    @rule(word=st.sampled_from(["DONE", "SHORT", "SKIP", "UNDO", "YES", "NO", "PAUSE", "RESUME"]))
    def say(self, word: str) -> None:
        self.handheld.say(word)

    @rule(figure=st.integers(0, 12))
    def type_a_figure(self, figure: int) -> None:
        self.handheld.type(str(figure))

    @precondition(lambda self: self.handheld.core.state.work is not None)
    @rule(word=st.sampled_from(["SKIP", "DONE", "YES", "SHORT"]), figure=st.integers(0, 4))
    def act_and_take_back(self, word: str, figure: int) -> None:
        for act in (lambda: self.handheld.say(word), lambda: self.handheld.type(str(figure))):
            before, seq = self.handheld.core.state, self.handheld.outbox.last_seq
            act()
            if self.handheld.outbox.last_seq > seq:
                self.handheld.say("UNDO")
                assert comparable(self.handheld.core.state) == comparable(before)

    @invariant()
    def no_line_ever_gets_more_than_was_asked(self) -> None:
        standing = standing_quantities(self.handheld)
        for known in LINES:
            assert standing.get(known.id, 0) <= known.quantity

    @invariant()
    def the_state_survives_a_restart(self) -> None:
        parts = self.handheld.outbox.state()
        from edge.handheld.memory import read_parts

        assert read_parts(parts) == self.handheld.core.state

    def teardown(self) -> None:
        self.handheld.outbox.close()


def standing_quantities(handheld: Handheld) -> dict[str, int]:
    """What the hub would hold of each line: confirmed and shorted units, less the undone ones."""
    undone: set[int] = set()
    found: dict[int, tuple[str, int]] = {}
    for event in handheld.events():
        data = decode_data(event)
        if isinstance(data, ActUndone):
            undone.add(data.seq)
        elif isinstance(data, PickConfirmed | PickShorted):
            found[event.seq] = (data.line, data.quantity)
    totals: dict[str, int] = {}
    for seq, (line_id, quantity) in found.items():
        if seq not in undone:
            totals[line_id] = totals.get(line_id, 0) + quantity
    return totals


TestAnyPicker = AnyPicker.TestCase
TestAnyPicker.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    verbosity=Verbosity.quiet,
    suppress_health_check=[HealthCheck.too_slow],
)


# ── Across two pieces of work. ──────────────────────────────────────────────────────────────


def finished() -> Handheld:
    """One line picked and the work completed; nothing else is here."""
    handheld = picking([line(1, "A-1", 1)])
    handheld.bin("A-1")
    handheld.scan("85123A")
    handheld.tote("T-1")
    handheld.say("DONE")
    return handheld


def test_work_that_was_opened_again_and_finished_again_asks_for_the_next_again():
    handheld = finished()
    requests = handheld.event_types().count("WorkRequested")
    handheld.say("UNDO")
    assert handheld.view.phase == "FINISH"
    handheld.say("DONE")
    assert handheld.view.phase == "READY"
    assert handheld.event_types().count("WorkRequested") == requests + 1


def test_finished_work_is_not_opened_again_over_a_line_that_is_half_done():
    """The next work came half done from another device: nothing of it was done here."""
    handheld = finished()
    half_done = replace(line(2, "A-2", 3), state="ITEM_VERIFIED", counted=2)
    handheld.offer(assignment([half_done], (CartSlot("A", "O-2", ("T-7",)),), number=10))
    handheld.say("UNDO")
    assert handheld.view.message == "There is nothing to take back."
    assert (handheld.view.phase, handheld.view.rows[0].text) == ("ITEM", "A-2")
