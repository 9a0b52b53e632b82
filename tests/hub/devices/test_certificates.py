"""Codes and certificates in the books: what each act leaves, on both databases."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.devices import enrolment, queries
from hub.devices.acts import (
    AddDevice,
    AskRenewal,
    EnrolDevice,
    NoteCut,
    NoteWrongCode,
    OfferCode,
    RenewDeviceCertificate,
    RetireDevice,
    RevokeDevice,
    SetPassword,
)
from hub.devices.enrolment import CodeUsed, NotEnrolled
from hub.devices.models import Device, DeviceCertificate, EnrolmentCode
from hub.devices.rules import CodeFacts, Verdict, is_renewal_due, judge_code
from hub.errors import NotFound, WrongState
from hub.outbox import OutboxMessage
from protocols.messages.presence import Birth
from tests.hub.conftest import TestHub

YEAR_US = 365 * 86_400 * 1_000_000
SECRET = b"0123456789"


def do(hub: TestHub, command: object) -> object:
    hub.clock.advance(ms=1)
    return hub.journal.carry_out(command, site=hub.site, via="command")  # type: ignore[arg-type]


def offer(hub: TestHub, device: str, digest: bytes = SECRET) -> None:
    do(hub, OfferCode(device, digest, hub.clock.now_us() + 1_000_000))


def enrol(hub: TestHub, device: str, serial: str = "a1", digest: bytes = SECRET) -> None:
    until = hub.clock.now_us() + 2 * YEAR_US
    do(hub, EnrolDevice(device, digest, "csr", serial, f"pem {serial}", f"key {serial}", until))


def renew(hub: TestHub, device: str, serial: str) -> None:
    until = hub.clock.now_us() + 2 * YEAR_US
    do(hub, RenewDeviceCertificate(device, "csr", serial, "pem", f"key {serial}", until))


def enrolled(hub: TestHub, device: str = "h1", serial: str = "a1") -> None:
    do(hub, AddDevice(device, "handheld"))
    offer(hub, device)
    enrol(hub, device, serial)


def hear(hub: TestHub, device: str, serial: str) -> bool:
    birth = Birth(1, device, "s", "ONLINE", certificate=serial)
    with hub.act() as act:
        return enrolment.note_use(act, birth)


def states() -> dict[str, tuple[str, str]]:
    return {row.serial: (row.state, row.reason) for row in DeviceCertificate.select()}


def state_of(device: str = "h1") -> str:
    return str(Device.get(Device.name == device).state)


def test_an_added_device_is_awaited_until_it_enrols(hub: TestHub):
    do(hub, AddDevice("h1", "handheld"))
    assert state_of() == "AWAITED"
    assert queries.identities("w1") == []
    offer(hub, "h1")
    enrol(hub, "h1")
    assert state_of() == "ENROLLED"
    assert queries.identities("w1") == [("h1", "handheld", "")]
    assert queries.barred("w1") == []


def test_a_code_enrols_once(hub: TestHub):
    enrolled(hub)
    with pytest.raises(CodeUsed):
        enrol(hub, "h1", "a2")
    assert states() == {"a1": ("ACTIVE", "")}


def test_a_code_of_yesterday_enrols_nobody(hub: TestHub):
    do(hub, AddDevice("h1", "handheld"))
    offer(hub, "h1")
    hub.clock.advance(s=2)
    with pytest.raises(CodeUsed):
        enrol(hub, "h1")


def test_a_new_code_takes_the_place_of_the_old_one(hub: TestHub):
    do(hub, AddDevice("h1", "handheld"))
    offer(hub, "h1", b"old")
    offer(hub, "h1", b"new")
    with pytest.raises(CodeUsed):
        enrol(hub, "h1", digest=b"old")
    enrol(hub, "h1", digest=b"new")
    assert state_of() == "ENROLLED"


def test_a_code_for_a_device_that_is_not_there_is_refused(hub: TestHub):
    with pytest.raises(NotFound):
        offer(hub, "h9")


def test_the_fifth_guess_burns_the_code(hub: TestHub):
    do(hub, AddDevice("h1", "handheld"))
    assert do(hub, NoteWrongCode("h1")) == 0
    offer(hub, "h1")
    assert [do(hub, NoteWrongCode("h1")) for _ in range(6)] == [1, 2, 3, 4, 5, 5]
    assert EnrolmentCode.get().state == "BURNT"
    with pytest.raises(CodeUsed):
        enrol(hub, "h1")


def test_enrolling_anew_ends_what_was_before_and_the_password(hub: TestHub):
    do(hub, AddDevice("h1", "handheld", "$7$hash"))
    offer(hub, "h1")
    enrol(hub, "h1", "a1")
    assert queries.identities("w1") == [("h1", "handheld", "")]
    offer(hub, "h1")
    enrol(hub, "h1", "a2")
    assert states() == {"a1": ("SUPERSEDED", "REPLACED"), "a2": ("ACTIVE", "")}
    assert queries.to_cut("w1") == {"h1": ["a1"]}
    do(hub, NoteCut(("a1",)))
    assert queries.to_cut("w1") == {}


def test_a_password_ends_certificates(hub: TestHub):
    enrolled(hub)
    do(hub, SetPassword("h1", "$7$hash"))
    assert queries.identities("w1") == [("h1", "handheld", "$7$hash")]
    assert states() == {"a1": ("REVOKED", "REPLACED")}


def test_the_old_certificate_is_good_until_the_new_one_was_heard(hub: TestHub):
    enrolled(hub)
    assert hear(hub, "h1", "a1")
    renew(hub, "h1", "a2")
    assert states() == {"a1": ("ACTIVE", ""), "a2": ("ACTIVE", "")}
    assert not hear(hub, "h1", "a1"), "still the old one: nothing changes"
    assert hear(hub, "h1", "A2"), "however it writes the number"
    assert states() == {"a1": ("SUPERSEDED", "RENEWED"), "a2": ("ACTIVE", "")}
    assert queries.to_cut("w1") == {}, "the new connection took the old one's place"
    assert not hear(hub, "h1", "a2")


def test_a_certificate_that_was_never_used_ends_with_the_next(hub: TestHub):
    """Power was cut before the device kept it, and it made another key."""
    enrolled(hub)
    renew(hub, "h1", "a2")
    renew(hub, "h1", "a3")
    assert states() == {
        "a1": ("ACTIVE", ""), "a2": ("SUPERSEDED", "UNUSED"), "a3": ("ACTIVE", ""),
    }  # fmt: skip


def test_a_birth_that_names_somebody_elses_certificate_changes_nothing(hub: TestHub):
    enrolled(hub, "h1", "a1")
    enrolled(hub, "h2", "b1")
    renew(hub, "h2", "b2")
    for serial in ("b2", "ff", "", "not a number"):
        assert not hear(hub, "h1", serial)
    assert {state for state, _ in states().values()} == {"ACTIVE"}


def test_a_device_without_certificate_has_none_to_renew(hub: TestHub):
    do(hub, AddDevice("h1", "handheld", "$7$hash"))
    with pytest.raises(NotEnrolled):
        renew(hub, "h1", "a1")
    with pytest.raises(NotEnrolled):
        do(hub, AskRenewal(("h1",)))


@pytest.mark.parametrize(
    ("command", "state", "reason"),
    [(RevokeDevice, "REVOKED", "LOST"), (RetireDevice, "RETIRED", "RETIRED")],
)
def test_whoever_is_shut_out_has_nothing_left(command: type, state: str, reason: str, hub: TestHub):
    enrolled(hub)
    renew(hub, "h1", "a2")
    offer(hub, "h1", b"another code")
    do(hub, command("h1"))
    assert state_of() == state
    assert states() == {"a1": ("REVOKED", reason), "a2": ("REVOKED", reason)}
    assert queries.identities("w1") == []
    assert queries.barred("w1") == ["h1"]
    assert queries.revoked_serials("w1") == ["a1", "a2"]
    with pytest.raises(NotEnrolled):
        renew(hub, "h1", "a3")
    with pytest.raises(CodeUsed):
        enrol(hub, "h1", "a3", b"another code")


def test_only_a_new_code_takes_a_revoked_device_back(hub: TestHub):
    enrolled(hub)
    do(hub, RevokeDevice("h1"))
    with pytest.raises(WrongState):
        do(hub, RevokeDevice("h1"))
    offer(hub, "h1")
    enrol(hub, "h1", "a2")
    assert state_of() == "ENROLLED"
    assert queries.revoked_serials("w1") == ["a1"]


def test_devices_are_asked_once_a_day_in_the_second_half_of_a_certificates_life(hub: TestHub):
    enrolled(hub)
    now_us, day_us = hub.clock.now_us(), 86_400_000_000
    assert queries.due_for_renewal("w1", now_us + YEAR_US - day_us, now_us) == []
    later = now_us + YEAR_US + day_us
    assert queries.due_for_renewal("w1", later, later - day_us) == ["h1"]
    hub.clock.advance(us=later - now_us)
    do(hub, AskRenewal(("h1",)))
    assert OutboxMessage.get().type == "RenewCertificate"
    assert queries.due_for_renewal("w1", later, later - day_us) == []
    assert queries.due_for_renewal("w1", later + 2 * day_us, later + day_us) == ["h1"]
    hub.clock.advance(us=day_us)
    renew(hub, "h1", "a2")
    assert queries.due_for_renewal("w1", later + 9 * day_us, later + 8 * day_us) == []


def test_what_ends_soon_is_told(hub: TestHub):
    enrolled(hub)
    enrolled(hub, "h2", "b1")
    do(hub, RevokeDevice("h2"))
    end = DeviceCertificate.get(DeviceCertificate.serial == "a1").expires_at
    assert [row.device for row in queries.ending("w1", end + 1)] == ["h1"]
    assert queries.ending("w1", end) == []


KINDS = st.sampled_from(["OPEN", "USED", "BURNT", "WITHDRAWN"])
CODES = st.builds(
    CodeFacts, st.sampled_from([b"right", b"other"]), KINDS, st.integers(0, 20),
    st.sampled_from(["", "key"]),
)  # fmt: skip


@given(code=st.none() | CODES, key=st.sampled_from(["key", "strange"]), now_us=st.integers(0, 20))
def test_who_does_not_know_the_secret_gets_one_answer_and_nothing_else(
    code: CodeFacts | None, key: str, now_us: int
):
    assert judge_code(code, b"wrong", key, now_us) == "CODE_UNKNOWN"


@given(code=CODES, key=st.sampled_from(["key", "strange"]), now_us=st.integers(0, 20))
def test_a_certificate_is_granted_for_an_open_code_alone_and_again_for_the_same_key(
    code: CodeFacts, key: str, now_us: int
):
    verdict: Verdict = judge_code(code, b"right", key, now_us)
    if verdict in {"GRANT", "AGAIN"}:
        assert (code.digest, now_us < code.expires_at) == (b"right", True)
        assert code.state == ("OPEN" if verdict == "GRANT" else "USED")
    if verdict == "AGAIN":
        assert code.key_fingerprint == key


def test_renewal_is_due_at_half_of_the_life():
    assert not is_renewal_due(0, 100, 49)
    assert is_renewal_due(0, 100, 50)


def test_serial_numbers_of_births_and_rows_are_written_alike(sqlite_hub: TestHub):
    from hub.identity.authority import serial_text

    number = int.from_bytes(b"\x00" + os.urandom(15), "big") | 1
    assert serial_text(number) == f"{number:032x}".lstrip("0")
