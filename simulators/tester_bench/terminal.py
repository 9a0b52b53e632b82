"""A handheld's display: a terminal of 40 × 12 characters, and what a program has drawn on it.

Owns the pair of pty ends and the emulated screen. What is drawn is the program's; nothing here
knows what a handheld is. pyte (LGPL) understands the sequences, as any terminal would.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import termios
import threading
from typing import Any, Final

import pyte

from simulators.tester_bench.display import COLUMNS, KEYS, LINES, Rows, Run

READ_BYTES: Final = 65_536


ALTERNATE_SCREEN: Final = 1049


class _Answering(pyte.Screen):
    """A screen that answers what programs ask terminals, and is empty when they leave it."""

    def __init__(self, fd: int) -> None:
        super().__init__(COLUMNS, LINES)
        self._fd = fd

    def write_process_input(self, data: str) -> None:
        with contextlib.suppress(OSError):  # who asked is gone
            os.write(self._fd, data.encode())

    def reset_mode(self, *modes: int, **more: Any) -> None:
        """pyte knows no alternate screen: what was drawn there would stay."""
        super().reset_mode(*modes, **more)
        if ALTERNATE_SCREEN in modes:
            self.erase_in_display(2)
            self.cursor_position()


class Terminal:
    """One display and keypad, for one life of a program. `near` is the program's end."""

    def __init__(self) -> None:
        self.far, self.near = os.openpty()
        fcntl.ioctl(self.near, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._screen = _Answering(self.far)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()

    def let_go_of_near(self) -> None:
        """The program holds it now; when it dies, reading ends."""
        near, self.near = self.near, -1
        os.close(near)

    def draw(self) -> bool:
        """Take in what the program has written; False when it is gone."""
        try:
            came = os.read(self.far, READ_BYTES)
        except OSError:  # EIO: the other end is closed
            return False
        with self._lock:
            self._stream.feed(came)
        return bool(came)

    def press(self, key: str) -> None:
        """One key, by its character or one of KEYS' names."""
        os.write(self.far, KEYS.get(key, key).encode())

    def rows(self) -> Rows:
        """What the display shows."""
        with self._lock:
            buffer = self._screen.buffer
            return tuple(
                _runs([buffer[line][column] for column in range(COLUMNS)]) for line in range(LINES)
            )

    def close(self) -> None:
        """Give both ends back."""
        if self.near >= 0:
            self.let_go_of_near()
        os.close(self.far)


def _runs(characters: list[Any]) -> tuple[Run, ...]:
    runs: list[Run] = []
    for one in characters:
        look = (_colour(one.fg), _colour(one.bg), bool(one.bold), bool(one.reverse))
        if runs and (runs[-1].ink, runs[-1].ground, runs[-1].is_bold, runs[-1].is_inverse) == look:
            runs[-1] = Run(runs[-1].text + one.data, *look)
        else:
            runs.append(Run(one.data, *look))
    return tuple(runs)


_NAMED: Final = {
    "black": "000000", "red": "c01c28", "green": "26a269", "brown": "a2734c", "blue": "12488b",
    "magenta": "a347ba", "cyan": "2aa1b3", "white": "d0cfcc",
}  # fmt: skip


def _colour(said: str) -> str:
    return "" if said == "default" else _NAMED.get(said, said)
