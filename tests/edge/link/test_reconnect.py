"""Pauses between tries: long enough for the broker, short enough for whoever waits."""

from __future__ import annotations

import random

from edge.link.reconnect import (
    LONG_GONE_FAILURES,
    LONG_GONE_MS,
    LONGEST_MS,
    REFUSED_MS,
    STABLE_MS,
    Backoff,
)


def test_pauses_grow_to_a_bound_are_jittered_from_zero_and_start_anew_after_success():
    backoff = Backoff(random.Random(7))
    pauses = [backoff.pause_ms() for _ in range(LONG_GONE_FAILURES)]
    assert max(pauses[:1]) <= 500
    assert LONGEST_MS * 0.9 < max(pauses) <= LONGEST_MS
    assert min(pauses[50:]) < LONGEST_MS * 0.1
    assert REFUSED_MS // 2 <= backoff.refused_pause_ms() <= REFUSED_MS
    assert LONGEST_MS < max(backoff.pause_ms() for _ in range(50)) <= LONG_GONE_MS
    backoff.lasted(STABLE_MS - 1)
    assert backoff.failures > LONG_GONE_FAILURES
    backoff.lasted(STABLE_MS)
    assert backoff.pause_ms() <= 500
