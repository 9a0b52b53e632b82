"""Enrolment as a device does it: the code from the page, the real web part, HTTPS by pinned key."""

from __future__ import annotations

import base64
import http.client
import json
import re
import ssl
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from hub.app import create_app, serving_https, settings_of
from hub.db import proxy
from hub.devices import queries
from hub.devices.acts import AddDevice, RevokeDevice
from hub.devices.enrolling import new_offer
from hub.floor_exceptions import FloorException
from hub.identity.authority import spki
from hub.journal import JournalRow
from hub.web.context import of_app
from protocols.enrolment import (
    AUTHORITY_PATH,
    ENROLMENTS_PATH,
    EnrolmentAnswer,
    EnrolmentCode,
    authority_fingerprint,
    decode_body,
    read_code,
    write_secret,
)
from tests.hub.security.rig import SecureSite, new_key, request_of
from tests.served import served_by

pytestmark = pytest.mark.broker


class Hub:
    """The web part behind TLS, and a clock to advance."""

    def __init__(self, site: SecureSite, port: int) -> None:
        self.site, self.port = site, port
        self._pem = ""

    def code(self, device: str) -> EnrolmentCode:
        """As a person has it shown for a new device."""
        secret = self.site.offer(device)
        return read_code(self.site.identity.code(device, secret))

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, pinned: str = ""
    ) -> tuple[int, bytes]:
        context = ssl.create_default_context(cadata=pinned) if pinned else _trusting()
        with_tls = http.client.HTTPSConnection("127.0.0.1", self.port, context=context)
        headers = {"Content-Type": "application/json"}
        with_tls.request(method, path, json.dumps(body) if body else None, headers)
        answer = with_tls.getresponse()
        found = answer.status, answer.read()
        with_tls.close()
        return found

    def authority(self) -> str:
        if not self._pem:
            status, pem = self.ask("GET", AUTHORITY_PATH)
            assert status == 200
            self._pem = pem.decode()
        return self._pem

    def post(self, code: EnrolmentCode, key: Any, **changes: Any) -> tuple[int, Any]:
        body = {
            "v": 1, "site": code.site, "device": code.device, "secret": write_secret(code.secret),
            "csr": request_of(key, code.device), **changes,
        }  # fmt: skip
        status, said = self.ask("POST", ENROLMENTS_PATH, body, pinned=self.authority())
        return status, json.loads(said)


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.fixture(scope="module")
def served(running: SecureSite) -> Iterator[Hub]:
    proxy.initialize(running.journal.database)
    settings = replace(settings_of(running.config, running.journal), enrolments_per_minute=1_000)
    app = create_app(settings)
    tls = running.config.tls_folder
    server, port = serving_https(app, "127.0.0.1", 0, tls / "server.crt", tls / "server.key")
    with served_by(server):
        yield Hub(running, port)
        of_app(app).feed.end()


@pytest.fixture
def hub(site: SecureSite, served: Hub) -> Hub:
    return served


def test_from_the_code_to_a_connection_that_the_broker_lets_in(hub: Hub):
    code, key = hub.code("w1"), new_key()
    pem = hub.authority()
    public = x509.load_pem_x509_certificate(pem.encode()).public_key()
    assert authority_fingerprint(spki(public)) == code.authority  # type: ignore[arg-type]
    status, said = hub.post(code, key)
    assert status == 201
    answer = decode_body(EnrolmentAnswer, json.dumps(said).encode())
    assert (answer.device, answer.kind, answer.authority) == ("w1", "handheld", pem)
    assert answer.brokers == (f"127.0.0.1:{hub.site.config.broker_tls_port}",)
    hub.site.guard.look()
    papers = hub.site.keep("w1", answer.certificate, key)
    assert hub.site.client(papers, "w1").is_in()


def test_a_lost_reply_is_answered_again_with_the_same_certificate(hub: Hub):
    code, key = hub.code("w2"), new_key()
    first, again = hub.post(code, key), hub.post(code, key)
    assert first == again
    assert first[0] == 201
    assert len(queries.certificates("w1", "w2")) == 1


def test_a_used_code_lets_no_other_key_in_and_a_supervisor_hears_of_it(hub: Hub):
    code = hub.code("w3")
    hub.post(code, new_key())
    status, said = hub.post(code, new_key())
    assert (status, said["code"]) == (409, "CODE_USED")
    (row,) = [row for row in hub.site.seen("ENROLMENT_REFUSED") if row.subject == "w3"]
    assert json.loads(row.values)["code"] == "CODE_USED"
    assert row.address == "127.0.0.1"
    assert any(b'"w3"' in row.values for row in FloorException.select())


def test_a_wrong_secret_burns_the_code_at_the_fifth_try(hub: Hub):
    code, key = hub.code("w4"), new_key()
    wrong = write_secret(bytes(10))
    for _ in range(5):
        status, said = hub.post(code, key, secret=wrong)
        assert (status, said["code"]) == (409, "CODE_UNKNOWN")
    status, said = hub.post(code, key)
    assert (status, said["code"]) == (409, "CODE_BURNT")
    assert queries.certificates("w1", "w4") == []


def test_a_new_code_is_good_again_after_the_old_one_was_burnt(hub: Hub):
    code, key = hub.code("w5"), new_key()
    for _ in range(5):
        hub.post(code, key, secret=write_secret(bytes(10)))
    secret = hub.site.offer("w5", is_new=False)
    status, _ = hub.post(code, key, secret=write_secret(secret))
    assert status == 201


def test_a_flood_of_wrong_codes_makes_no_ledger_grow_and_is_seen(site: SecureSite):
    """What a person should hear of is told once an hour; the code counts its five guesses."""
    app = create_app(replace(settings_of(site.config, site.journal), enrolments_per_minute=1_000))
    client = app.test_client()
    _secret, offer = new_offer("w18", site.clock.now_us(), lambda n: bytes(range(n)))
    site.do(AddDevice("w18", "handheld"))
    site.do(offer)
    before = JournalRow.select().count()

    def guess(device: str, times: int) -> None:
        body = {"v": 1, "site": "w1", "device": device, "secret": "A" * 16,
                "csr": request_of(new_key(), device)}  # fmt: skip
        for _ in range(times):
            assert client.post(ENROLMENTS_PATH, json=body).status_code == 409

    guess("w18", 40)
    guess("nobody", 40)
    of_app(app).feed.end()
    acts = [row.act for row in JournalRow.select().order_by(JournalRow.position.desc()).limit(9)]
    grown = JournalRow.select().count() - before
    assert acts[:grown].count("devices.note_wrong_code") == 5
    assert acts[:grown].count("security.note") == 1
    assert grown == 6
    seen = site.seen("ENROLMENT_REFUSED")
    assert sum(row.count for row in seen if row.subject in ("w18", "")) >= 80
    assert queries.code("w1", "w18").state == "BURNT"  # type: ignore[union-attr]


def test_whoever_guesses_learns_nothing_about_devices_and_codes(hub: Hub):
    known, key = hub.code("w6"), new_key()
    wrong = {"secret": write_secret(b"0123456789")}
    with_code = hub.post(known, key, **wrong)
    hub.site.do(AddDevice("w7", "handheld"))
    csr = {"csr": request_of(key, "w7"), "device": "w7"}
    without_code = hub.post(known, key, **wrong, **csr)
    csr = {"csr": request_of(key, "w-none"), "device": "w-none"}
    without_device = hub.post(known, key, **wrong, **csr)
    answers = [(status, said["code"]) for status, said in (with_code, without_code, without_device)]
    assert answers == [(409, "CODE_UNKNOWN")] * 3


def test_the_request_has_to_name_the_device_of_the_code(hub: Hub):
    code, key = hub.code("w8"), new_key()
    status, said = hub.post(code, key, csr=request_of(key, "w1"))
    assert (status, said["code"]) == (409, "BAD_CSR")
    status, _ = hub.post(code, key)
    assert status == 201, "a bad request does not use the code up"


def test_what_is_no_request_is_refused(hub: Hub):
    code = hub.code("w17")
    for csr in ("rubbish", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n", "é"):
        status, said = hub.post(code, new_key(), csr=csr)
        assert (status, said["code"]) == (409, "BAD_CSR")


def test_a_request_with_a_weak_or_foreign_key_is_refused(hub: Hub):
    code = hub.code("w9")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "w9")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    for key in (rsa.generate_private_key(65_537, 2_048), ec.generate_private_key(ec.SECP384R1())):
        csr = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        status, said = hub.post(code, new_key(), csr=csr.decode())
        assert (status, said["code"]) == (409, "BAD_CSR")


def test_a_request_signed_by_another_key_than_its_own_is_refused(hub: Hub):
    """Somebody copies a public key and asks for a certificate for it."""
    code, key = hub.code("w10"), new_key()
    csr = request_of(key, "w10")
    body = "".join(csr.split("\n")[1:-2])
    raw = bytearray(base64.b64decode(body))
    raw[-3] ^= 1
    lines = re.findall(".{1,64}", base64.b64encode(bytes(raw)).decode())
    frame = "CERTIFICATE REQUEST-----"
    forged = "\n".join([f"-----BEGIN {frame}", *lines, f"-----END {frame}", ""])
    status, said = hub.post(code, key, csr=forged)
    assert (status, said["code"]) == (409, "BAD_CSR")


def test_a_code_is_good_for_half_an_hour(hub: Hub):
    site = hub.site
    site.do(AddDevice("w11", "handheld"))
    half_an_hour_ago = site.clock.now_us() - 30 * 60 * 1_000_000
    secret, offer = new_offer("w11", half_an_hour_ago, lambda n: bytes(range(n)))
    site.do(offer)
    code = read_code(site.identity.code("w11", secret))
    status, said = hub.post(code, new_key())
    assert (status, said["code"]) == (409, "CODE_EXPIRED")


def test_a_revoked_device_cannot_come_back_by_its_old_code(hub: Hub):
    code, key = hub.code("w12"), new_key()
    assert hub.post(code, key)[0] == 201
    hub.site.do(RevokeDevice("w12"))
    status, said = hub.post(code, key)
    assert (status, said["code"]) == (409, "CODE_UNKNOWN")


def test_another_sites_code_is_refused_by_name(hub: Hub):
    code, key = hub.code("w13"), new_key()
    status, said = hub.post(code, key, site="w2")
    assert (status, said["code"]) == (409, "WRONG_SITE")


@pytest.mark.parametrize(
    "change", [{"v": 2}, {"secret": "short"}, {"device": "Not A Name"}, {"csr": "x" * 5_000}]
)
def test_values_that_cannot_be_are_refused_before_anything_is_looked_up(
    change: dict[str, Any], hub: Hub
):
    code = EnrolmentCode("w1", "w14", bytes(10), "A" * 32, ())
    status, said = hub.post(code, new_key(), **change)
    assert (status, said["code"]) == (422, "BAD_VALUE")


def test_guesses_are_few_in_a_minute(site: SecureSite):
    settings = replace(settings_of(site.config, site.journal), enrolments_per_minute=3)
    app = create_app(settings)
    client = app.test_client()
    body = {
        "v": 1, "site": "w1", "device": "w15", "secret": "A" * 16,
        "csr": request_of(new_key(), "w15"),
    }  # fmt: skip
    codes = [client.post(ENROLMENTS_PATH, json=body).status_code for _ in range(5)]
    of_app(app).feed.end()
    assert codes == [409, 409, 409, 429, 429]


def test_a_hub_that_encrypts_nothing_says_so(site: SecureSite):
    app = create_app(replace(settings_of(site.config, site.journal), identity=None))
    answer = app.test_client().get(AUTHORITY_PATH)
    of_app(app).feed.end()
    assert (answer.status_code, answer.json["code"]) == (409, "NO_AUTHORITY")  # type: ignore[index]


def test_the_secret_is_kept_nowhere(hub: Hub):
    """Not in the database, the journal, or a log."""
    code, key = hub.code("w16"), new_key()
    assert hub.post(code, key)[0] == 201
    hub.site.journal.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    files = [path for path in hub.site.config.data.rglob("*") if path.is_file()]
    assert any(b"w16" in path.read_bytes() for path in files)
    for word in (code.secret, write_secret(code.secret).encode()):
        assert [path for path in files if word in path.read_bytes()] == []
