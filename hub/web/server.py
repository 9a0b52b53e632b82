"""The HTTP server under the pages: waitress, and what slow or silent clients may hold.

A client holds a socket until its request is whole, and a thread only from then on; so what has to
be bounded is how many sockets there are, and for how long a request may stay half said. Owns those
limits; it knows no page.
"""

from __future__ import annotations

from socket import socket
from typing import TYPE_CHECKING, Any, Final

from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

CONNECTIONS_MAX: Final = 400
"""waitress' own 100 is two dozen browsers, six connections each; or one slow attacker."""
SILENT_S: Final = 30
"""A connection on which nothing is said and nothing is owed is closed after so long."""
HEAD_S: Final = 20
"""So long may a request take to say what it wants, in however many pieces."""
BODY_S: Final = 600
"""And so long to bring its file: 64 MiB at 0.9 Mbit/s."""
LOOK_EVERY_S: Final = 5


class PatientServer(TcpWSGIServer):  # type: ignore[misc]
    """waitress, but a request that stays half said is ended, also while bytes drip in."""

    def __init__(self, wsgi: WSGIApplication, listener: socket, adj: Adjustments) -> None:
        self._half_said: dict[Any, float] = {}
        """Requests under way by their parser, and when they were first seen so."""
        sockinfo = (listener.family, listener.type, listener.proto, listener.getsockname())
        super().__init__(wsgi, _sock=listener, bind_socket=False, adj=adj, sockinfo=sockinfo)

    def maintenance(self, now: float) -> None:
        """Called every LOOK_EVERY_S: close what is silent (waitress), and what is too slow."""
        super().maintenance(now)
        seen = {channel.request: channel for channel in list(self.active_channels.values())
                if channel.request is not None and not channel.requests}  # fmt: skip
        self._half_said = {request: self._half_said.get(request, now) for request in seen}
        for request, since in self._half_said.items():
            limit_s = BODY_S if request.headers_finished else HEAD_S
            if now - since > limit_s:
                seen[request].will_close = True


def make_server(
    wsgi: WSGIApplication, listener: socket, *, threads: int, body_bytes_max: int, scheme: str
) -> PatientServer:
    """A server on an open socket that has yet to `run`."""
    adjustments = Adjustments(
        sockets=[listener],
        threads=threads,
        connection_limit=CONNECTIONS_MAX,
        channel_timeout=SILENT_S,
        cleanup_interval=LOOK_EVERY_S,
        asyncore_use_poll=True,  # select() ends at 1,024 open files
        channel_request_lookahead=1,  # tells streams that their browser has hung up
        ident=None,
        max_request_body_size=body_bytes_max,
        url_scheme=scheme,
    )
    return PatientServer(wsgi, listener, adjustments)
