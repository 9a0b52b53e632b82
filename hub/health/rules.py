"""Is the hub well? Facts in, one verdict for each thing that can go wrong out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple

from protocols.limits import OUTBOX_ROWS_MAX

Level = Literal["GOOD", "WARN", "BAD"]
LEVELS: Final[tuple[Level, ...]] = ("GOOD", "WARN", "BAD")

DISK_WARN_BYTES: Final = 2 * 2**30
DISK_BAD_BYTES: Final = 400 * 2**20
"""Below this a day's work may not fit any more."""
DAYS_LEFT_WARN: Final = 30
STARTS_WARN: Final = 3
"""Starts of one part since the hub came up, from which on something keeps killing it."""
BATTERY_LOW_PERCENT: Final = 15
DEVICE_DISK_WARN_MB: Final = 500
DEVICE_DISK_BAD_MB: Final = 100
"""A full outbox takes some 60 MB, and the system wants room of its own."""
BACKUP_WARN_US: Final = 36 * 3_600 * 1_000_000
BACKUP_BAD_US: Final = 7 * 24 * 3_600 * 1_000_000
VERIFY_WARN_US: Final = 36 * 3_600 * 1_000_000
SILENT_US: Final = 30 * 60 * 1_000_000
"""A device with events to send that was not heard for so long needs somebody to look."""
UNANSWERED_US: Final = 10 * 60 * 1_000_000
EXPIRES_WARN_US: Final = 60 * 24 * 3_600 * 1_000_000
DAY_US: Final = 24 * 3_600 * 1_000_000
_GROWTH_DAYS_MIN: Final = 1.0
"""A younger database says nothing about how fast it grows."""


class PartFacts(NamedTuple):
    name: str
    is_running: bool
    starts: int
    memory_bytes: int = 0


class DeviceFacts(NamedTuple):
    name: str
    presence: str
    seen_at: int
    outbox_depth: int
    outbox_percent: int
    battery_percent: int | None
    certificate_ends_at: int | None = None
    disk_free_mb: int | None = None


class Outcome(NamedTuple):
    """What something that runs by itself came to, last time."""

    at: int
    is_good: bool
    text: str = ""


class Jump(NamedTuple):
    """The hub's clock was set by more than a little."""

    at: int
    by: str
    direction: str


class Facts(NamedTuple):
    """Everything that is looked at; moments in µs UTC, sizes in bytes."""

    now_us: int
    parts: tuple[PartFacts, ...] | None
    """None: no supervisor runs on this folder, so parts are somebody else's concern."""
    disk_free: int
    disk_total: int
    database_bytes: int
    database_since_us: int
    log_bytes: int
    devices: tuple[DeviceFacts, ...]
    commands_waiting: int
    oldest_command_at: int | None
    """The oldest command for a device that is online and has not answered."""
    parked: int
    clock_is_set: bool | None
    """Whether a time server has set this machine's clock; None: nobody can tell."""
    clock_jump: Jump | None = None
    """The last one of this day."""
    unguarded: tuple[str, ...] = ()
    """Who may give rights, and gets in by a password alone."""
    rights_to_review: int = 0
    """Roles that a restored backup changed, and nobody has looked at."""
    last_backup: Outcome | None = None
    last_verify: Outcome | None = None
    journal_position: int = 0


class Check(NamedTuple):
    """One verdict. `code` has its words in `texts`; `values` fill them."""

    name: str
    level: Level
    code: str
    values: Mapping[str, object]


def judge(facts: Facts) -> list[Check]:
    """Every check, in the order in which people should read them."""
    return [
        _parts(facts), _disk(facts), _database(facts), _backup(facts), _verify(facts),
        _devices(facts), _batteries(facts), _outboxes(facts), _device_disks(facts),
        _commands(facts), _parked(facts), _certificates(facts), _rights(facts), _clock(facts),
    ]  # fmt: skip


def worst(checks: list[Check]) -> Level:
    return max((check.level for check in checks), key=LEVELS.index, default="GOOD")


def _good(name: str, **values: object) -> Check:
    return Check(name, "GOOD", "GOOD", values)


def _parts(facts: Facts) -> Check:
    if facts.parts is None:
        return Check("parts", "GOOD", "ELSEWHERE", {})
    down = [part.name for part in facts.parts if not part.is_running]
    if down:
        return Check("parts", "BAD", "DOWN", {"names": ", ".join(down)})
    restless = [part.name for part in facts.parts if part.starts > STARTS_WARN]
    if restless:
        return Check("parts", "WARN", "RESTARTED", {"names": ", ".join(restless)})
    return _good("parts", number=len(facts.parts))


def _disk(facts: Facts) -> Check:
    values: dict[str, object] = {
        "free": facts.disk_free, "percent": facts.disk_free * 100 // max(1, facts.disk_total),
    }  # fmt: skip
    days = days_left(facts)
    if facts.disk_free < DISK_BAD_BYTES:
        return Check("disk", "BAD", "FULL", values)
    if facts.disk_free < DISK_WARN_BYTES:
        return Check("disk", "WARN", "LOW", values)
    if days is not None and days < DAYS_LEFT_WARN:
        return Check("disk", "WARN", "FILLING", {**values, "days": days})
    return _good("disk", **values)


def days_left(facts: Facts) -> int | None:
    """Days until the disk is full if the database goes on growing as it has; None: too young."""
    age = (facts.now_us - facts.database_since_us) / DAY_US
    if age < _GROWTH_DAYS_MIN or facts.database_bytes <= 0:
        return None
    return int(facts.disk_free / (facts.database_bytes / age))


def _database(facts: Facts) -> Check:
    return _good("database", size=facts.database_bytes, logs=facts.log_bytes)


def _before_the_first(name: str, late_us: int, facts: Facts) -> Check:
    """Nothing is wrong before a hub's first night is over."""
    if facts.database_since_us >= late_us:
        return Check(name, "GOOD", "AHEAD", {})
    return Check(name, "WARN", "NEVER", {})


def _backup(facts: Facts) -> Check:
    last = facts.last_backup
    if last is None:
        return _before_the_first("backup", facts.now_us - BACKUP_WARN_US, facts)
    age_us = facts.now_us - last.at
    if not last.is_good:
        return Check("backup", "BAD", "FAILED", {"at": last.at, "text": last.text})
    if age_us > BACKUP_BAD_US:
        return Check("backup", "BAD", "OLD", {"at": last.at})
    if age_us > BACKUP_WARN_US:
        return Check("backup", "WARN", "OLD", {"at": last.at})
    return _good("backup", at=last.at)


def _verify(facts: Facts) -> Check:
    last = facts.last_verify
    if last is None:
        return _before_the_first("verify", facts.now_us - VERIFY_WARN_US, facts)
    if not last.is_good:
        return Check("verify", "BAD", "FAILED", {"at": last.at, "text": last.text})
    if facts.now_us - last.at > VERIFY_WARN_US:
        return Check("verify", "WARN", "OLD", {"at": last.at})
    return _good("verify", at=last.at)


def _devices(facts: Facts) -> Check:
    silent = [
        device.name
        for device in facts.devices
        if device.presence != "ONLINE"
        and device.outbox_depth > 0
        and facts.now_us - device.seen_at > SILENT_US
    ]
    if silent:
        return Check("devices", "WARN", "SILENT", {"names": ", ".join(silent)})
    online = sum(device.presence == "ONLINE" for device in facts.devices)
    return _good("devices", online=online, total=len(facts.devices))


def _batteries(facts: Facts) -> Check:
    low = [device.name for device in _online(facts) if _is_low(device.battery_percent)]
    return Check("batteries", "WARN", "LOW", _named(low)) if low else _good("batteries")


def _outboxes(facts: Facts) -> Check:
    full = [device.name for device in facts.devices if device.outbox_percent >= 100]
    if full:
        return Check("outboxes", "BAD", "FULL", _named(full))
    nearly = [device.name for device in facts.devices if device.outbox_percent >= 90]
    if nearly:
        return Check("outboxes", "WARN", "NEARLY_FULL", _named(nearly))
    return _good("outboxes", waiting=sum(device.outbox_depth for device in facts.devices))


def fullness(unsent: int, told_percent: int) -> int:
    """How full an outbox is, in percent: by its own word, unless all of it has arrived since."""
    return max(told_percent if unsent else 0, unsent * 100 // OUTBOX_ROWS_MAX)


def _device_disks(facts: Facts) -> Check:
    def below(limit: int) -> list[str]:
        return [
            d.name for d in facts.devices if d.disk_free_mb is not None and d.disk_free_mb < limit
        ]

    if full := below(DEVICE_DISK_BAD_MB):
        return Check("device_disks", "BAD", "FULL", _named(full))
    if low := below(DEVICE_DISK_WARN_MB):
        return Check("device_disks", "WARN", "LOW", _named(low))
    return _good("device_disks")


def _commands(facts: Facts) -> Check:
    since = facts.oldest_command_at
    if since is not None and facts.now_us - since > UNANSWERED_US:
        values = {"number": facts.commands_waiting, "at": since}
        return Check("commands", "WARN", "UNANSWERED", values)
    return _good("commands", number=facts.commands_waiting)


def _parked(facts: Facts) -> Check:
    if facts.parked:
        return Check("parked", "WARN", "PARKED", {"number": facts.parked})
    return _good("parked")


def _certificates(facts: Facts) -> Check:
    ending = [
        device.name
        for device in facts.devices
        if device.certificate_ends_at is not None
        and device.certificate_ends_at - facts.now_us < EXPIRES_WARN_US
    ]
    if ending:
        return Check("certificates", "WARN", "ENDING", _named(ending))
    return _good("certificates")


def _rights(facts: Facts) -> Check:
    if facts.rights_to_review:
        return Check("rights", "BAD", "RESTORED", {"number": facts.rights_to_review})
    if facts.unguarded:
        return Check("rights", "WARN", "UNGUARDED", _named(list(facts.unguarded)))
    return _good("rights")


def _clock(facts: Facts) -> Check:
    if facts.clock_jump is not None:
        return Check("clock", "WARN", "JUMPED", facts.clock_jump._asdict())
    if facts.clock_is_set is None:
        return Check("clock", "GOOD", "UNKNOWN", {})
    return _good("clock") if facts.clock_is_set else Check("clock", "WARN", "NOT_SET", {})


def _online(facts: Facts) -> Iterator[DeviceFacts]:
    return (device for device in facts.devices if device.presence == "ONLINE")


def _is_low(percent: int | None) -> bool:
    return percent is not None and percent < BATTERY_LOW_PERCENT


def _named(names: list[str]) -> dict[str, object]:
    return {"names": ", ".join(names)}
