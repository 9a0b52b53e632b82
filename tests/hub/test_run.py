"""`binlight hub` as people start it: one command, everything answers, and it ends cleanly."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from hub.clock import SystemClock
from hub.config import HubConfig
from hub.device_commands import device
from hub.errors import BadValue
from hub.identity.broker import local_address, runtime_folder
from hub.process.ports import PortTaken, refuse_taken
from hub.run import plans
from protocols.errors import BadName
from simulators.bench.small_site import free_port
from tests.hub.speaker import Speaker

DEADLINE_MS = 120_000
"""Far beyond anything that works: it only bounds a hang."""


class RunningHub:
    """A hub started by its command line."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.broker_port = folder, free_port(), free_port()
        self.config = HubConfig(folder=str(folder), port=self.port, broker_port=self.broker_port)
        self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.DEVNULL)  # fmt: skip
        self.said = ""

    def command(self, *more: str) -> list[str]:
        return [sys.executable, "-m", "hub.run", f"--data={self.folder}", f"--port={self.port}",
                f"--broker-port={self.broker_port}", *more]  # fmt: skip

    def wait_for(self, text: str) -> None:
        assert self.process.stdout is not None
        while text not in self.said:
            line = self.process.stdout.readline()
            assert line, self.logs()
            self.said += line

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in (self.folder / "logs").glob("*.log"))

    def children(self) -> dict[str, int]:
        """Parts by name, as the kernel sees them."""
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = {}
        for pid in task.read_text().split():
            try:
                words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended between the list and this look
            only = [word for word in words if word.startswith("--only=")]
            found[only[0].partition("=")[2] if only else "broker"] = int(pid)
        return found

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(DEADLINE_MS / 1_000)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    hub = RunningHub(tmp_path_factory.mktemp("hub"))
    hub.wait_for("Binlight is ready")
    yield hub
    if hub.process.poll() is None:
        hub.end()


def until(question: object, what: str) -> None:
    end = SystemClock().mono_ms() + DEADLINE_MS
    while not question():  # type: ignore[operator]
        assert SystemClock().mono_ms() < end, what
        select.select([], [], [], 0.02)


@pytest.mark.broker
def test_one_command_starts_all_parts_and_says_where(running: RunningHub):
    running.wait_for("one-time password")
    assert f"http://127.0.0.1:{running.port}" in running.said
    assert set(running.children()) == {"broker", "gateway", "web", "planner"}
    with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/") as page:
        assert page.status == 200
    with pytest.raises(PortTaken, match=str(running.children()["web"])):
        refuse_taken(running.port)


@pytest.mark.broker
def test_a_second_hub_on_the_same_data_names_the_first(running: RunningHub):
    refused = subprocess.run(
        [sys.executable, "-m", "binlight", "hub", *running.command()[3:]],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert refused.returncode == 1
    assert f"process {running.process.pid}" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.broker
def test_a_device_added_while_the_hub_runs_is_heard(running: RunningHub):
    added = CliRunner().invoke(
        device, ["add", "h1", "--kind", "handheld", "--data", str(running.folder)]
    )
    assert added.exit_code == 0, added.output
    password = re.search(r"Password of h1: (\w+)", added.output)
    assert password is not None
    address = local_address(running.config)

    def is_heard() -> bool:
        try:
            speaker = Speaker(address, "h1", password[1])
        except ConnectionError:
            return False
        speaker.subscribe("bw/1/w1/dev/h1/ack")
        birth = {"v": 1, "dev": "h1", "session": "s", "presence": "ONLINE", "epoch": "e1"}
        speaker.publish("bw/1/w1/dev/h1/birth", json.dumps(birth).encode(), is_retained=True)
        told = json.loads(speaker.next_on("bw/1/w1/dev/h1/ack"))
        speaker.close()
        return (told["epoch"], told["upto"]) == ("e1", 0)

    until(is_heard, "the device is heard")
    listed = CliRunner().invoke(device, ["list", "--data", str(running.folder)])
    assert "h1" in listed.output


@pytest.mark.broker
@pytest.mark.parametrize("part", ["gateway", "web", "planner", "broker"])
def test_a_killed_part_is_started_again(part: str, running: RunningHub):
    before = running.children()[part]
    os.kill(before, signal.SIGKILL)
    until(lambda: running.children().get(part, before) != before, f"{part} is back")
    if part == "broker":
        until(lambda: _connects(running.broker_port), "the broker answers")


def _connects(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.broker
def test_it_ends_cleanly_and_leaves_nobody_behind(running: RunningHub):
    children = running.children()
    files = runtime_folder(running.config)
    assert (files / "passwords").exists()
    assert running.end() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in children.values())
    assert not _connects(running.broker_port)
    assert files.is_relative_to(running.folder) or not files.exists()


def test_somebody_elses_broker_means_none_of_our_own(tmp_path: Path):
    config = HubConfig(folder=str(tmp_path), broker_url="mqtts://u:p%40@broker.example")
    assert [plan.name for plan in plans(config, "")] == ["gateway", "web", "planner"]
    address = local_address(config)
    assert address == ("broker.example", 8883, True, "u", "p@")


def test_parts_are_told_to_encrypt_and_where_to_announce(tmp_path: Path):
    config = HubConfig(folder=str(tmp_path), secure=True, announce_on=("192.0.2.5",))
    for plan in plans(config, "x")[1:]:
        assert {"--secure", "--announce-on=192.0.2.5"} <= set(plan.command)
    assert config.page_url.startswith("https://127.0.0.1")
    plain = plans(HubConfig(folder=str(tmp_path)), "x")[1]
    assert not {"--secure"} & set(plain.command)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"site": "No Spaces"}, BadName),
        ({"port": 0}, BadValue),
        ({"broker_url": "http://x"}, BadValue),
        ({"broker_url": "mqtt://x:port"}, BadValue),
    ],
)
def test_values_that_cannot_be_used_are_refused(
    change: dict[str, object], refusal: type[Exception], tmp_path: Path
):
    with pytest.raises(refusal):
        HubConfig(folder=str(tmp_path), **change).check()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("listen", "url"),
    [("127.0.0.1", "http://127.0.0.1:8080"), ("0.0.0.0", "https://0.0.0.0:8080"),
     ("::1", "http://[::1]:8080")],
)  # fmt: skip
def test_beyond_loopback_pages_are_encrypted(listen: str, url: str):
    assert HubConfig(folder="/x", listen=listen).page_url == url
