"""The pages' server as its clients meet it: TLS, two requests in one, names of files."""

from __future__ import annotations

import io
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.app import create_app, serving, serving_https
from hub.clock import SystemClock
from hub.identity.tls import ensure_certificates
from hub.web.context import WebSettings
from hub.web.tls_front import server_context
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import Browser
from tests.served import served_by

Browse = Callable[[str], Browser]
WEAK = re.compile(r"RC4|DES|NULL|EXP|MD5|anon|SEED|IDEA|PSK|-SHA$")


@pytest.fixture
def settings(sqlite_hub: TestHub) -> WebSettings:
    return WebSettings(sqlite_hub.journal, sqlite_hub.site, sqlite_hub.company, b"k" * 32)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    ensure_certificates(tmp_path, SystemClock(), "127.0.0.1", ())
    return tmp_path / "server.crt", tmp_path / "server.key"


@pytest.fixture
def port(settings: WebSettings) -> Iterator[int]:
    server, port = serving(create_app(settings), "127.0.0.1", 0)
    with served_by(server):
        yield port


def answer(port: int, asked: bytes) -> bytes:
    """Everything that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as one:
        one.sendall(asked)
        told = b""
        while more := one.recv(65_536):
            told += more
        return told


def test_tls_is_1_2_or_newer_with_ciphers_that_are_not_weak(
    certificate: tuple[Path, Path],
) -> None:
    context = server_context(*certificate)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    ciphers = context.get_ciphers()
    assert len(ciphers) >= 5
    assert [one["name"] for one in ciphers if WEAK.search(one["name"])] == []
    assert min(one["strength_bits"] for one in ciphers) >= 128


def test_plain_http_at_the_tls_port_is_answered_with_nothing(
    settings: WebSettings, certificate: tuple[Path, Path]
) -> None:
    """Nor with a way on to HTTPS: what was sent in the clear was a mistake to be noticed."""
    server, port = serving_https(create_app(settings), "127.0.0.1", 0, *certificate)
    with served_by(server):
        told = answer(port, b"GET /log-in HTTP/1.1\r\nHost: hub\r\n\r\n")
    assert b"HTTP/" not in told


POST = b"POST /log-in HTTP/1.1\r\nHost: hub\r\n"
SMUGGLED = b"GET /health HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n"


def statuses(told: bytes) -> list[bytes]:
    return re.findall(rb"HTTP/1\.[01] (\d{3})", told)


@pytest.mark.parametrize(
    "head",
    [
        b"Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\nabcd",
        b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"Content-Length: 4\r\nContent-Length: 9\r\n\r\nabcd",
        b"Content-Length: +4\r\n\r\nabcd",
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n0x4\r\nabcd\r\n0\r\n\r\n",
    ],
)
def test_no_request_hides_in_another_of_a_doubtful_length(port: int, head: bytes) -> None:
    """Refused or cut off, and what is behind it is not read as a request of its own."""
    told = answer(port, POST + head + SMUGGLED)
    assert statuses(told)[:1] in ([], [b"400"], [b"501"])
    assert b"ok\n" not in told


def test_beside_chunks_a_length_says_nothing(port: int) -> None:
    """RFC 9112, 6.3: whoever stands before the hub must come to the same end of the request."""
    head = b"Content-Length: 900\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    assert statuses(answer(port, POST + head + SMUGGLED)) == [b"400", b"200"]


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["..", ".", "../../evil.csv", "/etc/cron.d/evil", "..\\evil.csv", "a" * 300 + ".csv"]
)
def test_a_files_own_name_leads_nowhere(
    sqlite_hub: TestHub, browse: Browse, tmp_path: Path, name: str
) -> None:
    admin = browse("admin")
    admin.get("/import")
    sent = {"kind": "items", "what": "try", "file": (io.BytesIO(b"sku,name\nX,X\n"), name)}
    answered = admin.post("/import", sent, content_type="multipart/form-data")
    assert answered.status_code in {303, 413, 422}, answered.text
    assert not list(tmp_path.rglob("*evil*"))
    assert not Path("/etc/cron.d/evil").exists()


def test_what_is_handed_out_is_named_by_the_hub_and_never_shown_in_place(browse: Browse) -> None:
    answered = browse("admin").get("/export/items.csv")
    assert answered.status_code == 200
    told = answered.headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="[a-z0-9-]+\.csv"', told)
    assert answered.headers["X-Content-Type-Options"] == "nosniff"
