"""Stories of picking: what the picker does, hears and sees, and what the hub is told."""

from __future__ import annotations

import msgspec
import pytest

from edge.handheld.agent_io import KeyTyped, ScanRead
from edge.tones import Tone
from protocols.barcodes import bin_label, check_digits, command_label
from protocols.envelope import decode_data
from protocols.messages.events import PickConfirmed, PickShorted, ToteAssigned, UnitsCounted
from tests.edge.handheld.floor import (
    LANTERN,
    MUG,
    Handheld,
    assignment,
    hex_id,
    line,
    picking,
    ready,
)


def facts(handheld: Handheld, kind: type) -> list:
    return [decode_data(e) for e in handheld.events() if e.type == kind.__name__]


def test_one_line_from_bin_to_tote_and_done():
    handheld = picking([line(1, "B-14-03-2", 2)])
    handheld.bin("B-14-03-2")
    handheld.scan("85123A", "85123A")
    handheld.tote("T-1")
    handheld.say("DONE")
    assert handheld.event_types() == [
        "PersonLoggedIn", "WorkRequested", "AssignmentStarted", "ToteAssigned", "BinVerified",
        "UnitsCounted", "UnitsCounted", "PickConfirmed", "AssignmentCompleted", "WorkRequested",
    ]  # fmt: skip
    confirmed = facts(handheld, PickConfirmed)[0]
    assert (confirmed.quantity, confirmed.tote, confirmed.bin) == (2, "T-1", "B-14-03-2")
    assert {e.assignment for e in handheld.events()[2:9]} == {hex_id(9)}
    assert handheld.view.phase == "READY"


def test_twenty_scans_a_second_are_all_counted(tmp_path):
    """Lesson 1: five quick scans of one product were counted as two or three."""
    handheld = picking([line(1, "A-1", 200)], tmp_path / "outbox.sqlite")
    handheld.bin("A-1")
    for _ in range(200):
        handheld.wait(50)
        handheld.at_once(ScanRead("85123A"))
    counted = [fact.counted for fact in facts(handheld, UnitsCounted)]
    assert counted == list(range(1, 201))
    assert handheld.view.phase == "TOTE"


def test_a_doubled_read_of_a_bin_or_tote_is_one_but_of_an_item_two():
    """Lesson 9: one pull booked two to four times; items must not be debounced."""
    handheld = picking([line(1, "A-1", 3), line(2, "A-2", 3)])
    handheld.bin("A-1")
    handheld.wait(100)
    handheld.at_once(ScanRead(bin_label("A-1")))
    assert handheld.event_types().count("BinVerified") == 1
    assert handheld.tone is Tone.OK
    for _ in range(2):
        handheld.wait(100)
        handheld.at_once(ScanRead("85123A"))
    assert handheld.view.counted == 2
    assert handheld.core.link.sensed.reads_doubled == 1


def test_a_trigger_held_down_on_a_command_is_one_command():
    """Lesson 9: the same code again and again, each time within the dwell of the last."""
    handheld = picking([line(1, "A-1", 3)])
    handheld.bin("A-1")
    handheld.scan("85123A", "85123A")
    for _ in range(10):
        handheld.wait(300)
        handheld.at_once(ScanRead(command_label("UNDO")))
    assert handheld.event_types().count("ActUndone") == 1
    assert handheld.view.counted == 1


def test_every_counting_scan_shows_the_running_count_and_sounds():
    """Lesson 13: the operator could not see whether the repeat scan counted."""
    handheld = picking([line(1, "A-1", 3)])
    handheld.bin("A-1")
    seen = []
    for _ in range(3):
        handheld.scan("85123A")
        seen.append((handheld.view.counted, handheld.view.asked, handheld.tone))
    assert seen == [(1, 3, Tone.COUNT), (2, 3, Tone.COUNT), (3, 3, Tone.DONE)]


def test_a_half_typed_code_never_joins_the_next_scan():
    """Lesson 14: the previous code stayed in the field and joined with the next."""
    handheld = picking([line(1, "A-1", 3)])
    handheld.bin("A-1")
    handheld.do(KeyTyped("8"))
    handheld.do(KeyTyped("5"))
    handheld.scan("85123A")
    assert handheld.view.counted == 1
    assert handheld.view.typed == ""


def test_no_line_inherits_anything_from_the_line_before():
    """Lesson 15: stale state of an earlier scan; asked 1, booked 32 on a line of 2."""
    handheld = picking([line(1, "A-1", 32), line(2, "A-2", 2, codes=MUG)])
    handheld.bin("A-1")
    handheld.scan("85123A")
    handheld.type("32")
    handheld.tote("T-1")
    assert (handheld.view.phase, handheld.view.counted) == ("BIN", None)
    handheld.bin("A-2")
    assert (handheld.view.counted, handheld.view.asked) == (0, 2)
    handheld.scan("71053", "71053")
    handheld.tote("T-1")
    assert [(f.line, f.quantity) for f in facts(handheld, PickConfirmed)] == [
        (hex_id(101), 32),
        (hex_id(102), 2),
    ]


def test_a_short_of_nothing_asks_for_no_tote():
    """Lesson 36: a short pick of 0 units still asked to put 0 into a container."""
    handheld = picking([line(1, "A-1", 3), line(2, "A-2", 1)])
    handheld.bin("A-1")
    handheld.say("SHORT")
    handheld.type("1")
    short = facts(handheld, PickShorted)[0]
    assert (short.quantity, short.tote, short.reason) == (0, None, "EMPTY")
    assert handheld.view.phase == "BIN"


def test_a_short_with_units_found_puts_them_into_the_tote():
    handheld = picking([line(1, "A-1", 3)])
    handheld.bin("A-1")
    handheld.scan("85123A")
    handheld.say("DONE", "YES")
    handheld.type("2")
    assert handheld.view.phase == "SHORT_TOTE"
    handheld.tote("T-1")
    short = facts(handheld, PickShorted)[0]
    assert (short.quantity, short.tote, short.reason) == (1, "T-1", "DAMAGED")
    assert handheld.view.phase == "FINISH"


def test_no_to_a_strange_tote_goes_back_to_the_short_pick_and_not_behind_it():
    handheld = picking([line(1, "A-1", 3)])
    handheld.bin("A-1")
    handheld.scan("85123A")
    handheld.say("SHORT")
    handheld.type("1")
    assert handheld.view.title == "Short: 1 of 3 go into the tote."
    handheld.tote("T-9")
    handheld.say("NO")
    assert handheld.view.phase == "SHORT_TOTE"
    handheld.tote("T-1")
    assert facts(handheld, PickShorted)[0].tote == "T-1"


def test_a_wrong_item_is_named_and_recorded_nowhere():
    """Lesson 19: say what was wrong, not "barcode not found"."""
    handheld = picking([line(1, "A-1", 3), line(2, "A-2", 2, codes=MUG)])
    handheld.bin("A-1")
    before = handheld.outbox.last_seq
    handheld.scan("71053")
    assert handheld.view.mood == "REFUSED"
    assert "RED MUG (71053)" in handheld.view.message
    assert "WHITE LANTERN (85123A)" in handheld.view.message
    assert handheld.tone is Tone.REFUSED
    assert handheld.outbox.last_seq == before


def test_a_wrong_bin_names_both_bins_and_the_next_scan_goes_on():
    handheld = picking([line(1, "A-1", 3)])
    handheld.bin("A-9")
    assert handheld.view.message == "That is bin A-9. Go to bin A-1."
    handheld.bin("A-1")
    assert (handheld.view.mood, handheld.view.phase) == ("NORMAL", "ITEM")


def test_the_typed_check_digits_stand_for_a_torn_bin_label():
    handheld = picking([line(1, "B-14-03-2", 3)])
    handheld.type(check_digits("B-14-03-1"))
    assert handheld.view.mood == "REFUSED"
    handheld.type(check_digits("B-14-03-2"))
    assert handheld.view.phase == "ITEM"


def test_never_more_than_asked_by_scan_by_case_or_by_hand():
    handheld = picking([line(1, "A-1", 7)])
    handheld.bin("A-1")
    handheld.scan("14012345678908")
    assert handheld.view.counted == 6
    handheld.scan("14012345678908")
    assert (handheld.view.counted, handheld.view.mood) == (6, "REFUSED")
    handheld.type("8")
    assert (handheld.view.counted, handheld.view.mood) == (6, "REFUSED")
    handheld.scan("85123A", "85123A")
    assert (handheld.view.counted, handheld.view.phase) == (7, "TOTE")


def test_a_typed_count_needs_one_scanned_item():
    handheld = picking([line(1, "A-1", 7)])
    handheld.bin("A-1")
    handheld.type("7")
    assert handheld.view.mood == "REFUSED"
    handheld.scan("85123A")
    handheld.type("7")
    typed = facts(handheld, UnitsCounted)[-1]
    assert (typed.quantity, typed.counted, typed.how) == (6, 7, "TYPED")


def test_a_lower_typed_count_corrects_a_full_one():
    handheld = picking([line(1, "A-1", 2)])
    handheld.bin("A-1")
    handheld.scan("85123A", "85123A")
    handheld.type("1")
    assert (handheld.view.phase, handheld.view.counted) == ("ITEM", 1)
    assert facts(handheld, UnitsCounted)[-1].quantity == -1


def test_a_code_typed_with_enter_is_as_good_as_scanned():
    handheld = picking([line(1, "A-1", 2, codes=MUG)])
    handheld.type(bin_label("A-1"))
    handheld.type("71053")
    handheld.type("71053")
    assert handheld.view.phase == "TOTE"
    handheld.type("undo")
    assert handheld.view.counted == 1


def test_a_skipped_line_comes_back_and_the_work_cannot_end_without_it():
    handheld = picking([line(1, "A-1", 1), line(2, "A-2", 1)])
    handheld.say("SKIP")
    assert handheld.view.rows[0].text == "A-2"
    handheld.bin("A-2")
    handheld.scan("85123A")
    handheld.tote("T-1")
    assert handheld.view.rows[0].text == "A-1"
    handheld.say("DONE")
    assert handheld.view.mood == "REFUSED"
    handheld.say("SKIP")
    assert "last line" in handheld.view.message


def test_units_in_hand_are_never_skipped_away():
    handheld = picking([line(1, "A-1", 2), line(2, "A-2", 1)])
    handheld.bin("A-1")
    handheld.scan("85123A")
    handheld.say("SKIP")
    assert "You hold 1" in handheld.view.message
    handheld.type("0")
    handheld.say("SKIP")
    assert handheld.view.rows[0].text == "A-2"


def test_the_next_line_in_the_same_bin_needs_no_second_scan_of_it():
    handheld = picking([line(1, "A-1", 1, "A"), line(2, "A-1", 1, "B")])
    handheld.bin("A-1")
    handheld.scan("85123A")
    handheld.tote("T-1")
    assert handheld.view.phase == "ITEM"
    handheld.scan("85123A")
    handheld.tote("T-2")
    assert handheld.event_types().count("BinVerified") == 2
    assert [fact.tote for fact in facts(handheld, PickConfirmed)] == ["T-1", "T-2"]


def test_a_tote_of_another_order_is_refused_with_its_slot():
    handheld = picking([line(1, "A-1", 1, "A"), line(2, "A-2", 1, "B")])
    handheld.bin("A-1")
    handheld.scan("85123A")
    handheld.tote("T-2")
    assert handheld.view.message == "That is tote T-2 of slot B. Put into tote T-1, slot A."


def test_a_full_tote_is_joined_by_a_new_one_after_yes():
    handheld = picking([line(1, "A-1", 1), line(2, "A-2", 1)])
    handheld.bin("A-1")
    handheld.scan("85123A")
    handheld.tote("T-7")
    assert handheld.view.phase == "NEW_TOTE"
    handheld.say("YES")
    assert facts(handheld, ToteAssigned)[-1] == ToteAssigned("A", "T-7")
    assert facts(handheld, PickConfirmed)[0].tote == "T-7"
    handheld.bin("A-2")
    handheld.scan("85123A")
    handheld.tote("T-1")
    assert "was full" in handheld.view.message


def test_a_tote_cannot_stand_in_two_slots():
    handheld = ready()
    handheld.offer(assignment([line(1, "A-1", 1, "A"), line(2, "A-2", 1, "B")]))
    handheld.tote("T-1", "T-1")
    assert "already stands in slot A" in handheld.view.message


def test_help_calls_from_the_bin_and_leaves_the_work_alone():
    handheld = picking([line(1, "A-1", 2)])
    handheld.bin("A-1")
    handheld.say("CALL")
    assert handheld.view.phase == "ITEM"
    assert handheld.event_types()[-1] == "HelpRequested"
    assert msgspec.json.decode(handheld.events()[-1].data)["bin"] == "A-1"


@pytest.mark.parametrize("text", ["", " ", "%B", "%BA-1.00", "]C1", "\x1d", "x" * 9_000, "(99"])
def test_rubbish_from_a_scanner_is_refused_and_changes_nothing(text):
    handheld = picking([line(1, "A-1", 2)])
    state = handheld.core.state
    handheld.scan(text)
    assert handheld.view.mood == "REFUSED"
    assert handheld.core.state == state


def test_each_outcome_has_its_own_tone():
    """Lesson 18: people scan with their back to the screen."""
    handheld = picking([line(1, "A-1", 2)])
    tones = []
    for act in (lambda: handheld.bin("A-9"), lambda: handheld.bin("A-1"),
                lambda: handheld.scan("85123A"), lambda: handheld.scan("85123A"),
                lambda: handheld.say("UNDO")):  # fmt: skip
        act()
        tones.append(handheld.tone)
    assert tones == [Tone.REFUSED, Tone.OK, Tone.COUNT, Tone.DONE, Tone.WARN]


def test_the_gtin_in_any_length_is_the_item():
    handheld = picking([line(1, "A-1", 2, codes={**LANTERN, "00012345678905": 1})])
    handheld.bin("A-1")
    handheld.scan("012345678905", "0012345678905")
    assert handheld.view.counted == 2


def test_another_items_number_typed_after_the_first_scan_is_no_count():
    handheld = picking([line(1, "A-1", 6), line(2, "A-2", 2, codes=MUG)])
    handheld.bin("A-1")
    handheld.scan("85123A")
    handheld.type("71053")
    assert "That is RED MUG (71053)" in handheld.view.message
    assert handheld.core.state.work.mark.counted == 1


def test_skipped_lines_come_back_in_turn_however_often_they_are_skipped():
    handheld = picking([line(1, "A-1", 1), line(2, "A-2", 1), line(3, "A-3", 1)])
    seen = []
    for _ in range(7):
        seen.append(handheld.view.rows[0].text)
        handheld.say("SKIP")
    assert seen == ["A-1", "A-2", "A-3", "A-1", "A-2", "A-3", "A-1"]


def test_a_bin_whose_name_has_small_letters_is_known_by_its_label():
    handheld = picking([line(1, "a-1", 1)])
    handheld.bin("A-1")
    assert handheld.view.phase == "ITEM"


# ── A tote whose barcode is torn. ────────────────────────────────────────────────────────────


def test_a_new_tote_is_typed_with_its_check_digits():
    handheld = ready()
    handheld.offer(assignment([line(1, "A-1", 1)]))
    for typed in ("T-0042", f"T-0042 {int(check_digits('T-0042')) ^ 1:02}", "0183"):
        handheld.type(typed)
        assert handheld.view.phase == "TOTES", typed
    handheld.type("T-0042")
    assert "two check digits" in handheld.view.message
    handheld.type(f"t-0042 {check_digits('T-0042')}")
    assert [fact.tote for fact in facts(handheld, ToteAssigned)] == ["T-0042"]
    assert handheld.view.phase == "BIN"


def test_a_bin_of_this_work_typed_from_its_label_never_becomes_a_tote():
    handheld = ready()
    handheld.offer(assignment([line(1, "A-1", 1)]))
    handheld.type(f"A-1 {check_digits('A-1')}")
    assert handheld.view.phase == "TOTES"
    assert facts(handheld, ToteAssigned) == []
    for typed in ("a-1", "85123A"):
        handheld.type(typed)
        assert "empty tote" in handheld.view.message, typed
    handheld.tote("A-1")
    assert handheld.view.phase == "BIN", "a tote called like a bin is scanned"
    handheld.bin("A-1")
    handheld.scan("85123A")
    handheld.type(f"A-1 {check_digits('A-1')}")
    assert [fact.tote for fact in facts(handheld, PickConfirmed)] == ["A-1"]


def test_a_tote_on_the_cart_is_typed_by_its_code_alone_and_a_count_stays_a_count():
    handheld = ready()
    handheld.offer(assignment([line(1, "A-1", 2)]))
    handheld.type(f"0183.{check_digits('0183')}")
    handheld.bin("A-1")
    handheld.scan("85123A")
    handheld.type("2")
    handheld.type("0183")
    assert handheld.view.phase == "TOTE", "these digits were a count"
    handheld.type(f"0183 {check_digits('0183')}")
    assert [fact.tote for fact in facts(handheld, PickConfirmed)] == ["0183"]

    handheld = picking([line(1, "A-1", 1)])
    handheld.bin("A-1")
    handheld.scan("85123A")
    handheld.type("t-1")
    assert [fact.tote for fact in facts(handheld, PickConfirmed)] == ["T-1"]
