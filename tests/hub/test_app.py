"""The application as it is served: blueprints, HTTPS, the browser's address, a live stream."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.app import _secret_key, create_app, serving, serving_https
from hub.clock import SystemClock
from hub.identity.tls import ensure_certificates
from hub.journal import Act
from hub.staff import service as staff
from hub.staff import sessions
from hub.staff.models import Denial
from hub.web.context import WebSettings
from hub.web.live import provide
from tests.hub.conftest import TestHub
from tests.served import served_by

NEWS_TIMEOUT_S = 120
"""Far beyond anything that works: it only bounds a hang."""


@pytest.fixture
def settings(sqlite_hub: TestHub) -> WebSettings:
    sqlite_hub.journal.clock = SystemClock()
    with sqlite_hub.act() as act:
        staff.seed_permissions(act)
    return WebSettings(sqlite_hub.journal, "w1", "shop", b"k" * 32, is_https=True)


@pytest.fixture
def https(settings: WebSettings, tmp_path: Path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """The hub beyond loopback, and a client that trusts its own authority and nothing else."""
    ensure_certificates(tmp_path, SystemClock(), "127.0.0.1", ())
    app = create_app(settings)
    server, port = serving_https(
        app, "127.0.0.1", 0, tmp_path / "server.crt", tmp_path / "server.key"
    )
    with served_by(server):
        yield port, ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))


def test_every_address_belongs_to_one_view(settings: WebSettings) -> None:
    rules = [
        (method, str(rule))
        for rule in create_app(settings).url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    assert len(rules) == len(set(rules))


def test_https_is_spoken_with_the_hubs_own_certificate(
    https: tuple[int, ssl.SSLContext],
) -> None:
    port, trusted = https
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusted)
    connection.request("GET", "/log-in")
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.getheader("Strict-Transport-Security")
    assert "Secure" in (answer.getheader("Set-Cookie") or "")
    answer.read()
    connection.request("GET", "/health")
    assert connection.getresponse().read() == b"ok\n", "the connection is kept"
    connection.close()


def test_a_client_that_trusts_others_does_not_get_in(https: tuple[int, ssl.SSLContext]) -> None:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", https[0], context=ssl.create_default_context()
    )
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/log-in")


def test_silent_and_rude_clients_hold_up_nobody(https: tuple[int, ssl.SSLContext]) -> None:
    import socket

    port, trusted = https
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    silent[0].sendall(b"GET / HTTP/1.1\r\n\r\n")
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusted)
    connection.request("GET", "/health")
    assert connection.getresponse().status == 200
    for client in (connection, *silent):
        client.close()


def test_who_does_not_come_through_the_front_is_sent_away(
    https: tuple[int, ssl.SSLContext], settings: WebSettings
) -> None:
    from hub.app import behind
    from hub.web.tls_front import TlsFront

    front = TlsFront("127.0.0.1", 0, https[1], ("127.0.0.1", 1))
    said: list[str] = []

    def start(status: str, headers: object, wrong: object = None) -> Callable[[bytes], object]:
        said.append(status)
        return lambda _chunk: None

    body = behind(front, create_app(settings))({"REMOTE_PORT": "4711"}, start)
    assert said == ["421 Misdirected Request"]
    assert list(body) == [b"Use https.\n"]


def test_a_stream_brings_news_over_a_real_socket(
    settings: WebSettings, sqlite_hub: TestHub
) -> None:
    told = ["before"]
    provide("test-news", lambda _key: told[0], needs=("warehouse", "read"))
    _let_in(sqlite_hub, "secret")
    server, port = serving(create_app(settings), "127.0.0.1", 0)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=NEWS_TIMEOUT_S)
    with served_by(server), closing(connection):
        answer = _listen_to(connection)
        assert _next_news(answer) == b'data: {"topic":"test-news","value":"before"}\n'
        told[0] = "after"
        with sqlite_hub.act():
            pass
        assert _next_news(answer) == b'data: {"topic":"test-news","value":"after"}\n'


def _listen_to(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
    cookie = {"Cookie": "__Host-binlight=secret"}
    connection.request("GET", "/live?topic=test-news", headers=cookie)
    answer = connection.getresponse()
    assert answer.getheader("Content-Type", "").startswith("text/event-stream")
    return answer


def _let_in(hub: TestHub, secret: str) -> None:
    def do(act: Act) -> None:
        ana = staff.add_person(act, "shop", "Ana", login="ana", roles=["supervisor"])
        sessions.open_session(act, ana, sessions.digest(secret), "::1")

    hub.journal.perform("test", do, site=hub.site, via="setup")


def _next_news(answer: http.client.HTTPResponse) -> bytes:
    while True:
        line = answer.readline()
        assert line, "the stream ended"
        if b"test-news" in line:
            return line


def test_the_key_that_signs_forms_outlives_a_restart_and_is_private(tmp_path: Path) -> None:
    first = _secret_key(tmp_path / "secrets")
    assert _secret_key(tmp_path / "secrets") == first
    assert (tmp_path / "secrets" / "web-key").stat().st_mode & 0o077 == 0


def test_a_failed_log_in_is_noted_with_the_browsers_own_address(
    https: tuple[int, ssl.SSLContext],
) -> None:
    port, trusted = https
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusted)
    connection.request("GET", "/log-in")
    answer = connection.getresponse()
    cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
    token = answer.read().decode().split('name="csrf_token" value="')[1].split('"')[0]
    connection.request(
        "POST", "/log-in", body=f"csrf_token={token}&login=nobody&password=x",
        headers={"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded",
                 "Referer": f"https://127.0.0.1:{port}/log-in"},
    )  # fmt: skip
    assert connection.getresponse().status == 401
    connection.close()
    assert Denial.get().address == "127.0.0.1"
