"""The loop of a live world: people's scripts, devices' pipes, and the hub's answers, on one thread.

Owns waiting. People's seconds pass `speed` times as fast as the machines'.
"""

from __future__ import annotations

import os
import selectors
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from simulators.world import Agenda, Entry

DESKS: Final = 3
"""Acts of people in front of a screen that may be under way at once."""
WAIT_MAX_S: Final = 0.5


class LiveStage:
    """An agenda on the machine's clock."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._agenda = Agenda()
        self._selector = selectors.DefaultSelector()
        self._wake_fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._selector.register(self._wake_fd, selectors.EVENT_READ, self._woken)
        self._desks = ThreadPoolExecutor(DESKS, thread_name_prefix="desk")
        self._done: deque[Callable[[], None]] = deque()
        self._began_ns = time.monotonic_ns()

    def now_us(self) -> int:
        """Microseconds since the stage was built."""
        return (time.monotonic_ns() - self._began_ns) // 1_000

    # ── for scripts ──────────────────────────────────────────────────────────────────────

    def after(self, seconds: float, do: Callable[[], None]) -> Entry:
        return self._agenda.at(self.now_us() + round(seconds * 1_000_000), do)

    def carry_out(
        self, do: Callable[[], Any], then: Callable[[Any, Exception | None], None]
    ) -> None:
        """In a thread, so that no device waits for an act of the hub."""

        def finished(future: Future[Any]) -> None:
            self._done.append(lambda: _tell(future, then))
            os.eventfd_write(self._wake_fd, 1)

        self._desks.submit(do).add_done_callback(finished)

    # ── for devices ──────────────────────────────────────────────────────────────────────

    def watch(self, fd: int, do: Callable[[], None]) -> None:
        """Have something done whenever the descriptor can be read."""
        self._selector.register(fd, selectors.EVENT_READ, do)

    def unwatch(self, fd: int) -> None:
        self._selector.unregister(fd)

    # ── the loop ─────────────────────────────────────────────────────────────────────────

    def run(self, is_over: Callable[[], bool]) -> None:
        """Until it is over."""
        while not is_over():
            for key, _ in self._selector.select(self._patience_s()):
                key.data()
            while self._done:
                self._done.popleft()()
            now_us = self.now_us()
            while (do := self._agenda.take(now_us)) is not None:
                do()

    def close(self) -> None:
        self._desks.shutdown(wait=True, cancel_futures=True)
        self._selector.close()
        os.close(self._wake_fd)

    def _patience_s(self) -> float:
        due_us = self._agenda.next_due_us
        if due_us is None:
            return WAIT_MAX_S
        return min(max(0, due_us - self.now_us()) / 1_000_000, WAIT_MAX_S)

    def _woken(self) -> None:
        os.eventfd_read(self._wake_fd)


def _tell(future: Future[Any], then: Callable[[Any, Exception | None], None]) -> None:
    raised = future.exception()
    if raised is None:
        then(future.result(), None)
    elif isinstance(raised, Exception):
        then(None, raised)
    else:
        raise raised
