"""HTTPS before a server that speaks only HTTP: takes TLS connections, passes their bytes on to a
loopback port, and knows whose connection is whose (docs/decisions/0010-https-front.md).

Owns listening, handshakes and their limits. It reads no HTTP.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from pathlib import Path
from typing import Final

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2: with forward secrecy and authenticated encryption alone. 1.3 has no others."""
HANDSHAKE_TIMEOUT_S: Final = 10
CONNECTIONS_MAX: Final = 200
CHUNK_BYTES: Final = 65_536


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["http/1.1"])
    return context


class TlsFront:
    """Listens with TLS and joins each connection to one of the server behind."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, behind: tuple[str, int]):
        self._listen = (host, port)
        self._context = context
        self._behind = behind
        self._peers: dict[int, str] = {}
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self.port = port

    def peer(self, port: str | None) -> str | None:
        """The browser's address behind the loopback port that the server sees."""
        return self._peers.get(int(port)) if port and port.isdigit() else None

    def start(self) -> None:
        """Listen in a thread of its own; raises OSError when the port is taken."""
        threading.Thread(target=self._run, name="tls-front", daemon=True).start()
        self._ready.wait()
        if self._failed:
            raise self._failed

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except OSError as wrong:
            self._failed = wrong
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        host, port = self._listen
        server = await asyncio.start_server(
            self._join, host, port, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        async with server:
            await server.serve_forever()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._peers) >= CONNECTIONS_MAX:
            writer.close()
            return
        try:
            inner_reader, inner_writer = await asyncio.open_connection(*self._behind)
        except OSError:
            writer.close()
            return
        port = inner_writer.get_extra_info("sockname")[1]
        self._peers[port] = writer.get_extra_info("peername")[0]
        try:
            await _both_ways(reader, writer, inner_reader, inner_writer)
        finally:
            self._peers.pop(port, None)


async def _both_ways(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
    inner_reader: asyncio.StreamReader, inner_writer: asyncio.StreamWriter,
) -> None:  # fmt: skip
    """Pass bytes until either side ends; then end the other."""
    passing = {
        asyncio.create_task(_pass_on(reader, inner_writer)),
        asyncio.create_task(_pass_on(inner_reader, writer)),
    }
    _, left = await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
    for task in left:
        task.cancel()
    await asyncio.gather(*passing, return_exceptions=True)
    inner_writer.close()
    writer.close()


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while chunk := await source.read(CHUNK_BYTES):
            target.write(chunk)
            await target.drain()
    except OSError:
        return
