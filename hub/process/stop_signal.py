"""SIGTERM and SIGINT as something to wait for. Owns both while they are waited for."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stop_signal() -> Iterator[int]:
    """A file that can be read once SIGTERM or SIGINT came; nothing is interrupted by them."""
    reading, writing = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def ask_to_stop(_signal: int, _frame: object) -> None:
        os.write(writing, b"x")

    before = {name: signal.signal(name, ask_to_stop) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield reading
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
        os.close(reading)
        os.close(writing)
