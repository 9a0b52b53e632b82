"""One try to reach the hub, in a thread of its own: names, TCP and TLS may take seconds.

Owns that thread. A scan must not wait for it, so the agent's thread only asks whether it is over,
and reads `found` and `strangers` when it is.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator

from paho.mqtt.client import Client
from paho.mqtt.packettypes import PacketTypes

from edge.link.hub_finder import Candidate
from edge.link.io_values import StrangerMet
from edge.link.packet_properties import empty_properties
from protocols.enrolment import write_address
from protocols.limits import KEEPALIVE_S, SESSION_EXPIRY_S


class Connecting:
    """A look around, names, TCP, TLS, and the first packet."""

    def __init__(
        self,
        client: Client,
        candidates: Callable[[], Iterator[Candidate]],
        wake: Callable[[], None],
    ) -> None:
        """`candidates` are drawn in the thread; `wake` is called from it, at its end."""
        self._client, self._candidates, self._wake = client, candidates, wake
        self.found: Candidate | None = None
        """Who proved to be the hub."""
        self.strangers: list[StrangerMet] = []
        """Who did not."""
        self._has_tried, self._is_given_up = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="connecting", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether every candidate was tried, or one of them was found to be the hub."""
        return self._has_tried.is_set()

    def give_up(self, wait_s: float) -> None:
        """Try no further candidate, and wait for the present one."""
        self._is_given_up = True
        self._thread.join(wait_s)

    def _run(self) -> None:
        try:
            for candidate in self._candidates():
                if self._is_given_up or self._is_hub(candidate):
                    break
        finally:
            self._has_tried.set()
            self._wake()

    def _is_hub(self, candidate: Candidate) -> bool:
        host, port = candidate.address
        properties = empty_properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        self._client.connect_async(
            host, port, KEEPALIVE_S, clean_start=False, properties=properties
        )
        try:
            self._client.reconnect()
        except ssl.SSLCertVerificationError:
            self.strangers.append(_stranger(candidate))
            return False
        except (OSError, ValueError):  # nobody there; or no name at all, which is a ValueError
            return False
        self.found = candidate
        return True


def _stranger(candidate: Candidate) -> StrangerMet:
    from edge.link.pinned_tls import key_shown_at  # loads cryptography, which is rarely needed

    shown = key_shown_at(candidate.address)
    return StrangerMet(write_address(candidate.address), shown, candidate.is_announced)
