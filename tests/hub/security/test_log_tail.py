"""A log is read on from where reading ended, over rotation, restarts and half lines."""

from __future__ import annotations

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from hub.process.log_files import FILES_KEPT, rotate
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
    assert new_lines(log, mark)[0] == []
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


def test_what_was_not_read_before_the_log_was_cut_is_read_in_its_pieces(tmp_path: Path):
    log = tmp_path / "broker.log"
    log.write_text("1: read\n2: not read\n")
    mark = Mark(b"1: read\n".hex(), 8)
    for n in range(3, 6):
        assert rotate(log)
        with log.open("a") as more:
            more.write(f"{n}: after a cut\n")
    lines, mark = new_lines(log, mark)
    assert lines == ["2: not read", *(f"{n}: after a cut" for n in range(3, 6))]
    assert new_lines(log, mark) == ([], mark)


def test_a_piece_that_the_full_disk_cut_short_hides_nothing_else(tmp_path: Path):
    log = tmp_path / "broker.log"
    log.write_text("1: read\n2: not read\n" * 50)
    mark = Mark(b"1: read\n".hex(), 8)
    assert rotate(log)
    piece = log.with_name("broker.log.1.gz")
    piece.write_bytes(piece.read_bytes()[:-12])
    log.write_text("3: after\n")
    assert new_lines(log, mark)[0][-1] == "3: after"


def test_a_log_of_which_no_piece_is_left_is_read_from_its_beginning(tmp_path: Path):
    log = tmp_path / "broker.log"
    log.write_text("1: of another hub\n")
    assert new_lines(log, Mark("ff" * 20, 20))[0] == ["1: of another hub"]


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


BLOCK = 4_096
STEPS = st.lists(
    st.tuples(st.integers(0, BLOCK), st.booleans(), st.booleans()), min_size=1, max_size=8
)


@given(steps=STEPS)
@example(steps=[(BLOCK - 1, False, False), (BLOCK - 1, False, True), (BLOCK - 27, True, False)])
def test_however_the_bytes_come_and_the_log_is_cut_each_line_is_read_once(steps, tmp_path_factory):
    """Each step writes so many bytes, perhaps cuts the log, and perhaps reads."""
    log = tmp_path_factory.mktemp("log") / "broker.log"
    text = "\n".join(f"{n:06} {n:06} {n:06} {n:06}" for n in range(2_000)).encode()
    written, cuts = text.index(b"\n") + 1, 0
    log.write_bytes(text[:written])
    seen, mark = new_lines(log, Mark())
    for length, is_cut, is_read in [*steps, (1, False, True)]:
        with log.open("ab") as more:
            more.write(text[written : written + length])
        written += length
        if is_cut and cuts < FILES_KEPT:
            cuts += rotate(log)
        if is_read:
            lines, mark = new_lines(log, mark)
            seen += lines
    assert seen == text[: text.rfind(b"\n", 0, written) + 1].decode().splitlines()
