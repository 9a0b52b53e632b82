"""Ports for whatever is started beside other things on one machine. Owns how none is given twice.

A port that was asked for and let go of again may be somebody else's a moment later. One from here
has just ended a connection with itself: the kernel then keeps it from everybody who asks for any
port, for a minute, and gives it to whoever names it (SO_REUSEADDR, which servers say).
"""

from __future__ import annotations

import contextlib
import socket
from typing import Final

LOOPBACK: Final = "127.0.0.1"


def free_port(wanted: int = 0) -> int:
    """The wanted port when nobody has it, else one that nobody else is given for a minute."""
    if wanted:
        with contextlib.suppress(OSError), bound(LOOPBACK, wanted):
            return wanted
    with bound(LOOPBACK, 0) as listening, socket.socket() as asking:
        listening.listen(1)
        asking.connect(listening.getsockname())
        answering, _ = listening.accept()
        answering.close()  # who closes first is kept waiting
        return int(listening.getsockname()[1])


def bound(host: str, port: int) -> socket.socket:
    """A socket that has the port, as a server would take it. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taking = socket.socket(family)
    try:
        taking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taking.bind((host, port))
    except OSError:
        taking.close()
        raise
    return taking
