"""A device with a certificate, over a real TLS broker: whom it believes, and who believes it."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec.structs import replace

from edge.config import HubConfig
from edge.errors import CertificateUnusable
from edge.identity.keys import make_key, request_for, serial
from edge.identity.record import IdentityStore, KeyPair
from edge.link import hub_link
from edge.link.certificate_access import CertificateAccess
from edge.link.hub_finder import Found
from edge.link.io_values import LinkLost, MessageArrived, Publish, Reconnect, StrangerMet, Subscribe
from edge.link.pinned_tls import key_shown_at, pinned_context
from edge.link.reconnect import REFUSED_MS
from hub.identity.authority import read_request
from protocols.discovery import Announcement
from protocols.enrolment import Address, write_address
from simulators.ports import free_port
from tests.edge.certificates import DEVICE, NOW_US, SITE, TestHub
from tests.edge.link_shell import PATIENCE_S, LinkShell, is_kind
from tests.edge.mosquitto import Mosquitto, mosquitto

pytestmark = pytest.mark.broker


@pytest.fixture
def hub(tmp_path) -> TestHub:
    return TestHub(tmp_path / "tls")


@contextmanager
def broker_of(hub: TestHub, folder: Path, server: Path | None = None) -> Iterator[Mosquitto]:
    """A broker as the hub sets it up; `server`: another folder's certificate than the hub's."""
    folder.mkdir(exist_ok=True)
    shown = server or hub.folder
    lines = [
        "require_certificate true", "use_identity_as_username true",
        "use_username_as_clientid true", f"cafile {hub.folder}/ca.crt",
        f"crlfile {hub.folder}/crl.pem", f"certfile {shown}/server.crt",
        f"keyfile {shown}/server.key", "tls_version tlsv1.2",
    ]  # fmt: skip
    with mosquitto(folder, "\n".join(lines)) as running:
        yield running


@pytest.fixture
def broker(hub, tmp_path) -> Iterator[Mosquitto]:
    with broker_of(hub, tmp_path / "broker") as running:
        yield running


def at(broker: Mosquitto) -> str:
    return f"127.0.0.1:{broker.port}"


class Device:
    """An enrolled device's store and link."""

    def __init__(self, hub: TestHub, folder: Path, *brokers: str) -> None:
        self.folder = folder
        self.store = IdentityStore(folder)
        self.store.adopt(hub.identity(*brokers))
        self.seen: list[Found] = []
        self.link_anew()

    def link_anew(self) -> None:
        """As after a restart."""
        self.access = CertificateAccess(self.store, HubConfig(), self._look)
        self.shell = LinkShell(self.access)

    def _look(self, _is_enough: Callable[[Announcement], bool]) -> Sequence[Found]:
        return tuple(self.seen)


@pytest.fixture
def device(hub, broker, tmp_path) -> Iterator[Device]:
    made = Device(hub, tmp_path / "device", at(broker))
    yield made
    made.shell.link.close()


# ── Whom the broker believes. ───────────────────────────────────────────────────────────────


def test_the_certificate_is_the_way_in_and_its_name_the_client_id(device, broker):
    connected = device.shell.connected()
    assert connected.certificate == serial(device.store.identity.pair.certificate)
    device.shell.link.carry_out(Subscribe(("a/b",)))
    device.shell.link.carry_out(Publish("a/b", b"hello"))
    assert device.shell.until(is_kind(MessageArrived)).payload == b"hello"
    sock = device.shell.link.socket
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
    assert sock.version() == "TLSv1.3"
    assert IdentityStore(device.folder).identity.last_good == at(broker)


def test_a_revoked_device_is_told_so_and_waits_long_before_it_tries_again(device, hub, broker):
    hub.revoke(serial(device.store.identity.pair.certificate))
    broker.kill()
    broker.start()
    lost = device.shell.until(is_kind(LinkLost))
    assert lost == LinkLost("SSLV3_ALERT_CERTIFICATE_REVOKED", "NOT_ADMITTED")
    now_ms = device.shell.clock.now().mono_ms
    assert device.shell.link.next_wakeup_ms > now_ms + REFUSED_MS // 4


def test_a_refusal_is_known_though_the_broker_hung_up_before_the_device_said_a_word(hub, broker):
    """A device is often slower than its broker: the alert is there, and the wire is broken."""
    pair = hub.pair()
    hub.revoke(serial(pair.certificate))
    broker.kill()
    broker.start()
    with socket.create_connection(("127.0.0.1", broker.port)) as plain:
        sock = pinned_context(hub.authority.pem, pair).wrap_socket(plain)
        hung_up = select.poll()
        hung_up.register(sock, select.POLLRDHUP)
        assert hung_up.poll(PATIENCE_S * 1_000)
        with suppress(OSError):
            sock.send(b"CONNECT")
            sock.recv(1)
        assert sock.alert == "SSLV3_ALERT_CERTIFICATE_REVOKED"
        sock.close()


def test_a_certificate_of_another_authority_is_not_admitted(hub, broker, tmp_path):
    other = TestHub(tmp_path / "other")
    store = IdentityStore(tmp_path / "device")
    store.adopt(replace(hub.identity(at(broker)), pair=other.pair()))
    shell = LinkShell(CertificateAccess(store, HubConfig(mdns=False)))
    assert shell.until(is_kind(LinkLost)).code == "NOT_ADMITTED"
    shell.link.close()


def test_a_certificate_whose_date_has_passed_by_the_hubs_clock_is_told_as_that(
    hub, broker, tmp_path
):
    """As every device's is when the hub's clock is years ahead; they were not shut out."""
    key, long_ago_us = make_key(), NOW_US - 3 * 365 * 86_400_000_000
    asked = read_request(request_for(key, DEVICE), DEVICE)
    outdated = hub.authority.sign_device(asked, SITE, DEVICE, b"o" * 16, long_ago_us)
    store = IdentityStore(tmp_path / "device")
    store.adopt(replace(hub.identity(at(broker)), pair=KeyPair(key, outdated.pem)))
    shell = LinkShell(CertificateAccess(store, HubConfig(mdns=False)))
    lost = shell.until(is_kind(LinkLost))
    assert lost == LinkLost("SSLV3_ALERT_CERTIFICATE_EXPIRED", "CERTIFICATE_OUTDATED")
    shell.link.close()


# ── Whom the device believes. ───────────────────────────────────────────────────────────────


def test_a_rogue_at_the_first_address_is_reported_and_the_true_hub_is_found(hub, broker, tmp_path):
    rogue = TestHub(tmp_path / "rogue")
    with broker_of(rogue, tmp_path / "rogues-broker") as there:
        device = Device(hub, tmp_path / "device", at(there), at(broker))
        came = []
        device.shell.until(lambda each: came.append(each) or len(came) == 2)
        shown = key_shown_at(Address("127.0.0.1", there.port))
        assert came[0] == StrangerMet(at(there), shown)
        assert shown not in {"", rogue.authority.fingerprint}
        assert came[1].certificate
        device.shell.link.close()


def test_a_rogue_that_announces_even_the_right_key_is_refused_by_its_own(hub, tmp_path):
    rogue = TestHub(tmp_path / "rogue")
    with broker_of(rogue, tmp_path / "rogues-broker") as there:
        device = Device(hub, tmp_path / "device", "127.0.0.1:1")
        claim = Announcement(SITE, "x", hub.authority.fingerprint)
        device.seen = [Found(claim, (Address("127.0.0.1", there.port),))]
        met = device.shell.until(is_kind(StrangerMet))
        assert (met.address, met.is_announced) == (at(there), True)
        device.shell.link.close()


def test_a_device_of_the_same_hub_cannot_pose_as_the_hub(hub, tmp_path):
    """Names are not compared, so this is what the usage of a certificate is for."""
    thief = tmp_path / "thief"
    thief.mkdir()
    pair = hub.pair("h2")
    (thief / "server.crt").write_text(pair.certificate)
    (thief / "server.key").write_text(pair.key)
    with broker_of(hub, tmp_path / "thiefs-broker", thief) as there:
        device = Device(hub, tmp_path / "device", at(there))
        assert isinstance(device.shell.until(lambda _came: True), StrangerMet)
        device.shell.link.close()


def test_a_server_certificate_that_ended_and_names_another_host_is_still_the_hubs(hub, tmp_path):
    """A device boots without a clock, and a hub gets another address: the pinned key decides."""
    old = tmp_path / "old"
    old.mkdir()
    key = make_key()
    public = load_pem_private_key(key.encode(), None).public_key()
    elsewhere, ended = [x509.DNSName("elsewhere")], datetime(2021, 1, 1, tzinfo=UTC)
    signed = hub.authority.sign_server(public, elsewhere, "elsewhere", ended)
    (old / "server.crt").write_bytes(signed)
    (old / "server.key").write_text(key)
    with broker_of(hub, tmp_path / "broker", old) as there:
        device = Device(hub, tmp_path / "device", at(there))
        assert device.shell.connected().certificate
        device.shell.link.close()


def test_older_tls_is_not_spoken_because_there_anybody_can_refuse_in_the_hubs_name(hub):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(hub.folder / "server.crt", hub.folder / "server.key")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        threading.Thread(target=_shake_hands, args=(listening, context), daemon=True).start()
        ours = pinned_context(hub.authority.pem)
        with (
            socket.create_connection(listening.getsockname()) as plain,
            pytest.raises(ssl.SSLError, match=r"(?i)version"),
        ):
            ours.wrap_socket(plain)


def _shake_hands(listening: socket.socket, context: ssl.SSLContext) -> None:
    came, _ = listening.accept()
    try:
        context.wrap_socket(came, server_side=True).close()
    except OSError:
        came.close()


def test_a_pair_that_does_not_fit_is_refused_by_name(hub):
    with pytest.raises(CertificateUnusable):
        pinned_context(hub.authority.pem, KeyPair(make_key(), hub.pair().certificate))
    with pytest.raises(CertificateUnusable):
        pinned_context("rubbish")


def test_who_shows_no_certificate_has_no_fingerprint():
    assert key_shown_at(Address("127.0.0.1", free_port())) == ""


# ── Where the hub is. ───────────────────────────────────────────────────────────────────────


def test_a_hub_that_moved_is_found_again_without_a_restart(device, hub, broker, tmp_path):
    device.shell.connected()
    with broker_of(hub, tmp_path / "elsewhere") as moved:
        claim = Announcement(SITE, hub.authority.hub_id, hub.authority.fingerprint)
        device.seen = [Found(claim, (Address("127.0.0.1", moved.port),))]
        broker.kill()
        device.shell.connected()
        assert device.store.identity.last_good == at(moved)


def test_an_address_that_never_answers_does_not_keep_the_device_from_the_next(
    hub, broker, tmp_path, monkeypatch
):
    monkeypatch.setattr(hub_link, "CONNECT_TIMEOUT_S", 0.2)
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as full:
        held = [socket.socket() for _ in range(3)]
        for sock in held:
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
        dead = write_address(Address(*full.getsockname()))
        device = Device(hub, tmp_path / "device", dead, at(broker))
        assert device.shell.connected()
        device.shell.link.close()
        for sock in held:
            sock.close()


# ── Renewal. ────────────────────────────────────────────────────────────────────────────────


def renewed(device: Device, hub: TestHub) -> KeyPair:
    """The device has a new pair that has not connected yet."""
    device.store.begin_renewal()
    device.store.take_next(hub.grant(request_for(device.store.identity.next_key, DEVICE)))
    pair = device.store.identity.next_pair
    assert pair is not None
    return pair


def test_a_renewed_certificate_is_used_at_once_and_replaces_the_old_one(device, hub):
    device.shell.connected()
    pair = renewed(device, hub)
    device.shell.link.carry_out(Reconnect())
    device.shell.until(is_kind(LinkLost))
    assert device.shell.connected().certificate == serial(pair.certificate)
    assert device.store.identity.pair == pair
    assert not device.store.identity.next_key


def test_a_restart_before_the_new_one_has_connected_tries_it_first(device, hub):
    pair = renewed(device, hub)
    device.link_anew()
    assert device.shell.connected().certificate == serial(pair.certificate)


def test_a_new_certificate_that_is_refused_leaves_the_device_with_the_old_one(device, hub, broker):
    old = device.store.identity.pair
    pair = renewed(device, hub)
    hub.revoke(serial(pair.certificate))
    broker.kill()
    broker.start()
    assert device.shell.connected().certificate == serial(old.certificate)
    assert device.store.identity.pair == old
    assert not device.store.identity.next_key


def test_the_old_one_may_be_revoked_as_soon_as_the_new_one_has_connected(device, hub, broker):
    old = device.store.identity.pair
    pair = renewed(device, hub)
    device.link_anew()
    device.shell.connected()
    hub.revoke(serial(old.certificate))
    broker.kill()
    broker.start()
    device.shell.until(is_kind(LinkLost))
    assert device.shell.connected().certificate == serial(pair.certificate)


def test_with_both_refused_the_device_is_told_and_keeps_both(device, hub, broker):
    old = device.store.identity.pair
    pair = renewed(device, hub)
    hub.revoke(serial(old.certificate), serial(pair.certificate))
    broker.kill()
    broker.start()
    assert device.shell.until(is_kind(LinkLost)).code == "NOT_ADMITTED"
    assert (device.store.identity.pair, device.store.identity.next_pair) == (old, pair)
