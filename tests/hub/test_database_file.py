"""The database's file: who may read it."""

from __future__ import annotations

from pathlib import Path

from hub import opening


def test_a_new_database_and_its_log_are_for_their_owner_alone(tmp_path: Path) -> None:
    database = opening.open_beside(f"sqlite:///{tmp_path / 'new' / 'hub.db'}")
    database.execute_sql("CREATE TABLE secret (word TEXT)")
    rights = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()}
    database.close()
    assert rights == {"hub.db": 0o600, "hub.db-wal": 0o600, "hub.db-shm": 0o600}
