"""The guard reads the broker's log once, over restarts, floods and rotation. No broker runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest

from hub.clock import FixedClock
from hub.devices.acts import AddDevice, EnrolDevice, OfferCode, RevokeDevice
from hub.journal import Journal, JournalRow
from hub.outbox import OutboxMessage
from hub.process.log_files import rotate
from hub.security import queries
from hub.security.gathering import NEWS_EVERY_MS, REPEATS_EVERY_MS
from hub.security.guard import Guard
from hub.security_events import SecurityEvent
from tests.hub.security.rig import SecureSite

AT = 1_795_300_072
DENIED = f"{AT}: Bad socket read/write on client h1: Unknown error.\n"
REFUSED = f"{AT}: Client zz disconnected, not authorised.\n"


class QuietSite(SecureSite):
    """A site whose broker never runs, and whose time stands still until it is advanced."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (folder / "logs").mkdir()
        self.time = FixedClock(self.clock.now_us())
        self.guard = self.new_guard()

    def new_guard(self) -> Guard:
        return Guard(self.config, Journal(self.journal.database, self.time, Random(7)))

    def look(self) -> None:
        self.time.advance(ms=NEWS_EVERY_MS)
        self.guard.look()


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[QuietSite]:
    with QuietSite(tmp_path) as site:
        yield site


def write(site: SecureSite, text: str) -> Path:
    path = site.config.data / "logs" / "broker.log"
    with path.open("a") as log:
        log.write(text)
    return path


def counted() -> dict[str, int]:
    return {row.kind: row.count for row in SecurityEvent.select()}


def test_each_line_is_counted_once_over_restarts(quiet: QuietSite):
    write(quiet, DENIED)
    quiet.look()
    quiet.look()
    assert counted() == {"PUBLISH_DENIED": 1}
    quiet.guard = quiet.new_guard()
    quiet.look()
    assert counted() == {"PUBLISH_DENIED": 1}
    write(quiet, REFUSED)
    quiet.look()
    assert counted() == {"PUBLISH_DENIED": 1, "PASSWORD_REFUSED": 1}


def test_a_flood_costs_one_act_and_no_line_is_lost(quiet: QuietSite):
    write(quiet, REFUSED * 5_000)
    for _ in range(5):
        quiet.look()
    acts = JournalRow.select().where(JournalRow.act == "security.read_log").count()
    assert acts == 1
    waiting = sum(sight.count for sight in quiet.guard._gathering._waiting.values())
    assert counted()["PASSWORD_REFUSED"] + waiting == 5_000


def test_what_waits_is_read_again_after_a_kill(quiet: QuietSite):
    """Repeats are not written yet when the process dies: the log still has them."""
    write(quiet, REFUSED)
    quiet.look()
    write(quiet, REFUSED * 3)
    quiet.look()
    assert counted() == {"PASSWORD_REFUSED": 1}
    quiet.guard = quiet.new_guard()
    quiet.look()
    assert counted() == {"PASSWORD_REFUSED": 4}


def test_what_could_not_be_written_is_written_once_it_can(quiet: QuietSite):
    database = quiet.journal.database
    database.execute_sql("ALTER TABLE security_event RENAME TO gone")
    write(quiet, DENIED)
    with pytest.raises(sqlite3.OperationalError):
        quiet.look()
    database.execute_sql("ALTER TABLE gone RENAME TO security_event")
    write(quiet, REFUSED)
    quiet.time.advance(ms=REPEATS_EVERY_MS)
    quiet.look()
    assert counted() == {"PUBLISH_DENIED": 1, "PASSWORD_REFUSED": 1}


def test_a_rotated_log_is_read_from_its_new_beginning(quiet: QuietSite):
    path = write(quiet, DENIED * 40)
    quiet.look()
    rotate(path)
    quiet.look()
    write(quiet, REFUSED)
    quiet.look()
    assert counted() == {"PUBLISH_DENIED": 40, "PASSWORD_REFUSED": 1}


def test_a_hub_at_somebody_elses_broker_reads_no_log(quiet: QuietSite):
    write(quiet, DENIED)
    config = msgspec.structs.replace(quiet.config, broker_url="mqtt://elsewhere")
    Guard(config, quiet.journal).look()
    assert counted() == {}


def test_devices_are_asked_to_renew_in_time(quiet: QuietSite):
    now_us = quiet.clock.now_us()
    quiet.do(AddDevice("h1", "handheld"))
    quiet.do(OfferCode("h1", b"x", now_us + 10**9))
    quiet.do(EnrolDevice("h1", b"x", "csr", "a1", "pem", "key", quiet.clock.now_us() - 1))
    quiet.look()
    quiet.look()
    assert [row.type for row in OutboxMessage.select()] == ["RenewCertificate"]


CONNECTED = f"{AT}: New client connected from 192.0.2.7:40000 as h1 (p5, c1, k15, u'h1').\n"


def test_connections_of_before_the_restart_are_no_intruders(quiet: QuietSite):
    """The log of the whole day is there; the device was shut out this evening."""
    quiet.offer("h1")
    write(quiet, CONNECTED * 9_000)
    quiet.do(RevokeDevice("h1"))
    quiet.guard = quiet.new_guard()
    for _ in range(3):
        quiet.look()
    assert "BARRED_CONNECTED" not in counted()
    write(quiet, CONNECTED)
    quiet.look()
    assert counted()["BARRED_CONNECTED"] == 1


def test_what_could_not_be_written_is_written_with_what_follows(
    quiet: QuietSite, monkeypatch: pytest.MonkeyPatch
):
    def full(*_args: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    write(quiet, DENIED)
    with monkeypatch.context() as broken:
        broken.setattr(Journal, "carry_out", full)
        with pytest.raises(OSError, match="No space"):
            quiet.look()
    quiet.time.advance(s=10)
    quiet.look()
    assert counted() == {"PUBLISH_DENIED": 1}


def test_a_log_in_which_nothing_matters_is_not_read_from_its_beginning_for_ever(quiet: QuietSite):
    quiet.look()
    write(quiet, CONNECTED)
    quiet.look()
    quiet.time.advance(s=3_600)
    quiet.look()
    assert queries.mark("w1", "broker").offset == len(CONNECTED)
