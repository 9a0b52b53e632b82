"""What TLS needs of us with a password and with a certificate alike. Small: no `cryptography` here.

Owns the socket that remembers a refusal, and the flag that skips dates.
"""

from __future__ import annotations

import ssl
from typing import Any, Final

NO_CHECK_TIME: Final = ssl.VerifyFlags(0x200000)
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL: a device boots without a clock."""


class WatchedSocket(ssl.SSLSocket):
    """Remembers what the other side alerted: paho passes on no more than "connection lost"."""

    alert: str = ""

    def recv(self, *arguments: Any, **named: Any) -> bytes:
        """As always; a refusal of our certificate stays known."""
        try:
            return super().recv(*arguments, **named)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as wrong:
            self.alert = wrong.reason or ""
            raise
