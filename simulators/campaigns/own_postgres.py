"""A PostgreSQL of our own, for as long as somebody needs one: a cluster in memory, fresh databases.

PostgreSQL refuses to run as root, so the cluster then belongs to the user that Debian's package
made. It listens on a socket in its own folder alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

_ALONE: Final = ("-c", "listen_addresses=", "-c", "max_connections=40")
_FAST: Final = (
    "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off",
)  # fmt: skip
"""What a power cut does is not asked of it, so nothing waits for the disk."""
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it


def programs() -> Path | None:
    """Where Debian keeps initdb and pg_ctl, newest version first; None when it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Cluster:
    """A running server and its databases; `stop` removes it all."""

    def __init__(self, bin: Path, on_disk: Path | None = None) -> None:
        """`on_disk`: a folder there; then it waits for the disk as a real one does."""
        self.bin = bin
        self.user = "postgres" if os.geteuid() == 0 else ""
        where = on_disk or (_MEMORY if _MEMORY.is_dir() else None)
        self.folder = Path(tempfile.mkdtemp(prefix="binlight-pg-", dir=where))
        if self.user:
            shutil.chown(self.folder, self.user)
        self._names = count(1)
        self._run("initdb", "-D", str(self.data), "-A", "trust", "-U", "binlight", "-E", "UTF8")
        pace = () if on_disk else _FAST
        options = " ".join((*_ALONE, *pace, "-c", f"unix_socket_directories={self.folder}"))
        self._run("pg_ctl", "-D", str(self.data), "-w", "-o", options, "start")

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        as_user = ["runuser", "-u", self.user, "--"] if self.user else []
        subprocess.run(
            [*as_user, str(self.bin / program), *arguments],
            check=True, stdout=subprocess.DEVNULL, cwd=self.folder,
        )  # fmt: skip

    def url(self, name: str) -> str:
        return f"postgresql://binlight@/{name}?host={self.folder}"

    def create(self, template: str = "template0") -> str:
        """Make a fresh database, a copy of `template`; returns its URL."""
        name = f"t{next(self._names)}"
        self._say(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return self.url(name)

    def drop(self, url: str) -> None:
        name = url.partition("?")[0].rsplit("/", 1)[1]
        self._say(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _say(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as server:
            server.execute(statement)

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)
