"""What the pace of sending rests on, where the whole device shows too little of it."""

from __future__ import annotations

import random

import pytest

from edge.clock import Now
from edge.link.event_sender import FIRST_FAILURE, NO_SUBSCRIBERS, EventSender
from edge.link.io_values import PubAck
from edge.storage.outbox import SqliteOutbox
from edge.storage.outbox_file import IN_MEMORY
from protocols.limits import RESEND_AFTER_MAX_MS, RESEND_AFTER_MIN_MS
from protocols.messages.acks import Ack

SILENT_TRIES = 1_100
"""More doublings than a floating point number can hold."""


def at(mono_ms: int) -> Now:
    return Now(0, mono_ms)


@pytest.fixture
def outbox() -> SqliteOutbox:
    made = SqliteOutbox(IN_MEMORY, random.Random(1))
    made.append([b"a", b"b", b"c"], {}, 1)
    return made


@pytest.fixture
def sender(outbox) -> EventSender:
    return EventSender("evt", outbox)


def acked(outbox: SqliteOutbox, upto: int) -> Ack:
    return Ack(v=1, epoch=outbox.epoch, upto=upto)


def test_of_an_epoch_that_this_connection_has_not_carried_nothing_is_believed(sender, outbox):
    """The hub may know such keys from another card with the same name."""
    sender.pump(at(0))
    outbox.begin_epoch()
    outbox.append([b"d", b"e"], {}, 2)
    sender.acked(acked(outbox, 2), at(1))
    assert outbox.acked_upto(outbox.epoch) == 0
    assert outbox.depth == 5


def test_a_hub_that_is_silent_for_a_day_is_asked_every_half_minute_to_the_end(sender, outbox):
    sender.pump(at(0))
    for seq in (1, 2):
        sender.acked(acked(outbox, seq), at(300 + seq))
    now_ms = 10_000
    for _ in range(SILENT_TRIES):
        sender.pump(at(now_ms))
        now_ms += RESEND_AFTER_MAX_MS
        sender.tick(at(now_ms))
    assert sender.resend_after_ms == RESEND_AFTER_MAX_MS


@pytest.mark.parametrize("reason", [NO_SUBSCRIBERS, FIRST_FAILURE])
def test_what_nobody_heard_or_the_broker_refused_waits_a_moment_and_goes_again(sender, reason):
    first, *_ = sender.pump(at(0))
    sender.puback(PubAck(first.token, reason), at(10))
    assert sender.pump(at(11)) == []
    assert sender.next_wakeup_ms == 10 + RESEND_AFTER_MIN_MS
    sender.tick(at(10 + RESEND_AFTER_MIN_MS))
    assert [sent.payload for sent in sender.pump(at(10 + RESEND_AFTER_MIN_MS))] == [
        b"a",
        b"b",
        b"c",
    ]


def test_an_answer_to_what_is_not_under_way_any_more_holds_nothing_up(sender):
    first, *_ = sender.pump(at(0))
    sender.go_back()
    sender.puback(PubAck(first.token, NO_SUBSCRIBERS), at(10))
    assert len(sender.pump(at(11))) == 3
