"""From a code to an identity over real HTTPS; every way that it can go wrong leaves a way on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from msgspec.structs import replace

from edge.errors import (
    EnrolmentAnswerUnusable,
    EnrolmentRefused,
    HubIsAnother,
    HubUnreachable,
)
from edge.identity import enrolment
from edge.identity.enrolment import enrol
from edge.identity.keys import check_certificate
from edge.identity.record import IdentityStore
from protocols.enrolment import Address, EnrolmentCode
from simulators.ports import free_port
from tests.edge.certificates import DEVICE, SITE, TestHub
from tests.edge.enrolling_hub import EnrollingHub, serving, spoilt


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> TestHub:
    return TestHub(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def rogue(tmp_path_factory) -> TestHub:
    return TestHub(tmp_path_factory.mktemp("rogue"))


@pytest.fixture
def hub(certificates) -> Iterator[EnrollingHub]:
    with serving(EnrollingHub(certificates)) as made:
        yield made


@pytest.fixture
def store(tmp_path) -> IdentityStore:
    return IdentityStore(tmp_path)


def dead_address() -> Address:
    """Where nobody listens."""
    return Address("127.0.0.1", free_port())


def at_only(code: EnrolmentCode, *addresses: Address) -> EnrolmentCode:
    """The same code with other addresses."""
    return replace(code, addresses=addresses)


def test_a_device_gets_an_identity_that_is_there_after_a_restart(hub, store, tmp_path):
    identity = enrol(hub.code(), store)
    assert IdentityStore(tmp_path).identity == identity
    assert (identity.site, identity.device, identity.kind) == (SITE, DEVICE, "handheld")
    assert identity.brokers == (hub.broker,)
    pem = hub.hub.authority.pem
    check_certificate(identity.pair.certificate, identity.pair.key, DEVICE, pem)


def test_the_private_key_never_leaves_the_device(hub, store):
    key = enrol(hub.code(), store).pair.key
    [request] = hub.requests
    assert "PRIVATE" not in request.csr
    assert key.splitlines()[1] not in f"{request!r}"


def test_a_lost_reply_is_asked_for_again_with_the_same_key_even_after_a_power_cut(
    hub, store, tmp_path
):
    hub.loses_replies = 2
    for _ in range(2):
        with pytest.raises(HubUnreachable):
            enrol(hub.code(), IdentityStore(tmp_path))
    enrol(hub.code(), IdentityStore(tmp_path))
    assert len({hub.key_of(request) for request in hub.requests}) == 1


def test_a_code_that_another_device_has_used_is_refused_with_the_hubs_words(hub, store, tmp_path):
    enrol(hub.code(), store)
    with pytest.raises(EnrolmentRefused, match="That code is used") as refused:
        enrol(hub.code(), IdentityStore(tmp_path / "other"))
    assert refused.value.reason == "CODE_USED"


@pytest.mark.parametrize(
    ("status", "code"), [(403, "CODE_UNKNOWN"), (410, "CODE_EXPIRED"), (429, "TOO_MANY_TRIES")]
)
def test_what_the_hub_refuses_is_told_and_nothing_changes(hub, store, status, code):
    hub.refusal = (status, code)
    with pytest.raises(EnrolmentRefused) as refused:
        enrol(hub.code(), store)
    assert (refused.value.reason, store.identity) == (code, None)
    hub.refusal = None
    assert enrol(hub.code(), store) == store.identity


def test_a_hub_that_fails_is_no_refusal(hub, store):
    hub.refusal = (503, "X")
    with pytest.raises(HubUnreachable):
        enrol(hub.code(), store)


def test_every_address_of_the_code_is_tried(hub, store):
    assert enrol(hub.code(dead_address(), dead_address()), store).device == DEVICE


def test_where_nobody_answers_all_addresses_are_named(hub, store):
    code = hub.code(dead_address())
    spots = (code.addresses[0], dead_address())
    with pytest.raises(HubUnreachable) as refused:
        enrol(at_only(code, *spots), store)
    assert len(refused.value.addresses) == 2


def test_a_stranger_at_an_address_is_told_nothing(hub, rogue, store):
    with serving(EnrollingHub(rogue)) as stranger:
        with pytest.raises(HubIsAnother) as refused:
            enrol(at_only(hub.code(), stranger.address), store)
        assert refused.value.found == rogue.authority.fingerprint
        assert not stranger.requests


def test_a_stranger_who_shows_the_true_certificate_cannot_hold_the_connection(
    hub, rogue, certificates, store
):
    """Everybody can copy a public certificate; what is posted needs its key."""
    relay = EnrollingHub(rogue)
    relay.shown_authority = certificates.authority.pem
    with serving(relay):
        with pytest.raises(HubIsAnother):
            enrol(at_only(hub.code(), relay.address), store)
        assert not relay.requests


def test_a_device_of_the_same_hub_cannot_stand_in_for_it(hub, certificates, store, tmp_path):
    pair = certificates.pair("h2")
    (tmp_path / "server.crt").write_text(pair.certificate)
    (tmp_path / "server.key").write_text(pair.key)
    thief = EnrollingHub(certificates)
    with serving(thief, tmp_path):
        with pytest.raises(HubIsAnother):
            enrol(thief.code(), store)
        assert not thief.requests


def test_a_stranger_first_and_the_hub_next_is_an_enrolled_device(hub, rogue, store):
    with serving(EnrollingHub(rogue)) as stranger:
        assert enrol(hub.code(stranger.address), store).device == DEVICE


def test_a_stranger_matters_more_than_an_address_where_nobody_is(hub, rogue, store):
    with serving(EnrollingHub(rogue)) as stranger:
        code = hub.code()
        spots = (dead_address(), stranger.address, dead_address())
        with pytest.raises(HubIsAnother):
            enrol(at_only(code, *spots), store)


def test_an_answer_that_is_not_for_this_device_is_not_taken(hub, store, certificates, rogue):
    wrong = [
        {"device": "h2"},
        {"site": "other"},
        {"brokers": ()},
        {"brokers": ("no address",)},
        {"certificate": certificates.pair().certificate},
        {"certificate": rogue.pair().certificate},
        {"certificate": "rubbish"},
        {"v": 2},
    ]
    for fields in wrong:
        hub.spoils = spoilt(**fields)
        with pytest.raises(EnrolmentAnswerUnusable):
            enrol(hub.code(), store)
        assert store.identity is None


def test_the_authority_kept_is_the_one_that_was_compared_not_the_one_in_the_answer(
    hub, store, rogue
):
    hub.spoils = spoilt(authority=rogue.authority.pem)
    assert enrol(hub.code(), store).authority == hub.hub.authority.pem


def test_somebody_who_listens_and_says_nothing_is_given_up(hub, store, monkeypatch):
    monkeypatch.setattr(enrolment, "TIMEOUT_S", 0.2)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        code = at_only(hub.code(), Address(*silent.getsockname()))
        with pytest.raises(HubUnreachable):
            enrol(code, store)


def test_what_is_no_certificate_at_all_is_no_hub(hub, store):
    hub.shown_authority = "<html>A printer</html>"
    with pytest.raises(HubUnreachable, match="no hub"):
        enrol(hub.code(), store)


def test_a_device_that_enrols_anew_at_another_hub_is_the_old_one_until_that_worked(
    hub, rogue, store
):
    before = enrol(hub.code(), store)
    with serving(EnrollingHub(rogue, "10.9.9.9:8883")) as other:
        other.refusal = (410, "CODE_EXPIRED")
        with pytest.raises(EnrolmentRefused):
            enrol(other.code(), store)
        assert store.identity == before
        other.refusal = None
        assert enrol(other.code(), store).brokers == ("10.9.9.9:8883",)
