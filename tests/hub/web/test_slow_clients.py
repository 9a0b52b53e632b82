"""Clients that begin requests and never end them: the pages answer everybody else meanwhile."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.app import create_app, serving, serving_https
from hub.clock import SystemClock
from hub.identity.tls import ensure_certificates
from hub.web import server as limits
from hub.web.context import WebSettings
from hub.web.incoming import FILE_BYTES_MAX
from tests.hub.conftest import TestHub
from tests.served import served_by

PATIENCE_S = 120
"""Far beyond anything that works: it only bounds a hang."""
SLOW = 120
"""More than waitress takes by itself, and than there are threads."""
HALF_A_HEAD = b"GET /health HTTP/1.1\r\nHost: hub\r\nX-Slow: "
HALF_A_BODY = (
    b"POST /log-in HTTP/1.1\r\nHost: hub\r\nContent-Length: 900\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nlogin=adm"
)


@pytest.fixture
def settings(sqlite_hub: TestHub) -> WebSettings:
    return WebSettings(sqlite_hub.journal, sqlite_hub.site, sqlite_hub.company, b"k" * 32)


@pytest.fixture
def running(settings: WebSettings) -> Iterator[Any]:
    server, port = serving(create_app(settings), "127.0.0.1", 0)
    with served_by(server):
        server.port = port
        yield server


@contextmanager
def half_said(port: int, begun: bytes, count: int = SLOW) -> Iterator[list[socket.socket]]:
    """So many connections on which a request was begun."""
    with ExitStack() as opened:
        found = []
        for _ in range(count):
            one = opened.enter_context(
                socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
            )
            one.sendall(begun)
            found.append(one)
        yield found


def health(port: int, context: ssl.SSLContext | None = None) -> bytes:
    connection: http.client.HTTPConnection
    if context is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    else:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=PATIENCE_S, context=context
        )
    try:
        connection.request("GET", "/health")
        return connection.getresponse().read()
    finally:
        connection.close()


@pytest.mark.parametrize("begun", [b"", b"G", HALF_A_HEAD, HALF_A_BODY])
def test_pages_answer_while_many_requests_stay_half_said(running: Any, begun: bytes) -> None:
    with half_said(running.port, begun):
        assert health(running.port) == b"ok\n"
        assert health(running.port) == b"ok\n"


def test_pages_answer_over_tls_while_many_never_end_their_handshake(
    settings: WebSettings, tmp_path: Path
) -> None:
    ensure_certificates(tmp_path, SystemClock(), "127.0.0.1", ())
    files = (tmp_path / "server.crt", tmp_path / "server.key")
    server, port = serving_https(create_app(settings), "127.0.0.1", 0, *files)
    trusted = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
    with served_by(server), half_said(port, b"\x16\x03\x01"):
        assert health(port, trusted) == b"ok\n"


def later(server: Any, seconds: float) -> list[Any]:
    """What the server would close so long after it first saw what is open now."""
    begun = max(channel.last_activity for channel in server.active_channels.values())
    server.maintenance(begun)
    for channel in server.active_channels.values():
        channel.last_activity = begun + seconds  # a byte just came in
    server.maintenance(begun + seconds)
    return [channel for channel in server.active_channels.values() if channel.will_close]


@contextmanager
def unattended(settings: WebSettings, begun: bytes) -> Iterator[Any]:
    """A server whose loop is turned by hand, and one client that has begun a request."""
    server, port = serving(create_app(settings), "127.0.0.1", 0)
    with half_said(port, begun, count=1):
        while not (server.active_channels and _has_heard(server, begun)):
            server.asyncore.poll(1.0, server._map)
        yield server
    server.task_dispatcher.shutdown()
    server.asyncore.close_all(server._map)


def _has_heard(server: Any, begun: bytes) -> bool:
    (channel,) = server.active_channels.values()
    return not begun or channel.request is not None


@pytest.mark.parametrize(
    ("begun", "limit_s"), [(HALF_A_HEAD, limits.HEAD_S), (HALF_A_BODY, limits.BODY_S)]
)
def test_a_request_that_drips_is_ended_after_its_time(
    settings: WebSettings, begun: bytes, limit_s: int
) -> None:
    with unattended(settings, begun) as server:
        assert later(server, limit_s - 1) == []
    with unattended(settings, begun) as server:
        assert len(later(server, limit_s + 1)) == 1


def test_each_request_on_a_kept_connection_has_its_own_time(settings: WebSettings) -> None:
    with unattended(settings, HALF_A_HEAD) as server:
        (channel,) = server.active_channels.values()
        assert later(server, limits.HEAD_S - 1) == []
        channel.request = type(channel.request)(server.adj)  # the next one has begun
        assert later(server, limits.HEAD_S - 1) == []


def test_a_body_beyond_the_limit_is_refused_when_it_is_announced(running: Any) -> None:
    head = f"POST /log-in HTTP/1.1\r\nHost: hub\r\nContent-Length: {FILE_BYTES_MAX + 1}\r\n\r\n"
    with half_said(running.port, head.encode(), count=1) as (one,):
        assert one.recv(64).split()[1] == b"413"


def test_a_head_without_end_is_refused(running: Any) -> None:
    endless = HALF_A_HEAD.ljust(running.adj.max_request_header_size + 1, b"x")
    with half_said(running.port, endless, count=1) as (one,):
        assert one.recv(64).split()[1] == b"431"


def test_there_is_room_for_more_slow_clients_than_threads(running: Any) -> None:
    assert limits.CONNECTIONS_MAX > SLOW > running.adj.threads
    assert running.adj.asyncore_use_poll, "select() fails beyond 1,024 open files"
