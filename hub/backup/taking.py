"""Taking a backup while the hub works. Owns what belongs into one.

The database is copied in one read transaction, so that scans go on; the copy is opened and verified
before it counts. What can be made anew (the broker's files, logs) is left out.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, NamedTuple

import peewee

from hub.backup import archive
from hub.backup.archive import DATABASE, Manifest
from hub.backup.made_again import begin_with, check_made_again
from hub.config import HubConfig
from hub.db import fetch
from hub.errors import HubError, NotFound
from hub.opening import open_beside
from hub.sqlite_files import Step, copy_while_used, damage
from hub.verify.command import verify
from hub.verify.findings import Report

SUFFIX: Final = ".tar"
KEPT_FOLDERS: Final = ("tls", "secrets")
"""Of the data folder: without them every device would have to be enrolled again."""


class NotOnSqlite(HubError):
    """The database is a server's: its own tools take its backups."""

    code = "NOT_ON_SQLITE"

    def __init__(self) -> None:
        super().__init__(
            "This hub's database is PostgreSQL: back it up with pg_dump -Fc (or your server's own "
            "continuous archiving), and keep the folders tls and secrets of --data with it."
        )


class NotATarget(HubError):
    """A backup would overwrite something else, or become a file where a folder was meant."""

    code = "NOT_A_TARGET"


class Taken(NamedTuple):
    """A backup that is in place, and what was found in its books."""

    path: Path
    manifest: Manifest
    report: Report
    damaged: Sequence[str] = ()
    """Earlier backups that cannot be read any more."""


def take(
    config: HubConfig, target: Path, now_us: int, step: Step = lambda a, b: None,
    earlier: Sequence[Path] | None = None,
) -> Taken:  # fmt: skip
    """Back the hub up into a file, or into a folder under a name of its own.

    Given its earlier backups, the newest first (or that there are none yet), its books are also
    made again from them, which takes about a second for every 500 acts since. Raises NotOnSqlite,
    NotFound, NotATarget. Books that are not true are backed up too, and said to be so.
    """
    if not config.is_sqlite:
        raise NotOnSqlite
    source = database_file(config)
    path = _where(target, file_name(config.site, now_us))
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".binlight-backup-") as work:
        copy = Path(work) / DATABASE
        copy_while_used(source, copy, step)
        manifest, report, damaged = _look(config, copy, now_us, earlier)
        members = {DATABASE: copy, **_private_files(config, Path(work))}
        return Taken(path, archive.write(path, members, manifest), report, damaged)


def _where(target: Path, name: str) -> Path:
    """The backup's own path; only an older backup gives way to it. Raises NotATarget."""
    if target.is_dir():
        return target / name
    if not target.exists():
        if target.suffix != SUFFIX:
            raise NotATarget(
                f"There is no folder {target}: make it first, or name a file that ends in {SUFFIX}."
            )
        return target
    try:
        archive.read_manifest(target)
    except archive.NotABackup as other:
        raise NotATarget(
            f"{target} is there already and is no backup: name a folder, or another file."
        ) from other
    return target


def database_file(config: HubConfig) -> Path:
    """The hub's own SQLite file; raises NotFound instead of making an empty one."""
    file = Path(config.database.removeprefix("sqlite:///"))
    if not file.is_file():
        raise NotFound("database", str(file))
    return file


def file_name(site: str, now_us: int) -> str:
    """A name that sorts by time: binlight-w1-20261121T020000Z.tar."""
    moment = datetime.fromtimestamp(now_us // 1_000_000, UTC)
    return f"binlight-{site}-{moment:%Y%m%dT%H%M%SZ}{SUFFIX}"


def _private_files(config: HubConfig, work: Path) -> dict[str, Path]:
    """Copies of them: the hub may put another list of revoked certificates in place at any time."""
    copies: dict[str, Path] = {}
    for folder in KEPT_FOLDERS:
        for path in sorted((config.data / folder).rglob("*")):
            name = str(path.relative_to(config.data))
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                content = path.read_bytes()
                copies[name] = work / name
                copies[name].parent.mkdir(parents=True, exist_ok=True)
                copies[name].write_bytes(content)
    return copies


def _look(
    config: HubConfig, copy: Path, now_us: int, earlier: Sequence[Path] | None
) -> tuple[Manifest, Report, Sequence[str]]:
    database, damaged = open_beside(f"sqlite:///{copy}"), []
    try:
        report = check(database, copy)
        if report.ok and earlier is not None:
            scratch = copy.with_name("again.db")
            damaged = begin_with(earlier, database, scratch)
            check_made_again(database, scratch, report)
        return _manifest(config, database, now_us, is_true=report.ok), report, damaged
    finally:
        database.execute_sql("PRAGMA journal_mode = DELETE")  # type: ignore[no-untyped-call]
        database.close()


def check(database: peewee.Database, file: Path) -> Report:
    """Everything that can be known of a database's truth: SQLite's own check, then ours."""
    broken = damage(file)
    report = Report() if broken else verify(database)
    for line in broken:
        report.add("file", str(file.name), line)
    return report


def _manifest(
    config: HubConfig, database: peewee.Database, now_us: int, *, is_true: bool
) -> Manifest:
    heads = fetch(database, "SELECT site, ledger, position, hash FROM ledger_head")
    steps = fetch(database, "SELECT COALESCE(MAX(number), 0) FROM schema_step")
    epochs = fetch(database, "SELECT hub_epoch FROM site WHERE code = ?", (config.site,))
    return Manifest(
        made_at=now_us, site=config.site, company=config.company, version=_version(),
        schema=int(steps[0][0]), hub_epoch=str(epochs[0][0]) if epochs else "", is_true=is_true,
        heads={f"{site}/{name}": (int(at), bytes(last).hex()) for site, name, at, last in heads},
    )  # fmt: skip


def _version() -> str:
    try:
        return version("binlight")
    except PackageNotFoundError:
        return "unknown"
