"""A PostgreSQL of our own for tests: one cluster for the session, a fresh database for each test.

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

_FAST: Final = (
    "-c", "listen_addresses=", "-c", "max_connections=40",
    "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off",
)  # fmt: skip
"""What a power cut does is not asked here, so nothing waits for the disk."""


def programs() -> Path | None:
    """Where Debian keeps initdb and pg_ctl, newest version first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


class Cluster:
    """A running server and its databases; `stop` removes it all."""

    def __init__(self, bin: Path) -> None:
        self.bin = bin
        self.user = "postgres" if os.geteuid() == 0 else ""
        memory = Path("/dev/shm")
        where = memory if memory.is_dir() else None
        self.folder = Path(tempfile.mkdtemp(prefix="binlight-pg-", dir=where))
        if self.user:
            shutil.chown(self.folder, self.user)
        self._names = count(1)
        self._run("initdb", "-D", str(self.data), "-A", "trust", "-U", "binlight", "-E", "UTF8")
        options = " ".join((*_FAST, "-c", f"unix_socket_directories={self.folder}"))
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
        with psycopg.connect(self.url("postgres"), autocommit=True) as server:
            server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')  # type: ignore[arg-type]
        return self.url(name)

    def drop(self, url: str) -> None:
        name = url.partition("?")[0].rsplit("/", 1)[1]
        with psycopg.connect(self.url("postgres"), autocommit=True) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)
