"""The file of a backup: a tar of a manifest, the database, keys and secrets. Owns its format.

Whoever has it can be the hub: it is readable for its owner alone, and not encrypted (a shop that
loses the passphrase has no backup). Each file is checked against the manifest when it is read.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from hub.errors import HubError
from hub.identity.private_files import make_private_folder, sync_folder
from hub.steady_writing import SteadyWriter

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
DATABASE: Final = "hub.db"
CHUNK_BYTES: Final = 1 << 20
MANIFEST_BYTES_MAX: Final = 1 << 20


class NotABackup(HubError):
    code = "NOT_A_BACKUP"

    def __init__(self, file: str, why: str) -> None:
        self.file, self.why = file, why
        super().__init__(f"{file} is no backup of a hub that this version can read: {why}.")


class DamagedBackup(HubError):
    """A file in it is not the one that was put there."""

    code = "DAMAGED_BACKUP"

    def __init__(self, file: str, member: str) -> None:
        self.file, self.member = file, member
        super().__init__(f"{file} is damaged: {member} in it was changed. Use another backup.")


class Kept(msgspec.Struct, frozen=True):
    """One file of a backup, as it was put there."""

    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup is of, and what is in it."""

    format: int = FORMAT
    made_at: int
    """Microseconds UTC."""
    site: str
    company: str
    version: str
    schema: int
    """The last step of the schema."""
    hub_epoch: str
    is_true: bool
    """Whether the books were found true when it was made."""
    heads: dict[str, tuple[int, str]]
    """Where each ledger ends: site/ledger → position, hash."""
    files: dict[str, Kept] = {}


def write(target: Path, members: Mapping[str, Path], manifest: Manifest) -> Manifest:
    """Put a backup in place: written beside, synced, renamed. Returns what is in it."""
    files = {name: Kept(path.stat().st_size, _digest(path)) for name, path in members.items()}
    whole = msgspec.structs.replace(manifest, files=files)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.new")
    try:
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb") as out:
            _write_tar(SteadyWriter(out), members, whole)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)
    return whole


def _write_tar(out: SteadyWriter, members: Mapping[str, Path], manifest: Manifest) -> None:
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:  # type: ignore[call-overload]
        text = msgspec.json.format(msgspec.json.encode(manifest))
        tar.addfile(_entry(MANIFEST, len(text)), BytesIO(text))
        for name, path in members.items():
            with path.open("rb") as file:
                tar.addfile(_entry(name, manifest.files[name].bytes), file)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(file: Path) -> Manifest:
    """What a backup says of itself. Raises NotABackup."""
    try:
        with tarfile.open(file, mode="r:") as tar:
            first = tar.next()
            if first is None or first.name != MANIFEST or first.size > MANIFEST_BYTES_MAX:
                raise NotABackup(str(file), "it does not begin with a manifest")
            found = tar.extractfile(first)
            manifest = msgspec.json.decode(found.read() if found else b"", type=Manifest)
    except (tarfile.TarError, msgspec.DecodeError, OSError) as wrong:
        raise NotABackup(str(file), str(wrong)) from wrong
    if manifest.format != FORMAT:
        raise NotABackup(str(file), f"its format is {manifest.format}")
    return manifest


def unpack(file: Path, folder: Path) -> Manifest:
    """Write every file of a backup into a new folder, and compare them with the manifest.

    Raises NotABackup, DamagedBackup.
    """
    manifest = read_manifest(file)
    make_private_folder(folder)
    try:
        with tarfile.open(file, mode="r:") as tar:
            for name, kept in manifest.files.items():
                _unpack_one(tar, file, name, kept, _inside(folder, file, name))
    except (tarfile.TarError, EOFError) as wrong:
        raise NotABackup(str(file), str(wrong)) from wrong
    return manifest


def take_database(file: Path, target: Path) -> Manifest:
    """Write only the database of a backup. Raises NotABackup, DamagedBackup."""
    manifest = read_manifest(file)
    if DATABASE not in manifest.files:
        raise NotABackup(str(file), "it has no database")
    with tarfile.open(file, mode="r:") as tar:
        _unpack_one(tar, file, DATABASE, manifest.files[DATABASE], target)
    return manifest


def _inside(folder: Path, file: Path, name: str) -> Path:
    """Where a member goes: below the folder, whatever its name says."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise NotABackup(str(file), f"{name!r} leads out of it")
    return folder.joinpath(*path.parts)


def _unpack_one(tar: tarfile.TarFile, file: Path, name: str, kept: Kept, target: Path) -> None:
    try:
        found = tar.extractfile(name)
    except KeyError:
        found = None
    if found is None:
        raise DamagedBackup(str(file), name)
    make_private_folder(target.parent)
    digest = hashlib.sha256()
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with found, os.fdopen(fd, "wb") as out:
        steady = SteadyWriter(out)
        while chunk := found.read(CHUNK_BYTES):
            digest.update(chunk)
            steady.write(chunk)
        os.fsync(out.fileno())
    if digest.hexdigest() != kept.sha256:
        raise DamagedBackup(str(file), name)
