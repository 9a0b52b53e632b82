"""Security events are grouped, bounded, and told to a supervisor once an hour."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.clock import FixedClock
from hub.command import read, written
from hub.devices import acts
from hub.floor_exceptions import FloorException
from hub.journal import JournalRow
from hub.security import queries
from hub.security.acts import ForgetOld, ReadLog
from hub.security.gathering import NEWS_MAX, REPEATS_EVERY_MS, Gathering
from hub.security_events import (
    MINUTE_US,
    OTHERS,
    SUBJECTS_PER_MINUTE_MAX,
    NoteSights,
    SecurityEvent,
    Sight,
    is_news,
    note_beside,
)
from tests.hub.conftest import TestHub

AT = 1_795_300_072_000_000 // MINUTE_US * MINUTE_US


def note(hub: TestHub, *sights: Sight) -> None:
    hub.journal.carry_out(NoteSights(sights), site=hub.site, via="timer")


def rows() -> list[tuple[str, str, int]]:
    query = SecurityEvent.select().order_by(SecurityEvent.first_at, SecurityEvent.subject)
    return [(row.kind, row.subject, row.count) for row in query]


def alerts() -> int:
    query = FloorException.select().where(FloorException.kind == "SECURITY_ALERT")
    return int(query.count())


def test_repeats_of_a_minute_share_a_row_and_the_next_minute_has_its_own(hub: TestHub):
    note(hub, Sight("TAKEN_OVER", AT, "h1", count=3), Sight("TAKEN_OVER", AT + 1, "h1"))
    note(hub, Sight("TAKEN_OVER", AT + MINUTE_US, "h1"))
    assert rows() == [("TAKEN_OVER", "h1", 4), ("TAKEN_OVER", "h1", 1)]


def test_a_flood_of_subjects_shares_one_row(hub: TestHub):
    many = [Sight("NO_CERTIFICATE", AT, f"s{n:03}") for n in range(SUBJECTS_PER_MINUTE_MAX + 30)]
    note(hub, *many)
    counted = {subject: count for _, subject, count in rows()}
    assert len(counted) == SUBJECTS_PER_MINUTE_MAX + 1
    assert counted[OTHERS] == 30
    assert sum(counted.values()) == len(many)


def test_a_supervisor_is_told_once_an_hour(hub: TestHub):
    note(hub, Sight("PUBLISH_DENIED", AT, "h1", alerts=True))
    hub.clock.advance(ms=59 * 60_000)
    note(hub, Sight("PUBLISH_DENIED", AT + 59 * MINUTE_US, "h1", alerts=True))
    assert alerts() == 1
    hub.clock.advance(ms=61 * 60_000)
    note(hub, Sight("PUBLISH_DENIED", AT + 120 * MINUTE_US, "h1", alerts=True))
    assert alerts() == 2
    note(hub, Sight("PUBLISH_DENIED", AT, "h2", alerts=True))
    assert alerts() == 3


def test_what_was_told_before_the_clock_was_set_back_silences_nothing(hub: TestHub):
    """Else a clock that was a year ahead keeps supervisors from hearing of a thief for a year."""
    year_us = 365 * 24 * 60 * MINUTE_US
    hub.clock.advance(us=year_us)
    note(hub, Sight("PUBLISH_DENIED", AT + year_us, "h1", alerts=True))
    hub.clock.advance(us=-year_us)
    assert is_news(hub.site, "PUBLISH_DENIED", "h1", AT)
    note(hub, Sight("PUBLISH_DENIED", AT, "h1", alerts=True))
    assert alerts() == 2
    assert not is_news(hub.site, "PUBLISH_DENIED", "h1", AT)


def test_a_flood_beside_the_journal_hides_nobody_from_the_supervisor(hub: TestHub):
    """Else a replay, which knows nothing of the flood, would tell of somebody else."""
    for n in range(SUBJECTS_PER_MINUTE_MAX + 1):
        note_beside(hub.journal, hub.site, Sight("PIN_GUESSED", AT, f"x{n}"))
    note(hub, Sight("PIN_GUESSED", AT, "h1", alerts=True))
    told = FloorException.get(FloorException.kind == "SECURITY_ALERT")
    assert b'"subject":"h1"' in bytes(told.values)


def test_what_alerted_nobody_does_not_keep_the_next_from_alerting(hub: TestHub):
    note(hub, Sight("ENROLMENT_REFUSED", AT, "h1"))
    note(hub, Sight("ENROLMENT_REFUSED", AT + 1, "h1", alerts=True))
    assert alerts() == 1
    assert not is_news(hub.site, "ENROLMENT_REFUSED", "h1", AT + 2)
    assert is_news(hub.site, "ENROLMENT_REFUSED", "h2", AT + 2)
    assert is_news(hub.site, "ENROLMENT_REFUSED", "h1", AT + 61 * MINUTE_US)


def test_what_strangers_cause_is_counted_and_bounded_beside_the_journal(hub: TestHub):
    rows_before = JournalRow.select().count()
    for n in range(200):
        note_beside(hub.journal, hub.site, Sight("ENROLMENT_REFUSED", AT, f"x{n}", f"10.0.0.{n}"))
    assert SecurityEvent.select().count() == SUBJECTS_PER_MINUTE_MAX + 1
    assert sum(count for _, _, count in rows()) == 200
    assert JournalRow.select().count() == rows_before


def test_a_flood_beside_the_journal_changes_nothing_of_what_an_act_tells(hub: TestHub):
    """Or a replay, which knows nothing of it, would tell something else."""
    for n in range(SUBJECTS_PER_MINUTE_MAX + 5):
        note_beside(hub.journal, hub.site, Sight("ENROLMENT_REFUSED", AT, f"x{n}"))
    note(hub, Sight("ENROLMENT_REFUSED", AT, "h1", alerts=True))
    (told,) = FloorException.select().where(FloorException.kind == "SECURITY_ALERT")
    assert b'"subject":"h1"' in bytes(told.values)


def test_what_a_supervisor_has_to_hear_of_is_an_act(hub: TestHub):
    with pytest.raises(ValueError, match="has to be an act"):
        note_beside(hub.journal, hub.site, Sight("TAKEN_OVER", AT, "h1", alerts=True))
    assert rows() == []


def test_rubbish_from_outside_is_stored_as_text(hub: TestHub):
    note(hub, Sight("TAKEN_OVER", AT, "<b>\0" + "x" * 500, "y" * 200))
    (row,) = SecurityEvent.select()
    assert row.subject.startswith("<b>x")
    assert (len(row.subject), len(row.address)) == (119, 64)


def test_what_a_log_said_and_how_far_it_was_read_are_one_act(hub: TestHub):
    command = ReadLog("broker", "ab", 120, (Sight("NOT_MQTT", AT),))
    hub.journal.carry_out(command, site=hub.site, via="timer")
    assert queries.mark(hub.site, "broker") == ("ab", 120)
    assert rows() == [("NOT_MQTT", "", 1)]


def test_old_events_are_forgotten(hub: TestHub):
    note(hub, Sight("NOT_MQTT", AT), Sight("NOT_MQTT", AT + 5 * MINUTE_US))
    assert queries.has_older(hub.site, AT + MINUTE_US)
    hub.journal.carry_out(ForgetOld(AT + MINUTE_US), site=hub.site, via="timer")
    assert len(rows()) == 1
    assert not queries.has_older(hub.site, AT + MINUTE_US)


SIGHTS = st.builds(
    Sight, st.sampled_from(["A", "B"]), st.just(AT), st.sampled_from(["", "x", "y"]),
    st.sampled_from(["", "192.0.2.1"]), st.integers(1, 5),
)  # fmt: skip


@given(st.lists(st.tuples(SIGHTS, st.integers(0, 4_000)), max_size=60))
def test_however_they_are_gathered_none_is_lost_or_counted_twice(
    came: list[tuple[Sight, int]],
):
    gathering, clock, told = Gathering(), FixedClock(), 0
    for sight, pause_ms in came:
        clock.advance(ms=pause_ms)
        gathering.add(sight)
        told += sum(one.count for one in gathering.due(clock.mono_ms()))
    clock.advance(ms=REPEATS_EVERY_MS)
    told += sum(one.count for one in gathering.due(clock.mono_ms()))
    assert told == sum(sight.count for sight, _ in came)
    assert gathering.due(clock.mono_ms() + REPEATS_EVERY_MS) == ()


def test_the_first_is_told_at_once_and_a_flood_every_ten_seconds():
    gathering, batches = Gathering(), 0
    for now_ms in range(0, 60_000, 250):
        gathering.add(Sight("NO_CERTIFICATE", AT, "192.0.2.1"))
        batches += bool(gathering.due(now_ms))
        assert batches >= 1
    assert batches == 6


def test_news_of_a_quiet_hour_is_told_at_once_and_a_scan_once_a_second():
    gathering = Gathering()
    gathering.add(Sight("NO_CERTIFICATE", AT, "first"))
    assert gathering.due(3_600_000)
    batches = 0
    for n in range(40):
        gathering.add(Sight("NO_CERTIFICATE", AT, f"{n}"))
        batches += bool(gathering.due(3_600_000 + n * 250))
    assert batches == 9


def test_a_flood_of_different_subjects_waits_in_bounded_memory():
    gathering = Gathering()
    for n in range(10 * NEWS_MAX):
        gathering.add(Sight("NO_CERTIFICATE", AT, f"{n}"))
    due = gathering.due(0)
    assert len(due) <= NEWS_MAX + 1
    assert sum(one.count for one in due) == 10 * NEWS_MAX


def test_what_the_guard_does_can_be_read_back_from_the_journal_whole():
    seen = Sight("TLS_REFUSED", AT, "s", "192.0.2.1", 3, True, {"reason": "x"})
    wanted = (
        NoteSights((seen, Sight("NOT_MQTT", AT))), ReadLog("broker", "ab", 7, (seen,)),
        ForgetOld(3),
        acts.NoteCut(("a1", "a2")), acts.AskRenewal(("h1",)), acts.RevokeDevice("h1"),
        acts.OfferCode("h1", b"\x00\xff", 9), acts.AddDevice("h1", "dock", "$7$"),
        acts.EnrolDevice("h1", b"d", "csr", "a1", "pem", "key", 9),
        acts.RenewDeviceCertificate("h1", "csr", "a1", "pem", "key", 9),
    )  # fmt: skip
    for command in wanted:
        assert read(command.ACT, "key", *written(command)) == command
