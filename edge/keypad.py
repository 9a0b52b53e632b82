"""A keypad without a screen: lines from standard input, each ended by Enter.

Owns splitting what arrives into keys. What keys mean is decided by the core, as with the screen's
keyboard. A numeric keypad's program, a test or a person may write here; where nobody does (a
service has `/dev/null`), the keypad is gone after the first look.
"""

from __future__ import annotations

import codecs
import os
import selectors
import signal
from typing import Final

from edge.handheld.agent_io import KeyTyped

READ_BYTES_MAX: Final = 4_096
KEYS: Final = {"\n": "enter", "\x08": "backspace", "\x7f": "backspace", "\x1b": "escape"}
NO_KEYS: Final = "\r"
"""Before the line's end it would be a second Enter, which wipes the answer off the screen."""


class Keypad:
    """One descriptor; `fileno` is None once nobody can write to it any more."""

    def __init__(self, fd: int) -> None:
        self.fileno: int | None = fd if _can_be_waited_for(fd) else None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def read(self) -> list[KeyTyped]:
        """What has come since; called when the descriptor is ready, so it never waits."""
        if self.fileno is None:
            return []
        try:
            received = os.read(self.fileno, READ_BYTES_MAX)
        except OSError:  # a terminal that belongs to somebody else now
            received = b""
        if not received:
            self.fileno = None
        typed = self._decoder.decode(received)
        return [KeyTyped(KEYS.get(char, char)) for char in typed if char not in NO_KEYS]


def standard_input() -> Keypad:
    """The keypad on standard input. In the background of a terminal it is none: reading there
    would otherwise stop the whole process.
    """
    signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    return Keypad(0)


def _can_be_waited_for(fd: int) -> bool:
    """A closed descriptor cannot be waited for, nor can a plain file."""
    with selectors.DefaultSelector() as trying:
        try:
            trying.register(fd, selectors.EVENT_READ)
        except OSError:
            return False
    return True
