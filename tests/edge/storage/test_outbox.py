"""The outbox: what was promised survives anything; what was not promised was never there."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import OutboxFull, OutboxUnusable
from edge.storage.contract import Position
from edge.storage.kept_rows import read_outbox
from edge.storage.outbox import SqliteOutbox
from edge.storage.outbox_file import IN_MEMORY
from tests.edge.full_card import full_card

START = Position(0, 0)


def opened(path=IN_MEMORY, capacity: int = 1_000, seed: int = 1) -> SqliteOutbox:
    return SqliteOutbox(path, random.Random(seed), capacity)


def payloads(outbox: SqliteOutbox, after: Position = START) -> list[bytes]:
    return [row.payload for row in outbox.rows_after(after, 10_000)]


@pytest.fixture(params=["file", "memory"])
def outbox(request, tmp_path):
    kept = opened(tmp_path / "outbox.sqlite" if request.param == "file" else IN_MEMORY)
    yield kept
    kept.close()


def test_several_events_and_the_state_are_one_commit(outbox):
    outbox.append([b"a", b"b"], {"session": b"1", "other": b"2"}, at_us=5)
    assert (outbox.last_seq, outbox.depth) == (2, 2)
    assert payloads(outbox) == [b"a", b"b"]
    outbox.append([], {"other": None}, at_us=6)
    assert outbox.state() == {"session": b"1"}


def test_acknowledgement_is_cumulative_and_may_be_repeated(outbox):
    outbox.append([b"a", b"b", b"c"], {}, at_us=5)
    assert outbox.mark_acked(outbox.epoch, 2) == 2
    assert outbox.mark_acked(outbox.epoch, 2) == 0
    assert outbox.mark_acked(outbox.epoch, 1) == 0
    assert (outbox.depth, payloads(outbox)) == (1, [b"c"])


def test_an_acknowledgement_of_an_unknown_epoch_or_the_future_marks_nothing_else(outbox):
    outbox.append([b"a"], {}, at_us=5)
    assert outbox.mark_acked("f" * 16, 9) == 0
    assert outbox.mark_acked(outbox.epoch, 99) == 1
    outbox.append([b"b"], {}, at_us=6)
    assert payloads(outbox) == [b"b"]


def test_a_full_outbox_refuses_and_drops_nothing():
    outbox = opened(capacity=10)
    outbox.append([b"x"] * 9, {}, at_us=1)
    assert outbox.is_nearly_full
    with pytest.raises(OutboxFull):
        outbox.append([b"y", b"z"], {"session": b"new"}, at_us=2)
    assert (outbox.last_seq, outbox.state()) == (9, {})
    outbox.mark_acked(outbox.epoch, 9)
    outbox.append([b"y", b"z"], {}, at_us=3)
    assert payloads(outbox) == [b"y", b"z"]


def test_acknowledged_rows_do_not_count_as_full():
    outbox = opened(capacity=10)
    for _ in range(5):
        outbox.append([b"x"] * 10, {}, at_us=1)
        outbox.mark_acked(outbox.epoch, outbox.last_seq)
    assert (outbox.depth, outbox.last_seq) == (0, 50)


def test_rows_of_an_older_epoch_go_first_under_their_own_key(outbox):
    old = outbox.epoch
    outbox.append([b"a", b"b"], {}, at_us=1)
    new = outbox.begin_epoch()
    outbox.append([b"c"], {}, at_us=2)
    rows = outbox.rows_after(START, 10)
    assert [(row.epoch, row.position.seq, row.payload) for row in rows] == [
        (old, 1, b"a"), (old, 2, b"b"), (new, 1, b"c"),
    ]  # fmt: skip
    outbox.mark_acked(new, 1)
    assert payloads(outbox) == [b"a", b"b"]


def test_a_restored_hub_can_ask_for_rows_again_as_far_as_they_are_kept(outbox):
    outbox.append([b"a", b"b", b"c"], {}, at_us=1)
    outbox.mark_acked(outbox.epoch, 3)
    outbox.rewind(outbox.epoch, 1)
    assert (outbox.depth, payloads(outbox)) == (2, [b"b", b"c"])
    outbox.mark_acked(outbox.epoch, 3)
    outbox.prune(before_us=2)
    outbox.rewind(outbox.epoch, 0)
    assert (outbox.depth, outbox.pruned_upto(outbox.epoch)) == (0, 3)


def test_only_old_acknowledged_rows_are_pruned_and_only_from_the_front(outbox):
    for at_us in (10, 30, 20, 40):
        outbox.append([b"x"], {}, at_us)
    outbox.mark_acked(outbox.epoch, 3)
    assert outbox.prune(before_us=25) == 1
    assert outbox.prune(before_us=100) == 2
    assert outbox.pruned_upto(outbox.epoch) == 3
    assert outbox.depth == 1


def test_everything_is_there_after_a_restart(tmp_path):
    path = tmp_path / "outbox.sqlite"
    first = opened(path)
    epoch = first.epoch
    first.append([b"a", b"b"], {"session": b"1"}, at_us=5)
    first.mark_acked(epoch, 1)
    first.note("hub_epoch", "h")
    first.close()
    second = opened(path, seed=2)
    assert (second.epoch, second.last_seq, second.depth, second.boot) == (epoch, 2, 1, 2)
    assert (second.state(), second.noted("hub_epoch")) == ({"session": b"1"}, "h")
    rows = [(row.seq, row.payload, row.is_acknowledged) for row in read_outbox(path)]
    assert rows == [(1, b"a", True), (2, b"b", False)]


def test_a_second_agent_on_the_same_outbox_is_turned_away(tmp_path):
    path = tmp_path / "outbox.sqlite"
    first = opened(path)
    with pytest.raises(OutboxUnusable, match="another agent"):
        opened(path)
    first.close()
    opened(path).close()


def test_a_foreign_file_a_missing_folder_and_a_newer_format_are_refused_by_name(tmp_path):
    (tmp_path / "text").write_text("This is no database. " * 100)
    with sqlite3.connect(tmp_path / "newer") as db:
        db.execute("PRAGMA user_version=99")
    for name in ("text", "no/such/folder", "newer"):
        with pytest.raises(OutboxUnusable):
            opened(tmp_path / name)


def test_a_card_that_cannot_be_written_is_named_and_nothing_counts_as_written(tmp_path):
    outbox = opened(tmp_path / "outbox.sqlite")
    with full_card(), pytest.raises(OutboxUnusable):
        outbox.append([b"a"], {}, at_us=1)
    assert (outbox.last_seq, outbox.depth) == (0, 0)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.one_of(st.integers(1, 5), st.sampled_from(["ack", "rewind", "epoch", "prune"]))))
def test_whatever_is_done_unacknowledged_rows_are_sent_in_order_and_none_is_lost(steps):
    outbox, at_us, model = opened(), 0, []
    for step in steps:
        at_us += 10
        if isinstance(step, int):
            first = outbox.last_seq + 1
            bodies = [f"{outbox.epoch}/{first + n}".encode() for n in range(step)]
            outbox.append(bodies, {}, at_us)
            model += bodies
        elif step == "ack":
            outbox.mark_acked(outbox.epoch, outbox.last_seq // 2 + 1)
        elif step == "rewind":
            outbox.rewind(outbox.epoch, outbox.last_seq // 3)
        elif step == "epoch":
            outbox.begin_epoch()
        else:
            outbox.prune(at_us - 25)
    sent = payloads(outbox)
    assert outbox.depth == len(sent)
    assert sent == [body for body in model if body in set(sent)]
    acked = {f"{e}/{n}".encode() for e in outbox.epochs for n in range(1, outbox.acked_upto(e) + 1)}
    assert set(model) == set(sent) | acked


# ── Real kills. ─────────────────────────────────────────────────────────────────────────────

CHILD = """
import random, sys
from edge.storage.outbox import SqliteOutbox
outbox = SqliteOutbox(sys.argv[1], random.Random(7))
for n in range(outbox.last_seq + 1, outbox.last_seq + 6):
    outbox.append([f"event {n}".encode()], {"session": str(n).encode()}, n)
    print(n, flush=True)
    outbox.mark_acked(outbox.epoch, n - 1)
"""


def killed_child(path: Path, fault: str) -> list[int]:
    """Run a writer that kills itself at a point; what it had promised before."""
    environment = {**os.environ, "BINLIGHT_FAULT": fault}
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)], env=environment, capture_output=True, check=False
    )
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    return [int(word) for word in child.stdout.split()]


@pytest.mark.parametrize("fault", ["before_commit", "after_commit", "before_mark_acked"])
def test_a_killed_agent_keeps_every_promise_and_state_and_events_agree(tmp_path, fault):
    path = tmp_path / "outbox.sqlite"
    promised: list[int] = []
    for count in (3, 2, 4):
        promised += killed_child(path, f"{fault}:{count}")
        kept = [row.seq for row in read_outbox(path)]
        assert kept == list(range(1, len(kept) + 1))
        assert set(promised) <= set(kept)
        with sqlite3.connect(path) as db:
            state = db.execute("SELECT value FROM state WHERE name = 'session'").fetchone()
        assert int(state[0]) == kept[-1]
    assert len(kept) - len(promised) <= (3 if fault == "after_commit" else 0)


def test_an_unknown_fault_point_is_refused(tmp_path):
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path / "outbox.sqlite")],
        env={**os.environ, "BINLIGHT_FAULT": "after_lunch"},
        capture_output=True,
        check=False,
    )
    assert b"after_lunch" in child.stderr
