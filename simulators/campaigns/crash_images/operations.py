"""What a recorded process did to its folder, as operations on a disk. Owns which calls count.

Paths become file numbers here, since a file outlives its name: SQLite removes a write-ahead log
and makes another of the same name. A call that changes the folder in a way that is not modelled
stops the recording: a harness that overlooks writes would find everything well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final, NamedTuple

from simulators.campaigns.crash_images.calls import Argument, Call, OpenFile
from simulators.errors import SimulatorsError

NOT_LASTING: Final = ("-shm", ".lock")
"""Endings of files that mean nothing after a power cut: SQLite makes its shared memory anew."""
TRACED: Final = (
    "openat", "open", "creat", "write", "writev", "pwrite64", "pwritev", "pwritev2", "lseek",
    "fsync", "fdatasync", "sync_file_range", "sync", "syncfs", "ftruncate", "truncate",
    "fallocate", "copy_file_range", "sendfile", "unlink", "unlinkat", "rmdir", "rename",
    "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "mkdir", "mkdirat",
)  # fmt: skip


class Unmodelled(SimulatorsError):
    code = "UNMODELLED"

    def __init__(self, call: str, path: str) -> None:
        self.call, self.path = call, path
        super().__init__(f"{call} changed {path}, and the model of the disk does not know it.")


class Write(NamedTuple):
    """Bytes on their way into a file; not durable before its next Flush."""

    file: int
    offset: int
    content: bytes


class Resize(NamedTuple):
    file: int
    size: int


class Flush(NamedTuple):
    """fsync or fdatasync. One that failed leaves it open what arrived, now and for ever."""

    file: int
    succeeded: bool


class Enter(NamedTuple):
    """A new file gets a name; not durable before its folder's next FlushFolder."""

    path: str
    file: int


class MakeFolder(NamedTuple):
    path: str


class Remove(NamedTuple):
    path: str


class Move(NamedTuple):
    """A rename: what had the new name before is gone."""

    path: str
    onto: str


class FlushFolder(NamedTuple):
    path: str


class Said(NamedTuple):
    """What the process had promised to others at this moment."""

    facts: Mapping[str, Any]


NameChange = Enter | MakeFolder | Remove | Move
Operation = Write | Resize | Flush | NameChange | FlushFolder | Said


class Reader:
    """Turns the calls of one recording into operations on `folder`; paths are relative to it."""

    def __init__(self, folder: str, said: str, files: Mapping[str, bytes]) -> None:
        """`said`: where the process writes what it promises; `files`: what is there already."""
        self._root, self._said = folder.rstrip("/"), said
        self._files = {path: number for number, path in enumerate(files)}
        self._sizes = {number: len(content) for number, content in enumerate(files.values())}
        self._folders = {""}
        for path in self._files:
            self._folders.update(str(p) for p in PurePosixPath(path).parents if str(p) != ".")
        self._next = len(self._files)
        self._at: dict[tuple[int, str], int] = {}
        self._kinds: dict[str, Callable[[Call], Iterator[Operation]]] = {
            "openat": self._open, "write": self._write, "pwrite64": self._write_at,
            "lseek": self._seek, "ftruncate": self._resize, "fsync": self._flush,
            "fdatasync": self._flush, "mkdir": self._make_folder, "mkdirat": self._make_folder,
            "unlink": self._remove, "unlinkat": self._remove, "rename": self._move,
            "renameat": self._move, "renameat2": self._move,
        }  # fmt: skip

    def read(self, calls: Iterable[Call]) -> Iterator[Operation]:
        """Raises Unmodelled, and CutShort from the calls."""
        for call in calls:
            do = self._kinds.get(call.name)
            if do is not None:
                yield from do(call)
            elif not call.error and (path := self._touched(call)) is not None:
                raise Unmodelled(call.name, path)

    # ── files and their content ──────────────────────────────────────────────────────────

    def _open(self, call: Call) -> Iterator[Operation]:
        path, flags = self._inside(call.path), str(call.arguments[2])
        if call.error or path is None or "O_DIRECTORY" in flags or path in self._folders:
            return
        if path not in self._files:
            self._files[path] = self._next
            self._next += 1
            yield Enter(path, self._files[path])
        file = self._files[path]
        if "O_TRUNC" in flags:
            self._sizes[file] = 0
            yield Resize(file, 0)
        is_appending = "O_APPEND" in flags
        self._at[call.pid, str(call.result)] = self._sizes.get(file, 0) if is_appending else 0

    def _write(self, call: Call) -> Iterator[Operation]:
        handle, content = call.arguments[0], call.arguments[1]
        if call.error or not isinstance(handle, OpenFile) or not isinstance(content, bytes):
            return
        if handle.path == self._said:
            yield Said(json.loads(content))
        elif (file := self._file(handle)) is not None:
            offset = self._at.get((call.pid, handle.fd), 0)
            self._at[call.pid, handle.fd] = offset + call.result
            yield self._written(file, offset, content[: call.result])

    def _write_at(self, call: Call) -> Iterator[Operation]:
        handle, content, offset = call.arguments[0], call.arguments[1], call.arguments[3]
        if call.error or not isinstance(content, bytes) or (file := self._file(handle)) is None:
            return
        yield self._written(file, int(str(offset)), content[: call.result])

    def _written(self, file: int, offset: int, content: bytes) -> Write:
        self._sizes[file] = max(self._sizes.get(file, 0), offset + len(content))
        return Write(file, offset, content)

    def _seek(self, call: Call) -> Iterator[Operation]:
        handle = call.arguments[0]
        if not call.error and isinstance(handle, OpenFile):
            self._at[call.pid, handle.fd] = call.result
        return iter(())

    def _resize(self, call: Call) -> Iterator[Operation]:
        file = self._file(call.arguments[0])
        if not call.error and file is not None:
            self._sizes[file] = int(str(call.arguments[1]))
            yield Resize(file, self._sizes[file])

    def _flush(self, call: Call) -> Iterator[Operation]:
        handle = call.arguments[0]
        path = self._inside(handle.path) if isinstance(handle, OpenFile) else None
        if path in self._folders:
            if not call.error:
                yield FlushFolder(str(path))
        elif (file := self._file(handle)) is not None:
            yield Flush(file, succeeded=not call.error)

    # ── names ────────────────────────────────────────────────────────────────────────────

    def _make_folder(self, call: Call) -> Iterator[Operation]:
        (path, *_) = self._paths(call)
        if not call.error and path is not None:
            self._folders.add(path)
            yield MakeFolder(path)

    def _remove(self, call: Call) -> Iterator[Operation]:
        (path, *_) = self._paths(call)
        if not call.error and path is not None and self._files.pop(path, None) is not None:
            yield Remove(path)

    def _move(self, call: Call) -> Iterator[Operation]:
        path, onto = self._paths(call)
        if call.error or path is None or onto is None:
            return
        if path not in self._files:
            raise Unmodelled(call.name, path)
        self._files[onto] = self._files.pop(path)
        yield Move(path, onto)

    # ── inside ───────────────────────────────────────────────────────────────────────────

    def _paths(self, call: Call) -> list[str | None]:
        return [
            self._inside(a.decode(errors="surrogateescape"))
            for a in call.arguments
            if isinstance(a, bytes)
        ]

    def _touched(self, call: Call) -> str | None:
        """What of the folder a call of an unknown kind named."""
        handles = [self._inside(a.path) for a in call.arguments if isinstance(a, OpenFile)]
        return next((p for p in [*handles, *self._paths(call)] if p is not None), None)

    def _file(self, handle: Argument) -> int | None:
        if not isinstance(handle, OpenFile) or handle.is_deleted:
            return None
        path = self._inside(handle.path)
        return None if path is None else self._files.get(path)

    def _inside(self, path: str) -> str | None:
        """The path below the folder; None elsewhere, and for files that need not last."""
        if path == self._root:
            return ""
        if not path.startswith(self._root + "/") or path.endswith(NOT_LASTING):
            return None
        return path[len(self._root) + 1 :]
