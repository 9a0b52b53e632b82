"""The identity's file: each step is there or not, whatever moment the power goes at."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.errors import CertificateUnusable, IdentityUnusable
from edge.identity.keys import check_certificate, fingerprint, make_key, request_for, serial
from edge.identity.record import FILE_NAME, Identity, IdentityStore, Pending
from edge.storage.durable_file import REAL, replace_durably
from protocols.enrolment import Address, EnrolmentCode, authority_fingerprint
from tests.edge.certificates import DEVICE, SITE, TestHub
from tests.edge.cut_disk import CutDisk, Image

FOLDER = Path("/device")
CODE = EnrolmentCode(
    SITE, DEVICE, b"0123456789", authority_fingerprint(b"k"), (Address("hub", 8443),)
)
OTHER_CODE = EnrolmentCode(SITE, DEVICE, b"9876543210", CODE.authority, CODE.addresses)


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> TestHub:
    return TestHub(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def granted(hub) -> Identity:
    return hub.identity("10.0.0.1:8883")


# ── A cut at every step of every step. ──────────────────────────────────────────────────────

STEPS: dict[str, Callable[[IdentityStore, Identity, TestHub], object]] = {
    "begin": lambda store, _granted, _hub: store.begin(CODE),
    "adopt": lambda store, granted, _hub: store.adopt(granted),
    "remember": lambda store, _granted, _hub: store.remember(Address("10.0.0.1", 8883)),
    "begin_renewal": lambda store, _granted, _hub: store.begin_renewal(),
    "take_next": lambda store, _granted, hub: store.take_next(_next_certificate(store, hub)),
    "promote": lambda store, _granted, _hub: store.promote(),
    "begin_another": lambda store, _granted, _hub: store.begin(OTHER_CODE),
    "renew_once_more": lambda store, _granted, _hub: store.begin_renewal(),
    "drop_next": lambda store, _granted, _hub: store.drop_next(),
}


def _next_certificate(store: IdentityStore, hub: TestHub) -> str:
    return hub.grant(request_for(store.identity.next_key, DEVICE))


def images_of_each_step(
    granted: Identity, hub: TestHub, *, syncs: bool = True
) -> Iterator[tuple[str, Image, bytes | None, bytes, bool]]:
    """(step, image, content before, content after, whether the step had returned)."""
    image: Image = {}
    for name, do in STEPS.items():
        disk = CutDisk(image, syncs=syncs)
        do(IdentityStore(FOLDER, disk), granted, hub)
        after = disk.read(FOLDER / FILE_NAME)
        assert after is not None
        for taken, left in disk.images():
            yield name, left, image.get(FOLDER / FILE_NAME), after, taken == len(disk.steps)
        image = {FOLDER / FILE_NAME: after}


def test_a_power_cut_leaves_the_step_before_or_the_step_after(granted, hub):
    seen = 0
    for name, left, before, after, has_returned in images_of_each_step(granted, hub):
        found = left.get(FOLDER / FILE_NAME)
        assert found in ({after} if has_returned else {before, after}), name
        IdentityStore(FOLDER, CutDisk(left))
        seen += 1
    assert seen > 100


def test_without_syncs_the_same_cuts_are_seen_to_destroy_the_identity(granted, hub):
    """The control: this harness would notice a missing sync."""
    destroyed = 0
    for _name, left, _before, _after, _returned in images_of_each_step(granted, hub, syncs=False):
        try:
            IdentityStore(FOLDER, CutDisk(left))
        except IdentityUnusable:
            destroyed += 1
    assert destroyed > 0


def shape(identity: Identity | None) -> object:
    """How far an identity is, whatever its keys are."""
    if identity is None:
        return None
    return bool(identity.next_key), identity.next_pair is not None, identity.last_good


def test_whatever_a_cut_left_the_step_can_be_taken_again(granted, hub):
    for name, left, _before, after, _returned in images_of_each_step(granted, hub):
        store = IdentityStore(FOLDER, CutDisk(left))
        if name == "take_next" and not store.identity.next_key:
            continue
        STEPS[name](store, granted, hub)
        uncut = IdentityStore(FOLDER, CutDisk({FOLDER / FILE_NAME: after}))
        assert shape(store.identity) == shape(uncut.identity), name


def test_a_key_never_stands_beside_the_certificate_of_another(granted, hub):
    for _name, left, _before, _after, _returned in images_of_each_step(granted, hub):
        identity = IdentityStore(FOLDER, CutDisk(left)).identity
        for pair in (identity.pair, identity.next_pair) if identity else ():
            if pair is not None:
                check_certificate(pair.certificate, pair.key, DEVICE, hub.authority.pem)


# ── The steps. ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def store(tmp_path) -> IdentityStore:
    return IdentityStore(tmp_path / "device")


def test_the_same_code_asks_with_the_same_key_after_a_restart_and_another_code_does_not(tmp_path):
    first = IdentityStore(tmp_path).begin(CODE)
    assert IdentityStore(tmp_path).begin(CODE) == first
    assert IdentityStore(tmp_path).begin(OTHER_CODE) != first


def test_a_device_that_enrols_anew_keeps_what_it_is_until_the_hub_has_granted(store, granted):
    store.adopt(granted)
    store.begin(CODE)
    assert store.identity == granted


def test_a_renewal_keeps_the_old_pair_until_the_new_one_has_connected(store, granted, hub):
    store.adopt(granted)
    store.begin_renewal()
    next_key = store.identity.next_key
    store.begin_renewal()
    assert (store.identity.next_key, store.identity.next_pair) == (next_key, None)
    store.take_next(_next_certificate(store, hub))
    assert store.identity.pair == granted.pair
    store.promote()
    assert store.identity.pair.key == next_key
    assert (store.identity.next_key, store.identity.next_pair) == ("", None)


def test_a_renewal_that_came_to_nothing_leaves_the_device_as_it_was(store, granted):
    store.adopt(granted)
    store.begin_renewal()
    store.drop_next()
    assert store.identity == granted


def test_nothing_can_be_renewed_where_nobody_has_enrolled(store):
    with pytest.raises(IdentityUnusable):
        store.begin_renewal()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"v":9}', b"\xff", b'{"identity":{}}'])
def test_a_file_that_is_none_is_refused_by_name(tmp_path, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(IdentityUnusable):
        IdentityStore(tmp_path)


def test_a_disk_that_fails_is_told_and_the_identity_stays(tmp_path, granted):
    store = IdentityStore(tmp_path)
    store.adopt(granted)
    (tmp_path / f"{FILE_NAME}.new").mkdir()
    with pytest.raises(IdentityUnusable):
        store.begin_renewal()
    assert store.identity == granted == IdentityStore(tmp_path).identity


def test_keys_are_for_the_devices_user_alone_and_appear_in_no_log(store, tmp_path, granted):
    store.adopt(granted)
    store.begin(CODE)
    path = tmp_path / "device" / FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "PRIVATE" in path.read_text()
    pending = Pending("main", "h1", CODE.secret.hex(), key=store.begin(CODE))
    assert "PRIVATE" in pending.key
    assert "PRIVATE" not in f"{store.identity!r} {store.identity.pair!r} {pending!r}"
    assert CODE.secret.hex() not in repr(pending)


def test_a_leftover_of_a_cut_with_other_rights_is_not_written_into(tmp_path):
    beside = tmp_path / "file.new"
    beside.write_bytes(b"left")
    beside.chmod(0o666)
    replace_durably(tmp_path / "file", b"new", REAL)
    assert (tmp_path / "file").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208 - names alone


# ── Keys and certificates. ──────────────────────────────────────────────────────────────────


def test_a_certificate_is_taken_only_for_its_key_device_and_authority(hub, granted, tmp_path):
    pair, pem = granted.pair, hub.authority.pem
    check_certificate(pair.certificate, pair.key, DEVICE, pem)
    other = TestHub(tmp_path)
    wrong = [
        (pair.certificate, make_key(), DEVICE, pem),
        (pair.certificate, pair.key, "h2", pem),
        (pair.certificate, pair.key, DEVICE, other.authority.pem),
        (other.pair().certificate, pair.key, DEVICE, pem),
        (pem, pair.key, DEVICE, pem),
        ("rubbish", pair.key, DEVICE, pem),
        (pair.certificate, "rubbish", DEVICE, pem),
        (pair.certificate, pair.key, DEVICE, "rubbish"),
    ]
    for values in wrong:
        with pytest.raises(CertificateUnusable):
            check_certificate(*values)


def test_a_fingerprint_is_of_the_key_so_a_new_certificate_of_it_changes_nothing(hub, granted):
    assert fingerprint(hub.authority.pem) == hub.authority.fingerprint
    again = hub.grant(request_for(granted.pair.key, DEVICE))
    assert fingerprint(again) == fingerprint(granted.pair.certificate)
    assert serial(again) != serial(granted.pair.certificate)
