"""A whole device: its scanner, its identity, its outbox, over real HTTPS and a real TLS broker."""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from edge.clock import SystemClock
from edge.config import BrokerConfig, EdgeConfig
from edge.config import HubConfig as HubSearch
from edge.device import OUTBOX_FILE, Device
from edge.handheld.view import ScreenView
from edge.identity.keys import serial
from edge.identity.record import IdentityStore
from edge.link.pinned_tls import pinned_context
from edge.scanner_port import ScannerPort
from edge.scanners.scripted import ScriptedScanner
from edge.storage.outbox import SqliteOutbox
from edge.storage.outbox_owner import OWNER, look_into, open_outbox
from edge.tones import SilentTone
from protocols.barcodes import command_label
from protocols.enrolment import EnrolmentCode, write_code
from protocols.envelope import Event, encode_data, encode_event
from protocols.messages.events import PersonLoggedOut
from tests.edge.certificates import DEVICE, SITE, TestHub
from tests.edge.enrolling_hub import EnrollingHub, serving
from tests.edge.hearing_hub import HearingHub
from tests.edge.link.test_certificate_link import at, broker_of
from tests.edge.link_shell import PATIENCE_S
from tests.edge.mosquitto import Mosquitto

pytestmark = pytest.mark.broker


@pytest.fixture
def certificates(tmp_path) -> TestHub:
    return TestHub(tmp_path / "tls")


@pytest.fixture
def broker(certificates, tmp_path) -> Iterator[Mosquitto]:
    with broker_of(certificates, tmp_path / "broker") as running:
        yield running


@pytest.fixture
def hub(certificates, broker) -> Iterator[EnrollingHub]:
    with serving(EnrollingHub(certificates, at(broker))) as made:
        yield made


@pytest.fixture
def gateway(certificates, broker) -> Iterator[HearingHub]:
    tls = pinned_context(certificates.authority.pem, certificates.pair("hub"))
    made = HearingHub(broker.port, SITE, tls)
    yield made
    made.close()


class Running:
    """One device in a thread, its scanner in our hands, its screen a queue."""

    def __init__(self, folder: Path, config: EdgeConfig | None = None) -> None:
        self.scanner = ScriptedScanner()
        self.views: queue.Queue[ScreenView] = queue.Queue()
        self.device = Device(
            config or EdgeConfig(hub=HubSearch(mdns=False)), folder, "test", SystemClock(),
            random.Random(5), SilentTone(), ScannerPort(self.scanner),
        )  # fmt: skip
        self.device.on_view = self.views.put
        self.thread = threading.Thread(target=self.device.run)
        self.thread.start()

    def sees(self, wanted: Callable[[ScreenView], bool]) -> ScreenView:
        while not wanted(view := self.views.get(timeout=PATIENCE_S)):
            continue
        return view

    def scan(self, code: EnrolmentCode) -> None:
        self.scanner.scan(write_code(code))

    def say(self, word: str) -> None:
        self.scanner.scan(command_label(word))

    def end(self) -> None:
        self.device.stop()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "device"
    made.mkdir()
    return made


@pytest.fixture
def start(folder) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(**options: Any) -> Running:
        started.append(Running(folder, **options))
        return started[-1]

    yield begin
    for running in started:
        running.end()


def is_enrolling(view: ScreenView) -> bool:
    return view.phase == "ENROL"


def asks_for_a_badge(view: ScreenView) -> bool:
    return view.phase == "BADGE"


def test_a_new_device_scans_its_code_and_is_on_line_with_its_certificate(
    start, folder, hub, gateway
):
    running = start()
    running.sees(is_enrolling)
    running.scan(hub.code())
    running.sees(lambda view: asks_for_a_badge(view) and view.is_hub_online)
    birth = gateway.born(lambda birth: birth.presence == "ONLINE")
    identity = IdentityStore(folder).identity
    assert (birth.dev, birth.certificate) == (DEVICE, serial(identity.pair.certificate))


def test_a_restart_needs_no_code(start, folder, hub, gateway):
    IdentityStore(folder).adopt(hub.hub.identity(hub.broker))
    assert asks_for_a_badge(start().sees(lambda _view: True))
    assert gateway.born(lambda birth: birth.presence == "ONLINE").seq == 0


def test_a_code_that_fails_is_shown_and_the_next_one_works(start, hub):
    running = start()
    hub.refusal = (410, "CODE_EXPIRED")
    running.scan(hub.code())
    assert running.sees(lambda view: view.mood == "REFUSED").message.startswith("The hub refuses")
    hub.refusal = None
    running.scan(hub.code())
    running.sees(asks_for_a_badge)


def test_an_enrolled_device_asks_before_it_gives_its_identity_away_and_no_keeps_it(
    start, folder, hub, gateway
):
    IdentityStore(folder).adopt(hub.hub.identity(hub.broker))
    before = IdentityStore(folder).identity
    running = start()
    gateway.born(lambda birth: birth.presence == "ONLINE")
    running.scan(hub.code())
    assert SITE in running.sees(is_enrolling).title
    gateway.born(lambda birth: birth.presence == "LEFT")
    running.say("NO")
    running.sees(asks_for_a_badge)
    gateway.born(lambda birth: birth.presence == "ONLINE")
    assert IdentityStore(folder).identity.pair == before.pair


def waiting_events(folder: Path, count: int = 2) -> SqliteOutbox:
    """An outbox of this device with events that no hub has heard of."""
    outbox = open_outbox(folder / OUTBOX_FILE, f"{SITE}/{DEVICE}", random.Random(1), 100)
    for seq in range(1, count + 1):
        event = Event(
            v=1, dev=DEVICE, epoch=outbox.epoch, boot=1, seq=seq, at=1, at_quality="unknown",
            mono_ms=1, type="PersonLoggedOut", data=encode_data(PersonLoggedOut()),
        )  # fmt: skip
        outbox.append([encode_event(event)], {}, 1)
    return outbox


def test_a_revoked_device_keeps_its_events_and_drains_them_once_it_is_enrolled_anew(
    start, folder, hub, gateway, broker
):
    IdentityStore(folder).adopt(hub.hub.identity(hub.broker))
    outbox = waiting_events(folder)
    epoch = outbox.epoch
    outbox.close()
    hub.hub.revoke(serial(IdentityStore(folder).identity.pair.certificate))
    broker.kill()
    broker.start()
    running = start()
    refused = running.sees(
        lambda view: view.mood == "WARN" and "no longer admitted" in view.message
    )
    assert (refused.queue, refused.phase) == (2, "BADGE")
    running.scan(hub.code())
    running.sees(is_enrolling)
    running.say("YES")
    came = [gateway.events.get(timeout=PATIENCE_S) for _ in range(2)]
    assert [(event.epoch, event.seq) for event in came] == [(epoch, 1), (epoch, 2)]
    running.sees(lambda view: asks_for_a_badge(view) and view.queue == 0)


def test_events_of_one_name_never_become_those_of_another(start, folder, hub):
    waiting_events(folder).close()
    running = start()
    running.scan(hub.code(device="h2"))
    view = running.sees(lambda view: view.mood == "REFUSED")
    assert f"2 events of {SITE}/{DEVICE}" in view.message
    assert not hub.requests


def test_a_device_whose_events_all_arrived_may_become_another_and_sets_them_aside(
    start, folder, hub, gateway
):
    outbox = waiting_events(folder)
    outbox.mark_acked(outbox.epoch, 2)
    outbox.close()
    running = start()
    running.scan(hub.code(device="h2"))
    birth = gateway.born(lambda birth: birth.dev == "h2")
    assert (birth.seq, birth.epoch != outbox.epoch) == (0, True)
    aside = folder / f"outbox-{SITE}-{DEVICE}-0.sqlite"
    assert look_into(aside).owner == f"{SITE}/{DEVICE}"


def test_an_identity_beside_an_outbox_of_another_is_a_failure_that_names_both(folder, hub, start):
    waiting_events(folder).close()
    IdentityStore(folder).adopt(replace(hub.hub.identity(hub.broker), device="h2"))
    running = start()
    running.thread.join(PATIENCE_S)
    assert f"{SITE}/{DEVICE}" in running.device.failure
    assert f"{SITE}/h2" in running.device.failure


def test_the_first_owner_of_an_outbox_is_noted(folder):
    path = folder / OUTBOX_FILE
    SqliteOutbox(path, random.Random(1)).close()
    assert look_into(path) == ("", 0)
    outbox = open_outbox(path, "main/h1", random.Random(1), 10)
    assert outbox.noted(OWNER) == "main/h1"
    outbox.close()


def test_an_identity_that_cannot_be_read_is_kept_aside_and_the_device_asks_for_a_code(
    start, folder, hub
):
    (folder / "identity.json").write_bytes(b"\x00flipped")
    running = start()
    running.sees(is_enrolling)
    running.scan(hub.code())
    running.sees(asks_for_a_badge)
    assert (folder / "identity.unusable").read_bytes() == b"\x00flipped"


class StopsMeanwhile(random.Random):
    """Somebody switches the device off while its outbox is being made."""

    def __init__(self) -> None:
        super().__init__(5)
        self.stop: Callable[[], None] = lambda: None

    def getrandbits(self, k: int, /) -> int:
        stop, self.stop = self.stop, lambda: None
        stop()
        return super().getrandbits(k)


def test_a_device_that_is_stopped_before_it_turns_ends_all_the_same(folder):
    config = EdgeConfig(site=SITE, name=DEVICE, broker=BrokerConfig("127.0.0.1", 1))
    chance = StopsMeanwhile()
    device = Device(config, folder, "test", SystemClock(), chance, SilentTone(), None)
    chance.stop = device.stop
    thread = threading.Thread(target=device.run, daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert device.failure == ""


def test_a_device_that_nobody_enrols_can_still_be_stopped(start):
    running = start()
    running.sees(is_enrolling)
    running.end()
    assert running.device.failure == ""
