"""mosquitto as the hub configures it: who may connect, say and hear what."""

from __future__ import annotations

import base64
import contextlib
import os
import select
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.clock import SystemClock
from hub.config import HubConfig
from hub.devices import service
from hub.devices.secrets import hashed
from hub.identity import broker
from hub.identity.broker import Identity
from hub.identity.tls import ensure_certificates
from simulators.bench.small_site import SmallSite, free_port
from tests.hub.speaker import Speaker

pytestmark = pytest.mark.broker
PATIENCE_MS = 120_000
"""Far beyond anything that works: it only bounds a hang."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallSite]:
    with SmallSite(tmp_path_factory.mktemp("broker")) as made:
        made.start("broker")
        yield made


@pytest.fixture(scope="module")
def passwords(site: SmallSite) -> dict[str, str]:
    known = site.add_devices(["h1", "h2"])
    known["desk"] = site.journal.perform(
        "devices.add", lambda act: service.add_device(act, "desk", "observer", os.urandom),
        site="w1", via="command",
    )  # fmt: skip
    site.add_devices([])
    return known


@pytest.fixture
def speakers(site: SmallSite, passwords: dict[str, str]) -> Iterator[dict[str, Speaker]]:
    address = site.address
    made = {
        name: Speaker(address, name, password)
        for name, password in [*passwords.items(), (address.user, address.password)]
    }
    yield made
    for speaker in made.values():
        speaker.close()


def test_a_wrong_password_is_turned_away(site: SmallSite, passwords: dict[str, str]):
    with pytest.raises(ConnectionRefusedError):
        Speaker(site.address, "h1", passwords["h2"])
    with pytest.raises(ConnectionRefusedError):
        Speaker(site.address, "nobody", "x")


def test_a_device_is_heard_on_its_own_topics(speakers: dict[str, Speaker]):
    hub, device = speakers["_hub"], speakers["h1"]
    hub.subscribe("bw/1/w1/dev/+/evt")
    device.publish("bw/1/w1/dev/h1/evt", b"mine")
    assert hub.next() == ("bw/1/w1/dev/h1/evt", b"mine")


def forge(site: SmallSite, name: str, password: str, topic: str) -> None:
    """Say what one may not; mosquitto 2.0.11 then hangs up, newer ones only refuse."""
    speaker = Speaker(site.address, name, password)
    with contextlib.suppress(ConnectionError):
        assert speaker.publish(topic, b"forged") >= 0x80
    speaker.close()


@pytest.mark.parametrize("channel", ["dev/h2/evt", "hub/state", "dev/h1/ack", "dev/h1/x"])
def test_a_device_cannot_speak_for_others(
    channel: str, site: SmallSite, passwords: dict[str, str], speakers: dict[str, Speaker]
):
    speakers["_hub"].subscribe("bw/1/w1/#")
    forge(site, "h1", passwords["h1"], f"bw/1/w1/{channel}")
    speakers["h2"].publish("bw/1/w1/dev/h2/tlm", b"mine")
    assert speakers["_hub"].next() == ("bw/1/w1/dev/h2/tlm", b"mine")


def test_a_device_hears_itself_and_the_hub_alone(speakers: dict[str, Speaker]):
    hub, device = speakers["_hub"], speakers["h1"]
    device.subscribe("bw/1/w1/#")
    hub.publish("bw/1/w1/dev/h2/cmd", b"for another")
    hub.publish("bw/1/w1/dev/h1/cmd", b"for me")
    hub.publish("bw/1/w1/hub/state", b"there")
    assert device.next() == ("bw/1/w1/dev/h1/cmd", b"for me")
    assert device.next() == ("bw/1/w1/hub/state", b"there")


def test_an_observer_hears_everything_and_says_nothing(
    site: SmallSite, passwords: dict[str, str], speakers: dict[str, Speaker]
):
    hub = speakers["_hub"]
    hub.subscribe("bw/1/w1/#")
    forge(site, "desk", passwords["desk"], "bw/1/w1/dev/desk/cmd")
    observer = Speaker(site.address, "desk", passwords["desk"])
    observer.subscribe("bw/1/w1/#")
    hub.publish("bw/1/w1/dev/h1/cmd", b"seen")
    assert observer.next() == hub.next() == ("bw/1/w1/dev/h1/cmd", b"seen")
    observer.close()


def test_nobody_takes_a_session_by_naming_its_client_id(
    site: SmallSite, passwords: dict[str, str], speakers: dict[str, Speaker]
):
    victim = speakers["h1"]
    victim.subscribe("bw/1/w1/dev/h1/cmd")
    thief = Speaker(site.address, "h2", passwords["h2"], client_id="h1")
    speakers["_hub"].publish("bw/1/w1/dev/h1/cmd", b"still mine")
    assert victim.next() == ("bw/1/w1/dev/h1/cmd", b"still mine")
    thief.close()


def test_a_device_added_while_it_runs_may_connect(site: SmallSite):
    added = site.add_devices(["late"])
    until = SystemClock().mono_ms() + PATIENCE_MS
    while True:
        try:
            Speaker(site.address, "late", added["late"]).close()
            return
        except ConnectionRefusedError:
            assert SystemClock().mono_ms() < until
            select.select([], [], [], 0.02)


def test_our_hash_is_the_one_mosquitto_makes(tmp_path: Path):
    tool = "/usr/bin/mosquitto_passwd"
    if not Path(tool).exists():
        pytest.skip("mosquitto_passwd is not installed")
    file = tmp_path / "passwords"
    subprocess.run([tool, "-c", "-b", file, "h1", "secret"], check=True, capture_output=True)
    kind, rounds, salt, digest = file.read_text().strip().partition(":")[2].split("$")[1:]
    assert (kind, rounds) == ("7", "101")
    assert hashed("secret", base64.b64decode(salt)).endswith(digest)


def test_files_with_secrets_are_for_their_owner_alone(tmp_path: Path):
    config = HubConfig(folder=str(tmp_path), broker_port=free_port())
    path = broker.write_all(config, [Identity("h1", "handheld", "$7$x")])
    folder = path.parent
    for name in ("passwords", "rights", "mosquitto.conf"):
        assert (folder / name).stat().st_mode & 0o077 == 0
    assert (config.secrets_folder / "broker-password").stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0


def test_identities_are_written_only_when_they_changed(tmp_path: Path):
    config = HubConfig(folder=str(tmp_path), broker_port=free_port())
    known = [Identity("h1", "handheld", "$7$x")]
    broker.write_all(config, known)
    assert not broker.write_identities(config, known)
    assert broker.write_identities(config, [])


def test_beyond_loopback_devices_connect_with_tls_and_check_the_hub(tmp_path: Path):
    config = HubConfig(
        folder=str(tmp_path), listen="0.0.0.0", broker_port=free_port(),
        broker_tls_port=free_port(),
    )  # fmt: skip
    ensure_certificates(config.tls_folder, SystemClock(), config.listen)
    path = broker.write_all(config, [])
    running = subprocess.Popen(
        [broker.program(), "-c", path], user=broker.runs_as(), stderr=subprocess.DEVNULL
    )
    try:
        context = ssl.create_default_context(cafile=config.tls_folder / "ca.crt")
        until = SystemClock().mono_ms() + PATIENCE_MS
        while True:
            try:
                made = socket.create_connection(("127.0.0.1", config.broker_tls_port))
                break
            except ConnectionRefusedError:
                assert SystemClock().mono_ms() < until
                select.select([], [], [], 0.02)
        with context.wrap_socket(made, server_hostname="localhost") as secured:
            assert secured.version() in {"TLSv1.2", "TLSv1.3"}
    finally:
        running.terminate()
        running.wait(PATIENCE_MS / 1_000)
