"""What TLS needs of us with a password and with a certificate alike. Small: no `cryptography` here.

Owns the socket that remembers a refusal, and the flag that skips dates.
"""

from __future__ import annotations

import ssl
from contextlib import suppress
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

    def send(self, *arguments: Any, **named: Any) -> int:
        """As always; a wire that is gone is first asked what was last said on it.

        Who refuses our certificate says so and hangs up at once, so a device that is slower than
        its broker meets a broken wire with its first word, and the alert unread on it.
        """
        try:
            return super().send(*arguments, **named)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError:
            with suppress(OSError):
                self.recv(1)
            raise
