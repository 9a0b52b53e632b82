"""Each fault of a process bites: what it names happens to a process of ours, and ends with it.

A fault that does nothing would be survived by everybody.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.campaigns.faults import processes

pytestmark = pytest.mark.slow

SLOW_S = 0.2
TRIES = 20_000
"""Of what takes effect only once strace has the process: a bound for hanging, not a measure."""
VICTIM = """
import os, sys, time
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)

def sync():
    began = time.monotonic()
    os.fdatasync(fd)
    return time.monotonic() - began

def work():
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass

ACTS = {
    "open": lambda: os.close(os.open("/dev/null", os.O_RDONLY)),
    "write": lambda: os.pwrite(fd, b"x", 0),
    "grow": lambda: len(bytes(50_000_000)),
    "sync": sync, "work": work,
}
for line in sys.stdin:
    try:
        print(ACTS[line.strip()](), flush=True)
    except OSError as wrong:
        print(os.strerror(wrong.errno), flush=True)
"""

traced = pytest.mark.skipif(not processes.can_trace(), reason="strace may not be used here")


class Victim:
    """A process that does what it is told, and says what came of it."""

    def __init__(self, file: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", VICTIM, str(file)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.pid = self.process.pid
        assert self.does("write") == "1"

    def ask(self, act: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{act}\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def does(self, act: str) -> str:
        self.ask(act)
        return self.answer()

    def comes_to(self, act: str, outcome: str) -> bool:
        """Whether the act comes to it, done again and again: strace takes a while to begin."""
        return any(self.does(act) == outcome for _ in range(TRIES))


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    made = Victim(tmp_path / "file")
    yield made
    made.process.kill()
    made.process.communicate()


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def group(pid: int, controller: str) -> Path:
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    path = next(line.split(":")[2] for line in lines if controller in line.split(":")[1].split(","))
    return processes.CGROUPS / controller / path.lstrip("/")


def test_who_is_frozen_says_nothing_until_the_end(victim: Victim):
    thaw = processes.freeze(victim.pid)
    while state(victim.pid) != "T":
        pass
    victim.ask("open")
    assert state(victim.pid) == "T"
    thaw()
    assert victim.answer() == "None"


def test_without_descriptors_nothing_more_can_be_opened(victim: Victim):
    end = processes.without_descriptors(victim.pid)
    assert victim.does("open") == "Too many open files"
    assert victim.does("write") == "1"
    end()
    assert victim.does("open") == "None"


@traced
def test_a_failing_disk_fails_at_each_flush_and_then_no_more(victim: Victim):
    end = processes.disk_errors(victim.pid)
    assert victim.comes_to("sync", "Input/output error")
    assert victim.does("sync") == "Input/output error"
    end()
    assert float(victim.does("sync")) >= 0


@traced
def test_a_full_disk_takes_no_write_and_then_takes_it(victim: Victim):
    end = processes.disk_full(victim.pid)
    assert victim.comes_to("write", "No space left on device")
    end()
    assert victim.does("write") == "1"


@traced
def test_a_slow_disk_takes_its_time_for_each_flush(victim: Victim):
    end = processes.slow_disk(victim.pid)
    assert any(float(victim.does("sync")) >= SLOW_S for _ in range(TRIES))
    assert float(victim.does("sync")) >= SLOW_S
    end()


@pytest.mark.skipif(not processes.can_limit("memory"), reason="no memory control groups here")
def test_who_needs_memory_that_is_not_there_is_killed(victim: Victim):
    end = processes.little_memory(victim.pid)
    assert victim.does("grow") == ""
    assert victim.process.wait() == -9
    end()


@pytest.mark.skipif(not processes.can_limit("cpu"), reason="no CPU control groups here")
def test_a_fifth_of_a_processor_makes_a_busy_process_wait(victim: Victim):
    end = processes.little_cpu([victim.pid])
    assert victim.does("work") == "None"
    said = dict(
        line.split() for line in (group(victim.pid, "cpu") / "cpu.stat").read_text().splitlines()
    )
    end()
    assert int(said["nr_throttled"]) > 0
    assert group(victim.pid, "cpu") == processes.CGROUPS / "cpu"


def test_who_was_killed_is_gone(victim: Victim):
    assert processes.kill(victim.pid)
    assert victim.process.wait() == -9
    assert not processes.kill(victim.pid)
