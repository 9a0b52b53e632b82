"""Gathers what `rules` judge: files, processes, and a few counts by index. Changes nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any, Final

import msgspec
from peewee import fn

from hub.backup.queries import last
from hub.clock import Clock
from hub.db import fetch, proxy
from hub.devices import queries as device_queries
from hub.devices.kinds import OBSERVER, RETIRED
from hub.devices.models import Device, ParkedEvent
from hub.health.rules import DAY_US, DeviceFacts, Facts, Jump, Outcome, PartFacts, fullness
from hub.inventory.models import Site
from hub.journal import JournalRow, LedgerHead
from hub.outbox import OutboxMessage
from hub.process.caretaker import PartState, read_parts
from hub.staff import reviewing
from hub.staff.queries import rights_without_second_factor

TIME_SYNC_FILES: Final = (
    Path("/run/systemd/timesync/synchronized"),
    Path("/var/lib/systemd/timesync/clock"),
)
"""systemd-timesyncd makes the first once a server answered; the second says that it runs at all."""


def gather(site: str, data: Path, clock: Clock) -> Facts:
    """Look at everything once; some milliseconds."""
    disk = shutil.disk_usage(data)
    waiting, oldest = _commands(site)
    position, since = _journal(site, clock.now_us())
    return Facts(
        now_us=clock.now_us(),
        parts=_parts(data),
        disk_free=disk.free,
        disk_total=disk.total,
        database_bytes=_bytes(data.glob("hub.db*")),
        database_since_us=since,
        log_bytes=_bytes((data / "logs").glob("*")),
        devices=_devices(site),
        commands_waiting=waiting,
        oldest_command_at=oldest,
        parked=_parked(site),
        clock_is_set=_clock_is_set(),
        clock_jump=_clock_jump(site, clock.now_us()),
        unguarded=_unguarded(site),
        rights_to_review=len(reviewing.waiting()),
        last_backup=_outcome(site, "BACKUP"),
        last_verify=_outcome(site, "VERIFY"),
        journal_position=position,
    )


def _clock_jump(site: str, now_us: int) -> Jump | None:
    """The last jump of the day before this moment."""
    rows = fetch(
        proxy.obj,
        'SELECT last_at, "values" FROM security_event WHERE site = ? AND kind = ? '
        "AND last_at > ? AND last_at <= ? ORDER BY last_at DESC LIMIT 1",
        (site, "CLOCK_JUMPED", now_us - DAY_US, now_us),
    )
    return Jump(int(rows[0][0]), **msgspec.json.decode(bytes(rows[0][1]))) if rows else None


def _unguarded(site: str) -> tuple[str, ...]:
    row = Site.get_or_none(Site.code == site)
    return tuple(rights_without_second_factor(row.company)) if row else ()


def _outcome(site: str, kind: str) -> Outcome | None:
    """What the hub did by itself last; None before its first night."""
    run = last(proxy.obj, site, kind)
    return None if run is None else Outcome(run.at, run.is_good, run.text)


def _bytes(paths: Any) -> int:
    total = 0
    for path in paths:
        with contextlib.suppress(OSError):  # a log may be moved on at this very moment
            total += path.stat().st_size
    return total


def _parts(data: Path) -> tuple[PartFacts, ...] | None:
    found = read_parts(data)
    if found is None:
        return None
    return tuple(
        PartFacts(part.name, part.pid > 0 and part.is_ready, part.starts, _memory(part))
        for part in found.parts
    )


def _memory(part: PartState) -> int:
    """Resident bytes of a process; 0 when it is gone."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        pages = int(Path(f"/proc/{part.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0


def _devices(site: str) -> tuple[DeviceFacts, ...]:
    query: Any = (
        Device.select(
            Device.name, Device.presence, Device.seen_at, Device.outbox_percent,
            Device.battery_percent, Device.disk_free_mb,
        )
        .where(Device.site == site, Device.state != RETIRED, Device.kind != OBSERVER)
        .order_by(Device.name)
        .tuples()
    )  # fmt: skip
    ends = {row.device: row.expires_at for row in device_queries.active_certificates(site)}
    outboxes = device_queries.outboxes(site)
    return tuple(
        DeviceFacts(name, presence, seen_at, outboxes[name].unsent,
                    fullness(outboxes[name].unsent, percent), battery, ends.get(name), disk)
        for name, presence, seen_at, percent, battery, disk in query
    )  # fmt: skip


def _commands(site: str) -> tuple[int, int | None]:
    """Commands without an answer, and since when the oldest waits whose device is online."""
    is_waiting = (OutboxMessage.site == site) & OutboxMessage.state.in_(("UNSENT", "SENT"))
    number = OutboxMessage.select().where(is_waiting).count()
    joined = (Device.site == OutboxMessage.site) & (Device.name == OutboxMessage.device)
    oldest = (
        OutboxMessage.select(fn.MIN(OutboxMessage.created_at))
        .join(Device, on=joined)
        .where(is_waiting & (Device.presence == "ONLINE"))
        .scalar()
    )
    return number, oldest


def _parked(site: str) -> int:
    query = ParkedEvent.select().where(ParkedEvent.site == site, ParkedEvent.state == "PARKED")
    return int(query.count())


def _journal(site: str, now_us: int) -> tuple[int, int]:
    """How far the journal is, and when it began."""
    position = (
        LedgerHead.select(LedgerHead.position)
        .where(LedgerHead.site == site, LedgerHead.ledger == "journal")
        .scalar()
    )
    first = (
        JournalRow.select(JournalRow.now_us)
        .where(JournalRow.site == site)
        .order_by(JournalRow.position)
        .limit(1)
        .scalar()
    )
    return int(position or 0), int(first or now_us)


def _clock_is_set() -> bool | None:
    done, runs = TIME_SYNC_FILES
    if done.exists():
        return True
    return False if runs.exists() else None
