"""The hub's own authority: made once, named for where it listens, and for its owner's eyes."""

from __future__ import annotations

import datetime
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography import x509

from hub.clock import FixedClock
from hub.identity.tls import ensure_certificates, server_names

FILES = ("ca.key", "ca.crt", "server.key", "server.crt")


def certificates(folder: Path) -> tuple[x509.Certificate, x509.Certificate]:
    """(authority, server)"""
    return (
        x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes()),
        x509.load_pem_x509_certificates((folder / "server.crt").read_bytes())[0],
    )


def test_the_authority_signs_a_server_that_openssl_believes(tmp_path: Path):
    ensure_certificates(tmp_path, FixedClock(), "0.0.0.0", ("hub.example",))
    authority, server = certificates(tmp_path)
    server.verify_directly_issued_by(authority)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"localhost", "hub.example"} <= set(names.get_values_for_type(x509.DNSName))
    tool = shutil.which("openssl")
    if tool is None:
        pytest.skip("openssl is not installed")
    subprocess.run(
        [tool, "verify", "-purpose", "sslserver", "-verify_hostname", "localhost", "-CAfile",
         tmp_path / "ca.crt", tmp_path / "server.crt"], check=True, capture_output=True,
    )  # fmt: skip


def test_they_hold_ten_years_and_in_the_past_too(tmp_path: Path):
    """A Pi boots without a clock, and an expired certificate refuses everybody."""
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    ensure_certificates(tmp_path, FixedClock(int(now.timestamp()) * 1_000_000), "127.0.0.1")
    for certificate in certificates(tmp_path):
        assert certificate.not_valid_before_utc.year == 2020
        assert (certificate.not_valid_after_utc - now).days == 3_650


def test_private_files_are_for_their_owner_alone(tmp_path: Path):
    ensure_certificates(tmp_path / "tls", FixedClock(), "127.0.0.1")
    assert {(tmp_path / "tls" / name).stat().st_mode & 0o077 for name in FILES} == {0}


def test_a_second_start_changes_nothing(tmp_path: Path):
    ensure_certificates(tmp_path, FixedClock(), "127.0.0.1")
    before = {name: (tmp_path / name).read_bytes() for name in FILES}
    ensure_certificates(tmp_path, FixedClock(), "127.0.0.1")
    assert before == {name: (tmp_path / name).read_bytes() for name in FILES}


def test_another_address_gets_another_certificate_from_the_same_authority(tmp_path: Path):
    ensure_certificates(tmp_path, FixedClock(), "127.0.0.1")
    before = (tmp_path / "ca.crt").read_bytes()
    ensure_certificates(tmp_path, FixedClock(), "192.0.2.7")
    authority, server = certificates(tmp_path)
    server.verify_directly_issued_by(authority)
    assert (tmp_path / "ca.crt").read_bytes() == before
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "192.0.2.7" in {str(ip) for ip in names.get_values_for_type(x509.IPAddress)}


def test_names_hold_no_doubles():
    names = server_names("localhost", ("localhost",))
    assert len(names) == len(set(names))
