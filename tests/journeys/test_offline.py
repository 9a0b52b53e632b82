"""Hours without the hub, in a short form; `binlight sim offline` plays eight of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.virtual.offline import Offline, OfflinePlan, OfflineReport


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> OfflineReport:
    folder: Path = tmp_path_factory.mktemp("offline")
    return Offline(OfflinePlan(seed=7, hours=0.5, devices=2, others=1, orders=24), folder).run()


def test_nothing_is_lost_and_nothing_counts_twice(report: OfflineReport):
    assert all(away.events > 200 and away.assignments >= 3 for away in report.away)
    assert (report.events_lost, report.events_doubled, report.verify) == (0, 0, "ok")


def test_the_books_say_what_is_really_there(report: OfflineReport):
    assert (report.world_mismatch, report.mismatches) == (0, ())


def test_the_office_meddled_and_nobody_has_to_repair_what_needs_nobody(report: OfflineReport):
    assert set(report.meddled) == {"cancelled", "counted", "revoked", "handed_over"}
    assert report.manual_repairs == 0


def test_all_work_is_done_in_the_end(report: OfflineReport):
    assert report.is_done
