"""A model of the disk: what is safe, and what a power cut may take. Owns that distinction.

Bytes are safe after a flush of their file, names after a flush of their folder; before that each
may have arrived or not, in any order (bytes) or in theirs (names, which file systems journal).
Bytes whose flush failed are never made safe by a later one: the kernel has dropped them from its
list, and they may still have arrived ("fsyncgate", https://lwn.net/Articles/752063/).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import PurePosixPath
from typing import NamedTuple

from simulators.campaigns.crash_images.operations import (
    Enter,
    Flush,
    FlushFolder,
    MakeFolder,
    Move,
    NameChange,
    Operation,
    Remove,
    Resize,
    Said,
    Write,
)

Content = Write | Resize


class Survivor(NamedTuple):
    """An operation on a file's content that reached the disk, and how many bytes of it."""

    operation: Content
    kept_bytes: int


class Disk:
    """Takes operations in their order; says what is safe and what waits."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        """`files` are safe from the beginning, in the order of their numbers."""
        self._safe = {number: bytearray(content) for number, content in enumerate(files.values())}
        self._names = {path: number for number, path in enumerate(files)}
        self._folders = {"", *(parent for path in files for parent in _parents(path))}
        self._frozen: dict[int, bytes] = {}
        self.waiting: list[Content] = []
        """Content that no flush has covered."""
        self.doubtful: list[Content] = []
        """Content whose flush failed."""
        self.waiting_names: list[NameChange] = []

    def take(self, operation: Operation) -> None:
        match operation:
            case Write() | Resize():
                self.waiting.append(operation)
            case Flush(file, succeeded):
                self._flush(file, succeeded=succeeded)
            case FlushFolder(path):
                self._flush_folder(path)
            case Said():
                return
            case _:
                self.waiting_names.append(operation)

    @property
    def unsafe(self) -> list[Content]:
        """All that may or may not be there after a power cut, oldest first."""
        return self.doubtful + self.waiting

    def after_power_cut(self, survivors: Sequence[Survivor], names_count: int) -> dict[str, bytes]:
        """The files that are found: all that is safe, `survivors`, and the first so many names."""
        changed: dict[int, bytearray] = {}
        for operation, kept_bytes in survivors:
            file = operation.file
            if file not in changed:
                changed[file] = bytearray(self._safe.get(file, b""))
            _apply(changed[file], operation, kept_bytes)
        names, folders = dict(self._names), set(self._folders)
        for change in self.waiting_names[:names_count]:
            _rename(names, folders, change)
        return {
            path: bytes(changed[file]) if file in changed else self._as_it_is_safe(file)
            for path, file in names.items()
            if folders.issuperset(_parents(path))
        }

    def _as_it_is_safe(self, file: int) -> bytes:
        """The same object as long as it does not change, so that comparing it costs nothing."""
        if file not in self._frozen:
            self._frozen[file] = bytes(self._safe.get(file, b""))
        return self._frozen[file]

    def _flush(self, file: int, *, succeeded: bool) -> None:
        mine = [operation for operation in self.waiting if operation.file == file]
        self.waiting = [operation for operation in self.waiting if operation.file != file]
        if not succeeded:
            self.doubtful += mine
            return
        content = self._safe.setdefault(file, bytearray())
        self._frozen.pop(file, None)
        self.doubtful = [o for o in self.doubtful if o.file != file or isinstance(o, Write)]
        for operation in mine:
            _apply(content, operation, _size(operation))
            self.doubtful = [
                part for doubtful in self.doubtful for part in _uncovered(doubtful, operation)
            ]

    def _flush_folder(self, folder: str) -> None:
        still: list[NameChange] = []
        for change in self.waiting_names:
            if _folder(change) == folder:
                _rename(self._names, self._folders, change)
            else:
                still.append(change)
        self.waiting_names = still


def whole(operations: Iterable[Content]) -> list[Survivor]:
    """These operations, having arrived with every byte."""
    return [Survivor(operation, _size(operation)) for operation in operations]


def _size(operation: Content) -> int:
    return len(operation.content) if isinstance(operation, Write) else 0


def _apply(content: bytearray, operation: Content, kept_bytes: int) -> None:
    end = operation.size if isinstance(operation, Resize) else operation.offset + kept_bytes
    if len(content) < end:
        content.extend(bytes(end - len(content)))
    if isinstance(operation, Write):
        content[operation.offset : end] = operation.content[:kept_bytes]
    else:
        del content[end:]


def _uncovered(doubtful: Content, safe: Content) -> list[Content]:
    """What of a doubtful operation is not overwritten by one that is safe."""
    if doubtful.file != safe.file or not isinstance(doubtful, Write):
        return [doubtful]
    start, end = doubtful.offset, doubtful.offset + len(doubtful.content)
    if isinstance(safe, Resize):
        low, high = safe.size, end
    else:
        low, high = safe.offset, safe.offset + len(safe.content)
    if low >= end or high <= start:
        return [doubtful]
    before, after = doubtful.content[: max(0, low - start)], doubtful.content[high - start :]
    parts = [Write(doubtful.file, start, before), Write(doubtful.file, high, after)]
    return [part for part in parts if part.content]


def _rename(names: dict[str, int], folders: set[str], change: NameChange) -> None:
    match change:
        case Enter(path, file):
            names[path] = file
        case Remove(path):
            names.pop(path, None)
        case Move(path, onto):
            if path in names:
                names[onto] = names.pop(path)
        case MakeFolder(path):
            folders.add(path)


def _folder(change: NameChange) -> str:
    """Where the change is kept; a file without its folder cannot be found."""
    return _parents(change.onto if isinstance(change, Move) else change.path)[0]


@cache
def _parents(path: str) -> list[str]:
    """The folders that a path lies in, nearest first; the recorded one is ''."""
    return [
        "" if parent == PurePosixPath() else str(parent) for parent in PurePosixPath(path).parents
    ]
