"""What the set-up refuses, on a machine played by a few small programs on PATH.

What it installs is proven by continuous integration, which starts from a clean clone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tidy.repository import ROOT

BASH = shutil.which("bash") or "/bin/bash"


class Machine:
    """A PATH of its own: some of this machine's programs, and some that play others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("dirname", "getconf", "id"):
            (folder / name).symlink_to(shutil.which(name) or name)

    def plays(self, name: str, script: str) -> None:
        program = self.folder / name
        program.unlink(missing_ok=True)
        program.write_text(f"#!{BASH}\n{script}\n")
        program.chmod(0o755)

    def sets_up(self, kind: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BASH, ROOT / "requirements" / "setup.sh", kind],
            env={**os.environ, "PATH": str(self.folder), "VENV": str(self.folder / "venv")},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_32_bit_system_is_refused_in_a_sentence(machine: Machine):
    machine.plays("getconf", "echo 32")
    refused = machine.sets_up("run")
    assert refused.returncode == 1
    assert "32-bit" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize("sudo", [None, "exit 1"])
def test_without_root_and_sudo_the_line_to_type_is_printed(machine: Machine, sudo: str | None):
    machine.plays("id", "echo 1000")
    machine.plays("apt-get", f"echo called > {machine.folder}/called")
    if sudo is not None:
        machine.plays("sudo", sudo)
    refused = machine.sets_up("dev")
    assert refused.returncode == 1
    line = refused.stderr.splitlines()[-1]
    assert "apt-get install" in line
    assert {"chromium", "tmux", "gcc"} <= set(line.split())
    assert not (machine.folder / "called").exists()
    assert not (machine.folder / "venv").exists()


def test_an_unknown_kind_of_set_up_is_refused(machine: Machine):
    assert machine.sets_up("everything").returncode == 1
