"""A floor of devices over a real broker and gateway: lost, back, and shown as what they are."""

from __future__ import annotations

import pytest

from hub.devices.models import Device, DeviceCertificate
from simulators.bench.light_devices import TookTooLong
from simulators.bench.reconnect import all_back, by_certificate, by_password, until_shown
from simulators.bench.returning_devices import ReturningFleet
from simulators.bench.small_site import SmallSite
from simulators.world import World

pytestmark = pytest.mark.broker

NAMES = ("d1", "d2", "d3", "d4")
PATIENCE_S = 60.0


@pytest.fixture(params=["password", "certificate"])
def floor(request, tmp_path):
    """(site, fleet) with everybody on line."""
    make = by_certificate if request.param == "certificate" else by_password
    with SmallSite(tmp_path / "hub", secure=request.param == "certificate") as site:
        site.start("broker")
        site.start("gateway")
        chance = World(3).chance("fleet")
        fleet = ReturningFleet(site.config.site, make(site, NAMES, tmp_path), chance)
        try:
            fleet.run_until("all on line", lambda: all_back(fleet), PATIENCE_S)
            yield site, fleet
        finally:
            fleet.close()


def test_after_a_killed_broker_the_hub_shows_all_in_their_new_sessions(floor):
    site, fleet = floor
    before = {device.name: device.core.session for device in fleet.devices}
    site.end("broker")
    fleet.run_until(
        "all noticed", lambda: not any(d.core.is_connected for d in fleet.devices), PATIENCE_S
    )
    site.start("broker")
    fleet.run_until("all back", lambda: all_back(fleet), PATIENCE_S)
    shown = dict(Device.select(Device.name, Device.session).tuples())
    assert set(shown) == set(NAMES)
    assert not {name for name, session in shown.items() if session == before[name]}


def test_who_leaves_has_left_and_who_is_killed_is_off_line(floor):
    _site, fleet = floor
    leaving, killed, *others = fleet.devices
    leaving.leave()
    until_shown(fleet, leaving, "LEFT")
    killed.die()
    until_shown(fleet, killed, "OFFLINE")
    for device in others:
        until_shown(fleet, device, "ONLINE")


def test_a_device_with_a_certificate_says_which_one_it_came_with(tmp_path):
    with SmallSite(tmp_path / "hub", secure=True) as site:
        site.start("broker")
        site.start("gateway")
        accesses = by_certificate(site, NAMES[:1], tmp_path)
        fleet = ReturningFleet(site.config.site, accesses, World(4).chance("fleet"))
        try:
            fleet.run_until("used", _is_certificate_used, PATIENCE_S)
        finally:
            fleet.close()


def _is_certificate_used() -> bool:
    return bool(DeviceCertificate.select().where(DeviceCertificate.used_at.is_null(False)).exists())


def test_what_never_happens_is_told_by_name():
    fleet = ReturningFleet("w1", [], World(5).chance("fleet"))
    with pytest.raises(TookTooLong, match="a miracle"):
        fleet.run_until("a miracle", lambda: False, 0.05)
    fleet.close()
