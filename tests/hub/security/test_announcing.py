"""The hub says by mDNS where it is, on the interface that it is told, and says goodbye."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from zeroconf import ServiceBrowser, ServiceListener, Zeroconf

from hub.clock import FixedClock
from hub.config import HubConfig
from hub.identity.authority import Authority
from hub.identity.tls import ensure_certificates
from hub.security.announcing import LOOK_EVERY_MS, Announcing, announce, service_of
from protocols.discovery import SERVICE_TYPE, Announcement, read_txt
from simulators.bench.small_site import free_port

LOOPBACK = "127.0.0.1"
PATIENCE_S = 120
"""Far beyond anything that works: it only bounds a hang."""


class Neighbour(ServiceListener):
    """Somebody on the same network."""

    def __init__(self) -> None:
        self.met, self.gone = threading.Event(), threading.Event()
        self.found: dict[str, Any] = {}
        self._wanted = ""

    def wants(self, name: str) -> None:
        self._wanted = name

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        info = zc.get_service_info(type_, name)
        if info is not None and name == self._wanted:
            self.found = {"txt": info.properties, "port": info.port,
                          "addresses": info.parsed_addresses()}  # fmt: skip
            self.met.set()

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.add_service(zc, type_, name)

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        if name == self._wanted:
            self.gone.set()


def config_of(folder: Path, **more: Any) -> HubConfig:
    config = HubConfig(folder=str(folder), broker_tls_port=free_port(), **more)
    ensure_certificates(config.tls_folder, FixedClock(), config.listen)
    return config


def test_a_neighbour_finds_site_key_and_port_and_hears_the_goodbye(tmp_path: Path):
    config = config_of(tmp_path, secure=True, announce_on=(LOOPBACK,))
    info = service_of(config)
    assert info is not None
    neighbour = Neighbour()
    neighbour.wants(info.name)
    announcer = announce(config)
    if announcer is None:
        pytest.skip("this machine's network takes no multicast")
    listening = Zeroconf(interfaces=[LOOPBACK])
    browser = ServiceBrowser(listening, SERVICE_TYPE, neighbour)
    try:
        assert neighbour.met.wait(PATIENCE_S)
        authority = Authority.open(config.tls_folder)
        wanted = Announcement("w1", authority.hub_id, authority.fingerprint)
        assert read_txt(neighbour.found["txt"]) == wanted
        assert neighbour.found["port"] == config.broker_tls_port
        assert info.parsed_addresses() == [LOOPBACK]
        assert LOOPBACK in neighbour.found["addresses"], "beside other hubs of this machine"
    finally:
        announcer.end()
    assert neighbour.gone.wait(PATIENCE_S)
    browser.cancel()
    listening.close()


def test_a_hub_that_encrypts_nothing_announces_nothing(tmp_path: Path):
    assert not HubConfig(folder=str(tmp_path)).is_announced
    assert service_of(HubConfig(folder=str(tmp_path))) is None


@pytest.mark.parametrize(
    ("more", "is_announced"),
    [
        ({"listen": "0.0.0.0"}, True),
        ({"secure": True}, False),
        ({"secure": True, "announce_on": (LOOPBACK,)}, True),
        ({"listen": "0.0.0.0", "broker_url": "mqtts://elsewhere"}, False),
    ],
)
def test_only_a_hub_that_can_be_reached_is_announced(
    more: dict[str, Any], is_announced: bool, tmp_path: Path
):
    assert HubConfig(folder=str(tmp_path), **more).is_announced is is_announced


def test_an_interface_that_is_not_there_stops_nothing(tmp_path: Path):
    assert announce(config_of(tmp_path, secure=True, announce_on=("198.51.100.77",))) is None


class Said:
    """What stands for mDNS: whether something is announced at this moment."""

    def __init__(self, hub: list[str]) -> None:
        self._hub = hub
        hub.append("begun")

    def end(self) -> None:
        self._hub.append("ended")


def test_another_address_is_announced_anew_and_none_ends_it(tmp_path: Path):
    log: list[str] = []
    now: list[str] = ["192.0.2.5"]
    announcing = Announcing(
        HubConfig(folder=str(tmp_path)),
        lambda _: list(now),
        lambda _: Said(log),  # type: ignore[arg-type, return-value]
    )
    announcing.look(0)
    announcing.look(1)
    announcing.look(LOOK_EVERY_MS)
    assert log == ["begun"]
    now[:] = ["192.0.2.6"]
    announcing.look(2 * LOOK_EVERY_MS)
    assert log == ["begun", "ended", "begun"]
    now.clear()
    announcing.look(3 * LOOK_EVERY_MS)
    announcing.look(4 * LOOK_EVERY_MS)
    assert log[3:] == ["ended"]
    announcing.end()
    assert log[3:] == ["ended"]


def test_what_could_not_be_announced_is_tried_again(tmp_path: Path):
    tries: list[str] = []

    def fails(_config: HubConfig) -> None:
        tries.append("tried")

    announcing = Announcing(HubConfig(folder=str(tmp_path)), lambda _: ["192.0.2.5"], fails)
    for n in range(3):
        announcing.look(n * LOOK_EVERY_MS)
    assert len(tries) == 3
