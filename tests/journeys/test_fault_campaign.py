"""The fault campaign in short: a live warehouse under fire, and one trial of single faults.

The long form is `binlight bench faults`; what each kind of fault showed stands in docs/faults.md.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.campaigns.faults.campaign import Campaign
from simulators.campaigns.faults.catalogue import FAULTS
from simulators.campaigns.faults.trials import TRIALS, Trial
from simulators.campaigns.faults.world import FaultPlan

pytestmark = [pytest.mark.broker, pytest.mark.slow]

SEED = 20_261_121
SHORT = 0.1
TOO_LONG = {"64 kbit/s", "10 % of packets lost", "no air for a while", "no air upwards"}
"""Their like is tried in short; the long form tries them all."""


class Short(Campaign):
    """The same without a round of single faults."""

    def _one_by_one(self) -> None:
        return


def test_a_warehouse_under_fire_loses_nothing_and_doubles_nothing(tmp_path: Path):
    plan = FaultPlan(SEED, pickers=3, orders=20, speed=80.0, home_s=120.0)
    quick = tuple(fault for fault in FAULTS if fault.lasts_s[1] < 10)
    campaign = Short(tmp_path, SEED, 120, 6.0, print, quick, plan, mean_s=0.7)
    print(f"seed {SEED}")
    found = campaign.run()
    print({name: row["times"] for name, row in found["faults"].items() if row["times"]})
    assert found["events"] >= 120
    assert found["kills"] >= 6
    assert found["still_at_work"] == []
    wrong = ("events_lost", "events_doubled", "balance_mismatch", "line_mismatch", "world_mismatch",
             "never_back")  # fmt: skip
    assert {name: found[name] for name in wrong} == dict.fromkeys(wrong, 0)
    assert found["verify"] == "ok"


@pytest.mark.parametrize(
    "trial", [trial for trial in TRIALS if trial.name not in TOO_LONG], ids=lambda trial: trial.name
)
def test_one_fault_at_a_time(trial: Trial, tmp_path: Path):
    if not trial.is_possible():
        pytest.skip("this machine does not let us make this fault")
    print(f"seed {SEED}")
    seen = trial.run(tmp_path, SEED, SHORT)
    assert seen.is_good, seen.facts
