"""Whether an image of a database is one that the product promised.

The recorded process says after each commit what every page of its database now holds. A true image
shows, byte for byte, the database as it was after the last promised act or after the one that was
under way: so nothing promised is missing, nothing is there twice, and nothing is half done. What
is found for the first time is also opened and used as the product does it (`use`).
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeGuard

from simulators.campaigns.crash_images.images import Image
from simulators.campaigns.crash_images.log_view import LogReader, View
from simulators.campaigns.crash_images.operations import Said
from simulators.campaigns.crash_images.saying import content_digest, pages_digest, pages_of
from simulators.campaigns.crash_images.verdicts import CORRUPT, HALF, LOST, TRUE
from simulators.errors import SimulatorsError

OPENED_ANYWAY: Final = 20
"""Of images whose bytes say that they show what is known, every so many-th is opened anyway."""
NO_PAGES: Final = ""
"""Stands for the digest of a database without a page."""
BEFORE_ALL: Final = 0
"""The place of a database that was still being made when nothing was promised yet."""

Use = Callable[[Path], str]
"""Opens and uses the folder as the product does; returns what is wrong with it, or nothing."""

Missing = Callable[[Path, Mapping[str, Any]], str]
"""What of a promise is not in the folder, or nothing."""


class ReadDifferently(SimulatorsError):
    """SQLite shows something else than the bytes say: the harness reads the log wrongly."""

    code = "READ_DIFFERENTLY"

    def __init__(self, way: str, moment: int) -> None:
        self.way, self.moment = way, moment
        super().__init__(f"At {moment}, {way}: SQLite does not show what the log's bytes say.")


class DatabaseCheck:
    """Judges the images of one recording."""

    def __init__(self, said: Sequence[Said], file: str, folder: Path, use: Use) -> None:
        """`said`: all that the recorded process said; `folder`: in memory, emptied each time."""
        self._file, self._desk, self._use = file, Desk(folder), use
        self._pages = _places(s.facts["pages"] for s in said)
        self._content = _places(s.facts["content"] for s in said)
        self._known: dict[str, list[int] | str] = {}
        self._logs, self._judged = LogReader(), 0
        self._digests: dict[View | None, str] = {}
        self._last = ""
        self.distinct = 0
        """How many different databases were found so far."""
        self.complaints: Counter[str] = Counter()

    def judge(self, image: Image) -> str:
        """One of VERDICTS; what stands behind another than TRUE is kept in `complaints`."""
        verdict, why = self._judge(image)
        if why:
            self.complaints[why] += 1
        return verdict

    def _judge(self, image: Image) -> tuple[str, str]:
        first, last = _bounds(image.said)
        try:
            found = self._find(image)
        except sqlite3.DatabaseError as wrong:
            return CORRUPT, str(wrong)
        if found is None:
            return (LOST, "there is no database") if first else (TRUE, "")
        if found == HALF and not first:
            found = self._known[self._last] = [BEFORE_ALL]
        if isinstance(found, str):
            return found, ""
        if any(first <= n <= last for n in found):
            return TRUE, ""
        return (LOST, "") if max(found) < first else (HALF, "it is ahead of its acts")

    def _find(self, image: Image) -> list[int] | str | None:
        """After which acts the database was as it is found; or a verdict; None for no database."""
        if self._file not in image.files:
            return None
        view = self._logs.view(image.files, self._file)
        digest = self._told(view, image.files)
        self._judged += 1
        if not self._is_known(digest) or self._judged % OPENED_ANYWAY == 0:
            opened = self._open(image)
            if self._is_known(digest) and digest != opened:
                raise ReadDifferently(image.way, image.moment)
            digest = self._digests[view] = opened
        self._last = digest
        return self._known[digest] if digest != NO_PAGES else None

    def _told(self, view: View | None, files: Mapping[str, bytes]) -> str | None:
        """What SQLite will show, by the bytes; None where they do not tell."""
        if view is not None and view not in self._digests:
            pages = self._logs.shown(files, self._file)
            self._digests[view] = pages_digest(pages) if pages else NO_PAGES
        return self._digests[view] if view is not None else None

    def _is_known(self, digest: str | None) -> TypeGuard[str]:
        return digest == NO_PAGES or digest in self._known

    def _open(self, image: Image) -> str:
        """Have SQLite read it; what was not seen before is looked at, and used."""
        with self._opened(image) as db:
            pages = pages_of(db)
            digest = pages_digest(pages) if pages else NO_PAGES
            if digest in self._known or digest == NO_PAGES:
                return digest
            found = self._look(db, digest)
        self._known[digest] = found if found == CORRUPT else self._used(image, found)
        return digest

    def _look(self, db: sqlite3.Connection, digest: str) -> list[int] | str:
        """Once for each different database: is it whole, and when was it like this?"""
        self.distinct += 1
        (complaint,) = db.execute("PRAGMA integrity_check(1)").fetchone()
        if complaint != "ok":
            self.complaints[complaint] += 1
            return CORRUPT
        return self._pages.get(digest) or self._content.get(content_digest(db)) or HALF

    def _used(self, image: Image, found: list[int] | str) -> list[int] | str:
        """The same, once the product itself has worked with a fresh copy."""
        self._desk.put(image.files)
        self._desk.forget()
        complaint = self._use(self._desk.folder)
        if complaint:
            self.complaints[complaint] += 1
        return CORRUPT if complaint else found

    @contextmanager
    def _opened(self, image: Image) -> Iterator[sqlite3.Connection]:
        """For reading where that is enough: only a rollback journal has to be carried out."""
        self._desk.put(image.files)
        file = self._desk.folder / self._file
        is_to_be_rolled_back = f"{self._file}-journal" in image.files
        db = sqlite3.connect(
            f"file:{file}?mode={'rw' if is_to_be_rolled_back else 'ro'}", uri=True,
            isolation_level=None,
        )  # fmt: skip
        if is_to_be_rolled_back:
            self._desk.forget()
        try:
            yield db
        finally:
            db.close()


class PromiseCheck:
    """Judges images by what was promised alone: for processes that failed and began again, since
    nobody can say then whether the act that failed took effect.
    """

    def __init__(self, folder: Path, use: Use, missing: Missing) -> None:
        self._desk, self._use, self._missing = Desk(folder), use, missing
        self.distinct = 0
        self.complaints: Counter[str] = Counter()

    def judge(self, image: Image) -> str:
        """One of VERDICTS, HALF left out: a product that can use it finds it whole."""
        self.distinct += 1
        promised = [said.facts for said in image.said if said.facts["flushed"]]
        self._desk.put(image.files)
        self._desk.forget()
        lacking = self._missing(self._desk.folder, promised[-1]) if promised else ""
        complaint = lacking or self._use(self._desk.folder)
        if complaint:
            self.complaints[complaint] += 1
            return LOST if lacking else CORRUPT
        return TRUE


class Desk:
    """A folder in memory into which one image after the other is put."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._there: dict[str, bytes] = {}

    def put(self, files: Mapping[str, bytes]) -> None:
        """Make the folder hold these files and nothing else."""
        for old in self.folder.rglob("*"):
            if old.is_file() and str(old.relative_to(self.folder)) not in files:
                old.unlink()
        for path, content in files.items():
            if self._there.get(path) != content:
                file = self.folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        self._there = dict(files)

    def forget(self) -> None:
        """Somebody else writes into the folder: nothing that was put there may be relied on."""
        self._there = {}


def _bounds(said: Sequence[Said]) -> tuple[int, int]:
    """The first act (counted from 1) that must be there, and the last that may be."""
    flushed = (n for n in range(len(said), 0, -1) if said[n - 1].facts["flushed"])
    return next(flushed, 0), len(said) + 1


def _places(digests: Iterator[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for n, digest in enumerate(digests, start=1):
        found.setdefault(digest, []).append(n)
    return found
