"""What a backup adds to a commit is told by the rounds' own differences."""

from __future__ import annotations

from simulators.bench.backups import Commit, compared, figures
from simulators.bench.plots import svg


def commits(*ms: float) -> list[Commit]:
    return [Commit(float(n), each) for n, each in enumerate(ms)]


def test_what_is_added_is_the_median_of_the_rounds_differences() -> None:
    """A machine that grows slower from round to round is not the backup's doing."""
    alone = [commits(1, 2, 3), commits(11, 12, 13), commits(101, 102, 103)]
    beside = [commits(2, 3, 4), commits(16, 17, 18), commits(104, 105, 106)]
    found = compared(alone, beside)
    assert (found["added_p50_ms"], found["added_p99_ms"], found["added_max_ms"]) == (3, 3, 3)
    assert found["alone"]["count"] == found["beside"]["count"] == 9


def test_the_longest_of_a_hundred_commits_is_their_last_percent() -> None:
    assert figures(commits(*range(1, 101))) == {
        "count": 100, "p50_ms": 50.5, "p99_ms": 100, "max_ms": 100,
    }  # fmt: skip


def test_no_commit_at_all_is_told_as_such() -> None:
    assert figures([])["count"] == 0


def test_each_database_that_was_there_is_drawn() -> None:
    pair = {"alone": {"p99_ms": 1.0}, "beside": {"p99_ms": 2.0}}
    picture = svg({"bench": "backup", "sqlite": pair})
    assert picture is not None
    assert "sqlite" in picture
    assert "postgresql" not in picture
