"""The link: what is sent, sent again, held back, and when a device begins a new epoch."""

from __future__ import annotations

import random

import pytest

from edge.handheld.agent_io import DiskRead, KeyTyped, Stop, Tick
from edge.link.io_values import LinkConnected, MessageArrived, PubAck, Subscribe
from edge.tones import Tone
from protocols.envelope import decode_event, payload_digest
from protocols.limits import DEVICE_WINDOW, RESEND_AFTER_MAX_MS
from protocols.messages.acks import Ack, Gap, Parked
from protocols.messages.asking import TimeAsked, TimeReply
from protocols.messages.codec import decode, encode
from protocols.messages.commands import ReportNow
from protocols.messages.presence import Birth, Telemetry
from tests.edge.full_card import full_card
from tests.edge.handheld.floor import DEVICE, PREFIX, SITE, Handheld, line, picking, ready


def sent_seqs(handheld: Handheld) -> list[int]:
    return [decode_event(publish.payload).seq for publish in handheld.sent()]


def births(handheld: Handheld) -> list[Birth]:
    return [decode(Birth, publish.payload) for publish in handheld.sent("birth")]


def counting(units: int, path=":memory:") -> Handheld:
    """Six events, then one for each unit."""
    handheld = picking([line(1, "A-1", 1_000)], path)
    handheld.bin("A-1")
    for _ in range(units):
        handheld.scan("85123A")
    return handheld


def test_it_subscribes_says_who_it_is_and_waits_for_the_hub():
    handheld = Handheld()
    handheld.core.outbox.append([], {}, 1)
    actions = handheld.do(LinkConnected())
    assert isinstance(actions[0], Subscribe)
    birth = births(handheld)[0]
    assert (birth.dev, birth.presence, birth.cause, birth.boot) == (DEVICE, "ONLINE", "POWER_ON", 1)
    assert handheld.sent("birth")[0].retain
    assert handheld.sent() == []


def test_events_are_sent_at_once_in_order_up_to_the_window():
    handheld = counting(50)
    assert sent_seqs(handheld) == list(range(1, DEVICE_WINDOW + 1))
    handheld.acknowledge(10)
    assert sent_seqs(handheld) == list(range(1, DEVICE_WINDOW + 11))


def test_work_goes_on_while_the_hub_is_away_and_is_sent_when_it_returns():
    handheld = counting(0)
    handheld.acknowledge(handheld.outbox.last_seq)
    before = len(handheld.sent())
    handheld.hub(online=False)
    handheld.scan("85123A", "85123A")
    assert (handheld.view.counted, handheld.view.queue, handheld.view.is_hub_online) == (
        2,
        2,
        False,
    )
    assert len(handheld.sent()) == before
    handheld.hub(online=True)
    assert len(handheld.sent()) == before + 2


def test_the_oldest_unacknowledged_event_is_resent_with_doubling_pauses():
    handheld = counting(0)
    handheld.acknowledge(handheld.outbox.last_seq)
    handheld.scan("85123A")
    first = len(handheld.sent())
    moments, start = [], handheld.mono_ms
    while len(moments) < 8:
        handheld.wait(100)
        handheld.at_once(Tick())
        if len(handheld.sent()) > first + len(moments):
            moments.append(handheld.mono_ms)
    pauses = [b - a for a, b in zip([start, *moments], moments, strict=False)]
    assert pauses == sorted(pauses)
    assert pauses[1] == 2 * pauses[0]
    assert pauses[-1] == pauses[-2] == RESEND_AFTER_MAX_MS
    assert len(set(sent_seqs(handheld)[first - 1 :])) == 1


def test_a_slow_round_trip_waits_four_times_as_long():
    handheld = counting(0)
    for _ in range(60):
        handheld.scan("85123A")
        handheld.wait(2_000)
        ack = Ack(v=1, epoch=handheld.outbox.epoch, upto=handheld.outbox.last_seq)
        handheld.at_once(MessageArrived(PREFIX + "ack", encode(ack)))
    handheld.scan("85123A")
    sent_at_ms, sent = handheld.mono_ms, len(handheld.sent())
    while len(handheld.sent()) == sent:
        handheld.wait(100)
        handheld.at_once(Tick())
    assert 7_000 < handheld.mono_ms - sent_at_ms <= 8_000


def test_a_tail_that_vanished_with_the_broker_is_resent_after_reconnecting():
    handheld = counting(3)
    seqs = sent_seqs(handheld)
    handheld.disconnect()
    handheld.connect()
    assert sent_seqs(handheld) == seqs + seqs
    assert births(handheld)[-1].cause == "RECONNECT"
    assert births(handheld)[-1].session != births(handheld)[0].session


def test_an_answer_to_the_copy_of_this_card_is_not_taken_for_ours():
    """Two devices with one card share keys and topics: an acknowledgement counts only for what
    this connection has carried.
    """
    handheld = counting(2)
    last = handheld.outbox.last_seq
    handheld.disconnect()
    handheld.do(LinkConnected())
    handheld.acknowledge(last)
    assert handheld.outbox.depth == last
    handheld.hub(online=True)
    assert sent_seqs(handheld)[-last:] == list(range(1, last + 1))
    handheld.acknowledge(last)
    assert handheld.outbox.depth == 0


def test_an_acknowledgement_of_another_body_under_our_key_is_not_meant_for_us():
    """The copy's events reached the hub first; ours are on their way, and not there yet."""
    handheld = counting(2)
    epoch, last = handheld.outbox.epoch, handheld.outbox.last_seq
    ours = payload_digest(handheld.sent()[-1].payload).hex()
    others = payload_digest(b"the copy's").hex()
    handheld.hear(Ack(v=1, epoch=epoch, upto=last, of=(others,)))
    assert handheld.outbox.depth == last
    handheld.hear(Ack(v=1, epoch=epoch, upto=last, of=(others, ours)))
    assert handheld.outbox.depth == 0


def test_a_gap_is_answered_once_from_the_missing_event():
    handheld = counting(10)
    handheld.acknowledge(2)
    before = len(handheld.sent())
    epoch = handheld.outbox.epoch
    for _ in range(5):
        gap = Ack(v=1, epoch=epoch, upto=2, gap=Gap(from_seq=3, to_seq=9))
        handheld.at_once(MessageArrived(PREFIX + "ack", encode(gap)))
    assert sent_seqs(handheld)[before:] == list(range(3, handheld.outbox.last_seq + 1))


def test_a_gap_before_the_acknowledged_rows_goes_back_there():
    handheld = counting(10)
    handheld.acknowledge(handheld.outbox.last_seq)
    before = len(handheld.sent())
    handheld.hear(Ack(v=1, epoch=handheld.outbox.epoch, upto=4, gap=Gap(from_seq=5, to_seq=6)))
    assert sent_seqs(handheld)[before] == 5


def test_when_no_hub_listens_it_pauses_and_tries_again():
    handheld = counting(0)
    handheld.acknowledge(handheld.outbox.last_seq)
    handheld.scan("85123A")
    count = len(handheld.sent())
    handheld.at_once(PubAck(handheld.sent()[-1].token, 0x10))
    handheld.scan("85123A")
    assert len(handheld.sent()) == count
    handheld.wait(RESEND_AFTER_MAX_MS)
    handheld.at_once(Tick())
    assert len(handheld.sent()) == count + 2


def test_the_brokers_good_answer_proves_nothing():
    handheld = counting(1)
    handheld.at_once(PubAck(handheld.sent()[-1].token, 0))
    assert handheld.view.queue == handheld.outbox.last_seq


def test_a_hub_restored_from_a_backup_gets_the_lost_events_again():
    handheld = counting(10)
    handheld.acknowledge(handheld.outbox.last_seq)
    handheld.hub(online=False)
    before, born = len(handheld.sent()), len(births(handheld))
    handheld.hub(online=True, hub_epoch="hub-2")
    assert len(births(handheld)) == born + 1
    handheld.acknowledge(4, hub_epoch="hub-2")
    assert sent_seqs(handheld)[before:] == list(range(5, handheld.outbox.last_seq + 1))
    handheld.acknowledge(handheld.outbox.last_seq, hub_epoch="hub-2")
    assert handheld.view.queue == 0


def test_a_late_lower_acknowledgement_of_the_same_hub_takes_nothing_back():
    handheld = counting(5)
    handheld.acknowledge(handheld.outbox.last_seq)
    before = len(handheld.sent())
    handheld.acknowledge(2)
    assert (len(handheld.sent()), handheld.view.queue) == (before, 0)


def test_rows_no_longer_kept_are_declared_in_the_birth():
    handheld = counting(5)
    last = handheld.outbox.last_seq
    handheld.acknowledge(last)
    handheld.outbox.prune(before_us=handheld.utc_us + 1)
    handheld.hear(Ack(v=1, epoch=handheld.outbox.epoch, upto=1, gap=Gap(from_seq=2, to_seq=last)))
    assert births(handheld)[-1].pruned_upto == last
    assert handheld.view.queue == 0


def test_a_device_whose_storage_was_set_back_takes_a_new_epoch_before_its_first_scan(tmp_path):
    handheld = ready()
    old, last = handheld.outbox.epoch, handheld.outbox.last_seq
    handheld.acknowledge(80)
    assert handheld.outbox.epoch != old
    assert births(handheld)[-1].epoch == handheld.outbox.epoch
    handheld.say("NEXT")
    newest = decode_event(handheld.sent()[-1].payload)
    assert (newest.epoch, newest.seq) == (handheld.outbox.epoch, 1)
    resent = [decode_event(p.payload) for p in handheld.sent()][-1 - last : -1]
    assert {(event.epoch, event.seq) for event in resent} == {(old, n + 1) for n in range(last)}
    handheld.acknowledge(80, epoch=old)
    handheld.acknowledge(1)
    assert handheld.view.queue == 0


def test_parked_events_are_shown_and_count_as_delivered():
    handheld = counting(1)
    last = handheld.outbox.last_seq
    parked = (Parked(3, "OTHER_BODY"),)
    handheld.hear(Ack(v=1, epoch=handheld.outbox.epoch, upto=last, parked=parked))
    assert "OTHER_BODY" in handheld.view.message
    assert handheld.view.queue == 0


def test_the_hubs_clock_corrects_the_devices():
    handheld = ready()
    handheld.utc_us -= 400 * 24 * 3_600 * 1_000_000
    handheld.at_once(Tick())
    question = decode(TimeAsked, handheld.sent("time")[-1].payload)
    true_us = 1_800_000_000_000_000
    handheld.wait(20)
    reply = TimeReply(v=1, t1=question.t1, t2=true_us, t3=true_us)
    delay_us = handheld.mono_ms * 1_000 - question.t1
    handheld.at_once(MessageArrived(PREFIX + "time_reply", encode(reply)))
    handheld.say("NEXT")
    event = handheld.events()[-1]
    assert event.at_quality == "synced"
    assert abs(event.at - (true_us + 1_000_000)) <= delay_us


def test_telemetry_tells_the_watermark_each_minute():
    handheld = ready()
    handheld.at_once(Tick())
    handheld.wait(60_000)
    handheld.at_once(Tick())
    body = decode(Telemetry, handheld.sent("tlm")[-1].payload)
    assert (body.epoch, body.seq) == (handheld.outbox.epoch, handheld.outbox.last_seq)
    assert len(handheld.sent("tlm")) == 2


def test_telemetry_tells_how_much_room_the_device_has():
    handheld = ready()
    handheld.at_once(DiskRead(212))
    handheld.wait(60_000)
    handheld.at_once(Tick())
    assert decode(Telemetry, handheld.sent("tlm")[-1].payload).disk_free_mb == 212


def test_a_tick_is_never_asked_for_in_the_past_once_it_was_given():
    handheld = counting(3)
    for _ in range(50):
        due_ms = handheld.core.next_wakeup_us // 1_000
        handheld.wait(max(0, due_ms - handheld.mono_ms))
        handheld.at_once(Tick())
        assert handheld.core.next_wakeup_us // 1_000 > handheld.mono_ms


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (PREFIX + "ack", b"{"),
        (PREFIX + "ack", b'{"v":9,"epoch":"x","upto":1}'),
        (PREFIX + "dance", b"{}"),
        (f"bw/1/{SITE}/dev/other/ack", b"{}"),
        (PREFIX + "cfg", b"[]"),
        (PREFIX + "cmd", b"x" * 70_000),
        (f"bw/1/{SITE}/hub/state", b"\xff\xfe"),
    ],
)
def test_a_message_that_cannot_be_read_is_named_and_nothing_stops(topic, payload):
    handheld = counting(1)
    handheld.do(MessageArrived(topic, payload))
    assert "cannot read" in handheld.view.message
    handheld.scan("85123A")
    assert handheld.view.counted == 2


def test_a_full_outbox_refuses_with_an_alert_and_goes_on_when_the_hub_takes_events():
    from edge.tones import Tone

    handheld = picking([line(1, "A-1", 1_000)], capacity=20)
    handheld.bin("A-1")
    while handheld.view.mood != "ALERT":
        handheld.scan("85123A")
    assert (handheld.outbox.depth, handheld.tone) == (20, Tone.ALERT)
    counted = handheld.core.state.work.mark.counted
    handheld.scan("85123A")
    assert handheld.core.state.work.mark.counted == counted
    assert "Go into radio" in handheld.view.message
    handheld.acknowledge(20)
    handheld.scan("85123A")
    assert handheld.view.counted == counted + 1


def test_people_are_warned_before_the_outbox_is_full():
    handheld = picking([line(1, "A-1", 1_000)], capacity=20)
    handheld.bin("A-1")
    while handheld.outbox.depth < 18:
        handheld.scan("85123A")
    assert handheld.view.mood == "WARN"


def test_after_a_kill_the_agent_shows_the_same_screen_and_sends_what_was_not_acknowledged(tmp_path):
    handheld = counting(4, tmp_path / "outbox.sqlite")
    handheld.say("SHORT")
    before, seqs = handheld.view, sent_seqs(handheld)
    handheld.restart()
    assert handheld.core.state.work.phase == before.phase
    handheld.connect()
    assert births(handheld)[-1].cause == "RESTART"
    assert sent_seqs(handheld) == seqs + seqs
    assert (handheld.view.counted, handheld.view.rows, handheld.view.who) == (4, before.rows, "ANA")


def test_a_card_that_fails_stops_the_agent_before_any_tone_of_success(tmp_path):
    handheld = counting(1, tmp_path / "outbox.sqlite")
    tones = len(handheld.tones)
    with full_card():
        handheld.scan("85123A")
    assert handheld.tones[tones:] == [Tone.ALERT]
    assert isinstance(handheld.actions[-1], Stop)
    assert handheld.do(KeyTyped("x")) == []


def test_a_lossy_network_delivers_every_event_once_and_in_order_in_the_end():
    """Random loss, repeats and disconnections; the hub of the story is a cumulative counter."""
    chance = random.Random(20_26)
    handheld = counting(0)
    got: list[int] = []
    for round_number in range(400):
        if round_number < 120:
            handheld.scan("85123A")
        before = len(handheld.actions)
        handheld.wait(chance.choice((10, 500, 3_000)))
        handheld.at_once(Tick())
        arriving = [
            decode_event(a.payload).seq
            for a in handheld.actions[before:]
            if getattr(a, "topic", "") == PREFIX + "evt" and chance.random() < 0.6
        ]
        for seq in arriving:
            if seq == len(got) + 1:
                got.append(seq)
        if chance.random() < 0.5 and got:
            handheld.acknowledge(len(got))
        if chance.random() < 0.05:
            handheld.disconnect()
            handheld.connect()
    assert got == list(range(1, handheld.outbox.last_seq + 1))
    handheld.acknowledge(len(got))
    assert handheld.view.queue == 0


def test_asked_how_far_it_is_it_answers_and_sends_telemetry_at_once():
    handheld = counting(2)
    before = len(handheld.sent("tlm"))
    answer = handheld.order(ReportNow())
    assert answer is not None
    assert answer.accepted
    (told,) = handheld.sent("tlm")[before:]
    assert decode(Telemetry, told.payload).seq == handheld.core.outbox.last_seq


def test_a_hub_with_another_storage_is_greeted_once_however_often_it_says_that_it_is_there():
    handheld = counting(1)
    handheld.acknowledge(handheld.outbox.last_seq, hub_epoch="hub-1")
    before = len(births(handheld))
    for _ in range(3):
        handheld.hub(online=True, hub_epoch="hub-2")
    assert len(births(handheld)) == before + 1


def test_each_connection_asks_for_the_time_and_tells_how_the_device_is_at_once():
    handheld = ready()
    handheld.do(Tick())
    asked, told = len(handheld.sent("time")), len(handheld.sent("tlm"))
    handheld.disconnect()
    handheld.connect()
    handheld.at_once(Tick())
    assert (len(handheld.sent("time")), len(handheld.sent("tlm"))) == (asked + 1, told + 1)
