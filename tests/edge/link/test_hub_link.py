"""The link's shell over a real broker, and the whole agent's loop around it."""

from __future__ import annotations

import ipaddress
import queue
import random
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from edge.clock import SystemClock
from edge.config import BrokerConfig, DeviceConfig, EdgeConfig
from edge.errors import ConfigUnreadable
from edge.handheld.agent import AgentCore
from edge.handheld.agent_io import KeyTyped
from edge.identity.keys import fingerprint
from edge.link import connecting
from edge.link.hub_access import PasswordAccess, by_password
from edge.link.hub_link import UNHEARD_MS
from edge.link.io_values import (
    LinkLost,
    MessageArrived,
    PubAck,
    Publish,
    StrangerMet,
    Subscribe,
)
from edge.link.reconnect import REFUSED_MS
from edge.loop import AgentLoop, linked
from edge.scanner_port import ScannerPort
from edge.scanners.scripted import ScriptedScanner
from edge.storage.outbox import SqliteOutbox
from edge.tones import RecordingTone, Tone
from protocols.barcodes import badge_label
from protocols.limits import KEEPALIVE_S
from protocols.messages.configuration import Config
from tests.edge.handheld.floor import ANA, PIN
from tests.edge.hearing_hub import HearingHub
from tests.edge.link_shell import PATIENCE_S, WILL, LinkShell, is_kind
from tests.edge.mosquitto import Mosquitto, mosquitto

pytestmark = pytest.mark.broker

UNREAD = 600


@pytest.fixture
def broker(tmp_path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path) as running:
        yield running


class Shell(LinkShell):
    """A link by name and password."""

    def __init__(self, config: BrokerConfig, device: str = "h1") -> None:
        super().__init__(PasswordAccess(config, device), device)


@pytest.fixture
def shell(broker) -> Iterator[Shell]:
    made = Shell(BrokerConfig("127.0.0.1", broker.port))
    yield made
    made.link.close()


def test_a_message_goes_round_with_its_correlation(shell):
    shell.connected()
    shell.link.carry_out(Subscribe(("a/b",)))
    shell.link.carry_out(Publish("a/b", b"hello", expiry_s=60, correlation=b"c-1"))
    came = shell.until(is_kind(MessageArrived))
    assert came == MessageArrived("a/b", b"hello", b"c-1")


def test_small_packets_are_not_held_back_and_a_dead_radio_is_noticed(shell):
    shell.connected()
    sock = shell.link.socket
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
    assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNHEARD_MS


def test_the_broker_says_when_no_hub_listens(shell):
    shell.connected()
    shell.link.carry_out(Publish("nobody/here", b"x", token=7))
    assert shell.until(is_kind(PubAck)) == PubAck(7, 0x10)
    shell.link.carry_out(Subscribe(("somebody/here",)))
    shell.link.carry_out(Publish("somebody/here", b"x", token=8))
    assert shell.until(is_kind(PubAck)) == PubAck(8, 0)


def test_a_killed_broker_is_noticed_and_found_again(shell, broker):
    shell.connected()
    broker.kill()
    shell.until(is_kind(LinkLost))
    shell.link.carry_out(Publish("a", b"into the void", token=1))
    broker.start()
    shell.connected()


def test_nothing_of_an_old_connection_is_sent_by_itself(shell, broker):
    """paho would repeat what it had under way; the core alone decides what is repeated."""
    shell.connected()
    shell.link.carry_out(Subscribe(("a",)))
    broker.kill()
    shell.link.carry_out(Publish("a", b"old", token=1))
    shell.until(is_kind(LinkLost))
    broker.start()
    shell.connected()
    shell.link.carry_out(Subscribe(("a",)))
    shell.link.carry_out(Publish("a", b"new", token=2))
    assert shell.until(is_kind(MessageArrived)).payload == b"new"


def test_an_answer_on_a_new_connection_is_none_to_what_was_sent_on_the_old_one(shell, broker):
    """Packets are numbered from 1 again on each connection."""
    shell.connected()
    broker.kill()
    shell.link.carry_out(Publish("a", b"old", token=1))
    shell.until(is_kind(LinkLost))
    broker.start()
    shell.connected()
    shell.link.carry_out(Publish("a", b"new"))
    shell.link.carry_out(Publish("a", b"newer", token=2))
    assert shell.until(is_kind(PubAck)).token == 2


def test_a_device_that_vanishes_is_spoken_for_by_its_will(shell, broker):
    shell.connected()
    shell.link.socket.shutdown(socket.SHUT_RDWR)
    watcher = Shell(BrokerConfig("127.0.0.1", broker.port), "watcher")
    watcher.connected()
    watcher.link.carry_out(Subscribe((WILL.topic,)))
    assert watcher.until(is_kind(MessageArrived)).payload == b"gone"
    watcher.link.close()


def test_a_farewell_is_heard_though_much_that_the_broker_said_was_not(shell, broker):
    """A socket closed with words unread is reset, and the broker would speak the Will."""
    watcher = Shell(BrokerConfig("127.0.0.1", broker.port), "watcher")
    watcher.connected()
    watcher.link.carry_out(Subscribe((WILL.topic,)))
    shell.connected()
    shell.link.carry_out(Subscribe(("news",)))
    shell.link.carry_out(Publish("news", b"subscribed"))
    shell.until(is_kind(MessageArrived))
    for n in range(UNREAD):
        watcher.link.carry_out(Publish("news", b"x" * 4_000, token=n))
    watcher.until(lambda came: came == PubAck(UNREAD - 1))

    shell.link.carry_out(Publish(WILL.topic, b"left", retain=True))
    shell.link.close()

    watcher.link.carry_out(Publish(WILL.topic, b"nothing came behind it"))
    heard = [watcher.until(is_kind(MessageArrived)).payload for _ in range(2)]
    assert heard == [b"left", b"nothing came behind it"]
    watcher.link.close()


def test_a_silent_device_is_spoken_for_though_its_connection_never_broke(broker, monkeypatch):
    """As when a battery falls out: no FIN, only silence. With a keep-alive of 1 s, to be quick."""
    monkeypatch.setattr(connecting, "KEEPALIVE_S", 1)
    silent = Shell(BrokerConfig("127.0.0.1", broker.port))
    silent.connected()
    monkeypatch.setattr(connecting, "KEEPALIVE_S", 60)
    watcher = LinkShell(PasswordAccess(BrokerConfig("127.0.0.1", broker.port), "w"), "watcher")
    watcher.connected()
    watcher.link.carry_out(Subscribe((WILL.topic,)))
    assert watcher.until(is_kind(MessageArrived)).payload == b"gone"
    watcher.link.close()


def test_the_keep_alive_has_the_broker_miss_a_dead_device_within_half_a_minute():
    """MQTT 5.0, 3.1.2.10: the server ends a connection that is silent for 1.5 keep-alives."""
    with socket.create_server(("127.0.0.1", 0)) as broker:
        shell = Shell(BrokerConfig("127.0.0.1", broker.getsockname()[1]))
        shell.turn()
        came, _ = broker.accept()
        packet = came.recv(4_096)
        came.close()
    keepalive_s = int.from_bytes(packet[packet.index(b"MQTT") + 6 :][:2], "big")
    assert 1.5 * keepalive_s <= 30
    assert keepalive_s == KEEPALIVE_S


def test_a_wrong_password_is_told_with_the_brokers_words(tmp_path):
    (tmp_path / "acl").write_text("")
    with mosquitto(tmp_path, "allow_anonymous false") as broker:
        (tmp_path / "pw").write_text("wrong")
        shell = Shell(BrokerConfig("127.0.0.1", broker.port, password_file=str(tmp_path / "pw")))
        lost = shell.until(is_kind(LinkLost))
        assert "authori" in lost.reason.lower()
        while shell.link.socket is not None:
            shell.turn()
        assert shell.link.next_wakeup_ms > shell.clock.now().mono_ms + REFUSED_MS // 4
        shell.link.close()


def test_an_address_where_nobody_answers_never_holds_up_the_loop():
    """A connection attempt may take seconds; each turn of the loop returns at once all the same."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        held = [socket.socket() for _ in range(3)]
        for sock in held:
            sock.setblocking(False)
            sock.connect_ex(full.getsockname())
        shell = Shell(BrokerConfig("127.0.0.1", full.getsockname()[1]))
        shell.turn()
        assert shell.link.socket is None
        assert shell.link.next_wakeup_ms is None  # it is being made
        for _ in range(5):
            shell.turn()
        assert not shell.link.inbox
        for sock in held:
            sock.close()


def test_an_unreadable_ca_is_refused_by_name(tmp_path):
    with pytest.raises(ConfigUnreadable):
        PasswordAccess(BrokerConfig("h", ca_file=str(tmp_path / "no.pem")), "h1")


def test_the_hubs_own_ca_is_trusted_though_its_dates_are_over_and_no_other_is(tmp_path):
    """A Pi boots without a clock: the pinned CA decides, not the date."""
    for name in ("ours", "other"):
        _make_ca(tmp_path, name)
    lines = f"allow_anonymous true\ncertfile {tmp_path}/ours.pem\nkeyfile {tmp_path}/ours.key"
    with mosquitto(tmp_path, lines) as broker:
        ours = Shell(BrokerConfig("127.0.0.1", broker.port, ca_file=str(tmp_path / "ours.pem")))
        ours.connected()
        ours.link.close()
        other = Shell(BrokerConfig("127.0.0.1", broker.port, ca_file=str(tmp_path / "other.pem")))
        met = other.until(lambda _came: True)
        assert met == StrangerMet(f"127.0.0.1:{broker.port}", _fingerprint(tmp_path / "ours.pem"))
        other.link.close()


def _fingerprint(certificate: Path) -> str:
    return fingerprint(certificate.read_text())


def _make_ca(folder: Path, name: str) -> None:
    """A certificate that signs itself and ended long ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
    builder = builder.not_valid_after(datetime(2021, 1, 1, tzinfo=UTC))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    made = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    (folder / f"{name}.pem").write_bytes(made.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / f"{name}.key").write_bytes(private)


# ── The whole loop. ─────────────────────────────────────────────────────────────────────────


def test_the_agents_loop_from_scanner_to_hub_and_a_clean_leave(broker, tmp_path):
    hub = HearingHub(broker.port, "main", h1=Config(v=1, hash="c", people=(ANA,)))
    clock, chance, tones = SystemClock(), random.Random(4), RecordingTone()
    config = EdgeConfig("main", "h1", BrokerConfig("127.0.0.1", broker.port))
    outbox = SqliteOutbox(tmp_path / "outbox.sqlite", chance)
    core = AgentCore(DeviceConfig("main", "h1"), outbox, chance)
    scanner = ScriptedScanner()
    link = linked(by_password(config), core, clock, chance)
    loop = AgentLoop(core, clock, tones, ScannerPort(scanner), link)
    phases: queue.Queue[str] = queue.Queue()
    loop.on_view = lambda view: phases.put(f"{view.phase} {view.queue}")
    running = threading.Thread(target=loop.run)
    running.start()
    try:
        hub.born(lambda birth: birth.cfg_hash == "c")
        scanner.scan(badge_label("ANA"))
        while not phases.get(timeout=PATIENCE_S).startswith("PIN"):
            continue
        for key in (*PIN, "enter"):
            loop.put(KeyTyped(key))
        came = [hub.events.get(timeout=PATIENCE_S).type for _ in range(2)]
        while phases.get(timeout=PATIENCE_S) != "READY 0":
            continue
    finally:
        loop.stop()
        running.join(PATIENCE_S)
    assert came == ["PersonLoggedIn", "WorkRequested"]
    assert tones.played == [Tone.OK, Tone.DONE]
    while (birth := hub.births.get(timeout=PATIENCE_S)).presence != "LEFT":
        assert birth.presence == "ONLINE"
    hub.close()
