"""A hub's two open endpoints over real HTTPS, which can misbehave as a test wants.

The rules are the hub's: the same key again gets the same certificate, another key is CODE_USED.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from msgspec.structs import replace

from hub.identity.authority import read_request
from protocols.enrolment import (
    AUTHORITY_PATH,
    ENROLMENTS_PATH,
    Address,
    EnrolmentAnswer,
    EnrolmentCode,
    EnrolmentRefusal,
    EnrolmentRequest,
    decode_body,
    encode_body,
    write_secret,
)
from tests.edge.certificates import DEVICE, SITE, TestHub

SECRET = b"0123456789"
Reply = tuple[int, bytes]


class EnrollingHub:
    """What stands behind the two endpoints."""

    def __init__(self, hub: TestHub, broker: str = "10.0.0.1:8883") -> None:
        self.hub, self.broker = hub, broker
        self.requests: list[EnrolmentRequest] = []
        self.shown_authority = hub.authority.pem
        self.loses_replies = 0
        """So many grants are made and never heard."""
        self.refusal: tuple[int, str] | None = None
        self.spoils: Callable[[EnrolmentAnswer], EnrolmentAnswer] = lambda answer: answer
        self._granted: dict[str, str] = {}
        self.address = Address("", 0)

    def code(self, *before: Address, device: str = DEVICE) -> EnrolmentCode:
        """The code that this hub shows; `before`: other addresses in front of its own."""
        named = (*before, self.address)
        return EnrolmentCode(SITE, device, SECRET, self.hub.authority.fingerprint, named)

    def post(self, body: bytes) -> Reply | None:
        """The reply; None when it is lost on its way."""
        request = decode_body(EnrolmentRequest, body)
        self.requests.append(request)
        if self.refusal is not None:
            status, code = self.refusal
            return status, encode_body(EnrolmentRefusal(code, "No, and that is why."))
        if request.secret != write_secret(SECRET):
            return 403, encode_body(EnrolmentRefusal("CODE_UNKNOWN", "There is no such code."))
        if self._granted and self.key_of(request) not in self._granted:
            return 409, encode_body(EnrolmentRefusal("CODE_USED", "That code is used."))
        answer = self._grant(request)
        if self.loses_replies:
            self.loses_replies -= 1
            return None
        return 201, encode_body(self.spoils(answer))

    def _grant(self, request: EnrolmentRequest) -> EnrolmentAnswer:
        key = self.key_of(request)
        if key not in self._granted:
            self._granted[key] = self.hub.grant(request.csr, request.device)
        return EnrolmentAnswer(
            1, request.site, request.device, "handheld", self._granted[key],
            self.hub.authority.pem, self.hub.authority.hub_id, (self.broker,), "epoch",
        )  # fmt: skip

    def key_of(self, request: EnrolmentRequest) -> str:
        """The name of the key that a request is for."""
        return read_request(request.csr, request.device).fingerprint


class _Handler(BaseHTTPRequestHandler):
    """Answers for the hub that its server belongs to."""

    server: _Server

    def do_GET(self) -> None:
        found = self.path == AUTHORITY_PATH
        shown = self.server.hub.shown_authority.encode()
        self._say((200, shown) if found else (404, b"{}"))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._say(self.server.hub.post(body) if self.path == ENROLMENTS_PATH else (404, b"{}"))

    def _say(self, reply: Reply | None) -> None:
        if reply is None:
            return
        self.send_response(reply[0])
        self.send_header("Content-Length", str(len(reply[1])))
        self.end_headers()
        self.wfile.write(reply[1])

    def log_message(self, *_said: object) -> None:
        """Tests are quiet."""


class _Server(ThreadingHTTPServer):
    """TLS on a free port."""

    def __init__(self, hub: EnrollingHub, certificates: Path) -> None:
        self.hub = hub
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificates / "server.crt", certificates / "server.key")
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, *_from: object) -> None:
        """A device that broke off is no news."""

    def finish_request(self, request, client_address) -> None:
        wrapped = self._context.wrap_socket(request, server_side=True)
        super().finish_request(wrapped, client_address)
        wrapped.close()


@contextmanager
def serving(hub: EnrollingHub, certificates: Path | None = None) -> Iterator[EnrollingHub]:
    """Over HTTPS on a free port; `certificates`: another folder's than the hub's own."""
    with _Server(hub, certificates or hub.hub.folder) as server:
        hub.address = Address("127.0.0.1", server.server_address[1])
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield hub
        finally:
            server.shutdown()


def spoilt(**fields: object) -> Callable[[EnrolmentAnswer], EnrolmentAnswer]:
    """An answer with other values than the hub's."""
    return lambda answer: replace(answer, **fields)
