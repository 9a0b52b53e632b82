"""The live demo, small: real hub, real mosquitto, real device processes, and kills among them."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hub.config import HubConfig
from hub.setup import ADMIN
from hub.staff import passwords, queries
from hub.wiring import open_journal

KEYS = {
    "orders_shipped", "lines_picked", "lines_short", "events_sent", "events_lost",
    "events_doubled", "walked_m", "walked_m_baseline", "world_mismatch", "seconds", "verify",
}  # fmt: skip
BOUND_S = 300
"""Far beyond what it takes: a test that hangs ends."""


def demo(repository: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "binlight", "demo", f"--data={folder}", *options],
        cwd=repository, capture_output=True, text=True, timeout=BOUND_S, check=False,
    )  # fmt: skip


@pytest.mark.broker
@pytest.mark.slow
def test_ships_all_that_stock_allows_though_processes_are_killed(
    repository: Path, tmp_path: Path
) -> None:
    file = tmp_path / "report.json"
    done = demo(
        repository, tmp_path / "data", "--orders=8", "--pickers=3", "--seed=7", "--until-done",
        f"--report={file}", "--speed=60", "--kill=broker,gateway,agent", "--kills=6",
        "--kill-within=15",
    )  # fmt: skip
    print(done.stdout, done.stderr)
    report = json.loads(file.read_text())
    assert set(report) == KEYS
    assert report["orders_shipped"] == 8
    assert report["events_sent"] > 200
    assert (report["events_lost"], report["events_doubled"], report["world_mismatch"]) == (0, 0, 0)
    assert report["verify"] == "ok"
    assert done.returncode == 0
    assert opens_the_pages(tmp_path / "data", done.stdout)


def opens_the_pages(folder: Path, said: str) -> bool:
    """Whether the one-time password that the demo printed is the one that its hub takes."""
    printed = re.search(r"one-time password {2}(\w+)", said)
    config = HubConfig(folder=str(folder))
    open_journal(config)
    admin = queries.person_by_login(config.company, ADMIN)
    assert printed is not None
    assert admin is not None
    return passwords.is_right(printed[1], admin.password_hash)


def test_a_folder_that_holds_a_hub_already_is_refused(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "hub.db").touch()
    done = demo(repository, tmp_path, "--orders=1", "--until-done")
    assert done.returncode == 1
    assert "holds a hub already" in done.stderr


def test_a_taken_port_is_refused_before_a_warehouse_is_filled(
    repository: Path, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = demo(repository, tmp_path, f"--port={port}", "--until-done")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"binlight: Port {port} is taken by ")


@pytest.mark.parametrize("option", ["--orders", "--pickers"])
def test_a_day_without_orders_or_people_is_refused(
    repository: Path, tmp_path: Path, option: str
) -> None:
    done = demo(repository, tmp_path, f"{option}=0")
    assert done.returncode == 2
    assert f"'{option}': 0 is not in the range x>=1" in done.stderr


def test_what_cannot_be_killed_is_refused_by_name(repository: Path, tmp_path: Path) -> None:
    done = demo(repository, tmp_path, "--kill=browser")
    assert done.returncode == 1
    assert "browser" in done.stderr
