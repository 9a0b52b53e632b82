"""The machine of the hub is lost while devices work: a backup, a restore, and they bring it back.

Real broker and gateway as processes, devices made of the real outbox and link core.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.db import fetch
from hub.setup import prepare_all
from simulators.campaigns.faults.picking_site import PickingSite, picking_site
from tests.journeys.rig import said
from tests.journeys.test_kills import audit

pytestmark = [pytest.mark.broker, pytest.mark.slow]


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[PickingSite]:
    with picking_site(tmp_path) as made:
        made.site.start("gateway")
        yield made


def applied(floor: PickingSite) -> int:
    rows = fetch(floor.site.journal.database, "SELECT COUNT(*) FROM device_event")
    return int(rows[0][0])


def lose_the_hub(floor: PickingSite) -> None:
    for part in ("gateway", "broker"):
        floor.site.end(part, signal.SIGKILL)
    floor.site.journal.database.close()


def start_again(floor: PickingSite) -> None:
    """As `binlight hub` does."""
    prepare_all(floor.site.config)
    for part in ("broker", "gateway"):
        floor.site.start(part)


def test_devices_send_again_what_the_backup_has_not(floor: PickingSite, tmp_path: Path) -> None:
    data, file = str(floor.site.config.data), str(tmp_path / "backup.tar")
    floor.pick(5)
    floor.settle()
    floor.pick(5)
    for _ in range(5):
        floor.fleet.step()
    printed = said("backup", file, "--data", data)
    assert "Its books are true" in printed
    floor.pick(8)
    floor.settle()
    everything = applied(floor)
    assert everything == 6 * 18
    lose_the_hub(floor)
    printed = said("restore", file, "--data", data, "--force")
    assert "have to be entered again" in printed
    assert applied(floor) < everything
    floor.site.journal.database.close()
    start_again(floor)
    floor.pick(2)
    floor.fleet.run_until("they have sent it again", lambda: applied(floor) == everything + 12)
    floor.settle()
    audit(floor)
