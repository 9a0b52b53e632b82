"""Faults put upon one running process, each with its end. Linux; some need root or a tool.

Owns signals, limits, control groups and injected system calls. It knows no part of Binlight:
whoever calls names the process. Every function returns what ends the fault, which may be called
after the process has gone.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import Final

End = Callable[[], None]

CGROUPS: Final = Path("/sys/fs/cgroup")
CPU_PERIOD_US: Final = 100_000
PAGE_BYTES: Final = 4_096
SYNCS: Final = "fdatasync,fsync"
"""What SQLite calls when something must be on the disk."""
CAP_SYS_RESOURCE: Final = 24
STRACE_END_S: Final = 5.0
FEW: Final = 3
"""Descriptors: the standard ones. What is open beyond stays open."""


# ── what this machine can do ─────────────────────────────────────────────────────────────────


@cache
def can_trace() -> bool:
    """Whether system calls of running processes can be made to fail."""
    return os.geteuid() == 0 and shutil.which("strace") is not None


@cache
def can_limit(controller: str) -> bool:
    """Whether there is a control group of this kind to put processes in."""
    return os.geteuid() == 0 and os.access(CGROUPS / controller / "cgroup.procs", os.W_OK)


@cache
def can_limit_others() -> bool:
    """Whether descriptors of other users' processes can be limited (CAP_SYS_RESOURCE)."""
    status = Path("/proc/self/status").read_text()
    capabilities = next(line for line in status.splitlines() if line.startswith("CapEff:"))
    return bool(int(capabilities.split()[1], 16) >> CAP_SYS_RESOURCE & 1)


# ── signals and limits ───────────────────────────────────────────────────────────────────────


def nothing() -> None:
    """The end of a fault that ends by itself."""


def kill(pid: int) -> bool:
    """SIGKILL; False when it is gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def freeze(pid: int) -> End:
    """SIGSTOP until the end: it is there, holds its locks and sockets, and says nothing."""
    _signal(pid, signal.SIGSTOP)
    return lambda: _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def without_descriptors(pid: int) -> End:
    """No file or socket more can be opened."""
    with contextlib.suppress(ProcessLookupError):
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        if before[0] <= FEW:
            return nothing
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (FEW, before[1]))
        return lambda: _limit_descriptors(pid, before)
    return nothing


def _limit_descriptors(pid: int, limits: tuple[int, int]) -> None:
    with contextlib.suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)


# ── system calls that fail ───────────────────────────────────────────────────────────────────


def failing(pid: int, calls: str, effect: str) -> End:
    """Every named call of the process, in all threads, has an effect such as `error=EIO`.

    As strace injects it; the process runs slower meanwhile.
    """
    tracer = subprocess.Popen(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}",
         "-e", f"inject={calls}:{effect}", "-p", str(pid)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    return lambda: _let_go(tracer)


def _let_go(tracer: subprocess.Popen[bytes]) -> None:
    """strace detaches when it is asked to end; killed, it would leave the process stopped."""
    tracer.terminate()
    try:
        tracer.wait(STRACE_END_S)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.wait()


def disk_errors(pid: int) -> End:
    return failing(pid, SYNCS, "error=EIO")


def disk_full(pid: int) -> End:
    return failing(pid, "pwrite64", "error=ENOSPC")


def slow_disk(pid: int) -> End:
    return failing(pid, SYNCS, "delay_enter=200000")


# ── control groups ───────────────────────────────────────────────────────────────────────────


def little_cpu(pids: Sequence[int], percent: int = 20) -> End:
    """All of them together get so much of one processor."""
    quota_us = CPU_PERIOD_US * percent // 100
    limits = {"cpu.cfs_period_us": CPU_PERIOD_US, "cpu.cfs_quota_us": quota_us}
    return _confine("cpu", pids, limits)


def little_memory(pid: int, bytes_max: int = PAGE_BYTES) -> End:
    """So much may be added to what the process has; then the kernel kills it.

    One page by default: with 512 KiB most processes went on with the memory they had.
    """
    return _confine("memory", [pid], {"memory.limit_in_bytes": bytes_max})


_numbers: Final = count(1)


def _confine(controller: str, pids: Iterable[int], limits: dict[str, int]) -> End:
    group = CGROUPS / controller / f"binlight-{os.getpid()}-{next(_numbers)}"
    group.mkdir()
    for name, value in limits.items():
        (group / name).write_text(str(value))
    for pid in pids:
        _move(pid, group)

    def release() -> None:
        for pid in (group / "cgroup.procs").read_text().split():
            _move(int(pid), group.parent)
        with contextlib.suppress(OSError):  # a process that dies at this moment still counts
            group.rmdir()

    return release


def _move(pid: int, group: Path) -> None:
    with contextlib.suppress(OSError):
        (group / "cgroup.procs").write_text(str(pid))
