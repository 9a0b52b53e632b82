"""A connection to PostgreSQL that breaks at the worst moment: before or after the commit.

Owns a socket between client and server and one thread; knows no more of their language than the
word COMMIT.
"""

from __future__ import annotations

import contextlib
import select
import socket
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Final

SOCKET_NAME: Final = ".s.PGSQL.5432"
READ_BYTES: Final = 65_536


class CutConnection:
    """Carries one connection on, and breaks it at its next commit once it is `armed`."""

    def __init__(self, server: Path, folder: Path, *, answers_lost: bool) -> None:
        self.folder, self.armed = folder, False
        self._server, self._answers_lost = server / SOCKET_NAME, answers_lost
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.bind(str(folder / SOCKET_NAME))
        self._listening.listen()
        self._thread = Thread(target=self._carry, daemon=True)

    def __enter__(self) -> CutConnection:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, wrong: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._listening.close()
        self._thread.join()

    def _carry(self) -> None:
        client, _ = self._listening.accept()
        with client, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
            server.connect(str(self._server))
            with contextlib.suppress(ConnectionError):
                while self._pass_on(client, server):
                    pass

    def _pass_on(self, client: socket.socket, server: socket.socket) -> bool:
        """What came from either side goes to the other; False once the connection is to break."""
        for side in select.select([client, server], [], [])[0]:
            said = side.recv(READ_BYTES)
            is_last = self.armed and side is client and b"COMMIT" in said
            if not said or (is_last and not self._answers_lost):
                return False
            (server if side is client else client).sendall(said)
            if is_last:
                server.recv(READ_BYTES)  # it is done, and nobody is told
                return False
        return True
