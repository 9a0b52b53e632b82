"""Addresses of this machine, as others reach it."""

from __future__ import annotations

import ipaddress
import os
import shutil
import subprocess
import sys

import pytest

from hub.process.ports import NotOurAddress, own_addresses, refuse_foreign

LOOK = "from hub.process.ports import own_addresses; print(' '.join(own_addresses()))"


def test_own_addresses_are_addresses_and_no_loopback_and_named_once():
    found = own_addresses()
    assert len(found) == len(set(found))
    assert not any(ipaddress.ip_address(address).is_loopback for address in found)


def test_a_network_without_a_way_out_still_has_an_address():
    """A shop's own switch, no router: devices have to find the hub there too."""
    if os.geteuid() != 0 or shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("needs root, unshare and ip to make a network of its own")
    script = (
        "ip link add v0 type veth peer name v1 && ip addr add 198.51.100.77/24 dev v0 "
        f'&& ip link set v0 up && ip link set v1 up && "{sys.executable}" -c "{LOOK}"'
    )
    done = subprocess.run(
        ["unshare", "-n", "sh", "-c", script], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"no network of its own here: {done.stderr[:100]}")
    assert done.stdout.split() == ["198.51.100.77"]


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "0.0.0.0"])
def test_an_address_of_this_machine_may_be_listened_on(address: str):
    refuse_foreign(address)


@pytest.mark.parametrize("address", ["192.0.2.1", "999.1.1.1", "no such name", "a" * 64 + ".x"])
def test_an_address_that_is_another_machines_or_none_is_refused_by_name(address: str):
    """Otherwise pages and broker end at once and are started again, for ever."""
    with pytest.raises(NotOurAddress, match=f"no address {address}"):
        refuse_foreign(address)
