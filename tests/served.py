"""A waitress server while a test needs it, ended by its own loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from waitress import wasyncore


@contextmanager
def served_by(server: Any) -> Iterator[None]:
    """What `serving` and its like give, run until the end of the block.

    A socket closed under the loop that waits on it ends the loop with an error; so the loop is
    asked to close all of them itself.
    """
    loop = threading.Thread(target=server.run, name="server")
    loop.start()
    try:
        yield
    finally:
        _ask_to_close(server)
        loop.join()
        server.task_dispatcher.shutdown()


def _ask_to_close(server: Any) -> None:
    """As `pull_trigger`, which lets go of the lock before it writes: woken by the pull of another
    thread, the loop would close the pipe in between.
    """
    with server.trigger.lock:
        server.trigger.thunks.append(lambda: _close_all(server))
        server.trigger._physical_pull()


def _close_all(server: Any) -> None:
    for channel in list(server.active_channels.values()):
        channel.handle_close()  # tells whoever writes into it, such as a stream
    wasyncore.close_all(server._map)
