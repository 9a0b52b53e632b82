"""`binlight bench crash-images`: power cuts over outbox, hub and private files, and the controls.

Owns how many images each subject gets. The controls are the same work with less care; a harness
that finds nothing wrong with them is blind, and the campaign then fails.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from simulators.campaigns.crash_images.checks import DatabaseCheck, PromiseCheck
from simulators.campaigns.crash_images.files_check import FilesCheck
from simulators.campaigns.crash_images.hub_use import missing_in_hub, use_hub
from simulators.campaigns.crash_images.images import images
from simulators.campaigns.crash_images.operations import Said
from simulators.campaigns.crash_images.outbox_use import missing_in_outbox, use_outbox
from simulators.campaigns.crash_images.recorder import memory_folder, record
from simulators.campaigns.crash_images.verdicts import CORRUPT, HALF, LOST, VERDICTS, Check
from simulators.campaigns.crash_images.workloads import hub as hub_workload
from simulators.campaigns.crash_images.workloads import outbox as outbox_workload
from simulators.campaigns.pace import Pace
from simulators.campaigns.totals import beside_trials
from simulators.errors import SimulatorsError

IMAGES: Final = 10_000
"""Of a run with scale 1, controls not counted."""
CONTROL_SHARE: Final = 0.05
"""Each control gets so many images for one of the campaign."""
CONTROL_IMAGES_MIN: Final = 150
WHOLE_FROM_SCALE: Final = 0.1
"""Below it the recorded processes do fewer acts, but ACTS_MIN."""
ACTS_MIN: Final = 20
WORKLOADS: Final = "simulators.campaigns.crash_images.workloads"
IMAGES_A_MOMENT: Final = 3
"""About so many ways make a difference at a moment: so few images are spread over a recording."""
COMPLAINTS_MAX: Final = 10
SEEDS_A_TURN: Final = 1_000

Say = Callable[[str], None]
Judge = Callable[[Sequence[Said], Path], Check]


class ControlPassed(SimulatorsError):
    """A process without care lost nothing: what the harness says of others is worth nothing."""

    code = "CONTROL_PASSED"

    def __init__(self, control: str, images: int, wanted: str) -> None:
        self.control, self.images, self.wanted = control, images, wanted
        super().__init__(f"{control}: none of {images} images was {wanted}: the harness is blind.")


class Subject(NamedTuple):
    """One kind of process, and how its images are judged."""

    name: str
    workload: str
    options: dict[str, Any]
    judge: Judge
    weight: float
    """Its part of the images."""
    share: float = 1.0
    """Of the moments and ways of one recording, so that many acts are tried."""
    is_prepared: bool = False
    fails_at: tuple[int, int] | None = None
    """Let a flush between these two of the process fail (EIO)."""
    injects: str = ""
    """A fault of every call, in strace's words."""
    must_be: str = ""
    """Of a control: the verdict that has to occur."""


def _outbox_check(said: Sequence[Said], folder: Path) -> Check:
    return DatabaseCheck(said, outbox_workload.FILE, folder, use_outbox)


def _outbox_promises(_said: Sequence[Said], folder: Path) -> Check:
    return PromiseCheck(folder, use_outbox, missing_in_outbox)


def _hub_check(said: Sequence[Said], folder: Path) -> Check:
    return DatabaseCheck(said, hub_workload.FILE, folder, use_hub)


def _hub_promises(_said: Sequence[Said], folder: Path) -> Check:
    return PromiseCheck(folder, use_hub, missing_in_hub)


def _files_check(said: Sequence[Said], _folder: Path) -> Check:
    return FilesCheck(said)


_OUTBOX: Final = {"acts": 70, "checkpoint_pages": 40, "synchronous": "FULL"}
_HUB: Final = {"acts": 60, "checkpoint_pages": 60, "synchronous": "FULL"}
_SHORT_HUB: Final = {**_HUB, "acts": 30}
SUBJECTS: Final = (
    Subject("outbox", "outbox", _OUTBOX, _outbox_check, 0.45),
    Subject("outbox after a failed flush", "outbox", {**_OUTBOX, "restarts": 5},
            _outbox_promises, 0.06, share=0.3, fails_at=(12, 60)),
    Subject("hub", "hub", _HUB, _hub_check, 0.38, share=0.06, is_prepared=True),
    Subject("hub, first start", "hub", {**_HUB, "begins": True}, _hub_check, 0.02,
            share=0.02),
    Subject("hub after a failed flush", "hub", {**_SHORT_HUB, "restarts": 5},
            _hub_promises, 0.03, share=0.04, is_prepared=True, fails_at=(5, 30)),
    Subject("private files", "private_files", {"acts": 30, "is_careful": True}, _files_check, 0.06),
)  # fmt: skip
CONTROLS: Final = (
    Subject("outbox, synchronous NORMAL", "outbox", {**_OUTBOX, "synchronous": "NORMAL"},
            _outbox_check, CONTROL_SHARE, must_be=LOST),
    Subject("outbox, synchronous OFF", "outbox", {**_OUTBOX, "synchronous": "OFF"},
            _outbox_check, CONTROL_SHARE, must_be=CORRUPT),
    Subject("outbox, on a disk that lies", "outbox", _OUTBOX, _outbox_check, CONTROL_SHARE,
            injects="fdatasync:retval=0", must_be=LOST),
    Subject("hub, synchronous NORMAL", "hub", {**_SHORT_HUB, "synchronous": "NORMAL"}, _hub_check,
            CONTROL_SHARE, share=0.06, is_prepared=True, must_be=LOST),
    Subject("hub, synchronous OFF", "hub", {**_SHORT_HUB, "synchronous": "OFF"}, _hub_check,
            CONTROL_SHARE, share=0.06, is_prepared=True, must_be=CORRUPT),
    Subject("private files without a flush", "private_files", {"acts": 30, "is_careful": False},
            _files_check, CONTROL_SHARE, must_be=CORRUPT),
)  # fmt: skip


def measure(
    say: Say, scale: float = 1.0, seed: int = 1, minutes: float | None = None,
    leave_out: Collection[str] = (),
) -> dict[str, Any]:  # fmt: skip
    """Run everything; returns what is printed as JSON. Raises ControlPassed, NotRecorded.

    With `minutes` the subjects take turns until they are over, and `scale` says how long a turn is.
    """
    tried = [_shortened(subject, scale) for subject in SUBJECTS if subject.name not in leave_out]
    with Pace(minutes) as pace:
        subjects, controls = Found(), Found()
        for turn in _turns(pace, endless=minutes is not None):
            for subject in tried:
                wanted = round(IMAGES * scale * subject.weight)
                _try(subject, seed + SEEDS_A_TURN * turn, wanted, subjects, pace)
                say(f"{subject.name}: {subjects.line(subject.name)}")
        for control in (c for c in CONTROLS if c.name not in leave_out):
            wanted = max(CONTROL_IMAGES_MIN, round(IMAGES * scale * control.weight))
            _try(control, seed, wanted, controls, Pace())
            say(f"control {control.name}: {controls.line(control.name)}")
            controls.require(control)
        return {
            "bench": "crash-images", "seed": seed, "seconds": round(pace.seconds, 1),
            **subjects.together(), "subjects": subjects.counts, "controls": controls.counts,
            "complaints": dict(subjects.complaints.most_common(COMPLAINTS_MAX)),
        }  # fmt: skip


def _shortened(subject: Subject, scale: float) -> Subject:
    acts = round(subject.options["acts"] * min(1.0, scale / WHOLE_FROM_SCALE))
    return subject._replace(options={**subject.options, "acts": max(ACTS_MIN, acts)})


def _turns(pace: Pace, *, endless: bool) -> Iterator[int]:
    turn = 0
    yield turn
    while endless and not pace.is_over:
        turn += 1
        yield turn


class Found:
    """The verdicts so far, by subject."""

    def __init__(self) -> None:
        self.counts: dict[str, dict[str, int]] = {}
        self.complaints: Counter[str] = Counter()

    def of(self, name: str) -> dict[str, int]:
        zeros = dict.fromkeys(("images", "recordings", "distinct", *VERDICTS), 0)
        return self.counts.setdefault(name, zeros)

    def line(self, name: str) -> str:
        """For people: what was wrong, beside what was tried."""
        found = self.of(name)
        return ", ".join(f"{v} {beside_trials(found[v], found['images'])}" for v in VERDICTS[1:])

    def together(self) -> dict[str, int]:
        return {
            "images": sum(c["images"] for c in self.counts.values()),
            "acknowledged_lost": sum(c[LOST] for c in self.counts.values()),
            "corrupt": sum(c[CORRUPT] for c in self.counts.values()),
            "half_done": sum(c[HALF] for c in self.counts.values()),
        }

    def require(self, control: Subject) -> None:
        """Raises ControlPassed when a control shows nothing."""
        found = self.of(control.name)
        if not found[control.must_be]:
            raise ControlPassed(control.name, found["images"], control.must_be)


def _try(subject: Subject, seed: int, wanted: int, found: Found, pace: Pace) -> None:
    """Recording after recording until so many images were judged, or time is over."""
    counts = found.of(subject.name)
    until = counts["images"] + wanted
    while counts["images"] < until and not pace.is_over:
        _try_one(subject, seed, until, found, pace)
        seed += 1


def _try_one(subject: Subject, seed: int, until: int, found: Found, pace: Pace) -> None:
    counts, chance = found.of(subject.name), Random(seed)
    recording = record(
        f"{WORKLOADS}.{subject.workload}", {**subject.options, "seed": seed},
        prepare=subject.is_prepared, inject=_failures(subject, chance),
    )  # fmt: skip
    counts["recordings"] += 1
    with tempfile.TemporaryDirectory(prefix="binlight-images-", dir=memory_folder()) as folder:
        said = [o for o in recording.operations if isinstance(o, Said)]
        check = subject.judge(said, Path(folder))
        left = until - counts["images"]
        share = min(subject.share, left / (IMAGES_A_MOMENT * len(recording.operations)))
        for image in images(recording, chance, share=share):
            if counts["images"] >= until or pace.is_over:
                break
            verdict = check.judge(image)
            counts["images"] += 1
            counts[verdict] += 1
        counts["distinct"] += check.distinct
        for complaint, times in check.complaints.items():
            found.complaints[f"{subject.name}, seed {seed}: {complaint}"] += times


def _failures(subject: Subject, chance: Random) -> list[str]:
    faults = [subject.injects] if subject.injects else []
    if subject.fails_at is not None:
        faults.append(f"fdatasync:error=EIO:when={chance.randint(*subject.fails_at)}")
    return faults
