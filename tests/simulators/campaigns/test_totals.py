"""Runs of a campaign add up, and a zero is said with its trials."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from simulators.campaigns.totals import Totals, beside_trials


def test_runs_add_up_and_groups_in_them_too(tmp_path: Path):
    totals = Totals(tmp_path / "results")
    totals.add("crash-images", {"seed": 1, "images": 40, "lost": 0, "outbox": {"images": 30}})
    totals.add("crash-images", {"seed": 2, "images": 60, "lost": 1, "outbox": {"images": 50}})
    assert totals.sum("crash-images") == {
        "images": 100, "lost": 1, "outbox": {"images": 80}, "runs": 2,
    }  # fmt: skip


def test_of_the_longest_times_the_longest_counts(tmp_path: Path):
    totals = Totals(tmp_path)
    for seconds in (2.5, 9.0, 4.0):
        totals.add("faults", {"recovered_s_max": seconds})
    assert totals.sum("faults")["recovered_s_max"] == 9.0


def test_truth_values_and_texts_are_no_numbers(tmp_path: Path):
    totals = Totals(tmp_path)
    totals.add("faults", {"is_quick": True, "kind": "x", "events": 3, "machine": {"cores": 2}})
    assert totals.sum("faults") == {"events": 3, "runs": 1}


def test_a_line_that_a_killed_campaign_left_half_written_spoils_no_other(tmp_path: Path):
    totals = Totals(tmp_path)
    totals.add("doubles", {"acts": 5})
    with (tmp_path / "doubles.jsonl").open("ab") as torn:
        torn.write(b'{"acts": 10')
    totals.add("doubles", {"acts": 7})
    assert totals.sum("doubles") == {"acts": 12, "runs": 2}


def test_a_campaign_that_never_ran_has_no_runs(tmp_path: Path):
    assert Totals(tmp_path / "nothing").sum("faults") == {"runs": 0}


def test_a_zero_is_said_with_what_its_trials_can_tell():
    assert beside_trials(0, 10_000) == "0 of 10,000 (below 0.0300 %)"
    assert beside_trials(3, 2_000) == "3 of 2,000"
    assert beside_trials(0, 0) == "0 of 0"


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 10**6))))
def test_a_campaign_in_pieces_finds_what_it_finds_in_one(runs: list[dict[str, int]]):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        totals = Totals(Path(folder))
        for run in runs:
            totals.add("any", run)
        found = totals.sum("any")
    for name in "abc":
        assert found.get(name, 0) == sum(run.get(name, 0) for run in runs)
