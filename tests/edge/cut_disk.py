"""A file system whose power can be cut after any step, with what was not synced lost or torn.

Small and more hostile than a real one: of the names that no folder sync covers any subset survives,
and a file's unsynced content is whole, half or empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations, product
from pathlib import Path
from typing import NamedTuple

Image = dict[Path, bytes]
"""What is readable after a cut."""


class Step(NamedTuple):
    kind: str
    path: Path
    content: bytes = b""
    new: Path | None = None


class CutDisk:
    """Takes steps down as they come; `images` says what any cut would leave."""

    def __init__(self, image: Image | None = None, *, syncs: bool = True) -> None:
        """`syncs=False`: a disk that only pretends to, as proof that a cut is seen."""
        self._before = dict(image or {})
        self._now = dict(self._before)
        self._syncs = syncs
        self.steps: list[Step] = []

    # ── what a disk does ─────────────────────────────────────────────────────────────────

    def read(self, path: Path) -> bytes | None:
        return self._now.get(path)

    def make_folder(self, path: Path) -> None:
        """Folders are there."""

    def write(self, path: Path, content: bytes) -> None:
        self.steps.append(Step("write", path, content))
        self._now[path] = content

    def rename(self, old: Path, new: Path) -> None:
        self.steps.append(Step("rename", old, new=new))
        self._now[new] = self._now.pop(old)

    def sync(self, path: Path) -> None:
        if self._syncs:
            self.steps.append(Step("sync", path))

    # ── what a cut leaves ────────────────────────────────────────────────────────────────

    def images(self) -> Iterator[tuple[int, Image]]:
        """(steps taken, what is readable) for every cut, the one after the last step included."""
        for taken in range(len(self.steps) + 1):
            yield from ((taken, image) for image in self._images_after(self.steps[:taken]))

    def _images_after(self, steps: list[Step]) -> Iterator[Image]:
        replay = _Replay(self._before)
        for step in steps:
            replay.take(step)
        return replay.images()


class _File:
    """Content without a name."""

    def __init__(self, content: bytes, is_synced: bool) -> None:
        self.content, self.is_synced = content, is_synced

    @property
    def after_cut(self) -> tuple[bytes, ...]:
        if self.is_synced:
            return (self.content,)
        return (self.content, self.content[: len(self.content) // 2], b"")


Naming = tuple[Path, _File, Path | None]
"""A name is given to a file, and perhaps taken from another name of it."""


class _Replay:
    """Names and contents, each durable or not yet."""

    def __init__(self, image: Image) -> None:
        self._durable = {path: _File(content, True) for path, content in image.items()}
        self._names = dict(self._durable)
        self._pending: list[Naming] = []

    def take(self, step: Step) -> None:
        match step.kind:
            case "write":
                self._name((step.path, _File(step.content, False), None))
            case "rename" if step.new is not None:
                self._name((step.new, self._names[step.path], step.path))
            case "sync" if step.path in self._names:
                self._names[step.path].is_synced = True
            case "sync":  # a folder
                for naming in self._pending:
                    _apply(self._durable, naming)
                self._pending.clear()

    def images(self) -> Iterator[Image]:
        subsets = chain.from_iterable(
            combinations(self._pending, n) for n in range(len(self._pending) + 1)
        )
        for survived in subsets:
            names = dict(self._durable)
            for naming in survived:
                _apply(names, naming)
            for contents in product(*(file.after_cut for file in names.values())):
                yield dict(zip(names, contents, strict=True))

    def _name(self, naming: Naming) -> None:
        self._pending.append(naming)
        _apply(self._names, naming)


def _apply(names: dict[Path, _File], naming: Naming) -> None:
    new, file, old = naming
    if old is not None:
        names.pop(old, None)
    names[new] = file
