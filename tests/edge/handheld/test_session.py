"""Stories of people: log-in without a network, lock-out, breaks, another device, the next work."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from edge.handheld.agent_io import KeyTyped, ScanFailed
from edge.handheld.render import plain
from edge.handheld.work import HELD_MAX
from edge.link.io_values import MessageArrived
from edge.tones import Tone
from protocols.barcodes.labels import badge_label
from protocols.envelope import decode_data
from protocols.messages.codec import decode, encode
from protocols.messages.commands import Command, CommandAck, EndLogin, RevokeAssignment, ShowMessage
from protocols.messages.configuration import Config, ShiftPerson
from protocols.messages.events import PersonLoggedIn
from protocols.messages.work import CartSlot
from tests.edge.handheld.floor import (
    ANA,
    BEN,
    MUG,
    PIN,
    PREFIX,
    Handheld,
    assignment,
    hex_id,
    line,
    picking,
    ready,
)


def test_a_person_logs_in_and_work_is_requested():
    handheld = ready()
    assert handheld.event_types() == ["PersonLoggedIn", "WorkRequested"]
    assert handheld.view.who == "ANA"
    assert [event.actor for event in handheld.events()] == [ANA.id, ANA.id]


def test_a_log_in_while_the_hub_is_away_says_so():
    handheld = ready()
    handheld.say("LOGOUT")
    handheld.hub(online=False)
    handheld.log_in(BEN)
    logins = [decode_data(e) for e in handheld.events() if e.type == "PersonLoggedIn"]
    assert logins == [PersonLoggedIn(), PersonLoggedIn(offline=True)]


def test_an_unknown_badge_is_refused_by_its_code():
    handheld = Handheld()
    handheld.scan("%UEVE.57")
    assert handheld.view.mood == "REFUSED"


def at_badge(*people: ShiftPerson) -> Handheld:
    handheld = Handheld()
    handheld.connect()
    handheld.do(MessageArrived(PREFIX + "cfg", encode(Config(v=1, hash="c", people=people))))
    return handheld


@pytest.mark.parametrize("badge", ["B-7", "b-7", "12345678", "4012345678901"])
@pytest.mark.parametrize("change", [str, str.upper, str.lower])
def test_a_badge_is_known_by_its_plain_code_and_the_pin_still_guards(badge, change):
    handheld = at_badge(ANA, replace(BEN, badge=badge))
    handheld.type(change(badge))
    assert (handheld.view.phase, handheld.events()) == ("PIN", [])
    handheld.type(PIN)
    assert handheld.view.who == "BEN"


def test_a_plain_badge_may_be_scanned_and_a_label_finds_a_badge_in_small_letters():
    handheld = at_badge(replace(BEN, badge="b-7"))
    handheld.scan("B-7")
    assert handheld.view.phase == "PIN"
    handheld.say("NO")
    handheld.scan("%UB-7.73")
    assert handheld.view.phase == "PIN"


@pytest.mark.parametrize("pin", ["1234", "12345678", "40123456", "123456789012"])
def test_a_pin_typed_for_a_badge_is_refused_and_not_shown(pin):
    handheld = at_badge(ANA)
    handheld.type(pin)
    assert (handheld.view.mood, handheld.view.phase) == ("REFUSED", "BADGE")
    assert handheld.view.message == "That is no badge on this shift's list. Scan your badge first."
    assert pin not in plain(handheld.view, 53, 17)


def test_other_codes_at_the_badge_are_refused_by_name_and_nobody_has_an_empty_badge():
    handheld = at_badge(replace(ANA, badge=""))
    handheld.type("C-9")
    assert handheld.view.message == "C-9: scan your badge first."
    handheld.do(ScanFailed("SCAN_CUT", "The scan was cut."))
    assert (handheld.view.message, handheld.view.phase) == ("The scan was cut.", "BADGE")


@pytest.mark.parametrize("word", ["UNDO", "NO"])
def test_what_goes_back_from_the_pin_is_refused_where_nothing_is_to_go_back_from(word):
    handheld = at_badge(ANA)
    handheld.badge()
    handheld.say(word)
    assert (handheld.view.phase, handheld.tone) == ("BADGE", Tone.OK)
    handheld.say(word)
    assert (handheld.view.message, handheld.tone) == (
        f"{word}: scan your badge first.", Tone.REFUSED,
    )  # fmt: skip


def test_the_pin_is_masked_on_the_screen():
    handheld = ready()
    handheld.say("LOGOUT")
    handheld.badge()
    handheld.do(KeyTyped("1"))
    assert handheld.view.typed == "•"


def at_the_badge() -> Handheld:
    return at_badge(ANA)


def on_a_break() -> Handheld:
    handheld = picking([line(1, "A-1", 3)])
    handheld.say("PAUSE")
    return handheld


@pytest.mark.parametrize("where", [at_the_badge, ready, on_a_break])
@pytest.mark.parametrize("pin", ["9384", "93846517", "938465170261"])
def test_a_pin_typed_where_none_is_asked_is_at_no_moment_readable(where, pin):
    handheld = where()
    for n, key in enumerate(pin, 1):
        handheld.at_once(KeyTyped(key))
        assert handheld.view.typed == "•" * n
    handheld.do(KeyTyped("enter"))
    assert (handheld.view.mood, handheld.view.typed) == ("REFUSED", "")
    assert pin[:3] not in plain(handheld.view, 53, 17)


def test_a_badge_that_is_typed_shows_its_letters_to_be_put_right():
    handheld = at_badge(replace(BEN, badge="b-7"))
    for key in "b-7":
        handheld.at_once(KeyTyped(key))
    assert handheld.view.typed == "b-•"


def test_logging_out_where_nobody_is_logged_in_says_so():
    handheld = at_badge(ANA)
    handheld.say("LOGOUT")
    assert (handheld.view.message, handheld.tone) == ("Nobody is logged in here.", Tone.WARN)
    assert handheld.events() == []
    handheld.badge()
    handheld.say("LOGOUT")
    assert (handheld.view.phase, handheld.tone) == ("BADGE", Tone.OK), "the badge is forgotten"


def wrong_pins(handheld: Handheld, count: int) -> None:
    for _ in range(count):
        handheld.type("9999")


def at_pin(path=":memory:") -> Handheld:
    handheld = ready(path)
    handheld.say("LOGOUT")
    handheld.badge()
    return handheld


@pytest.mark.parametrize("word", ["NO", "no", "LOGOUT"])
def test_a_word_typed_at_the_pin_is_no_try_of_it(word):
    handheld = at_pin()
    for _ in range(6):
        handheld.type(word)
        assert (handheld.view.phase, handheld.tone) == ("BADGE", Tone.OK)
        handheld.badge()
    handheld.type(PIN)
    assert handheld.view.phase == "READY"


def test_a_badge_typed_at_the_pin_is_another_persons_turn_and_anything_else_a_wrong_pin():
    handheld = at_pin()
    handheld.type(badge_label(ANA.badge))
    assert (handheld.view.phase, handheld.view.mood) == ("PIN", "NORMAL")
    handheld.type("12a4")
    assert "Tries left: 4." in handheld.view.message
    assert "12a4" not in plain(handheld.view, 53, 17)


def test_five_wrong_pins_lock_the_badge_for_a_minute_and_then_two():
    handheld = at_pin()
    wrong_pins(handheld, 5)
    handheld.type(PIN)
    assert "Wait" in handheld.view.message
    handheld.wait(60_000)
    wrong_pins(handheld, 5)
    handheld.wait(60_000)
    handheld.type(PIN)
    assert handheld.view.phase == "PIN"
    handheld.wait(60_000)
    handheld.type(PIN)
    assert handheld.view.who == "ANA"


def test_a_restart_or_a_reboot_does_not_shorten_the_lock(tmp_path):
    handheld = at_pin(tmp_path / "outbox.sqlite")
    wrong_pins(handheld, 5)
    handheld.restart()
    handheld.type(PIN)
    assert handheld.view.phase == "PIN"
    handheld.mono_ms = 10  # the machine was switched off and on: CLOCK_BOOTTIME begins again
    handheld.restart()
    handheld.wait(55_000)
    handheld.type(PIN)
    assert handheld.view.phase == "PIN"
    handheld.wait(6_000)
    handheld.type(PIN)
    assert handheld.view.who == "ANA"


def test_a_locked_badge_leaves_the_device_to_others():
    handheld = at_pin()
    wrong_pins(handheld, 5)
    handheld.log_in(BEN)
    assert handheld.view.who == "BEN"


def test_after_a_break_the_badge_brings_back_the_same_screen():
    handheld = picking([line(1, "A-1", 3)])
    handheld.bin("A-1")
    handheld.scan("85123A")
    before = handheld.view
    handheld.say("PAUSE")
    assert handheld.view.phase == "PAUSED"
    handheld.scan("85123A")
    assert handheld.view.mood == "REFUSED"
    handheld.badge()
    assert (handheld.view.rows, handheld.view.counted) == (before.rows, before.counted)
    assert handheld.event_types()[-2:] == ["AssignmentSuspended", "AssignmentResumed"]


def test_logging_out_suspends_and_logging_in_goes_on_without_a_network():
    handheld = picking([line(1, "A-1", 3)])
    handheld.bin("A-1")
    handheld.scan("85123A", "85123A")
    handheld.disconnect()
    handheld.say("LOGOUT")
    handheld.log_in()
    assert (handheld.view.phase, handheld.view.counted) == ("ITEM", 2)
    assert handheld.event_types()[-4:] == [
        "AssignmentSuspended", "PersonLoggedOut", "PersonLoggedIn", "AssignmentResumed",
    ]  # fmt: skip


def test_suspended_work_goes_on_at_the_same_line_and_count_on_another_device():
    """Lesson 24: resume on any device."""
    lines = (
        replace(line(1, "A-1", 3), state="DONE", counted=3, picked=3),
        replace(line(2, "A-2", 2), state="SKIPPED"),
        line(3, "A-3", 2),
        replace(line(4, "A-4", 5), state="ITEM_VERIFIED", counted=2),
    )
    handheld = ready()
    handheld.offer(assignment(lines, (CartSlot("A", "O-1", ("T-1",)),), rev=7))
    assert handheld.view.rows[0].text == "A-4"
    assert (handheld.view.phase, handheld.view.counted) == ("ITEM", 2)
    assert handheld.event_types()[-1] == "AssignmentResumed"
    handheld.scan("85123A", "85123A", "85123A")
    handheld.tote("T-1")
    assert handheld.view.rows[0].text == "A-3"
    assert "AssignmentStarted" not in handheld.event_types()


def test_another_persons_badge_is_refused_in_the_middle_of_work_and_welcome_in_a_break():
    handheld = picking([line(1, "A-1", 3)])
    handheld.badge(BEN)
    assert "ANA works with this device" in handheld.view.message
    handheld.say("PAUSE")
    handheld.log_in(BEN)
    assert (handheld.view.who, handheld.view.phase) == ("BEN", "READY")
    assert "PersonLoggedOut" in handheld.event_types()


def test_work_left_by_one_person_is_not_shown_to_another():
    handheld = picking([line(1, "A-1", 3)])
    handheld.say("LOGOUT")
    handheld.log_in(BEN)
    assert handheld.view.phase == "READY"
    handheld.say("LOGOUT")
    handheld.log_in(ANA)
    assert handheld.view.phase == "BIN"


def test_next_asks_again_but_not_in_the_middle_of_work():
    handheld = ready()
    handheld.say("NEXT")
    assert handheld.event_types().count("WorkRequested") == 2
    handheld.offer(assignment([line(1, "A-1", 1)]))
    handheld.say("NEXT")
    assert handheld.view.mood == "REFUSED"


# ── Offers and commands. ────────────────────────────────────────────────────────────────────


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
    from protocols.messages.commands import OfferAssignment

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
