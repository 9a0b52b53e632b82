"""Debian's generic kernel as the virtual machine boots it: downloaded and unpacked, not installed.

Owns where it is kept, its uncompressed image, and which drivers are loaded in which order.
"""

from __future__ import annotations

import gzip
import lzma
import os
import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

META_PACKAGE: Final = "linux-image-amd64"
PACKAGE: Final = re.compile(r"linux-image-[0-9][0-9.-]*-amd64")
DOWNLOAD_TIMEOUT_S: Final = 300
DRIVERS: Final = (
    "virtio_pci",
    "virtio_console",
    "evdev",
    "uinput",
    "xhci-pci",
    "usbhid",
    "hid-generic",
    "ftdi_sio",
)
"""Loaded in this order, each behind what it depends on."""
_DECOMPRESSORS: Final = {b"\xfd7zXZ\0": lzma.decompress, b"\x1f\x8b": gzip.decompress}
_SETUP_SECTORS_AT, _PAYLOAD_AT = 0x1F1, 0x248
"""In the header of a bzImage: the kernel's Documentation/x86/boot.rst."""


class NoKernel(Exception):
    """There is no kernel to boot; the sentence says what to do about it."""


class Kernel(msgspec.Struct, frozen=True):
    """What is booted: the uncompressed image, and the drivers in the order of loading."""

    image: Path
    drivers: tuple[Path, ...]


def prepared_kernel(cache: Path | None = None) -> Kernel:
    """The kernel, downloaded at the first time and when Debian has a newer one. Raises NoKernel."""
    folder = (cache or cache_folder()) / "kernel"
    package = _package_name()
    kept = folder / package
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder) as work:
            _keep(_unpacked(package, Path(work)), kept)
    return Kernel(kept / "vmlinux", tuple(sorted((kept / "drivers").iterdir())))


def cache_folder() -> Path:
    """Outside the repository: 70 MB that every check-out may share."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "binlight"


def _package_name() -> str:
    """What the meta package stands for today."""
    told = _run("apt-cache", "depends", META_PACKAGE)
    found = PACKAGE.search(told)
    if found is None:
        raise NoKernel(f"apt knows no package {META_PACKAGE}; run apt-get update.")
    return found[0]


def _unpacked(package: str, work: Path) -> Path:
    """Downloaded and unpacked into a folder that goes again: nine parts in ten are not needed."""
    _run("apt-get", "download", "-q", package, cwd=work)
    target = work / "unpacked"
    _run("dpkg", "-x", str(next(work.glob("*.deb"))), str(target))
    return target


def _keep(unpacked: Path, kept: Path) -> None:
    """Put beside and renamed: a broken download must not look like a kernel."""
    beside = unpacked / "kept"
    (beside / "drivers").mkdir(parents=True)
    compressed = next((unpacked / "boot").glob("vmlinuz-*"))
    (beside / "vmlinux").write_bytes(uncompressed_image(compressed.read_bytes()))
    for number, (name, content) in enumerate(_drivers(unpacked / "lib" / "modules")):
        (beside / "drivers" / f"{number:02d}-{name}.ko").write_bytes(content)
    for older in kept.parent.glob("linux-image-*"):
        shutil.rmtree(older)
    beside.rename(kept)


def _drivers(modules: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each driver, behind what it depends on."""
    files = {_module_name(path): path for path in modules.rglob("*.ko*")}
    seen: set[str] = set()
    for driver in DRIVERS:
        yield from _with_dependencies(_underscored(driver), files, seen)


def uncompressed_image(image: bytes) -> bytes:
    """The ELF file inside a bzImage; emulated, unpacking it would take longer than the boot.

    An image in another compression is given back as it is, and boots slower.
    """
    offset, length = struct.unpack_from("<II", image, _PAYLOAD_AT)
    begin = (image[_SETUP_SECTORS_AT] + 1) * 512 + offset
    payload = image[begin : begin + length]
    for magic, decompress in _DECOMPRESSORS.items():
        if payload.startswith(magic):
            # Behind the stream stands its length, which is none of it.
            return decompress(payload[:-4])
    return image


def _with_dependencies(
    name: str, files: dict[str, Path], seen: set[str]
) -> Iterator[tuple[str, bytes]]:
    if name in seen or name not in files:  # not in files: it is built in
        return
    seen.add(name)
    content = _module_content(files[name])
    for dependency in _dependencies(content):
        yield from _with_dependencies(dependency, files, seen)
    yield name, content


def _module_content(path: Path) -> bytes:
    content = path.read_bytes()
    return lzma.decompress(content) if path.suffix == ".xz" else content


def _dependencies(module: bytes) -> list[str]:
    """By the module's own word; `depmod` is not asked, since nothing is installed."""
    told = re.search(rb"\0depends=([^\0]*)\0", module)
    names = told[1].decode().split(",") if told else []
    return [_underscored(name) for name in names if name]


def _module_name(path: Path) -> str:
    return _underscored(path.name.partition(".ko")[0])


def _underscored(name: str) -> str:
    """Module and file differ in this at times."""
    return name.replace("-", "_")


def _run(*command: str, cwd: Path | None = None) -> str:
    try:
        ran = subprocess.run(
            command,
            cwd=cwd,
            capture_output=True,
            text=True,
            check=True,
            timeout=DOWNLOAD_TIMEOUT_S,
            env={**os.environ, "LC_ALL": "C"},
        )
    except FileNotFoundError as missing:
        raise NoKernel(f"{command[0]} is missing: this needs Debian or a kin of it.") from missing
    except subprocess.TimeoutExpired as slow:
        raise NoKernel(f"{' '.join(command)} took longer than {DOWNLOAD_TIMEOUT_S} s.") from slow
    except subprocess.CalledProcessError as failed:
        raise NoKernel(f"{' '.join(command)}: {failed.stderr.strip()[-300:]}") from failed
    return ran.stdout
