"""The virtual machine's first file system: this Python, what a device needs, and our own code.

Owns what is in it. Everything is compiled beforehand: an emulated processor compiles slowly.
"""

from __future__ import annotations

import importlib.util
import marshal
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import BinaryIO, Final

from tests.hardware.kernel import Kernel
from tests.hardware.newc import NewcArchive

REPOSITORY: Final = Path(__file__).resolve().parents[2]
STDLIB: Final = Path(sysconfig.get_path("stdlib"))
SITE: Final = Path(sysconfig.get_path("platlib"))
GUEST_SITE: Final = Path("usr/lib/python3/dist-packages")
OURS: Final = ("protocols", "edge")
OUR_FILES: Final = (
    "binlight.py",
    "tests/__init__.py",
    "tests/hardware/__init__.py",
    "tests/hardware/guest.py",
    "tests/hardware/workbench.py",
)
UNUSED: Final = frozenset(
    [
        *("test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "distutils"),
        *("pydoc_data", "venv", "__pycache__", "site-packages", "dist-packages", "textual"),
        "lib-dynload",
    ]
)
"""Folders that a device without a screen does without; `lib-dynload` is added by itself."""
PROBE: Final = (
    "import sys, edge.run, edge.headless, edge.scanners.evdev_scanner, "
    "edge.scanners.serial_scanner; "
    "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
)
INIT: Final = b"#!/usr/bin/python3\nfrom tests.hardware.guest import main\n\nmain()\n"


def write_image(stream: BinaryIO, kernel: Kernel) -> None:
    """The archive, whole."""
    archive = NewcArchive(stream)
    for folder in ("dev", "proc", "sys", "tmp", "root"):
        archive.add_folder(folder)
    archive.add_file("init", INIT, 0o755)
    _add_python(archive)
    _add_packages(archive)
    _add_ours(archive)
    for driver in kernel.drivers:
        archive.add_file(f"modules/{driver.name}", driver.read_bytes())
    archive.finish()


def _add_python(archive: NewcArchive) -> None:
    """The interpreter, its library, and every shared library that one of its parts asks for."""
    interpreter = Path(sys.executable).resolve()
    archive.add_file("usr/bin/python3", interpreter.read_bytes(), 0o755)
    target = Path(*STDLIB.parts[1:])
    for path in _files(STDLIB):
        _add(archive, path, target / path.relative_to(STDLIB))
    dynamic = list((STDLIB / "lib-dynload").glob("*.so"))
    for path in dynamic:
        _add(archive, path, target / "lib-dynload" / path.name)
    _add_libraries(archive, [interpreter, *dynamic, *_packaged_libraries()])


def _add_packages(archive: NewcArchive) -> None:
    for package in _packages():
        for path in _files(package) if package.is_dir() else [package]:
            _add(archive, path, GUEST_SITE / path.relative_to(SITE))
    for path in distribution("binlight").files or ():
        if path.name in {"entry_points.txt", "METADATA"}:  # how a driver is found by its name
            archive.add_file(str(GUEST_SITE / path), Path(path.locate()).read_bytes())


def _add_ours(archive: NewcArchive) -> None:
    for package in OURS:
        for path in _files(REPOSITORY / package):
            _add(archive, path, GUEST_SITE / path.relative_to(REPOSITORY), is_ours=True)
    for name in OUR_FILES:
        _add(archive, REPOSITORY / name, GUEST_SITE / name, is_ours=True)


def _add(archive: NewcArchive, path: Path, target: Path, *, is_ours: bool = False) -> None:
    """A file; of Python's source only what it compiles to."""
    if path.suffix != ".py":
        archive.add_file(str(target), path.read_bytes())
        return
    archive.add_file(str(target.with_suffix(".pyc")), _compiled(path, is_fresh=is_ours))


def _compiled(path: Path, *, is_fresh: bool) -> bytes:
    """From beside the source where the installer has left it; ours always anew."""
    ready = Path(importlib.util.cache_from_source(str(path)))
    if ready.exists() and not is_fresh:
        return ready.read_bytes()
    code = compile(path.read_bytes(), str(path.name), "exec", dont_inherit=True)
    return importlib.util.MAGIC_NUMBER + b"\0" * 12 + marshal.dumps(code)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name not in UNUSED:
            yield from _files(path)
        elif path.is_file() and path.suffix != ".pyc":
            yield path


def _packages() -> list[Path]:
    """Whatever of the installed packages an agent without a screen has loaded once it runs."""
    ran = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    names = ran.stdout.split()
    found = [path for name in names for path in SITE.glob(f"{name}.*") if path.is_file()]
    return found + [SITE / name for name in names if (SITE / name).is_dir()]


def _packaged_libraries() -> Iterator[Path]:
    for package in _packages():
        if package.is_dir():
            yield from package.rglob("*.so")
        elif package.suffix == ".so":
            yield package


def _add_libraries(archive: NewcArchive, programs: Iterable[Path]) -> None:
    """By the path that `ldd` tells, which is where the guest's loader looks too."""
    ran = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=False)
    words = {word for line in ran.stdout.splitlines() for word in line.split()}
    for library in sorted(word for word in words if word.startswith("/") and ":" not in word):
        archive.add_file(library.lstrip("/"), Path(library).resolve().read_bytes(), 0o755)
