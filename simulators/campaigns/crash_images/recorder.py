"""Runs a process under strace and keeps what it did to a folder. Owns the recording's files.

The recorded process is told the folder and a file beside it, into which it writes what it promises
(`saying`); strace keeps the order of both.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from simulators.campaigns.crash_images.calls import read_calls
from simulators.campaigns.crash_images.operations import NOT_LASTING, TRACED, Operation, Reader
from simulators.errors import SimulatorsError

STRACE: Final = "strace"
STRING_BYTES: Final = 4_194_304
"""Of one write, the most that is recorded; more raises CutShort."""
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
FOLDER, SAID, TRACE = "disk", "said", "trace"


class NotRecorded(SimulatorsError):
    """The process that was to be recorded failed, or strace may not look at processes here."""

    code = "NOT_RECORDED"

    def __init__(self, module: str, reason: str) -> None:
        self.module, self.reason = module, reason
        super().__init__(f"{module} could not be recorded: {reason}")


class Recording(NamedTuple):
    """A folder as it was, and all that was then done to it and promised."""

    files: dict[str, bytes]
    operations: list[Operation]


def can_record() -> bool:
    """Whether strace is here and may look at a process of ours."""
    if shutil.which(STRACE) is None:
        return False
    tried = subprocess.run(
        [STRACE, "-qq", "-o", os.devnull, "true"], capture_output=True, check=False
    )
    return tried.returncode == 0


def record(
    module: str, asked: Mapping[str, Any], *, prepare: bool = False, inject: Sequence[str] = ()
) -> Recording:
    """Run `python -m module FOLDER SAID ASKED` and read what it did.

    `prepare`: first run it unrecorded with `"prepare": true`, so that it finds its folder made.
    `inject`: what strace is to make fail, as in `fdatasync:error=EIO:when=7`. Raises NotRecorded.
    """
    with tempfile.TemporaryDirectory(prefix="binlight-record-", dir=memory_folder()) as made:
        run = Path(made).resolve()
        folder = run / FOLDER
        folder.mkdir()
        if prepare:
            _run(_command(module, run, {**asked, "prepare": True}), module)
        files = _files(folder)
        _run([*_strace(run, inject), *_command(module, run, asked)], module)
        with (run / TRACE).open(encoding="ascii") as lines:
            reader = Reader(str(folder), str(run / SAID), files)
            return Recording(files, list(reader.read(read_calls(lines))))


class Struck(NamedTuple):
    """How a process ended that had a fault on its way."""

    status: int
    """Negative: the signal that ended it."""
    promised: list[dict[str, Any]]


@contextmanager
def struck(
    module: str, asked: Mapping[str, Any], fault: str, *, prepare: bool = False
) -> Iterator[tuple[Path, Struck]]:
    """Run a workload while strace makes its calls fail; the folder that it left, and its end."""
    with tempfile.TemporaryDirectory(prefix="binlight-struck-", dir=memory_folder()) as made:
        run = Path(made).resolve()
        (run / FOLDER).mkdir()
        if prepare:
            _run(_command(module, run, {**asked, "prepare": True}), module)
        name = fault.partition(":")[0]
        strace = [STRACE, "-f", "-qq", "-o", os.devnull, "-e", f"trace={name}"]
        command = [*strace, f"--inject={fault}", "--", *_command(module, run, asked)]
        done = subprocess.run(command, capture_output=True, check=False)
        said = run / SAID
        lines = said.read_text(encoding="utf-8").splitlines() if said.exists() else []
        yield run / FOLDER, Struck(done.returncode, [json.loads(line) for line in lines])


def memory_folder() -> Path | None:
    """Where images are made: in memory, for nothing of them has to last."""
    return MEMORY if MEMORY.is_dir() else None


def _strace(run: Path, inject: Sequence[str]) -> list[str]:
    faults = [f"--inject={fault}" for fault in inject]
    return [
        STRACE, "-f", "-y", "-xx", "-s", str(STRING_BYTES), "-qq", "--seccomp-bpf",
        "-e", f"trace={','.join('?' + name for name in TRACED)}", *faults,
        "-o", str(run / TRACE), "--",
    ]  # fmt: skip


def _command(module: str, run: Path, asked: Mapping[str, Any]) -> list[str]:
    return [sys.executable, "-m", module, str(run / FOLDER), str(run / SAID), json.dumps(asked)]


def _run(command: Sequence[str], module: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise NotRecorded(module, f"status {done.returncode}: {last}")


def _files(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in found
        if not path.name.endswith(NOT_LASTING)
    }
