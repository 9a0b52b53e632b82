"""An answer that lets others have the work never overtakes the events before it."""

from __future__ import annotations

import random

import pytest

from edge.handheld.late_answers import LateAnswers
from edge.storage.outbox import SqliteOutbox
from edge.storage.outbox_file import IN_MEMORY
from protocols.messages.codec import decode
from protocols.messages.commands import CommandAck, RevokeAssignment
from tests.edge.handheld.floor import Handheld, hex_id, line, picking

ANSWER = CommandAck(v=1, id=hex_id(1), accepted=True)


@pytest.fixture
def outbox() -> SqliteOutbox:
    made = SqliteOutbox(IN_MEMORY, random.Random(1))
    made.append([b"a", b"b"], {}, 1)
    return made


def test_it_waits_for_the_very_last_event_and_is_said_once(outbox):
    late = LateAnswers(outbox)
    late.hold(ANSWER)
    outbox.mark_acked(outbox.epoch, 1)
    assert late.due() == []
    outbox.mark_acked(outbox.epoch, 2)
    assert late.due() == [ANSWER]
    assert late.due() == []


def test_events_that_come_behind_it_do_not_hold_it_up(outbox):
    late = LateAnswers(outbox)
    late.hold(ANSWER)
    outbox.append([b"c"], {}, 2)
    outbox.mark_acked(outbox.epoch, 2)
    assert late.due() == [ANSWER]


def test_a_repeat_of_the_command_waits_no_longer_than_the_first(outbox):
    late = LateAnswers(outbox)
    late.hold(ANSWER)
    outbox.append([b"c"], {}, 2)
    late.hold(ANSWER)
    outbox.mark_acked(outbox.epoch, 2)
    assert late.due() == [ANSWER]


def answers(handheld: Handheld) -> list[str]:
    return [decode(CommandAck, sent.payload).id for sent in handheld.sent("cmd_ack")]


def test_when_the_link_breaks_it_is_forgotten_and_said_to_the_hubs_repeat():
    handheld = picking([line(1, "A-1", 3)])
    revoke = RevokeAssignment(hex_id(9), 1, "BY_SUPERVISOR")
    handheld.order(revoke, number=77)
    assert hex_id(77) not in answers(handheld)
    handheld.disconnect()
    handheld.connect()
    handheld.acknowledge(handheld.outbox.last_seq)
    assert hex_id(77) not in answers(handheld)
    handheld.order(revoke, number=77)
    assert answers(handheld).count(hex_id(77)) == 1
