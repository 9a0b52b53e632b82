"""A log is read on from where reading ended, over rotation, restarts and half lines."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from hub.process.log_files import rotate
from hub.security.log_tail import READ_BYTES_MAX, Mark, new_lines


def test_only_what_came_since_is_read(tmp_path: Path):
    log = tmp_path / "broker.log"
    log.write_text("one\ntwo\n")
    lines, mark = new_lines(log, Mark())
    assert lines == ["one", "two"]
    assert new_lines(log, mark) == ([], mark)
    with log.open("a") as more:
        more.write("three\n")
    assert new_lines(log, mark)[0] == ["three"]


def test_a_line_is_read_when_it_is_whole(tmp_path: Path):
    log = tmp_path / "broker.log"
    log.write_text("one\ntw")
    lines, mark = new_lines(log, Mark())
    assert lines == ["one"]
    with log.open("a") as more:
        more.write("o\n")
    assert new_lines(log, mark)[0] == ["two"]


def test_after_the_log_was_cut_it_is_read_from_its_beginning(tmp_path: Path):
    log = tmp_path / "broker.log"
    log.write_text("a long line of before\n" * 20)
    _, mark = new_lines(log, Mark())
    assert rotate(log)
    assert new_lines(log, mark) == ([], Mark("", 0))
    with log.open("a") as more:
        more.write("after\n")
    assert new_lines(log, mark)[0] == ["after"]


def test_a_cut_log_that_has_outgrown_the_old_place_is_known_by_its_beginning(tmp_path: Path):
    log = tmp_path / "broker.log"
    log.write_text("1795300072: of before\n")
    _, mark = new_lines(log, Mark())
    rotate(log)
    after = [f"1795300099: after {n}" for n in range(50)]
    log.write_text("\n".join(after) + "\n")
    assert new_lines(log, mark)[0] == after


def test_a_missing_log_has_no_lines(tmp_path: Path):
    assert new_lines(tmp_path / "none.log", Mark("ff", 7)) == ([], Mark())


def test_rubbish_without_an_end_is_passed_over_in_bounded_pieces(tmp_path: Path):
    log = tmp_path / "broker.log"
    log.write_bytes(b"\xff" * (READ_BYTES_MAX + 10) + b"\nline\n")
    mark, seen = Mark(), []
    for _ in range(3):
        lines, mark = new_lines(log, mark)
        seen += lines
    assert seen[-1] == "line"


@given(pieces=st.lists(st.text(alphabet="ab\n", max_size=12), max_size=12))
def test_however_the_bytes_come_each_line_is_read_once(pieces: list[str], tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "broker.log"
    log.touch()
    mark, seen = Mark(), []
    for piece in pieces:
        with log.open("a") as more:
            more.write(piece)
        lines, mark = new_lines(log, mark)
        seen += lines
    whole = "".join(pieces)
    assert seen == whole[: whole.rfind("\n") + 1].splitlines()
