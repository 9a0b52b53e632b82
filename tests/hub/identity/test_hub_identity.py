"""How devices are told where the hub is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.clock import FixedClock
from hub.config import HubConfig
from hub.identity import announced as hub_identity
from hub.identity.announced import (
    ADDRESSES_MAX,
    NoAuthority,
    hosts_of,
    identity_of,
    remember,
    remembered,
)
from hub.identity.authority import Authority
from hub.identity.tls import ensure_certificates
from protocols.enrolment import read_code


def config_of(folder: Path, **more: Any) -> HubConfig:
    return HubConfig(folder=str(folder), port=8443, **more)


def test_names_that_it_was_given_come_first_and_there_are_few(tmp_path: Path):
    config = config_of(tmp_path, listen="192.0.2.5", names=("Hub.Example", "b", "c", "d"))
    assert hosts_of(config) == ("hub.example", "b", "c")
    assert len(hosts_of(config_of(tmp_path, listen="0.0.0.0"))) <= ADDRESSES_MAX


def test_a_name_that_no_code_can_hold_is_left_out(tmp_path: Path):
    config = config_of(tmp_path, listen="192.0.2.5", names=("my_hub", "-x"))
    assert hosts_of(config) == ("192.0.2.5",)


def test_a_code_holds_as_many_addresses_as_fit(tmp_path: Path):
    long = ("a" * 60 + ".example", "b" * 60 + "." + "c" * 60 + ".example")
    config = config_of(tmp_path, listen="192.0.2.5", names=long)
    ensure_certificates(config.tls_folder, FixedClock(), config.listen)
    identity = identity_of(config)
    assert identity is not None
    code = read_code(identity.code("h1", bytes(10)))
    assert [address.host for address in code.addresses] == [long[0]]
    assert code.authority == Authority.open(config.tls_folder).fingerprint


def test_commands_beside_the_hub_know_how_it_listened_last(tmp_path: Path):
    assert remembered(tmp_path) is None
    secure = config_of(tmp_path, listen="192.0.2.5")
    remember(secure)
    assert remembered(tmp_path) == identity_of(secure)
    remember(config_of(tmp_path))
    assert remembered(tmp_path) is None
    (tmp_path / hub_identity.FILE).write_bytes(b"")
    assert remembered(tmp_path) is None


def test_without_keys_there_is_no_code(tmp_path: Path):
    identity = identity_of(config_of(tmp_path, secure=True))
    assert identity is not None
    with pytest.raises(NoAuthority):
        identity.code("h1", bytes(10))


def test_the_hub_is_the_same_as_long_as_its_key_lives(tmp_path: Path):
    for folder in ("a", "b"):
        ensure_certificates(tmp_path / folder, FixedClock(), "127.0.0.1")
    first = Authority.open(tmp_path / "a")
    assert first.hub_id == Authority.open(tmp_path / "a").hub_id
    assert first.hub_id != Authority.open(tmp_path / "b").hub_id
