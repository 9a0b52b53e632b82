"""Enrolment beside the agent's loop: one attempt in a thread, its end in `inbox`.

Stands where `hub_link.py` stands once the device has an identity, so the loop needs to know nothing
about it. Owns the thread.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from edge.errors import EdgeError
from edge.identity.enrolment import enrol
from edge.identity.record import IdentityStore
from edge.link.io_values import Enrol, EnrolmentEnded, LinkAction, LinkInput
from protocols.enrolment import EnrolmentCode

CLOSE_TIMEOUT_S: Final = 6.0


class EnrolmentPort:
    """A device's way to an identity. All methods belong to one thread."""

    socket: Final = None
    wants_write: Final = False
    next_wakeup_ms: Final = None

    def __init__(self, store: IdentityStore, wake: Callable[[], None]) -> None:
        """`wake` is called from the thread when an attempt has ended."""
        self._store, self._wake = store, wake
        self._attempt: threading.Thread | None = None
        self._ended: deque[EnrolmentEnded] = deque()
        self.inbox: deque[LinkInput] = deque()

    def turn(self, _now_ms: int, _readable: bool, _writable: bool) -> None:
        """Take in what has ended."""
        while self._ended:
            self._attempt = None
            self.inbox.append(self._ended.popleft())

    def carry_out(self, action: LinkAction) -> None:
        """Begin an attempt; one at a time."""
        if isinstance(action, Enrol) and self._attempt is None:
            self._attempt = threading.Thread(
                target=self._try, args=(action.code,), name="enrolment", daemon=True
            )
            self._attempt.start()

    def close(self) -> None:
        """What is under way may end; its key is on the disk whatever becomes of it."""
        if self._attempt is not None:
            self._attempt.join(CLOSE_TIMEOUT_S)

    def _try(self, code: EnrolmentCode) -> None:
        ended = EnrolmentEnded(refusal="DEVICE_FAILED", sentence="The device failed. Try again.")
        try:
            enrol(code, self._store)
            ended = EnrolmentEnded()
        except EdgeError as refusal:
            ended = EnrolmentEnded(refusal.code, str(refusal))
        finally:
            self._ended.append(ended)
            self._wake()
