"""Named points of death: armed by the environment, or by a line in a file that counts once."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.fault_points import ENVIRONMENT_NAME, for_part, never


def test_nobody_is_killed_unasked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(ENVIRONMENT_NAME, raising=False)
    assert for_part("gateway") is never


def test_a_line_for_another_part_stays_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    file = tmp_path / "death"
    file.write_text("planner:before_commit")
    monkeypatch.setenv(ENVIRONMENT_NAME, f"@{file}")
    assert for_part("gateway") is never
    assert file.exists()


def test_the_start_that_takes_the_line_dies_and_the_next_one_lives(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    file = tmp_path / "death"
    file.write_text("gateway:after_commit:3\n")
    monkeypatch.setenv(ENVIRONMENT_NAME, f"@{file}")
    assert for_part("gateway") is not never
    assert not file.exists()
    assert for_part("gateway") is never


def test_an_unknown_point_is_refused_by_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(ENVIRONMENT_NAME, "gateway:at_lunch")
    with pytest.raises(ValueError, match="at_lunch"):
        for_part("gateway")
