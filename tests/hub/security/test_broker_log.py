"""What mosquitto's log lines mean. Each was provoked with mosquitto 2.0.11 and copied here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.security.broker_log import ADDRESSES_MAX, PENDING_MAX, Admitted, BrokerLog
from hub.security.kinds import KINDS
from hub.security_events import Sight

AT = 1_795_300_072
ADMITTED = Admitted("w1", frozenset({"h1", "h2", "desk"}), frozenset({"desk"}), frozenset({"gone"}))


def read(*lines: str, admitted: Admitted = ADMITTED) -> list[Sight]:
    log = BrokerLog(admitted)
    return [sight for line in lines if (sight := log.read(f"{AT}: {line}\n")) is not None]


def opened(address: str, port: int = 40_000) -> str:
    return f"New connection from {address}:{port} on port 8883."


def connected(address: str, name: str, port: int = 40_000) -> str:
    return f"New client connected from {address}:{port} as {name} (p5, c1, k60, u'{name}')."


VERIFY = "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed"
NONE = "OpenSSL Error[0]: error:0A0000C7:SSL routines::peer did not return a certificate"
END = "Client <unknown> disconnected: Protocol error."


def test_a_missing_certificate_is_told_from_a_refused_one():
    (none,) = read(opened("192.0.2.7"), NONE, END)
    (refused,) = read(opened("192.0.2.7"), VERIFY, END)
    assert (none.kind, none.address, none.at) == ("NO_CERTIFICATE", "192.0.2.7", AT * 1_000_000)
    assert (refused.kind, refused.address) == ("CERTIFICATE_REFUSED", "192.0.2.7")
    assert not none.alerts
    assert not refused.alerts


def test_a_refused_handshake_with_the_address_in_one_line_counts_too():
    (seen,) = read(
        "Client connection from 192.0.2.8 failed: error:0A000086:SSL routines::"
        "certificate verify failed."
    )
    assert (seen.kind, seen.address) == ("CERTIFICATE_REFUSED", "192.0.2.8")
    assert seen.values == {"reason": "certificate verify failed"}


def test_a_refused_certificate_is_laid_to_whoever_was_there_last_if_that_one_is_shut_out():
    before = Admitted("w1", frozenset({"gone"}))
    log = BrokerLog(before)
    log.read(f"{AT}: {connected('192.0.2.9', 'gone')}")
    log.admitted = ADMITTED
    for line in (opened("192.0.2.9"), VERIFY):
        assert log.read(f"{AT}: {line}") is None
    seen = log.read(f"{AT}: {END}")
    assert seen is not None
    assert (seen.kind, seen.subject, seen.alerts) == ("CERTIFICATE_REFUSED", "gone", True)
    assert seen.values["suspect"] == "gone"


def test_with_two_strangers_at_the_door_nobody_is_accused():
    (seen,) = read(opened("192.0.2.1"), opened("192.0.2.2"), VERIFY, END)
    assert (seen.kind, seen.address, seen.subject) == ("CERTIFICATE_REFUSED", "", "")


@pytest.mark.parametrize(
    "error", ["unsupported protocol", "wrong version number", "http request", "no shared cipher"]
)
def test_what_is_no_tls_of_ours_is_refused_by_name(error: str):
    (seen,) = read(
        f"Client connection from 192.0.2.8 failed: error:0A000102:SSL routines::{error}."
    )
    assert (seen.kind, seen.values["reason"]) == ("TLS_REFUSED", error)


def test_a_wrong_password_is_noted_with_its_address():
    (seen,) = read(opened("127.0.0.1"), "Client <unknown> disconnected, not authorised.")
    assert (seen.kind, seen.subject, seen.address) == ("PASSWORD_REFUSED", "", "127.0.0.1")
    (named,) = read(opened("127.0.0.1"), "Client zz disconnected, not authorised.")
    assert named.subject == "zz"


def test_speaking_where_one_may_not_is_told():
    (seen,) = read(
        connected("192.0.2.7", "h1"), "Bad socket read/write on client h1: Unknown error."
    )
    assert (seen.kind, seen.subject, seen.address, seen.alerts) == (
        "PUBLISH_DENIED", "h1", "192.0.2.7", True,
    )  # fmt: skip


@pytest.mark.parametrize(
    "topic", ["bw/1/w1/#", "bw/1/w1/dev/h2/cmd", "bw/1/w1/dev/h1/evt", "#", "$SYS/#"]
)
def test_listening_where_one_may_not_is_told(topic: str):
    (seen,) = read(connected("192.0.2.7", "h1"), f"h1 1 {topic}")
    assert (seen.kind, seen.subject, seen.values["topic"]) == ("SUBSCRIBE_DENIED", "h1", topic)


@pytest.mark.parametrize(
    "line",
    [
        "h1 1 bw/1/w1/dev/h1/cmd",
        "h1 1 bw/1/w1/hub/state",
        "desk 1 bw/1/w1/#",
        "_hub 1 bw/1/w1/dev/+/evt",
        "mosquitto version 2.0.11 running",
        "Client h1 closed its connection.",
        "Client h1 disconnected.",
        "Client h1 has exceeded timeout, disconnecting.",
        "Client connection from 192.0.2.8 failed: error:0:SSL::unexpected eof while reading.",
        "",
    ],
)
def test_what_is_in_order_says_nothing(line: str):
    assert read(line) == []


def test_the_same_name_from_elsewhere_is_told_and_a_mere_return_is_not():
    taken = "Client h1 already connected, closing old connection."
    assert read(connected("192.0.2.7", "h1"), taken, connected("192.0.2.7", "h1", 2)) == []
    (seen,) = read(connected("192.0.2.7", "h1"), taken, connected("192.0.2.8", "h1", 2))
    assert (seen.kind, seen.subject, seen.address) == ("TAKEN_OVER", "h1", "192.0.2.8")
    assert seen.values == {"before": "192.0.2.7"}


def test_whoever_is_shut_out_and_gets_in_is_an_intruder_unless_it_is_the_hub_itself():
    log = BrokerLog(ADMITTED)
    log.expect(("127.0.0.1", 4_711))
    assert log.read(f"{AT}: {connected('127.0.0.1', 'gone', 4_711)}") is None
    assert log.intruders == []
    seen = log.read(f"{AT}: {connected('127.0.0.1', 'gone', 4_712)}")
    assert seen is not None
    assert (seen.kind, seen.alerts) == ("BARRED_CONNECTED", True)
    assert log.intruders == ["gone"]


def test_the_place_of_the_hubs_own_connection_is_free_again_afterwards():
    log = BrokerLog(ADMITTED)
    log.expect(("127.0.0.1", 4_711))
    line = f"{AT}: {connected('127.0.0.1', 'gone', 4_711)}"
    assert log.read(line) is None
    assert log.read(line) is not None


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Client h1 disconnected due to oversize packet.", "OVERSIZE_PACKET"),
        ("Client h1 disconnected due to protocol error.", "NOT_MQTT"),
        ("Client <unknown> disconnected due to protocol error.", "NOT_MQTT"),
        ('Error: Unable to load certificate revocation file "/x/crl.pem". Check crlfile.',
         "BROKER_FILES_BROKEN"),
        ("Error when reloading certificate '/x/server.crt' or key '/x/server.key'.",
         "BROKER_FILES_BROKEN"),
    ],
)  # fmt: skip
def test_other_lines_that_matter(line: str, kind: str):
    (seen,) = read(line)
    assert seen.kind == kind


def test_every_kind_that_the_log_can_show_has_words():
    import ast
    from pathlib import Path

    import hub.security.broker_log as module

    text = Path(module.__file__).read_text()
    constants = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    shouted = {c for c in constants if isinstance(c, str) and c.isupper() and "_" in c}
    assert shouted <= KINDS.keys()


LINES = st.one_of(
    st.text(max_size=80),
    st.sampled_from([opened("192.0.2.1"), NONE, VERIFY, END, connected("192.0.2.1", "h1")]),
    st.builds(opened, st.ip_addresses().map(str)),
    st.builds(connected, st.ip_addresses().map(str), st.text(min_size=1, max_size=40)),
)


@given(st.lists(LINES, max_size=40))
def test_no_line_breaks_the_reader_and_nothing_grows_without_bound(lines: list[str]):
    log = BrokerLog(ADMITTED)
    for line in lines:
        seen = log.read(f"{AT}: {line}")
        assert seen is None or seen.kind in KINDS
    assert len(log._pending) <= PENDING_MAX
    assert len(log._last_of) <= ADDRESSES_MAX


def test_a_scan_of_the_whole_network_costs_bounded_memory():
    log = BrokerLog(ADMITTED)
    for n in range(3 * PENDING_MAX):
        log.read(f"{AT}: {opened(f'198.51.100.{n % 250}', n + 1)}")
    for n in range(2 * ADDRESSES_MAX):
        log.read(f"{AT}: {connected(f'10.{n // 250}.0.{n % 250}', 'h1')}")
    assert len(log._pending) <= PENDING_MAX
    assert len(log._last_of) <= ADDRESSES_MAX
