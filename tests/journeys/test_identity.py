"""One device and its hub over the life of an identity: renewed, shut out, and let in again.

The device is the whole agent in a thread; broker, gateway and planner are processes.
"""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.handheld.view import ScreenView
from edge.identity.keys import serial
from edge.identity.record import IdentityStore
from hub.devices import acts
from hub.devices.models import DeviceCertificate, DeviceEpoch
from hub.identity.announced import identity_of
from simulators.bench.reconnect import by_certificate, enrolled
from simulators.bench.small_site import SmallSite
from tests.edge.link_shell import PATIENCE_S
from tests.edge.test_device import Running, asks_for_a_badge, waiting_events

pytestmark = pytest.mark.broker

NAME = "h1"


@pytest.fixture
def site(tmp_path) -> Iterator[SmallSite]:
    with SmallSite(tmp_path / "hub", site="main", secure=True) as made:
        for part in ("broker", "gateway", "planner"):
            made.start(part)
        yield made


@pytest.fixture
def folder(site, tmp_path) -> Path:
    """Of an enrolled device."""
    by_certificate(site, (NAME,), tmp_path)
    return tmp_path / NAME


@pytest.fixture
def start(folder) -> Iterator[Callable[[], Running]]:
    started: list[Running] = []

    def begin() -> Running:
        started.append(Running(folder))
        return started[-1]

    yield begin
    for running in started:
        running.end()


def is_on_line(view: ScreenView) -> bool:
    return asks_for_a_badge(view) and view.is_hub_online


def shown_serial(folder: Path) -> str:
    return serial(IdentityStore(folder).identity.pair.certificate)


def until(site: SmallSite, is_so: Callable[[], bool]) -> None:
    """Looks at the hub's table until something is so."""
    end_ms = site.clock.mono_ms() + PATIENCE_S * 1_000
    while not is_so():
        assert site.clock.mono_ms() < end_ms
        select.select([], [], [], 0.02)


def state_of(number: str) -> str:
    return str(DeviceCertificate.get(DeviceCertificate.serial == number).state)


def test_a_renewed_device_is_on_line_with_its_new_certificate_and_the_old_one_is_listed(
    site, folder, start
):
    old = shown_serial(folder)
    running = start()
    running.sees(is_on_line)
    site.journal.carry_out(acts.AskRenewal((NAME,)), site="main", via="command")
    until(site, lambda: state_of(old) == "SUPERSEDED")
    running.sees(is_on_line)
    new = shown_serial(folder)
    assert new != old
    assert state_of(new) == "ACTIVE"


def test_a_lost_device_is_told_and_found_again_it_sends_what_it_kept(site, folder, start):
    running = start()
    running.sees(is_on_line)
    site.journal.carry_out(acts.RevokeDevice(NAME), site="main", via="page")
    running.sees(lambda view: "no longer admitted" in view.message)
    running.end()
    outbox = waiting_events(folder)
    epoch = outbox.epoch
    outbox.close()
    enrolled(site, identity_of(site.config), NAME, folder.parent)
    start().sees(lambda view: is_on_line(view) and view.queue == 0)
    until(site, lambda: DeviceEpoch.get(DeviceEpoch.epoch == epoch).upto == 2)
