"""What the hub wants of a handheld: work, newer revisions of it, work back, and other commands."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from edge.handheld.agent_io import KeyTyped
from edge.handheld.work import HELD_MAX
from edge.link.io_values import MessageArrived
from protocols.messages.codec import decode, encode
from protocols.messages.commands import (
    Command,
    CommandAck,
    EndLogin,
    OfferAssignment,
    RevokeAssignment,
    ShowMessage,
)
from protocols.messages.work import CartSlot
from tests.edge.handheld.floor import (
    ANA,
    BEN,
    MUG,
    assignment,
    hex_id,
    line,
    picking,
    ready,
)


def test_one_piece_of_work_in_hand_hours_in_reserve_and_no_more():
    handheld = ready()
    answers = [
        handheld.offer(assignment([line(1, "A-1", 1)], number=10 + n)) for n in range(HELD_MAX + 1)
    ]
    assert {(a.accepted, a.code) for a in answers[:-1]} == {(True, "")}
    assert (answers[-1].accepted, answers[-1].code) == (False, "HANDS_FULL")
    assert handheld.view.progress == f"W-1 · stop 1 of 1 · 212 m · +{HELD_MAX - 1}"


def test_a_repeated_command_gets_the_same_answer_and_does_nothing(tmp_path):
    handheld = ready(tmp_path / "outbox.sqlite")
    work = assignment([line(1, "A-1", 1)])
    first = handheld.order(OfferAssignment(work), number=77)
    handheld.tote("T-1")
    handheld.bin("A-1")
    handheld.say("SHORT")
    handheld.type("1")
    handheld.say("DONE")
    handheld.restart()
    assert handheld.order(OfferAssignment(work), number=77) == first
    assert handheld.view.phase == "READY"


def test_an_offer_for_nobody_or_somebody_else_is_rejected():
    handheld = ready()
    for_ben = replace(assignment([line(1, "A-1", 1)]), person=BEN.id)
    assert handheld.offer(for_ben).code == "OTHER_PERSON"
    handheld.say("LOGOUT")
    assert handheld.offer(assignment([line(1, "A-1", 1)])).code == "NOBODY_LOGGED_IN"


def test_impossible_work_is_rejected_by_name():
    handheld = ready()
    assert handheld.offer(assignment([])).code == "BAD_LINES"
    assert handheld.offer(assignment([line(1, "A-1", 1, "Z")])).code == "BAD_SLOTS"


def test_a_newer_revision_changes_only_lines_that_nobody_began():
    handheld = picking([line(1, "A-1", 3), line(2, "A-2", 3), line(3, "A-3", 1)])
    handheld.bin("A-1")
    handheld.scan("85123A")
    newer = assignment([line(1, "A-1", 9), line(2, "A-8", 5, codes=MUG)], rev=2)
    answer = handheld.offer(newer)
    assert (answer.accepted, answer.rev) == (True, 2)
    assert (handheld.view.counted, handheld.view.asked) == (1, 3)
    handheld.scan("85123A", "85123A")
    handheld.tote("T-1")
    assert handheld.view.rows[0].text == "A-8"
    assert handheld.events()[-1].rev == 2
    assert len(handheld.core.state.work.assignment.lines) == 2


def test_an_older_revision_is_rejected():
    handheld = ready()
    handheld.offer(assignment([line(1, "A-1", 1)], rev=3))
    assert handheld.offer(assignment([line(1, "A-1", 2)], rev=2)).code == "OLDER_REVISION"


def test_untouched_work_is_given_back_at_once():
    handheld = ready()
    handheld.offer(assignment([line(1, "A-1", 1)]))
    assert handheld.order(RevokeAssignment(hex_id(9), 1, "order cancelled")) is None
    assert handheld.event_types()[-1] == "WorkRequested"
    handheld.acknowledge(handheld.outbox.last_seq)
    answer = decode(CommandAck, handheld.sent("cmd_ack")[-1].payload)
    assert (answer.accepted, answer.rev) == (True, 1)
    assert handheld.view.phase == "READY"


def test_a_line_in_hand_is_finished_before_the_work_goes():
    handheld = picking([line(1, "A-1", 1), line(2, "A-2", 1)])
    handheld.bin("A-1")
    assert handheld.order(RevokeAssignment(hex_id(9), 1), number=88) is None
    assert handheld.order(RevokeAssignment(hex_id(9), 1), number=88) is None
    handheld.scan("85123A")
    assert not handheld.sent("cmd_ack")[1:]
    handheld.tote("T-1")
    assert "PickConfirmed" in handheld.event_types()
    handheld.acknowledge(handheld.outbox.last_seq)
    assert len(handheld.sent("cmd_ack")) == 2
    assert handheld.view.phase == "READY"


def test_a_revoked_work_that_is_not_here_is_simply_confirmed():
    handheld = ready()
    handheld.acknowledge(handheld.outbox.last_seq)
    assert handheld.order(RevokeAssignment(hex_id(99), 1)).code == "NOT_HELD"


def test_a_person_who_went_on_elsewhere_is_logged_out_here():
    handheld = picking([line(1, "A-1", 3)])
    handheld.acknowledge(handheld.outbox.last_seq)
    assert handheld.order(EndLogin(ANA.id)).accepted
    assert handheld.view.phase == "BADGE"
    assert handheld.core.state.works == ()


def test_a_message_from_the_supervisor_is_shown_until_the_next_act():
    handheld = picking([line(1, "A-1", 3)])
    handheld.order(ShowMessage("Dock 2 is closed", "WARN"))
    assert (handheld.view.message, handheld.view.mood) == ("Dock 2 is closed", "WARN")
    handheld.bin("A-1")
    assert handheld.view.message == ""


def test_a_command_of_another_version_is_rejected_and_nothing_stops():
    handheld = picking([line(1, "A-1", 3)])
    odd = Command(v=1, id=hex_id(500), at=1, type="DanceTango", data=msgspec.Raw(b"{}"))
    handheld.do(MessageArrived("bw/1/main/dev/h1/cmd", encode(odd)))
    assert b"UNKNOWN_TYPE" in handheld.sent("cmd_ack")[-1].payload
    handheld.do(MessageArrived("bw/1/main/dev/h1/cmd", b"{nonsense"))
    assert "MALFORMED_PAYLOAD" in handheld.view.message
    handheld.bin("A-1")
    assert handheld.view.phase == "ITEM"


def test_finished_work_that_the_hub_opens_again_is_taken_and_survives_a_restart(tmp_path):
    handheld = ready(tmp_path / "outbox.sqlite")
    handheld.offer(assignment([line(1, "A-1", 1)]))
    handheld.tote("T-1")
    handheld.bin("A-1")
    handheld.say("SHORT")
    handheld.type("1")
    handheld.say("DONE")
    assert handheld.offer(assignment([line(2, "A-2", 1)], rev=2)).accepted
    handheld.restart()
    assert (handheld.view.phase, handheld.core.state.work.assignment.rev) == ("TOTES", 2)


# ── What is begun is never changed under somebody's hands. ──────────────────────────────────


def test_the_same_revision_in_another_command_is_simply_confirmed():
    handheld = picking([line(1, "A-1", 3)])
    answer = handheld.offer(assignment([line(1, "A-1", 3)]))
    assert (answer.accepted, answer.rev, handheld.view.message) == (True, 1, "")


def test_a_slot_that_a_revision_forgets_stays_while_a_begun_line_needs_it():
    handheld = picking([line(1, "A-1", 2, "A"), line(2, "A-2", 1, "B")])
    handheld.bin("A-1")
    handheld.scan("85123A")
    assert handheld.offer(assignment([line(2, "A-2", 1, "B")], rev=2)).accepted
    handheld.scan("85123A")
    handheld.tote("T-1")
    assert handheld.event_types()[-1] == "PickConfirmed"
    assert handheld.view.rows[0].text == "A-2"


def test_more_than_is_asked_was_never_counted_whoever_says_so():
    line_of_before = replace(line(1, "A-1", 3), state="ITEM_VERIFIED", counted=5)
    handheld = ready()
    handheld.offer(assignment([line_of_before], (CartSlot("A", "O-1", ("T-1",)),)))
    assert (handheld.view.phase, handheld.view.counted) == ("TOTE", 3)


def test_a_revocation_of_an_older_revision_is_rejected_and_the_work_stays():
    handheld = ready()
    handheld.offer(assignment([line(1, "A-1", 1)], rev=3))
    handheld.acknowledge(handheld.outbox.last_seq)
    handheld.order(RevokeAssignment(hex_id(9), 2))
    handheld.acknowledge(handheld.outbox.last_seq)
    answer = decode(CommandAck, handheld.sent("cmd_ack")[-1].payload)
    assert (answer.accepted, answer.code) == (False, "OLDER_REVISION")
    assert handheld.view.phase == "TOTES"


def test_a_revocation_that_waits_for_the_line_in_hand_is_said_to_the_person_once():
    handheld = picking([line(1, "A-1", 1)])
    handheld.bin("A-1")
    handheld.order(RevokeAssignment(hex_id(9), 1), number=88)
    assert handheld.view.mood == "WARN"
    handheld.at_once(KeyTyped("escape"))
    heard = len(handheld.tones)
    handheld.order(RevokeAssignment(hex_id(9), 1), number=88)
    assert (len(handheld.tones), handheld.view.mood) == (heard, "NORMAL")
