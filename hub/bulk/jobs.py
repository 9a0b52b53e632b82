"""Imports that run beside the pages: one at a time, watched by whoever opens their page.

Owns the threads and what they said; the newest KEPT jobs are remembered until the process ends. The
next process goes on with the files that were found good (`hub.bulk.web.go_on`); of all others
nothing was taken.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from hub.bulk.engine import Progress
from hub.bulk.errors import ImportRefused
from hub.bulk.report import Report
from hub.errors import HubError

KEPT: Final = 20
WAITING_MAX: Final = 4
"""Files that run or wait at a time; each is on disk until its turn is over."""
_log = structlog.get_logger("bulk")


class TooManyImports(HubError):
    code = "TOO_MANY_IMPORTS"

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"{limit} files wait to be imported already; send this one afterwards.")


@dataclass
class Job:
    """One file on its way. `step` is waiting, reading, staging or posting; then it is over."""

    id: str
    kind: str
    file_name: str
    is_dry_run: bool
    is_left_over: bool = False
    """Begun by a process that has ended; it waits for nobody's leave."""
    step: str = "waiting"
    done: int = 0
    total: int = 0
    report: Report | None = None
    refused: ImportRefused | None = None
    error: HubError | None = None
    is_broken: bool = False
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def is_over(self) -> bool:
        return self.over.is_set()

    def say(self, step: str, done: int, total: int) -> None:
        self.step, self.done, self.total = step, done, total


class Jobs:
    """The imports of one process. Safe to use from all threads."""

    def __init__(self) -> None:
        self._lock, self._turn = threading.Lock(), threading.Lock()
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def begin(
        self, job: Job, work: Callable[[Progress], Report], afterwards: Callable[[], None]
    ) -> None:
        """Do the work in a thread when those before it are over; `afterwards` is called in any
        case, also when it is refused. Raises TooManyImports.
        """
        with self._lock:
            waiting = sum(not other.is_over for other in self._jobs.values())
            if waiting >= WAITING_MAX and not job.is_left_over:
                afterwards()
                raise TooManyImports(WAITING_MAX)
            self._jobs[job.id] = job
            while len(self._jobs) > KEPT:
                self._jobs.popitem(last=False)
        threading.Thread(
            target=self._run, args=(job, work, afterwards), name="import", daemon=True
        ).start()

    def job(self, id: str) -> Job | None:
        return self._jobs.get(id)

    def all(self) -> list[Job]:
        """Those that are remembered, in the order in which they came."""
        with self._lock:
            return list(self._jobs.values())

    def is_on_its_way(self, id: str) -> bool:
        """Whether this very file waits or runs already."""
        job = self.job(id)
        return job is not None and not job.is_over

    def _run(
        self, job: Job, work: Callable[[Progress], Report], afterwards: Callable[[], None]
    ) -> None:
        try:
            with self._turn:
                job.say("reading", 0, 0)
                job.report = work(job.say)
        except ImportRefused as refused:
            job.refused = refused
        except HubError as error:
            job.error = error
        except Exception as wrong:  # noqa: BLE001 - the outermost of this thread
            job.is_broken = True
            _log.error("import_failed", file=job.file_name, kind=job.kind, error=repr(wrong))
        finally:
            try:
                afterwards()
            finally:
                job.over.set()
