"""A process that does what a device does with its card: it opens its outbox and promises scans.

Owns one line of output for each promise, `promised N`, or `refused: why` and the end. Run as
`python -m simulators.campaigns.faults.scans FILE COUNT`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import SystemRandom
from typing import NamedTuple

from edge.errors import EdgeError
from edge.storage.outbox import SqliteOutbox
from simulators.live.hub import ROOT

PAYLOAD = b'{"type":"BinVerified"}' * 12


class Scanned(NamedTuple):
    """What became of a run: the last sequence number that was promised, and why it ended early."""

    promised: int
    refused: str


def scan(file: Path, count: int) -> Scanned:
    """Have a process of its own scan so often."""
    done = subprocess.run(
        [sys.executable, "-m", "simulators.campaigns.faults.scans", str(file), str(count)],
        stdout=subprocess.PIPE, cwd=ROOT, check=False, text=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    promised = [int(line.split()[1]) for line in lines if line.startswith("promised")]
    refused = [line.removeprefix("refused: ") for line in lines if line.startswith("refused: ")]
    return Scanned(max(promised, default=0), "".join(refused))


def main(file: str, count: int) -> None:
    try:
        outbox = SqliteOutbox(file, SystemRandom())
        for _ in range(count):
            outbox.append([PAYLOAD], {}, 1)
            sys.stdout.write(f"promised {outbox.last_seq}\n")
            sys.stdout.flush()
    except EdgeError as wrong:
        sys.stdout.write(f"refused: {wrong}\n")
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
