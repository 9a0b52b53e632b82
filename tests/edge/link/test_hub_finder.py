"""In which order addresses are tried, and what mDNS finds over a real socket."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Sequence
from uuid import uuid4

import pytest
from msgspec.structs import replace
from zeroconf import ServiceInfo, Zeroconf

from edge.config import HubConfig
from edge.errors import ConfigUnreadable
from edge.identity.record import IdentityStore
from edge.link.certificate_access import CertificateAccess, is_time_to_look
from edge.link.hub_finder import Candidate, Found, Known, candidates
from edge.link.mdns_look import (
    ADDRESSES_MAX,
    FOUND_MAX,
    MdnsLook,
    _found,
    _Listener,
    addresses_of,
)
from protocols.discovery import SERVICE_TYPE, Announcement, instance_name, write_txt
from protocols.enrolment import Address
from tests.edge.certificates import TestHub

LAST, ENROLLED, CONFIGURED = Address("last", 1), Address("told", 2), Address("by-hand", 3)
OURS, THEIRS = Address("10.0.0.5", 4), Address("10.0.0.6", 5)
KNOWN = Known("main", "FP", LAST, (ENROLLED,), (CONFIGURED,))


def found(address: Address, fp: str = "FP", site: str = "main") -> Found:
    return Found(Announcement(site, "hub", fp), (address,))


def order(known: Known, *seen: Found) -> list[Address]:
    return [candidate.address for candidate in candidates(known, lambda _enough: seen)]


def test_where_it_was_then_where_it_says_then_where_it_was_told_and_strangers_last():
    seen = (found(THEIRS, "OTHER"), found(OURS))
    assert order(KNOWN, *seen) == [LAST, OURS, ENROLLED, CONFIGURED, THEIRS]


def test_a_hub_of_another_site_is_not_tried_whatever_key_it_names():
    assert order(KNOWN, found(OURS, site="other")) == [LAST, ENROLLED, CONFIGURED]


def test_no_address_is_tried_twice():
    assert order(KNOWN, found(LAST), found(ENROLLED)) == [LAST, ENROLLED, CONFIGURED]


def test_what_mdns_led_to_is_said_so():
    tried = list(candidates(KNOWN, lambda _enough: (found(OURS),)))
    assert [each for each in tried if each.is_announced] == [Candidate(OURS, is_announced=True)]


def test_nobody_looks_around_while_the_last_address_works():
    looked = []

    def look(_enough: Callable[[Announcement], bool]) -> Sequence[Found]:
        looked.append(1)
        return ()

    trying = candidates(KNOWN, look)
    assert next(trying).address == LAST
    assert not looked
    assert next(trying).address == ENROLLED
    assert looked


def test_a_look_may_end_once_the_pinned_key_was_announced_and_for_nothing_less():
    asked: list[bool] = []

    def look(enough: Callable[[Announcement], bool]) -> Sequence[Found]:
        asked.extend(enough(each.announcement) for each in (
            found(OURS), found(OURS, "OTHER"), found(OURS, site="other"),
        ))  # fmt: skip
        return ()

    list(candidates(KNOWN, look))
    assert asked == [True, False, False]


def test_a_broker_that_restarts_is_not_looked_for_and_one_that_is_long_gone_less_and_less():
    looks = [failures for failures in range(40) if is_time_to_look(failures)]
    assert looks == [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 24, 28, 32, 36]


# ── An identity's addresses. ────────────────────────────────────────────────────────────────


@pytest.fixture
def store(tmp_path) -> IdentityStore:
    made = IdentityStore(tmp_path / "device")
    made.adopt(TestHub(tmp_path / "tls").identity("10.0.0.1:8883", "[fe80::1]:8883"))
    return made


def test_an_enrolled_device_tries_what_the_hub_said_and_what_is_configured(store):
    hub = HubConfig(addresses=("hub.local:8883",), mdns=False)
    access = CertificateAccess(store, hub)
    told = [Address("10.0.0.1", 8883), Address("fe80::1", 8883), Address("hub.local", 8883)]
    assert [each.address for each in access.addresses(9)] == told
    access.worked(Address("hub.local", 8883))
    assert [each.address for each in access.addresses(9)] == [told[2], *told[:2]]


def test_behind_a_port_forwarding_what_the_hub_says_of_itself_is_not_tried(store):
    access = CertificateAccess(store, HubConfig(("gate.local:9000",), only_these=True))
    access.worked(Address("10.0.0.1", 8883))
    assert [each.address for each in access.addresses(9)] == [Address("gate.local", 9000)]


@pytest.mark.parametrize("hub", [HubConfig(addresses=("hub",)), HubConfig(only_these=True)])
def test_a_configured_address_that_is_none_is_refused_by_name(store, hub: HubConfig):
    with pytest.raises(ConfigUnreadable):
        CertificateAccess(store, hub)


# ── mDNS over loopback. ─────────────────────────────────────────────────────────────────────

PATIENCE_S = 120.0
"""Far beyond anything that works: it only bounds a hang."""


@pytest.fixture
def network() -> Iterator[Zeroconf]:
    with Zeroconf(interfaces=["127.0.0.1"]) as made:
        yield made


@pytest.fixture
def ours() -> Announcement:
    """Loopback is one network for all tests that run at this moment: the key tells whose it is."""
    return Announcement("under-test", uuid4().hex, uuid4().hex)


def announce(network: Zeroconf, announcement: Announcement, port: int, **more: str) -> None:
    pairs = {**write_txt(announcement), **more}
    info = ServiceInfo(
        SERVICE_TYPE, instance_name(announcement), port, properties=pairs,
        addresses=[socket.inet_aton("127.0.0.1")], server="hub-under-test.local.",
    )  # fmt: skip
    network.register_service(info, cooperating_responders=True)


def look_until(wanted: Announcement) -> list[Found]:
    """What was found of this key when this one was seen."""
    seen = MdnsLook(("lo",), PATIENCE_S)(lambda announcement: announcement == wanted)
    return [each for each in seen if each.announcement.fp == wanted.fp]


def test_an_announced_hub_is_found_by_the_name_of_the_interface(network, ours):
    announce(network, ours, 8_883, of_later="x")
    assert look_until(ours) == [Found(ours, (Address("127.0.0.1", 8_883),))]


def test_what_is_no_announcement_of_a_hub_is_passed_over(network, ours):
    announce(network, replace(ours, site="Not A Site"), 8_884)
    announce(network, ours, 8_883)
    assert [each.announcement for each in look_until(ours)] == [ours]


def test_without_a_network_nothing_is_found_and_nothing_fails():
    assert MdnsLook(("no-such-interface",), PATIENCE_S)(lambda _found: True) == ()
    assert addresses_of(("no-such-interface",)) == []


def test_a_hub_at_a_thousand_addresses_is_tried_at_a_few():
    pairs = write_txt(Announcement("main", "hub-1", "FP"))
    spots = [socket.inet_aton(f"10.0.0.{n}") for n in range(1, 200)]
    info = ServiceInfo(SERVICE_TYPE, f"x.{SERVICE_TYPE}", 8_883, properties=pairs, addresses=spots)
    assert len(_found(info).addresses) == ADDRESSES_MAX


def test_an_announcement_without_a_port_is_none():
    pairs = write_txt(Announcement("main", "hub-1", "FP"))
    assert _found(ServiceInfo(SERVICE_TYPE, f"x.{SERVICE_TYPE}", 0, properties=pairs)) is None


def test_loopback_is_looked_at_only_when_it_is_named():
    assert "127.0.0.1" in addresses_of(("lo",))
    assert "127.0.0.1" not in addresses_of(())


def test_somebody_who_announces_many_hubs_costs_no_more_than_so_many(network, ours):
    listener = _Listener(lambda _announcement: False)
    listener.found.update((str(n), found(OURS)) for n in range(FOUND_MAX))
    announce(network, ours, 8_883)
    listener.add_service(network, SERVICE_TYPE, instance_name(ours))
    assert len(listener.found) == FOUND_MAX
