"""A device asks for another certificate over its connection."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.clock import FixedClock
from hub.config import HubConfig
from hub.devices.acts import AddDevice, AskRenewal, EnrolDevice, OfferCode, RevokeDevice
from hub.devices.models import DeviceCertificate
from hub.identity.authority import new_key
from hub.identity.tls import ensure_certificates
from hub.journal import JournalRow
from hub.wiring import birth_handlers, certificate_signer
from protocols.messages.asking import Answer, Ask
from protocols.messages.codec import decode, encode
from protocols.messages.presence import Birth
from tests.hub.conftest import TestHub
from tests.hub.device_gateway.conftest import Device, Floor
from tests.hub.security.rig import request_of

NOW = 1_790_000_000_000_000
YEAR_US = 365 * 86_400_000_000


@pytest.fixture
def floor(sqlite_hub: TestHub, tmp_path: Path) -> Floor:
    """A gateway that signs, and one device with its first certificate."""
    config = HubConfig(folder=str(tmp_path))
    ensure_certificates(config.tls_folder, FixedClock(NOW), "127.0.0.1")
    made = Floor(sqlite_hub)
    made.core = made.new_core(signer=certificate_signer(config))
    for command in (
        AddDevice("h1", "handheld"), OfferCode("h1", b"x", sqlite_hub.clock.now_us() + 10**9),
        EnrolDevice("h1", b"x", "csr", "a1", "pem", "first key",
                    sqlite_hub.clock.now_us() + 2 * YEAR_US),
        AskRenewal(("h1",)),
    ):  # fmt: skip
        sqlite_hub.journal.carry_out(command, site="w1", via="command")  # type: ignore[arg-type]
    return made


def ask(floor: Floor, csr: str, device: str = "h1") -> Answer:
    said = floor.hear(Device(floor, device).on("ask", encode(Ask(1, "CERTIFICATE", csr=csr))))
    (answer,) = [decode(Answer, p.payload) for p in said if p.topic.endswith("/answer")]
    return answer


def serials() -> dict[str, str]:
    return {row.serial: row.state for row in DeviceCertificate.select()}


def test_a_new_key_gets_a_certificate_and_the_act_is_in_the_journal(floor: Floor):
    answer = ask(floor, request_of(new_key(), "h1"))
    assert answer.found
    row = DeviceCertificate.get(DeviceCertificate.pem == answer.certificate)
    assert (row.device, row.state) == ("h1", "ACTIVE")
    act = JournalRow.get(JournalRow.act == "devices.renew_certificate")
    assert row.serial.encode() in bytes(act.input)
    assert (act.via, act.device) == ("device", "h1")


def test_an_answer_that_was_lost_is_given_again(floor: Floor):
    csr = request_of(new_key(), "h1")
    assert ask(floor, csr) == ask(floor, csr)
    assert len(serials()) == 2


def was_never_asked() -> None:
    DeviceCertificate.update(asked_at=None).execute()


def test_a_device_that_was_not_asked_gets_no_other_certificate(floor: Floor):
    was_never_asked()
    answer = ask(floor, request_of(new_key(), "h1"))
    assert (answer.found, answer.code, answer.certificate) == (False, "RENEWAL_NOT_ASKED", "")
    assert list(serials()) == ["a1"]


def test_one_ask_is_good_for_one_certificate_that_is_used(floor: Floor):
    csr = request_of(new_key(), "h1")
    answer = ask(floor, csr)
    hear_with(floor, answer)
    assert ask(floor, request_of(new_key(), "h1")).code == "RENEWAL_NOT_ASKED"
    assert ask(floor, csr) == answer


def test_past_half_its_life_a_device_may_ask_by_itself(floor: Floor):
    was_never_asked()
    floor.hub.clock.advance(us=YEAR_US - 1_000_000)
    assert not ask(floor, request_of(new_key(), "h1")).found
    floor.hub.clock.advance(us=1_000_000)
    assert ask(floor, request_of(new_key(), "h1")).found


@pytest.mark.parametrize("name", ["h2", "", "_hub"])
def test_a_request_in_anothers_name_is_refused(name: str, floor: Floor):
    answer = ask(floor, request_of(new_key(), name or "x"))
    assert (answer.found, answer.code, answer.certificate) == (False, "BAD_CSR", "")
    assert len(serials()) == 1


def hear_with(floor: Floor, answer: Answer) -> str:
    """The device is back, with what it was given; returns the serial."""
    new = str(DeviceCertificate.get(DeviceCertificate.pem == answer.certificate).serial)
    kept, floor.core = floor.core, floor.new_core(birth_handlers=birth_handlers())
    birth = Birth(1, "h1", "s2", "ONLINE", epoch="e1", certificate=new)
    floor.hear(Device(floor).on("birth", encode(birth)))
    floor.core = kept
    return new


def test_the_old_one_ends_with_the_birth_that_names_the_new_one(floor: Floor):
    new = hear_with(floor, ask(floor, request_of(new_key(), "h1")))
    assert serials() == {"a1": "SUPERSEDED", new: "ACTIVE"}


def test_a_device_that_was_shut_out_gets_nothing(floor: Floor):
    floor.hub.journal.carry_out(RevokeDevice("h1"), site="w1", via="command")
    floor.tick()
    csr = request_of(new_key(), "h1")
    said = floor.hear(Device(floor).on("ask", encode(Ask(1, "CERTIFICATE", csr=csr))))
    assert said == []
    assert floor.refused() == {"REVOKED_DEVICE": 1}


def test_a_gateway_without_keys_says_so(floor: Floor):
    floor.core = floor.new_core()
    answer = ask(floor, request_of(new_key(), "h1"))
    assert (answer.found, answer.code) == (False, "NO_AUTHORITY")


def test_the_last_birth_of_a_device_that_was_shut_out_is_no_news(floor: Floor):
    """The broker keeps it, and gives it to every gateway that starts."""
    floor.hub.journal.carry_out(RevokeDevice("h1"), site="w1", via="command")
    floor.tick()
    assert floor.hear(Device(floor).birth()) == []
    assert floor.refused() == {}
    assert floor.exceptions() == []
