"""One hub for each data folder, one gateway for each site; the dead hold nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hub.errors import SecondHub
from hub.opening import open_database
from hub.process.lock import data_lock, gateway_lock
from tests import postgres

HOLDER = """
import sys
from pathlib import Path
from hub.process.lock import data_lock
with data_lock(Path(sys.argv[1]), "hub"):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(folder: Path) -> subprocess.Popen[bytes]:
    """Another process that has the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_second_hub_is_refused_and_told_who_is_the_first(tmp_path: Path):
    first = holder(tmp_path)
    with pytest.raises(SecondHub, match=f"process {first.pid}"), data_lock(tmp_path, "hub"):
        pass
    first.communicate()
    with data_lock(tmp_path, "hub"):
        pass


def test_a_killed_hub_holds_nothing(tmp_path: Path):
    first = holder(tmp_path)
    first.send_signal(signal.SIGKILL)
    first.wait()
    with data_lock(tmp_path, "hub"):
        pass
    first.communicate()


def test_locks_of_other_names_do_not_meet(tmp_path: Path):
    with data_lock(tmp_path, "hub"), data_lock(tmp_path, "gateway-w1"):
        assert (tmp_path / "hub.lock").read_text() == f"process {os.getpid()}"


@pytest.mark.postgres
def test_on_postgresql_gateways_of_two_machines_exclude_each_other(
    cluster: postgres.Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("hub.process.lock.HELD_ATTEMPTS", 2)
    url = cluster.create()
    first, second = open_database(url), open_database(url)
    with gateway_lock(first, tmp_path / "a", "w1"):
        with pytest.raises(SecondHub, match="session"), gateway_lock(second, tmp_path / "b", "w1"):
            pass
        with gateway_lock(second, tmp_path / "c", "w2"):
            pass
    first.close()
    with gateway_lock(second, tmp_path / "b", "w1"):
        pass
    second.close()
    cluster.drop(url)
