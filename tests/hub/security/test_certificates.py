"""Who may connect with which certificate, what they may say and hear, and how they are cut off.

Real mosquitto, real TLS, paho. The guard is looked at by hand, so nothing depends on time.
"""

from __future__ import annotations

import datetime
import os
import socket
import ssl

import pytest
from cryptography import x509

from hub.clock import FixedClock
from hub.config import HubConfig
from hub.device_gateway.known_devices import KnownDevices, RevokedDevice
from hub.devices import queries
from hub.devices.acts import AddDevice, RetireDevice, RevokeDevice, SetPassword
from hub.devices.service import new_password
from hub.floor_exceptions import FloorException
from hub.identity import admissions
from hub.identity.authority import NEVER_BEFORE, Authority, read_request
from hub.identity.tls import ensure_certificates
from hub.security import cutting
from simulators.bench.small_site import free_port
from tests.hub.security.rig import Client, SecureSite, new_key, request_of
from tests.hub.speaker import Speaker

pytestmark = pytest.mark.broker


def cmd(device: str) -> str:
    return f"bw/1/w1/dev/{device}/cmd"


def evt(device: str) -> str:
    return f"bw/1/w1/dev/{device}/evt"


def heard_next(ear: Speaker, topic: str) -> bytes:
    return ear.next_on(topic)


def test_a_client_without_certificate_is_turned_away_and_noted(site: SecureSite):
    assert not site.client(None, "stranger").is_in()
    (row,) = site.until(lambda: site.seen("NO_CERTIFICATE"), "the note")
    assert row.address == "127.0.0.1"


def test_a_certificate_of_another_authority_is_refused(site: SecureSite, tmp_path_factory):
    foreign = tmp_path_factory.mktemp("foreign")
    ensure_certificates(foreign, FixedClock(1_790_000_000_000_000), "127.0.0.1")
    key = new_key()
    signed = Authority.open(foreign).sign_device(
        read_request(request_of(key, "h-foreign"), "h-foreign"), "w1", "h-foreign",
        os.urandom(16), site.clock.now_us(),
    )  # fmt: skip
    papers = site.keep("h-foreign", signed.pem, key)
    assert not site.client(papers, "h-foreign").is_in()
    site.until(lambda: site.seen("CERTIFICATE_REFUSED"), "the note")


def test_the_hubs_own_server_certificate_opens_nothing(site: SecureSite):
    context = ssl.create_default_context(cafile=site.config.tls_folder / "ca.crt")
    context.check_hostname = False
    context.load_cert_chain(
        site.config.tls_folder / "server.crt", site.config.tls_folder / "server.key"
    )
    assert not Client(site, context, "localhost").is_in()


def test_a_device_is_its_certificate_whatever_it_calls_itself(site: SecureSite, ear: Speaker):
    first, second = site.enrol("a1"), site.enrol("a2")
    victim = site.client(first, "a1")
    assert victim.is_in()
    victim.subscribe(cmd("a1"))
    thief = site.client(second, "a1")
    assert thief.is_in()
    thief.subscribe(cmd("a1"))
    ear.publish(cmd("a1"), b"for a1 alone")
    ear.publish(cmd("a2"), b"for a2")
    assert victim.next() == (cmd("a1"), b"for a1 alone")
    thief.subscribe(cmd("a2"))
    ear.publish(cmd("a2"), b"again")
    assert thief.next() == (cmd("a2"), b"again")
    (row,) = site.until(lambda: site.seen("SUBSCRIBE_DENIED"), "the note")
    assert (row.subject, row.address) == ("a2", "127.0.0.1")


def test_publishing_for_another_device_is_cut_off_noted_and_told(site: SecureSite, ear: Speaker):
    thief = site.client(site.enrol("b1"), "b1", will=("bw/1/w1/dev/b2/birth", b"forged"))
    assert thief.is_in()
    thief.say(evt("b2"), b"forged")
    thief.wait(lambda: thief.is_cut, "the cut")
    site.until(lambda: [r for r in site.seen("PUBLISH_DENIED") if r.subject == "b1"], "the note")
    alerts = FloorException.select().where(FloorException.kind == "SECURITY_ALERT")
    assert [b"publish denied" in row.values for row in alerts if b"b1" in row.values] == [True]
    honest = site.client(site.enrol("b3"), "b3")
    assert honest.is_in()
    honest.say(evt("b3"), b"true")
    assert ear.next() == (
        evt("b3"),
        b"true",
    )  # neither the forged event nor the forged Will came


def test_a_live_connection_ends_when_the_device_is_revoked(site: SecureSite, ear: Speaker):
    papers = site.enrol("c1")
    stolen = site.client(papers, "c1")
    assert stolen.is_in()
    stolen.subscribe(cmd("c1"))
    site.do(RevokeDevice("c1"))
    site.guard.look()
    ear.publish(cmd("c1"), b"secret")
    stolen.wait(lambda: stolen.is_cut, "the cut")
    assert stolen.heard == []
    assert not site.client(papers, "c1").is_in()
    (row,) = site.until(
        lambda: [r for r in site.seen("CERTIFICATE_REFUSED") if r.subject == "c1"], "the note"
    )
    assert row.count >= 1
    assert queries.to_cut("w1") == {}


def test_a_revoked_device_hears_nothing_from_the_moment_the_broker_knows(
    site: SecureSite, ear: Speaker, monkeypatch: pytest.MonkeyPatch
):
    """Even when the cut fails: rights are denied before."""
    stolen = site.client(site.enrol("d1"), "d1")
    assert stolen.is_in()
    stolen.subscribe(cmd("d1"))
    with monkeypatch.context() as broken:
        broken.setattr(site.guard, "_cut", lambda device: False)
        site.do(RevokeDevice("d1"))
        site.guard.look()
        ear.publish(cmd("d2"), b"the broker reads its files after this turn")
        ear.publish(cmd("d1"), b"secret")
        stolen.say(evt("d1"), b"from a thief")
    stolen.wait(lambda: stolen.is_cut, "the end")
    assert stolen.heard == []
    site.until(lambda: queries.to_cut("w1") == {}, "the cut made up for")


def test_who_gets_in_on_an_old_list_is_cut_off_when_the_log_shows_it(site: SecureSite):
    """The handshake began before the broker read its new list."""
    site.enrol("e1")
    site.do(RevokeDevice("e1"))
    site.guard.look()
    authority = Authority.open(site.config.tls_folder)
    key = new_key()
    late = authority.sign_device(
        read_request(request_of(key, "e1"), "e1"), "w1", "e1", os.urandom(16), site.clock.now_us()
    )
    intruder = site.client(site.keep("e1", late.pem, key), "e1")
    assert intruder.is_in() or intruder.is_cut
    intruder.wait(lambda: intruder.is_cut, "the cut")
    site.until(lambda: site.seen("BARRED_CONNECTED"), "the note")


def test_the_hubs_own_cut_is_not_taken_for_an_intruder(site: SecureSite):
    papers = site.enrol("f1")
    device = site.client(papers, "f1")
    assert device.is_in()
    site.do(RevokeDevice("f1"))
    device.wait(lambda: device.is_cut, "the cut")
    site.guard.look()
    assert [row for row in site.seen("BARRED_CONNECTED") if row.subject == "f1"] == []


def test_who_is_revoked_in_the_middle_of_a_look_is_cut_off_after_the_lists_are_written(
    site: SecureSite, monkeypatch: pytest.MonkeyPatch
):
    """A cut before the list is no cut: the device would be back at once."""
    papers = site.enrol("s1")
    device = site.client(papers, "s1")
    assert device.is_in()
    follow = admissions.follow

    def revoked_right_after(config: HubConfig) -> bool:
        has_changed = follow(config)
        monkeypatch.undo()
        site.do(RevokeDevice("s1"))
        return has_changed

    monkeypatch.setattr(admissions, "follow", revoked_right_after)
    site.guard.look()
    device.wait(lambda: device.is_cut, "the cut")
    assert not site.client(papers, "s1").is_in()


def test_a_new_code_takes_a_revoked_device_back_and_the_old_papers_stay_bad(site: SecureSite):
    old = site.enrol("g1")
    site.do(RevokeDevice("g1"))
    site.guard.look()
    new = site.enrol("g1", is_new=False)
    assert site.client(new, "g1").is_in()
    assert not site.client(old, "g1").is_in()


def test_whoever_connects_before_the_guard_has_looked_is_no_intruder(site: SecureSite):
    """Enrolled, and connected at once: the guard still believes what it saw before."""
    site.enrol("t1")
    site.do(RevokeDevice("t1"))
    site.guard.look()
    key = new_key()
    answer = site.post("t1", site.offer("t1", is_new=False), key)
    admissions.follow(site.config)
    device = site.client(site.keep("t1", answer.certificate, key), "t1")
    assert device.is_in()
    site.guard.look()
    assert [row for row in site.seen("BARRED_CONNECTED") if row.subject == "t1"] == []
    device.say(evt("t1"), b"still here")
    assert not device.is_cut


def test_a_retired_device_comes_back_by_a_code_alone(site: SecureSite):
    old = site.enrol("i1")
    site.do(RetireDevice("i1"))
    site.guard.look()
    assert not site.client(old, "i1").is_in()
    assert site.client(site.enrol("i1", is_new=False), "i1").is_in()


def test_enrolling_anew_ends_the_connection_of_the_one_before(site: SecureSite):
    before = site.client(site.enrol("j1"), "j1")
    assert before.is_in()
    site.enrol("j1", is_new=False)
    before.wait(lambda: before.is_cut, "the cut")


def test_a_password_that_was_replaced_cuts_the_live_connection(site: SecureSite):
    secret, secret_hash = new_password(os.urandom)
    site.do(AddDevice("p1", "handheld", secret_hash))
    site.guard.look()
    device = Speaker(site.address, "p1", secret)
    site.do(SetPassword("p1", new_password(os.urandom)[1]))
    site.guard.look()
    with pytest.raises(ConnectionRefusedError):
        device.next()


def test_a_revoked_password_device_is_cut_off_too(site: SecureSite):
    secret, secret_hash = new_password(os.urandom)
    site.do(AddDevice("p2", "handheld", secret_hash))
    site.guard.look()
    device = Speaker(site.address, "p2", secret)
    site.do(RevokeDevice("p2"))
    site.guard.look()
    with pytest.raises(ConnectionRefusedError):
        device.next()
    with pytest.raises(ConnectionRefusedError):
        Speaker(site.address, "p2", secret)
    site.until(lambda: site.seen("PASSWORD_REFUSED"), "the note")


def test_the_gateway_hears_no_revoked_device(site: SecureSite):
    site.enrol("k1")
    known = KnownDevices(site.journal.database, "w1")
    known.refresh()
    assert known.get("k1").name == "k1"
    site.do(RevokeDevice("k1"))
    known.refresh()
    with pytest.raises(RevokedDevice):
        known.get("k1")


def test_an_outdated_certificate_is_refused(site: SecureSite):
    key = new_key()
    signed = Authority.open(site.config.tls_folder).sign_device(
        read_request(request_of(key, "m1"), "m1"), "w1", "m1", os.urandom(16), 0, days=1
    )
    assert not site.client(site.keep("m1", signed.pem, key), "m1").is_in()


def test_the_list_counts_as_long_as_the_authority(site: SecureSite):
    """An expired list would refuse everybody."""
    listed = x509.load_pem_x509_crl((site.config.tls_folder / "crl.pem").read_bytes())
    authority = Authority.open(site.config.tls_folder).certificate
    assert listed.next_update_utc == authority.not_valid_after_utc
    ten_years = datetime.timedelta(days=3_600)
    assert listed.next_update_utc - datetime.datetime.now(datetime.UTC) > ten_years


def test_a_longer_list_is_always_the_newer_one_whatever_the_clock_says(site: SecureSite):
    authority = Authority.open(site.config.tls_folder)
    lists = [
        x509.load_pem_x509_crl(authority.revocation_list([f"{n:x}" for n in range(1, 1 + size)]))
        for size in range(4)
    ]
    moments = [one.last_update_utc for one in lists]
    assert moments == sorted(set(moments))
    assert moments[0] == NEVER_BEFORE


def test_a_session_that_was_kept_opens_nothing_after_the_device_is_revoked(site: SecureSite):
    """Resuming an old TLS session shows no certificate again, so no list would be asked."""
    context = site.enrol("u1").context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    first = speak(site, context, "u1")
    resumed = speak(site, context, "u1", first.session)
    assert resumed.session_reused, "otherwise this shows nothing"
    site.do(RevokeDevice("u1"))
    site.guard.look()
    with pytest.raises(ssl.SSLError, match="REVOKED"):
        speak(site, context, "u1", resumed.session)


def speak(
    site: SecureSite, context: ssl.SSLContext, device: str,
    session: ssl.SSLSession | None = None,
) -> ssl.SSLSocket:  # fmt: skip
    """Connect and hear the broker's answer."""
    plain = socket.create_connection(("127.0.0.1", site.config.broker_tls_port), 20)
    secured = context.wrap_socket(plain, session=session)
    secured.sendall(cutting.connect_packet(device))
    assert secured.recv(64)[0] == cutting.CONNACK
    return secured


def test_a_stopped_broker_has_nobody_to_cut_off(site: SecureSite):
    authority = Authority.open(site.config.tls_folder)
    nowhere = ("127.0.0.1", free_port())
    assert cutting.cut(authority, nowhere, "w1", "n1", site.clock.now_us(), os.urandom) is None


def test_the_certificate_of_the_cut_is_in_no_file_and_on_no_list(site: SecureSite):
    device = site.client(site.enrol("q1"), "q1")
    assert device.is_in()
    known = {row.serial for row in queries.certificates("w1", "q1")}
    site.do(RevokeDevice("q1"))
    device.wait(lambda: device.is_cut, "the cut")
    assert {row.serial for row in queries.certificates("w1", "q1")} == known
