"""Faults of the disk under the real outbox and the real hub database: kills, errors, slowness.

Owns the table of faults and the audit of what is left. Numbers are those of the list of faults in
`docs/faults.md`. A kill keeps what the kernel has, so it is no power cut: see `crash_images`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from simulators.campaigns.crash_images.hub_use import missing_in_hub, use_hub
from simulators.campaigns.crash_images.outbox_use import missing_in_outbox, use_outbox
from simulators.campaigns.crash_images.recorder import struck

WORKLOADS: Final = "simulators.campaigns.crash_images.workloads"


class StorageFault(NamedTuple):
    """One kind of failing disk, in strace's words; `{n}` is the call from which on it fails."""

    name: str
    number: int
    inject: str
    calls: tuple[int, int]
    """Between which calls it may begin."""


FAULTS: Final = (
    StorageFault("killed at a flush", 1, "fdatasync:signal=KILL:when={n}", (1, 60)),
    StorageFault("killed at a write", 1, "pwrite64:signal=KILL:when={n}", (1, 250)),
    StorageFault("a flush fails", 4, "fdatasync:error=EIO:when={n}", (1, 60)),
    StorageFault("flushes fail for a while", 4, "fdatasync:error=EIO:when={n}..{more}", (1, 60)),
    StorageFault("a write fails", 4, "pwrite64:error=EIO:when={n}", (1, 250)),
    StorageFault("the disk is full for a while", 5, "pwrite64:error=ENOSPC:when={n}..{more}",
                 (1, 250)),
    StorageFault("the disk is slow", 11, "fdatasync:delay_enter=5000:when={n}+3", (1, 3)),
)  # fmt: skip
FAILURES: Final = 3
"""So many calls fail where more than one does."""


class Storage(NamedTuple):
    """What works on the disk, and how it is audited."""

    workload: str
    options: Mapping[str, Any]
    is_prepared: bool
    missing: Callable[[Path, Mapping[str, Any]], str]
    use: Callable[[Path], str]


OUTBOX: Final = Storage(
    "outbox", {"acts": 40, "checkpoint_pages": 40, "synchronous": "FULL", "restarts": 5},
    is_prepared=False, missing=missing_in_outbox, use=use_outbox,
)  # fmt: skip
HUB: Final = Storage(
    "hub", {"acts": 20, "checkpoint_pages": 60, "synchronous": "FULL", "restarts": 5},
    is_prepared=True, missing=missing_in_hub, use=use_hub,
)  # fmt: skip


class Outcome(NamedTuple):
    """What one fault did."""

    fault: str
    promises: int
    """Acts that had been promised before, between and after."""
    ended: int
    """The status of the last process; negative: a signal."""
    complaint: str
    """What is lost or cannot be used; empty when all is well."""


def strike(fault: StorageFault, storage: Storage, seed: int) -> Outcome:
    """Let the disk fail once under a process, and audit what it leaves.

    A process that fails is followed by another, as agent and gateway are; one that was killed is
    not, and the audit is what begins again.
    """
    n = Random(seed).randint(*fault.calls)
    inject = fault.inject.format(n=n, more=n + FAILURES - 1)
    module = f"{WORKLOADS}.{storage.workload}"
    options = {**storage.options, "seed": seed}
    with struck(module, options, inject, prepare=storage.is_prepared) as (folder, end):
        promised = [facts for facts in end.promised if facts["flushed"]]
        complaint = storage.missing(folder, promised[-1]) if promised else ""
        complaint = complaint or storage.use(folder)
    return Outcome(fault.name, len(end.promised), end.status, complaint)
