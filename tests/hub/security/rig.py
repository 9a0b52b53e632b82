"""A site with certificates: real broker, the guard looked at by hand, and devices with keys.

Owns waiting: every wait is for a condition, and fails with what the broker's log says.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from paho.mqtt.enums import CallbackAPIVersion

from hub.clock import SystemClock
from hub.devices.acts import AddDevice
from hub.devices.enrolling import Enrolling, new_offer
from hub.identity.announced import HubIdentity, identity_of
from hub.identity.authority import PEM, key_pem, new_key
from hub.security.guard import Guard
from hub.security_events import SecurityEvent
from protocols.enrolment import EnrolmentAnswer, EnrolmentRequest, write_secret
from simulators.bench.small_site import SmallSite

PATIENCE_MS = 120_000
"""Far beyond anything that works: it only bounds a hang."""


def request_of(key: ec.EllipticCurvePrivateKey, common_name: str) -> str:
    """A certificate request in PEM."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return builder.sign(key, hashes.SHA256()).public_bytes(PEM).decode()


class Papers(NamedTuple):
    """What a device connects with."""

    certificate: Path
    key: Path
    authority: Path

    def context(self) -> ssl.SSLContext:
        made = ssl.create_default_context(cafile=self.authority)
        made.check_hostname = False
        made.load_cert_chain(self.certificate, self.key)
        return made


class SecureSite(SmallSite):
    """The site, its guard, and what people and devices do to enrol."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, secure=True)
        self.guard = Guard(self.config, self.journal)
        self._made = 0

    @property
    def identity(self) -> HubIdentity:
        found = identity_of(self.config)
        assert found is not None
        return found

    @property
    def log(self) -> str:
        return (self.config.data / "logs" / "broker.log").read_text()

    def do(self, command: Any) -> Any:
        return self.journal.carry_out(command, site=self.config.site, via="command")

    def offer(self, device: str, *, is_new: bool = True) -> bytes:
        """A person adds a device, or not, and has its code shown; returns the secret."""
        if is_new:
            self.do(AddDevice(device, "handheld"))
        secret, offer = new_offer(device, self.clock.now_us(), os.urandom)
        self.do(offer)
        return secret

    def post(self, device: str, secret: bytes, key: ec.EllipticCurvePrivateKey) -> EnrolmentAnswer:
        """What the device posts, without HTTP."""
        csr = request_of(key, device)
        request = EnrolmentRequest(1, self.config.site, device, write_secret(secret), csr)
        return Enrolling(self.journal, self.identity, os.urandom).enrol(request, "192.0.2.9")

    def enrol(self, device: str, *, is_new: bool = True) -> Papers:
        """From nothing to papers that the broker knows."""
        key = new_key()
        answer = self.post(device, self.offer(device, is_new=is_new), key)
        self.guard.look()
        return self.keep(device, answer.certificate, key)

    def keep(self, device: str, certificate: str, key: ec.EllipticCurvePrivateKey) -> Papers:
        """Put papers into files, as a device does."""
        self._made += 1
        base = self.config.data / f"{device}-{self._made}"
        papers = Papers(
            base.with_suffix(".crt"), base.with_suffix(".key"), self.config.tls_folder / "ca.crt"
        )
        papers.certificate.write_text(certificate)
        papers.key.write_bytes(key_pem(key))
        return papers

    def client(self, papers: Papers | None, client_id: str, **more: Any) -> Client:
        return Client(self, papers.context() if papers else None, client_id, **more)

    def until(self, question: Callable[[], Any], what: str) -> Any:
        """Have the guard look until the answer is true; returns it."""
        end = SystemClock().mono_ms() + PATIENCE_MS
        while not (answer := question()):
            assert SystemClock().mono_ms() < end, f"waited in vain for {what}\n{self.log}"
            self.guard.look()
        return answer

    def seen(self, kind: str) -> list[SecurityEvent]:
        query = SecurityEvent.select().where(SecurityEvent.kind == kind)
        return list(query.order_by(SecurityEvent.first_at))


class Client:
    """paho, as devices have it: one connection, every step waited for."""

    def __init__(
        self, site: SecureSite, context: ssl.SSLContext | None, client_id: str,
        will: tuple[str, bytes] | None = None,
    ) -> None:  # fmt: skip
        self._site = site
        self.heard: list[tuple[str, bytes]] = []
        self.answers: list[str] = []
        self.is_cut = False
        self._mqtt = made = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )  # fmt: skip
        if will is not None:
            made.will_set(*will, qos=1, retain=True)
        anonymous = ssl.create_default_context(cafile=site.config.tls_folder / "ca.crt")
        anonymous.check_hostname = False
        made.tls_set_context(context or anonymous)
        made.on_connect = lambda _c, _u, _f, reason, _p: self.answers.append(str(reason))
        made.on_disconnect = self._disconnected
        made.on_message = lambda _c, _u, m: self.heard.append((m.topic, bytes(m.payload)))
        made.on_publish = lambda _c, _u, _m, reason, _p: self.answers.append(str(reason))
        made.on_subscribe = lambda _c, _u, _m, reasons, _p: self.answers.append("subscribed")
        made.connect("127.0.0.1", site.config.broker_tls_port)

    def _disconnected(self, *_args: Any) -> None:
        self.is_cut = True

    def loop(self) -> None:
        self._mqtt.loop(0.01)

    def is_in(self) -> bool:
        """Whether the broker let it in; waits until that is decided."""
        self.wait(lambda: self.answers or self.is_cut, "an answer to CONNECT")
        return self.answers[:1] == ["Success"] and not self.is_cut

    def wait(self, question: Callable[[], Any], what: str) -> None:
        def ask() -> Any:
            self.loop()
            return question()

        self._site.until(ask, what)

    def subscribe(self, *topics: str) -> None:
        before = self.answers.count("subscribed")
        self._mqtt.subscribe([(topic, 1) for topic in topics])
        self.wait(lambda: self.answers.count("subscribed") > before, "SUBACK")

    def say(self, topic: str, payload: bytes) -> None:
        """Publish and wait for the answer, or for the end of the connection."""
        before = len(self.answers)
        self._mqtt.publish(topic, payload, qos=1)
        self.wait(lambda: len(self.answers) > before or self.is_cut, "PUBACK")

    def next(self) -> tuple[str, bytes]:
        self.wait(lambda: self.heard, "a message")
        return self.heard.pop(0)

    def vanish(self) -> None:
        """The radio is gone: no farewell."""
        sock = self._mqtt.socket()
        if sock is not None:
            sock.close()


@contextmanager
def secure_site(folder: Path) -> Iterator[SecureSite]:
    with SecureSite(folder) as site:
        site.start("broker")
        yield site
