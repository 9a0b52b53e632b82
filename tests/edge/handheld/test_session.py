"""Stories of people: log-in without a network, lock-out, breaks, another device, the next work."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edge.handheld.agent_io import KeyTyped, ScanFailed
from edge.handheld.render import plain
from edge.link.io_values import MessageArrived
from edge.tones import Tone
from protocols.barcodes.labels import badge_label
from protocols.envelope import decode_data
from protocols.messages.codec import encode
from protocols.messages.configuration import Config, ShiftPerson
from protocols.messages.events import PersonLoggedIn
from protocols.messages.work import CartSlot
from tests.edge.handheld.floor import (
    ANA,
    BEN,
    PIN,
    PREFIX,
    Handheld,
    assignment,
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
