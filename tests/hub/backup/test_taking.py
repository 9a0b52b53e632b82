"""A backup is taken beside whoever writes, checked, and in place whole or not at all."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from hub.backup import archive
from hub.backup.archive import Manifest, read_manifest
from hub.backup.taking import NotOnSqlite, file_name, take
from hub.config import HubConfig
from hub.errors import NotFound
from hub.sqlite_files import copy_while_used, damage
from hub.steady_writing import UNFLUSHED_BYTES_MAX
from tests.hub.backup.conftest import Shop


def numbers(file: Path) -> list[int]:
    with sqlite3.connect(file) as database:
        return [row[0] for row in database.execute("SELECT n FROM number ORDER BY n")]


def test_who_writes_meanwhile_never_waits_and_is_not_in_the_copy(tmp_path: Path) -> None:
    source, copy = tmp_path / "source.db", tmp_path / "copy.db"
    writer = sqlite3.connect(source, timeout=0, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("CREATE TABLE number (n INTEGER PRIMARY KEY, room BLOB)")
    writer.executemany("INSERT INTO number VALUES (?, zeroblob(4000))", [(n,) for n in range(800)])
    steps: list[int] = []

    def step(left: int, total: int) -> None:
        writer.execute("INSERT INTO number VALUES (?, NULL)", (1_000 + len(steps),))
        steps.append(left)

    copy_while_used(source, copy, step)
    assert len(steps) > 2
    assert numbers(copy) == list(range(800))
    assert numbers(source) == [*range(800), *range(1_000, 1_000 + len(steps))]
    assert damage(copy) == []


def test_what_was_written_meanwhile_is_put_in_its_place_by_the_backup(tmp_path: Path) -> None:
    """Else the next commit writes the whole log back, and whoever scanned waits for that."""
    source = tmp_path / "source.db"
    writer = sqlite3.connect(source, timeout=0, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.execute("CREATE TABLE number (n INTEGER PRIMARY KEY, room BLOB)")
    writer.executemany("INSERT INTO number VALUES (?, zeroblob(4000))", [(n,) for n in range(800)])

    def step(left: int, total: int) -> None:
        writer.execute("UPDATE number SET room = NULL")

    copy_while_used(source, tmp_path / "copy.db", step)
    alone = tmp_path / "without its log.db"
    alone.write_bytes(source.read_bytes())
    with sqlite3.connect(alone) as database:
        assert database.execute("SELECT COUNT(*) FROM number WHERE room IS NULL").fetchone() == (
            800,
        )
    writer.close()


def test_no_commit_waits_for_more_than_a_megabyte_of_a_backup(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On ext4 whoever flushes waits for what others have written and not flushed."""
    shop.journal.database.execute_sql("CREATE TABLE filler AS SELECT randomblob(5000000) AS b")
    flushed: dict[str, list[int]] = {}
    flush = os.fdatasync

    def note(fd: int) -> None:
        flushed.setdefault(Path(f"/proc/self/fd/{fd}").resolve().name, [0]).append(
            os.fstat(fd).st_size
        )
        flush(fd)

    monkeypatch.setattr(os, "fdatasync", note)
    shop.back_up(tmp_path / "a.tar")
    assert len(flushed) == 2, "the copy, and the backup made of it"
    for sizes in flushed.values():
        steps = [after - before for before, after in pairwise(sizes)]
        assert len(steps) >= 4
        assert max(steps) <= 1.5 * UNFLUSHED_BYTES_MAX


def test_a_backup_has_the_books_the_keys_and_a_manifest_for_its_owner_alone(
    shop: Shop, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    taken = shop.back_up(out)
    assert taken.path.name == file_name("w1", shop.clock.now_us())
    assert stat.S_IMODE(taken.path.stat().st_mode) == 0o600
    assert [path.name for path in out.iterdir()] == [taken.path.name]
    manifest = read_manifest(taken.path)
    assert manifest == taken.manifest
    assert set(manifest.files) == {"hub.db", "secrets/web-key"}
    assert manifest.is_true
    rows = shop.journal.database.execute_sql(
        "SELECT position, hash FROM ledger_head WHERE ledger = 'stock'"
    )
    position, last = rows.fetchone()
    assert manifest.heads["w1/stock"] == (position, bytes(last).hex())


def test_certificates_that_are_revoked_meanwhile_damage_no_backup(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    revoked = shop.folder / "tls" / "revoked"
    revoked.parent.mkdir()
    revoked.write_bytes(b"a1")
    put_together = archive.write

    def write(target: Path, members: Mapping[str, Path], manifest: Manifest) -> Manifest:
        revoked.write_bytes(b"a1\nb2")
        assert members["tls/revoked"] != revoked
        return put_together(target, members, manifest)

    monkeypatch.setattr(archive, "write", write)
    taken = shop.back_up(tmp_path / "backup.tar")
    archive.unpack(taken.path, tmp_path / "restored")
    assert (tmp_path / "restored" / "tls" / "revoked").read_bytes() == b"a1"


def test_books_that_are_not_true_are_backed_up_and_said_to_be_so(
    shop: Shop, tmp_path: Path
) -> None:
    shop.journal.database.execute_sql("UPDATE balance SET on_hand = on_hand + 1 WHERE is_real")
    taken = shop.back_up(tmp_path / "backup.tar")
    assert not taken.report.ok
    assert not read_manifest(taken.path).is_true


def test_a_torn_page_is_seen_by_what_sqlite_checks_itself(shop: Shop, tmp_path: Path) -> None:
    shop.journal.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    torn = tmp_path / "torn.db"
    whole = bytearray(shop.file.read_bytes())
    whole[4096 * 3 : 4096 * 3 + 200] = bytes(200)
    torn.write_bytes(whole)
    assert damage(torn)


def test_a_server_database_is_left_to_its_own_tools(tmp_path: Path) -> None:
    config = HubConfig(str(tmp_path), database_url="postgresql://binlight@localhost/binlight")
    with pytest.raises(NotOnSqlite, match="pg_dump"):
        take(config, tmp_path, 0)


def test_a_folder_without_a_hub_is_refused_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        take(HubConfig(str(tmp_path / "nothing")), tmp_path, 0)
    assert list(tmp_path.iterdir()) == []
