"""What the hub has had for a week is deleted, a little at a time, never in the way of a scan."""

from __future__ import annotations

import random

import pytest

from edge.handheld.agent_io import Tick
from edge.storage.outbox import PRUNE_ROWS_MAX, SqliteOutbox
from edge.storage.outbox_file import IN_MEMORY
from edge.storage.pruning import EVERY_MS, KEEP_US, MORE_AFTER_MS, Pruning
from tests.edge.handheld.floor import ready

AT_US = 1_767_225_600_000_000


@pytest.fixture
def outbox() -> SqliteOutbox:
    """One turn's worth of acknowledged rows and one more, and then one that nobody acknowledged."""
    made = SqliteOutbox(IN_MEMORY, random.Random(1), 10 * PRUNE_ROWS_MAX)
    made.append([b"x"] * (PRUNE_ROWS_MAX + 2), {}, AT_US)
    made.mark_acked(made.epoch, PRUNE_ROWS_MAX + 1)
    return made


def pruned(outbox: SqliteOutbox) -> int:
    return outbox.pruned_upto(outbox.epoch)


def test_nothing_is_deleted_before_its_week_is_over(outbox):
    pruning = Pruning(outbox)
    pruning.tick(0, AT_US + KEEP_US)
    assert pruned(outbox) == 0
    assert pruning.next_wakeup_ms == EVERY_MS


def test_a_start_is_left_in_peace(outbox):
    pruning = Pruning(outbox)
    pruning.begin(5_000)
    pruning.tick(5_000 + EVERY_MS - 1, AT_US + KEEP_US + 1)
    assert pruned(outbox) == 0


def test_after_a_full_turn_the_rest_follows_soon_and_then_it_is_quiet_for_an_hour(outbox):
    pruning, now_us = Pruning(outbox), AT_US + KEEP_US + 1
    pruning.tick(0, now_us)
    assert (pruned(outbox), pruning.next_wakeup_ms) == (PRUNE_ROWS_MAX, MORE_AFTER_MS)
    pruning.tick(MORE_AFTER_MS - 1, now_us)
    assert pruned(outbox) == PRUNE_ROWS_MAX
    pruning.tick(MORE_AFTER_MS, now_us)
    assert (pruned(outbox), pruning.next_wakeup_ms) == (PRUNE_ROWS_MAX + 1, 2 * MORE_AFTER_MS)
    pruning.tick(2 * MORE_AFTER_MS, now_us)
    assert pruning.next_wakeup_ms == 2 * MORE_AFTER_MS + EVERY_MS
    assert outbox.depth == 1


def test_the_agent_wakes_up_for_it_though_there_is_no_radio():
    handheld = ready()
    handheld.acknowledge(handheld.outbox.last_seq)
    handheld.disconnect()
    handheld.wait(KEEP_US // 1_000 + 1)
    assert handheld.core.next_wakeup_us <= handheld.mono_ms * 1_000
    handheld.at_once(Tick())
    assert pruned(handheld.outbox) == handheld.outbox.last_seq
    assert handheld.core.next_wakeup_us == (handheld.mono_ms + MORE_AFTER_MS) * 1_000
