"""Hours without the hub: reserve, locks, the backlog, a full outbox, a wrong clock."""

from __future__ import annotations

import subprocess
import sys

import pytest
from msgspec.structs import replace

from edge.clock import Now, SystemClock, TimeKeeper
from edge.handheld.agent_io import KeyTyped
from edge.handheld.render import plain
from edge.link.io_values import LinkLost, MessageArrived
from edge.tones import Tone
from protocols.envelope import decode_data
from protocols.messages.asking import TimeReply
from protocols.messages.codec import decode, encode
from protocols.messages.commands import RevokeAssignment
from protocols.messages.configuration import Config
from protocols.messages.events import PersonLoggedOut, PinLockedOut
from protocols.messages.presence import Telemetry
from tests.edge.handheld.floor import (
    ANA,
    BEN,
    PREFIX,
    Handheld,
    assignment,
    hex_id,
    line,
    picking,
    ready,
)

DAY_US = 24 * 3_600 * 1_000_000


# --- work ahead -----------------------------------------------------------------------------------


def test_the_next_piece_of_work_begins_without_the_hub(tmp_path):
    handheld = ready(tmp_path / "outbox.sqlite")
    for number in (10, 11):
        handheld.offer(assignment([line(number, "A-1", 1)], number=number))
    handheld.disconnect()
    handheld.tote("T-1")
    handheld.bin("A-1")
    handheld.restart()
    handheld.scan("85123A")
    handheld.tote("T-1")
    handheld.say("DONE")
    assert (handheld.view.phase, handheld.core.state.work.id) == ("TOTES", hex_id(11))
    handheld.tote("T-2")
    assert handheld.event_types()[-3:] == [
        "AssignmentCompleted", "AssignmentStarted", "ToteAssigned",
    ]  # fmt: skip


def test_reserve_that_comes_hides_no_warning():
    handheld = picking([line(1, "A-1", 3)])
    handheld.bin("B-9")
    assert handheld.view.mood == "REFUSED"
    handheld.offer(assignment([line(2, "A-2", 1)], number=10))
    assert handheld.view.mood == "REFUSED"


def test_reserve_is_given_back_and_what_was_begun_is_not():
    handheld = picking([line(1, "A-1", 3)])
    handheld.offer(assignment([line(2, "A-2", 1)], number=10))
    handheld.acknowledge(handheld.outbox.last_seq)
    begun = handheld.order(RevokeAssignment(hex_id(9), 1, "RESERVE", unless_begun=True))
    assert (begun.accepted, begun.code) == (False, "BEGUN")
    spare = handheld.order(RevokeAssignment(hex_id(10), 1, "RESERVE", unless_begun=True))
    assert spare.accepted
    assert [work.id for work in handheld.core.state.works] == [hex_id(9)]


def test_an_answer_never_overtakes_the_events_before_it(tmp_path):
    """What was done on work that is given back is at the hub before the work counts as free."""
    handheld = picking([line(1, "A-1", 1), line(2, "A-2", 1)], tmp_path / "outbox.sqlite")
    handheld.bin("A-1")
    handheld.scan("85123A")
    handheld.tote("T-1")
    wanted = RevokeAssignment(hex_id(9), 1)
    assert handheld.order(wanted, number=88) is None
    assert handheld.core.state.works == ()
    last = handheld.outbox.last_seq
    handheld.acknowledge(last - 2)
    assert not handheld.sent("cmd_ack")[1:]
    handheld.restart()
    handheld.connect()
    assert handheld.order(wanted, number=88) is None
    handheld.acknowledge(handheld.outbox.last_seq)
    assert len(handheld.sent("cmd_ack")) == 2
    assert handheld.order(wanted, number=88).accepted


def test_an_offer_of_what_is_finished_here_is_not_taken_again():
    """The hub said it before it heard of DONE; work that it opens anew is another matter."""
    handheld = picking([line(1, "A-1", 1)])
    handheld.bin("A-1")
    handheld.scan("85123A")
    handheld.tote("T-1")
    handheld.say("DONE")
    late = handheld.offer(assignment([line(1, "A-1", 1)], rev=2))
    assert (late.accepted, late.code) == (False, "FINISHED_HERE")
    assert handheld.view.phase == "READY"
    more = handheld.offer(assignment([line(1, "A-1", 1), line(2, "A-2", 1)], rev=3))
    assert more.accepted


# --- people ---------------------------------------------------------------------------------------


def guess(handheld: Handheld, times: int = 5) -> None:
    handheld.badge()
    for _ in range(times):
        handheld.type("9999")


def locked(handheld: Handheld) -> list[PinLockedOut]:
    events = (decode_data(event) for event in handheld.events())
    return [data for data in events if isinstance(data, PinLockedOut)]


def test_a_lock_is_an_event_that_the_hub_hears_of_later():
    handheld = Handheld()
    handheld.connect()
    handheld.configure()
    handheld.disconnect()
    guess(handheld)
    assert locked(handheld) == [PinLockedOut(ANA.id, wrong=5, lock_s=60, offline=True)]
    assert handheld.events()[-1].actor is None


def test_each_wrong_pin_is_on_the_disk_before_it_is_refused(tmp_path):
    """Pulling the plug after each try gives nobody more tries."""
    handheld = Handheld(tmp_path / "outbox.sqlite")
    handheld.connect()
    handheld.configure()
    for _ in range(5):
        guess(handheld, 1)
        handheld.restart()
    assert len(locked(handheld)) == 1
    handheld.badge()
    handheld.type("1234")
    assert handheld.view.who == "–"


def test_who_goes_on_guessing_waits_twice_as_long_each_time_and_never_over_an_hour():
    handheld = ready()
    handheld.say("LOGOUT")
    for _ in range(8):
        guess(handheld)
        handheld.wait(3_600_000)
    waits = [60, 120, 240, 480, 960, 1_920, 3_600, 3_600]
    assert [told.lock_s for told in locked(handheld)] == waits


def test_a_full_outbox_locks_all_the_same(tmp_path):
    """The event has no room; the lock has, and it outlives the power."""
    handheld = Handheld(tmp_path / "outbox.sqlite", capacity=3)
    handheld.connect()
    handheld.configure()
    handheld.log_in(BEN)
    handheld.say("LOGOUT")
    assert handheld.outbox.depth == 3
    guess(handheld)
    assert "nothing more can be recorded" in handheld.view.message
    assert handheld.outbox.depth == 3
    handheld.restart()
    handheld.badge()
    handheld.type("1234")
    assert "Wait" in handheld.view.message


def test_who_is_not_on_the_list_any_more_is_logged_out_and_their_work_waits():
    handheld = picking([line(1, "A-1", 3)])
    cfg = Config(v=1, hash="later", people=(BEN,), slots=2)
    handheld.do(MessageArrived(PREFIX + "cfg", encode(cfg)))
    assert handheld.view.phase == "BADGE"
    assert "ANA is not on this shift's list" in handheld.view.message
    assert handheld.event_types()[-2:] == ["AssignmentSuspended", "PersonLoggedOut"]
    assert decode_data(handheld.events()[-1]) == PersonLoggedOut("NOT_ON_SHIFT")
    handheld.badge()
    assert "not on this shift" in handheld.view.message


# --- what waits for the hub -----------------------------------------------------------------------


def test_the_screen_says_what_is_known_of_work_to_come():
    handheld = ready()
    assert handheld.view.title == "Waiting for work"
    handheld.acknowledge(handheld.outbox.last_seq)
    assert handheld.view.title == "The hub has no work at the moment"
    handheld.say("NEXT")
    assert handheld.view.title == "Waiting for work", "it is asked again and has not heard it yet"
    handheld.acknowledge(handheld.outbox.last_seq)
    handheld.disconnect()
    assert handheld.view.title == "No contact with the hub"
    handheld.do(LinkLost("NOT_AUTHORIZED", "NOT_ADMITTED"))
    assert handheld.view.title == "This device is not admitted"


def test_the_backlog_is_announced_and_seen_to_drain():
    """Lesson 23: nobody is surprised by an upload, nor by what the hub makes of it."""
    handheld = ready()
    handheld.disconnect()
    for _ in range(6):
        handheld.say("HELP")
    handheld.at_once(KeyTyped("escape"))
    assert handheld.view.message == "8 to send, as soon as the hub is back."
    handheld.connect()
    seen = []
    for upto in range(2, 9, 2):
        seen.append(handheld.view.queue)
        assert f"{handheld.view.queue} to send: the hub hears now" in handheld.view.message
        handheld.acknowledge(upto)
    assert seen == [8, 6, 4, 2]
    assert handheld.view.message == "The hub has heard everything."


def test_a_certificate_that_is_out_of_date_by_the_hubs_clock_names_the_clock_and_the_way_out():
    """A hub whose clock is years ahead refuses every device: none of them was shut out."""
    handheld = ready()
    handheld.disconnect()
    handheld.do(LinkLost("SSLV3_ALERT_CERTIFICATE_EXPIRED", "CERTIFICATE_OUTDATED"))
    assert handheld.view.message == (
        "Refused as out of date: is the hub's clock right? Scans are kept."
    )
    handheld.at_once(KeyTyped("escape"))
    assert handheld.view.message == (
        "Refused as out of date: set the hub's clock right, or scan a new code of this device's "
        "page. 2 to send are kept."
    )
    handheld.connect()
    assert "out of date" not in handheld.view.message


KEPT = "This device is not admitted: ask a supervisor. {} to send are kept."


@pytest.mark.parametrize(
    "refusal",
    [LinkLost("SSLV3_ALERT_CERTIFICATE_REVOKED", "NOT_ADMITTED"), LinkLost("Not authorized")],
    ids=["certificate", "password"],
)
def test_a_refused_device_says_so_until_the_broker_lets_it_in_again(refusal: LinkLost):
    handheld = ready()
    handheld.disconnect()
    handheld.do(refusal)
    handheld.at_once(KeyTyped("escape"))
    assert handheld.view.message == KEPT.format(2)
    assert handheld.view.title == "This device is not admitted"
    handheld.say("LOGOUT")
    drawn = plain(handheld.view, 40, 12)
    assert handheld.view.phase == "BADGE"
    assert "not admitted" in drawn.splitlines()[0]
    assert "3 to send are kept." in drawn
    assert "hub away" not in drawn
    assert "hub is back" not in drawn
    handheld.connect()
    assert handheld.view.message == ""
    handheld.disconnect()
    assert "hub away" in plain(handheld.view, 40, 12).splitlines()[0]


def test_who_works_with_a_refused_device_goes_on_and_line_1_has_room_for_it():
    long = replace(ANA, name="MAXIMILIANA OF THE LONG NAME")
    handheld = Handheld()
    handheld.connect()
    handheld.configure(people=(long,))
    handheld.log_in(long)
    handheld.offer(assignment([line(1, "A-1", 3)]))
    handheld.tote("T-1")
    handheld.do(LinkLost("revoked", "NOT_ADMITTED"))
    handheld.bin("A-1")
    assert (handheld.view.phase, handheld.view.message) == ("ITEM", "")
    status = plain(handheld.view, 40, 12).splitlines()[0]
    assert "… not admitted" in status
    assert len(status) <= 40


def test_nearly_full_is_said_once_for_each_percent_more():
    handheld = ready(capacity=200)
    handheld.hub(online=False)
    while handheld.outbox.depth < 180:
        handheld.say("HELP")
    heard = len(handheld.tones)
    handheld.say(*["HELP"] * 6)
    assert handheld.tones[heard:].count(Tone.WARN) == 3


def test_from_ninety_percent_people_hear_and_read_it_and_the_hub_is_told():
    handheld = ready(capacity=20)
    handheld.hub(online=False)
    while handheld.outbox.depth < 17:
        handheld.say("HELP")
    assert handheld.tones[-1] is not Tone.WARN
    handheld.say("HELP")
    assert handheld.tones[-1] is Tone.WARN
    telemetry = decode(Telemetry, handheld.sent("tlm")[-1].payload)
    assert (telemetry.outbox_depth, telemetry.outbox_percent) == (18, 90)


def test_a_full_outbox_refuses_each_scan_aloud_and_loses_none():
    handheld = ready(capacity=20)
    handheld.disconnect()
    while handheld.outbox.depth < 20:
        handheld.say("HELP")
    before = handheld.events()
    for _ in range(3):
        handheld.say("HELP")
        assert handheld.tone is Tone.ALERT
        assert "nothing more can be recorded" in handheld.view.message
    assert handheld.events() == before
    handheld.connect()
    handheld.acknowledge(handheld.outbox.last_seq)
    handheld.say("HELP")
    assert len(handheld.events()) == 1


# --- the device's time ----------------------------------------------------------------------------


def synced(handheld: Handheld) -> None:
    """The hub's clock says the same as the device's."""
    mono_us = handheld.mono_ms * 1_000
    reply = TimeReply(v=1, t1=mono_us, t2=handheld.utc_us, t3=handheld.utc_us)
    handheld.at_once(MessageArrived(PREFIX + "time_reply", encode(reply)))


@pytest.mark.parametrize("jump_us", [-400 * DAY_US, DAY_US])
@pytest.mark.parametrize("is_synced", [True, False])
def test_a_jump_of_the_wall_clock_changes_nothing(jump_us: int, is_synced: bool):
    """Not the moments of events, nor the lock, nor what is sent again and when."""
    handheld = ready()
    if is_synced:
        synced(handheld)
    handheld.say("HELP")
    handheld.utc_us += jump_us
    handheld.say("HELP")
    guess_before, guess_after = handheld.events()[-2:]
    passed_us = guess_after.at - guess_before.at
    assert passed_us == (guess_after.mono_ms - guess_before.mono_ms) * 1_000
    assert guess_after.at_quality == ("synced" if is_synced else "unknown")
    handheld.say("LOGOUT")
    guess(handheld)
    handheld.utc_us += jump_us
    handheld.type("1234")
    assert "Wait" in handheld.view.message
    handheld.wait(60_000)
    handheld.type("1234")
    assert handheld.view.who == "ANA"


def test_a_device_without_a_battery_clock_goes_on_behind_its_last_event(tmp_path):
    """It boots in 1970; what it records then still comes after what it recorded before."""
    handheld = ready(tmp_path / "outbox.sqlite")
    synced(handheld)
    handheld.say("HELP")
    last = handheld.events()[-1].at
    handheld.utc_us, handheld.mono_ms = 5_000_000, 2_000
    handheld.restart()
    handheld.say("HELP")
    after = handheld.events()[-1]
    assert (after.at > last, after.at_quality) == (True, "unknown")


def test_the_quality_of_the_time_fades_without_the_hub():
    keeper = TimeKeeper()
    keeper.begin(Now(5_000_000, 10))
    assert keeper.quality(Now(0, 20)) == "unknown"
    keeper.hear(TimeReply(v=1, t1=20_000, t2=DAY_US, t3=DAY_US), Now(0, 20))
    assert keeper.quality(Now(0, 3_600_020)) == "synced"
    assert keeper.quality(Now(0, 3_600_021)) == "estimated"
    assert keeper.at_us(Now(0, 8 * 3_600_000 + 20)) == DAY_US + 8 * 3_600 * 1_000_000


def test_the_monotonic_clock_goes_on_while_the_device_sleeps():
    """In a time namespace whose CLOCK_BOOTTIME is a day ahead, as after a day asleep."""
    ahead_s = 86_400
    asleep = [
        "unshare", "--time", "--boottime", str(ahead_s), "--fork", sys.executable, "-c",
        "from edge.clock import SystemClock; print(SystemClock().now().mono_ms)",
    ]  # fmt: skip
    before_ms = SystemClock().now().mono_ms
    done = subprocess.run(asleep, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no time namespaces here: {done.stderr.strip()[:80]}")
    after_ms = SystemClock().now().mono_ms
    assert before_ms <= int(done.stdout) - ahead_s * 1_000 <= after_ms
