"""TLS as a device speaks it: one authority pinned, its own certificate shown. Owns those contexts.

The authority's key decides and nothing else does. Names are not compared, because a hub gets
another address and stays the same hub; instead the other side must hold a *server's* certificate
(extended key usage), which no device has. Dates are skipped: a device boots without a clock.
At least TLS 1.3, where a refusal can come only from who has proved to be the hub.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
from typing import Final

from edge.errors import CertificateUnusable
from edge.identity.keys import fingerprint_of_der
from edge.identity.record import KeyPair
from edge.link.watched_tls import NO_CHECK_TIME, WatchedSocket
from protocols.enrolment import Address

LOOK_TIMEOUT_S: Final = 3.0


def pinned_context(authority: str, pair: KeyPair | None = None) -> ssl.SSLContext:
    """Believes this authority alone, and shows `pair`. Raises CertificateUnusable."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_flags |= NO_CHECK_TIME
    context.sslsocket_class = WatchedSocket
    try:
        context.load_verify_locations(cadata=authority)
        if pair is not None:
            _show(context, pair)
    except (ssl.SSLError, ValueError) as wrong:
        raise CertificateUnusable(str(wrong)) from wrong
    return context


def unverified_context() -> ssl.SSLContext:
    """Believes nobody: for looking at a certificate before it is compared with something."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def key_shown_at(address: Address) -> str:
    """The fingerprint of the key that somebody shows; empty when none can be seen."""
    try:
        with (
            socket.create_connection(address, LOOK_TIMEOUT_S) as plain,
            unverified_context().wrap_socket(plain) as sock,
        ):
            shown = sock.getpeercert(binary_form=True)
        return fingerprint_of_der(shown) if shown else ""
    except (OSError, CertificateUnusable):
        return ""


def _show(context: ssl.SSLContext, pair: KeyPair) -> None:
    """OpenSSL reads certificates from files only; this one is in memory and has no name."""
    fd = os.memfd_create("certificate", os.MFD_CLOEXEC)
    with contextlib.closing(os.fdopen(fd, "wb")) as file:
        file.write(f"{pair.key}\n{pair.certificate}".encode())
        file.flush()
        context.load_cert_chain(f"/proc/self/fd/{fd}")
