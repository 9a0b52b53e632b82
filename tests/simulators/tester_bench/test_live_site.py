"""A bench's processes from their start to their end, and a bench beside somebody else's hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.config import HubConfig
from hub.db import fetch
from hub.setup import ADMIN, prepare
from hub.staff import passwords, queries
from hub.wiring import open_journal
from simulators.tester_bench import bench
from simulators.tester_bench.hardware import NotOnThisBench
from simulators.tester_bench.live_site import LiveSite, join_site, open_site
from simulators.tester_bench.terminal_handheld import TerminalHandheld
from simulators.tester_bench.world_plan import FILE, NoBenchHere, WorldPlan

ONE = "handheld-1"
PLAN = WorldPlan(orders=4, handhelds=1, slots=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[LiveSite]:
    with closing(open_site(PLAN, folder).site) as opened:
        yield opened


@pytest.fixture
def made(site: LiveSite) -> bench.TesterBench:
    found = bench.TesterBench(site)
    found.wait_until_ready()
    return found


def presence(site: LiveSite, device: str) -> str:
    sql = "SELECT presence FROM device WHERE name = ?"
    return str(fetch(site.journal.database, sql, (device,))[0][0])


@pytest.mark.broker
@pytest.mark.slow
def test_a_bench_joins_a_running_hub_and_leaves_it_alone(made: bench.TesterBench):
    hub = made.site.config
    for _ in ("once", "and again, with other passwords"):
        with closing(join_site(PLAN, hub).site) as joined:
            guest = bench.TesterBench(joined)
            guest.wait_until_ready()
            guest.scan("bench-1", guest.site.labels.find("ana", "badge")[0].code)
            guest.expect_tone("bench-1", "OK")
            for act in (guest.stop_hub, lambda guest=guest: guest.kill_part("gateway")):
                with pytest.raises(NotOnThisBench, match="somebody else's"):
                    act()
    made.expect_hub(ONE, "here")


@pytest.mark.broker
@pytest.mark.slow
def test_every_event_of_a_bad_line_arrives_once(made: bench.TesterBench):
    made.set_air(ONE, "doubled")
    made.work(ONE, lines=1)
    made.set_air(ONE, "swapped")
    made.work(ONE, lines=1)
    made.set_air(ONE, "silent")
    made.work(ONE, lines=1)
    made.set_air(ONE, "fine")
    made.expect_event("PickConfirmed", 3, ONE)
    made.expect_audit()


@pytest.mark.broker
@pytest.mark.slow
def test_a_wrong_clock_does_not_reach_the_books(made: bench.TesterBench):
    made.set_clock(ONE, -400 * 86_400)
    made.work(ONE, lines=1)
    made.expect_audit()
    rows = fetch(
        made.site.journal.database,
        "SELECT MAX(recorded_at - occurred_at), MAX(occurred_at - recorded_at) FROM movement "
        "WHERE cause LIKE ?",
        (f"{ONE}/%",),
    )
    an_hour_us = 3_600_000_000
    assert max(rows[0]) < an_hour_us


@pytest.mark.broker
@pytest.mark.slow
def test_a_terminated_agent_says_farewell_though_its_screen_is_idle(made: bench.TesterBench):
    device = made.site.devices[ONE]
    assert isinstance(device, TerminalHandheld)
    device.close()
    assert device.exit_status == 0
    assert made.site.until(lambda: presence(made.site, ONE) == "LEFT", bench.PATIENCE_S)


def opens_the_pages(site: LiveSite, password: str | None) -> bool:
    """Whether the hub takes the one-time password that the bench tells."""
    admin = queries.person_by_login(site.config.company, ADMIN)
    assert admin is not None
    return passwords.is_right(password or "", admin.password_hash)


@pytest.mark.broker
@pytest.mark.slow
def test_a_bench_takes_up_its_world_where_it_was(site: LiveSite, folder: Path):
    site.close()
    assert (folder / FILE).stat().st_mode & 0o077 == 0
    opened = open_site(WorldPlan(seed=99), folder)
    with closing(opened.site) as again:
        found = bench.TesterBench(again)
        found.wait_until_ready()
        assert opens_the_pages(again, opened.password)
        assert found.text(ONE).startswith(" Ana")
        found.expect_event("PickConfirmed", 4)


def test_a_folder_with_another_hub_is_left_alone(tmp_path: Path):
    config = HubConfig(folder=str(tmp_path))
    with closing(open_journal(config).database):
        journal = open_journal(config)
        prepare(config, journal)
        journal.database.close()
    with pytest.raises(NoBenchHere, match="no bench has furnished"):
        open_site(PLAN, tmp_path)
