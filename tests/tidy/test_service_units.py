"""Units that start hub and device with their machine: systemd reads them without complaint."""

from __future__ import annotations

import configparser
import os
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge import service_unit as edge_unit
from edge.device import OUTBOX_FILE
from edge.identity.record import FILE_NAME as IDENTITY_FILE
from hub.backup.archive import DATABASE
from hub.process import service_unit as hub_unit
from simulators.bench.small_site import free_port
from tests.tidy.repository import ROOT

PATIENCE_S = 60
ODD = Path("/srv/all our 100% things")


def _sections(text: str) -> configparser.ConfigParser:
    read = configparser.ConfigParser(interpolation=None, strict=True)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(text)
    return read


UNITS = {
    "hub": hub_unit.unit((f"--data={ODD}", "--listen=0.0.0.0"), ODD),
    "edge": edge_unit.unit(ODD / "hh-1.toml", ODD, headless=False),
    "headless": edge_unit.unit(ODD / "hh-1.toml", ODD, headless=True),
}


@pytest.mark.parametrize("name", UNITS)
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd's own checker")
def test_systemd_finds_nothing_wrong(name: str, tmp_path: Path):
    path = tmp_path / f"binlight-{name}.service"
    path.write_text(UNITS[name])
    done = subprocess.run(
        ["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("name", UNITS)
def test_the_command_line_survives_blanks_and_per_cent_signs(name: str):
    words = shlex.split(_sections(UNITS[name])["Service"]["ExecStart"].replace("%%", "%"))
    assert words[:2] == [sys.executable, str(ROOT / "binlight.py")]
    assert f"--data={ODD}" in words


def test_only_a_device_with_a_screen_takes_the_console():
    assert _sections(UNITS["edge"])["Service"]["TTYPath"] == "/dev/tty1"
    assert "TTYPath" not in _sections(UNITS["headless"])["Service"]


def test_a_device_whose_configuration_is_wrong_gets_no_unit(tmp_path: Path):
    config = tmp_path / "device.toml"
    config.write_text("site = 'w1'\nnam = 'hh-1'\n")
    done = subprocess.run(
        [sys.executable, str(ROOT / "binlight.py"), "edge-service", "--config", str(config)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "nam" in done.stderr
    assert "[Unit]" not in done.stdout


@pytest.mark.parametrize("name", UNITS)
def test_systemd_starts_again_what_ends_or_hangs(name: str):
    unit = _sections(UNITS[name])["Service"]
    assert (unit["Type"], unit["Restart"], unit["WatchdogSec"]) == ("notify", "always", "30")


def test_a_hub_tells_systemd_when_it_answers_and_that_it_lives(tmp_path: Path):
    _tells_of_itself(
        tmp_path, "hub", "--data", str(tmp_path / "hub"), "--port", str(free_port()),
        "--broker-port", str(free_port()),
    )  # fmt: skip


def test_a_device_tells_systemd_that_its_loop_turns_without_any_hub(tmp_path: Path):
    config = tmp_path / "device.toml"
    config.write_text("[hub]\nmdns = false\n")
    _tells_of_itself(
        tmp_path, "edge", "--headless", "--config", str(config), "--data", str(tmp_path / "edge")
    )


def _tells_of_itself(tmp_path: Path, *words: str) -> None:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as told:
        told.bind(str(tmp_path / "notify"))
        environment = {
            **os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000",
        }  # fmt: skip
        command = [sys.executable, str(ROOT / "binlight.py"), *words]
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        )
        try:
            _wait_for(told, "READY=1")
            for _ in range(3):
                _wait_for(told, "WATCHDOG=1")
            process.send_signal(signal.SIGTERM)
            _wait_for(told, "STOPPING=1")
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()
            process.wait()


def _wait_for(told: socket.socket, wanted: str) -> None:
    heard = ""
    while wanted not in heard:
        assert select.select([told], [], [], PATIENCE_S)[0], f"waited in vain for {wanted}"
        heard = told.recv(4096).decode()


def test_a_folder_named_from_here_is_named_whole_in_the_unit():
    printed = CliRunner().invoke(hub_unit.command, ["--data", "books"]).output
    unit = _sections(printed)["Service"]
    assert f"--data={Path('books').absolute()}" in shlex.split(unit["ExecStart"])
    assert unit["ReadWritePaths"] == str(Path("books").absolute())


def test_a_wrong_call_from_another_folder_says_how_to_call(tmp_path: Path):
    script = os.path.relpath(ROOT / "requirements" / "service.sh", tmp_path)
    done = subprocess.run(
        ["bash", script, "bogus"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (2, "")
    assert "requirements/service.sh remove hub|edge" in done.stdout


def _refusal(folder: Path) -> str:
    """What the script says to this folder before it gives everything in it to the service."""
    script = ROOT / "requirements" / "service.sh"
    functions = script.read_text().partition("\ncase ${1:-} in")[0]
    done = subprocess.run(
        ["bash", "-c", f'{functions}\nas_root() {{ "$@"; }}\nrefuse_foreign "$1"', script, folder],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1 if done.stderr else 0, "")
    return done.stderr


def test_a_folder_of_somebody_elses_is_never_given_to_the_service(tmp_path: Path):
    assert _refusal(tmp_path / "new") == ""
    assert _refusal(tmp_path) == ""
    (tmp_path / ".ssh").mkdir()
    assert f"{tmp_path} holds things that are not Binlight's" in _refusal(tmp_path)


@pytest.mark.parametrize("file", [DATABASE, OUTBOX_FILE, IDENTITY_FILE])
def test_a_folder_of_a_hub_or_of_a_device_is_its_services(file: str, tmp_path: Path):
    (tmp_path / "logs").mkdir()
    (tmp_path / file).touch()
    assert _refusal(tmp_path) == ""
