"""A furnished hub whose pages are a process of their own, asked over a real socket.

Owns the goods, orders and waves in it, the web process, and its end. What is asked is others'.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from hub.clock import SystemClock
from hub.config import HubConfig
from hub.db import proxy
from hub.devices import service as devices
from hub.opening import open_database
from hub.setup import prepare_all
from hub.staff import service as staff
from simulators.bench.small_site import free_port
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.warehouse import floorwork, totes

ROOT: Final = Path(__file__).resolve().parents[3]
SKUS: Final = ("LAMP", "MUG", "BOWL")
ORDERS: Final = 30
WAVES: Final = 4
PICKED_TOTES: Final = 12
READY: Final = b"ready\n"


class Known(msgspec.Struct, frozen=True):
    """What a program would have in its own books about this hub: values that lead somewhere."""

    skus: tuple[str, ...]
    orders: tuple[str, ...]
    waves: tuple[str, ...]
    totes: tuple[str, ...]
    parcels: tuple[str, ...]


class Shop(NamedTuple):
    """Where it answers, with whose key, and what is in it."""

    url: str
    token: str
    known: Known
    config: HubConfig


@contextmanager
def open_shop(folder: Path, database_url: str = "") -> Iterator[Shop]:
    """A hub on SQLite in the folder, or on the given database; ended at the end."""
    config = HubConfig(
        folder=str(folder), port=free_port(), database_url=database_url, secure=True
    ).check()
    prepare_all(config)
    bound = proxy.obj
    try:
        token, known = _furnished(config)
        with _answering(config):
            yield Shop(f"http://127.0.0.1:{config.port}", token, known, config)
    finally:
        proxy.initialize(bound)


def _furnished(config: HubConfig) -> tuple[str, Known]:
    hub = TestHub(open_database(config.database), config.database)
    hub.clock.at_us = SystemClock().now_us()
    token = _administrator_with_key(hub)
    with hub.act() as act:
        devices.add_device(act, "hh-1", "handheld", secrets.token_bytes)
    for sku in SKUS:
        builders.stock(hub, "A-01-01-1", sku, 5_000)
    orders = [builders.order(hub, {"LAMP": 2, "MUG": 1}) for _ in range(ORDERS)]
    waves = [floorwork.wave(hub, orders[n : n + 2]) for n in range(0, 2 * WAVES, 2)]
    floorwork.settle(hub)
    codes = [f"T{n}" for n in range(1, PICKED_TOTES + 1)]
    for code in codes:
        totes.picked(hub, {"MUG": 3, "BOWL": 2}, code)
    parcels = [_opened(hub, code) for code in codes[: PICKED_TOTES // 2]]
    hub.database.close()
    return token, Known(
        SKUS, tuple(map(bytes.hex, orders)), tuple(map(bytes.hex, waves)), tuple(codes),
        tuple(map(bytes.hex, parcels)),
    )  # fmt: skip


def _administrator_with_key(hub: TestHub) -> str:
    token = f"bw_{secrets.token_urlsafe(24)}"
    with hub.act() as act:
        staff.seed_permissions(act)
        person = staff.add_person(act, hub.company, "Program", login="program", roles=["admin"])
        staff.add_token(act, person, "campaign", staff.token_digest(token))
    return token


def _opened(hub: TestHub, tote: str) -> bytes:
    """A parcel that a bench has begun with this tote."""
    from hub.warehouse import packing

    with hub.act() as act:
        return packing.scan_tote(act, f"bench-{tote}", tote).parcel


@contextmanager
def _answering(config: HubConfig) -> Iterator[None]:
    """The web process; its log is in the hub's folder."""
    with (config.data / "web.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.hub.api.web_process"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=log, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(msgspec.json.encode(config))
        process.stdin.close()
        assert process.stdout.readline() == READY, (config.data / "web.log").read_text()
        yield
        assert process.poll() is None, "the web process is gone"
    finally:
        process.terminate()
        process.wait(120)
        process.stdout.close()
