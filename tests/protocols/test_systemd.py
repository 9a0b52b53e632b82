"""What systemd reads of us and hears from us."""

from __future__ import annotations

import shlex

from hypothesis import given
from hypothesis import strategies as st

from protocols.systemd import Watchdog, quoted, ready

FILE_NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1)


def test_a_plain_word_stays_as_it_is():
    assert quoted("--data=/var/lib/binlight") == "--data=/var/lib/binlight"


@given(FILE_NAMES)
def test_any_word_comes_back_as_one_word_and_the_same(word: str):
    """systemd splits as a shell does, and afterwards replaces `%%` and `$$`."""
    written = quoted(word)
    words = shlex.split(written) if written.startswith('"') else [written]
    assert [one.replace("$$", "$").replace("%%", "%") for one in words] == [word]


def test_it_is_due_at_once_and_then_half_as_often_as_systemd_wants():
    dog = Watchdog({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "30000000"})
    assert [now_ms for now_ms in range(0, 45_001, 2_500) if dog.is_due(now_ms)] == [
        0, 15_000, 30_000, 45_000,
    ]  # fmt: skip


def test_a_late_turn_counts_from_when_it_came():
    dog = Watchdog({"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "2000000"})
    assert [dog.is_due(now_ms) for now_ms in (0, 1_700, 2_500, 2_700)] == [True, True, False, True]


def test_without_a_socket_or_a_watchdog_nothing_is_ever_due():
    assert not Watchdog({"WATCHDOG_USEC": "30000000"}).is_due(10**9)
    assert not Watchdog({"NOTIFY_SOCKET": "/run/notify"}).is_due(10**9)


def test_a_socket_without_a_file_is_named_as_the_kernel_wants_it():
    assert Watchdog({"NOTIFY_SOCKET": "@systemd/notify"}).address == "\0systemd/notify"


def test_ready_says_how_it_is():
    assert ready("takes scans") == b"READY=1\nSTATUS=takes scans"
