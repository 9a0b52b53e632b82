"""What counts as well, as a warning, and as bad."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.health import texts
from hub.health.rules import (
    BACKUP_BAD_US,
    BACKUP_WARN_US,
    DAY_US,
    DISK_BAD_BYTES,
    DISK_WARN_BYTES,
    EXPIRES_WARN_US,
    SILENT_US,
    UNANSWERED_US,
    VERIFY_WARN_US,
    Check,
    DeviceFacts,
    Facts,
    Jump,
    Outcome,
    PartFacts,
    days_left,
    fullness,
    judge,
    worst,
)
from protocols.limits import OUTBOX_ROWS_MAX

NOW = 1_800_000_000_000_000
PARTS = tuple(PartFacts(name, True, 1) for name in ("broker", "gateway", "web", "planner"))
DEVICE = DeviceFacts("hh-1", "ONLINE", NOW, 0, 0, 80, NOW + 2 * EXPIRES_WARN_US)
WELL = Facts(
    now_us=NOW, parts=PARTS, disk_free=200 * 2**30, disk_total=256 * 2**30,
    database_bytes=2**30, database_since_us=NOW - 100 * DAY_US, log_bytes=1_000,
    devices=(DEVICE,), commands_waiting=0, oldest_command_at=None, parked=0, clock_is_set=True,
    last_backup=Outcome(NOW - 1, True), last_verify=Outcome(NOW - 1, True),
)  # fmt: skip


def check(name: str, **changes: object) -> Check:
    facts = WELL._replace(**changes)
    return next(found for found in judge(facts) if found.name == name)


def device(**changes: object) -> tuple[DeviceFacts, ...]:
    return (DEVICE._replace(**changes),)


def test_a_device_that_keeps_less_says_itself_how_full_it_is():
    assert fullness(unsent=900, told_percent=90) == 90
    assert fullness(unsent=OUTBOX_ROWS_MAX, told_percent=90) == 100
    assert fullness(unsent=0, told_percent=90) == 0, "all of it has arrived since it said so"


def test_a_hub_that_is_well_says_so():
    assert worst(judge(WELL)) == "GOOD"


CASES = [
    ("device_disks", "WARN", "LOW", {"devices": device(disk_free_mb=499)}),
    ("device_disks", "BAD", "FULL", {"devices": device(disk_free_mb=99)}),
    ("device_disks", "GOOD", "GOOD", {"devices": device(disk_free_mb=500)}),
    ("device_disks", "GOOD", "GOOD", {"devices": device(disk_free_mb=None)}),
    ("parts", "BAD", "DOWN", {"parts": (PartFacts("web", False, 2), *PARTS[1:])}),
    ("parts", "WARN", "RESTARTED", {"parts": (PartFacts("gateway", True, 4), PARTS[0])}),
    ("parts", "GOOD", "ELSEWHERE", {"parts": None}),
    ("disk", "WARN", "LOW", {"disk_free": DISK_WARN_BYTES - 1}),
    ("disk", "BAD", "FULL", {"disk_free": DISK_BAD_BYTES - 1}),
    ("disk", "WARN", "FILLING", {"disk_free": 3 * 2**30, "database_bytes": 20 * 2**30}),
    ("disk", "GOOD", "GOOD", {"disk_free": DISK_WARN_BYTES}),
    ("backup", "WARN", "NEVER", {"last_backup": None}),
    ("backup", "GOOD", "AHEAD", {
        "last_backup": None, "database_since_us": NOW - BACKUP_WARN_US}),
    ("backup", "WARN", "NEVER", {
        "last_backup": None, "database_since_us": NOW - BACKUP_WARN_US - 1}),
    ("backup", "WARN", "OLD", {"last_backup": Outcome(NOW - BACKUP_WARN_US - 1, True)}),
    ("backup", "BAD", "OLD", {"last_backup": Outcome(NOW - BACKUP_BAD_US - 1, True)}),
    ("backup", "BAD", "FAILED", {"last_backup": Outcome(NOW, False, "no room")}),
    ("backup", "GOOD", "GOOD", {"last_backup": Outcome(NOW - BACKUP_WARN_US, True)}),
    ("verify", "WARN", "NEVER", {"last_verify": None}),
    ("verify", "GOOD", "AHEAD", {
        "last_verify": None, "database_since_us": NOW - VERIFY_WARN_US}),
    ("verify", "WARN", "OLD", {"last_verify": Outcome(NOW - VERIFY_WARN_US - 1, True)}),
    ("verify", "BAD", "FAILED", {"last_verify": Outcome(NOW, False, "balance of A1")}),
    ("devices", "WARN", "SILENT", {
        "devices": device(presence="OFFLINE", outbox_depth=3, seen_at=NOW - SILENT_US - 1)}),
    ("devices", "GOOD", "GOOD", {
        "devices": device(presence="OFFLINE", outbox_depth=0, seen_at=0)}),
    ("devices", "GOOD", "GOOD", {
        "devices": device(presence="OFFLINE", outbox_depth=3, seen_at=NOW - SILENT_US)}),
    ("batteries", "WARN", "LOW", {"devices": device(battery_percent=14)}),
    ("batteries", "GOOD", "GOOD", {"devices": device(battery_percent=14, presence="OFFLINE")}),
    ("batteries", "GOOD", "GOOD", {"devices": device(battery_percent=None)}),
    ("outboxes", "WARN", "NEARLY_FULL", {"devices": device(outbox_percent=90)}),
    ("outboxes", "BAD", "FULL", {"devices": device(outbox_percent=100)}),
    ("outboxes", "GOOD", "GOOD", {"devices": device(outbox_percent=89)}),
    ("commands", "WARN", "UNANSWERED", {"oldest_command_at": NOW - UNANSWERED_US - 1}),
    ("commands", "GOOD", "GOOD", {"oldest_command_at": NOW - UNANSWERED_US}),
    ("parked", "WARN", "PARKED", {"parked": 1}),
    ("certificates", "WARN", "ENDING", {
        "devices": device(certificate_ends_at=NOW + EXPIRES_WARN_US - 1)}),
    ("certificates", "GOOD", "GOOD", {"devices": device(certificate_ends_at=None)}),
    ("rights", "WARN", "UNGUARDED", {"unguarded": ("Ana", "Bo")}),
    ("rights", "GOOD", "GOOD", {"unguarded": ()}),
    ("rights", "BAD", "RESTORED", {"unguarded": ("Ana",), "rights_to_review": 1}),
    ("clock", "WARN", "NOT_SET", {"clock_is_set": False}),
    ("clock", "GOOD", "UNKNOWN", {"clock_is_set": None}),
    ("clock", "WARN", "JUMPED", {"clock_jump": Jump(NOW, "400 days", "back")}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "level", "code", "changes"), CASES)
def test_each_thing_that_can_go_wrong_is_judged(name, level, code, changes):
    found = check(name, **changes)
    assert (found.level, found.code) == (level, code)


def test_an_empty_battery_is_low():
    assert check("batteries", devices=device(battery_percent=0)).level == "WARN"


def test_the_worst_check_decides():
    bad, warn = (Check("x", level, "X", {}) for level in ("BAD", "WARN"))
    assert worst([warn, bad, warn]) == "BAD"
    assert worst([warn]) == "WARN"


def test_a_young_database_says_nothing_about_growth():
    assert days_left(WELL._replace(database_since_us=NOW - DAY_US // 2)) is None


def test_days_left_follow_from_the_pace_so_far():
    facts = WELL._replace(
        database_bytes=10 * 2**30, database_since_us=NOW - 10 * DAY_US, disk_free=50 * 2**30
    )
    assert days_left(facts) == 50


@given(
    free=st.integers(0, 2**45), used=st.integers(0, 2**45), size=st.integers(0, 2**40),
    since=st.integers(0, NOW), battery=st.none() | st.integers(0, 100),
    depth=st.integers(0, 100_000), seen=st.integers(0, NOW),
)  # fmt: skip
def test_every_verdict_has_words_that_its_values_fill(
    free: int, used: int, size: int, since: int, battery: int | None, depth: int, seen: int
):
    facts = WELL._replace(
        disk_free=free, disk_total=free + used, database_bytes=size, database_since_us=since,
        devices=device(battery_percent=battery, outbox_depth=depth, seen_at=seen,
                       presence="OFFLINE", outbox_percent=depth // 1_000),
    )  # fmt: skip
    _check_words(judge(facts))


@pytest.mark.parametrize(("name", "level", "code", "changes"), CASES)
def test_every_kind_of_verdict_has_words(name, level, code, changes):
    _check_words([check(name, **changes)])


def _check_words(checks: list[Check]) -> None:
    for found in checks:
        says = texts.WORDS[found.name, found.code].says
        wanted = {field for _, field, _, _ in string.Formatter().parse(says) if field}
        assert wanted <= set(found.values), found
        assert texts.TITLES[found.name]


def test_a_warning_always_says_what_to_do():
    silent = {key for key, words in texts.WORDS.items() if not words.do}
    told = {(name, code) for name, level, code, _ in CASES if level != "GOOD"}
    assert not silent & told
