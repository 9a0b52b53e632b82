"""A database after a power cut is judged by what had been said of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from simulators.campaigns.crash_images.checks import DatabaseCheck
from simulators.campaigns.crash_images.files_check import FilesCheck
from simulators.campaigns.crash_images.images import Image
from simulators.campaigns.crash_images.operations import Said
from simulators.campaigns.crash_images.saying import content_digest, pages_digest, pages_of


class Commits:
    """A database after each of its commits, and what was said of each."""

    def __init__(self, folder: Path, rows: int) -> None:
        self.images: list[bytes] = []
        self.said: list[Said] = []
        db = sqlite3.connect(folder / "made.db", isolation_level=None)
        db.execute("CREATE TABLE row (n)")
        for n in range(rows):
            db.execute("INSERT INTO row VALUES (?)", (n,))
            self.images.append((folder / "made.db").read_bytes())
            digests = pages_digest(pages_of(db)), content_digest(db)
            self.said.append(Said({"pages": digests[0], "content": digests[1], "flushed": True}))
        db.close()


@pytest.fixture
def commits(tmp_path: Path) -> Commits:
    return Commits(tmp_path, 5)


def judge(commits: Commits, tmp_path: Path, content: bytes | None, promised: int) -> str:
    folder = tmp_path / "images"
    folder.mkdir()
    check = DatabaseCheck(commits.said, "x.db", folder, lambda _folder: "")
    files = {} if content is None else {"x.db": content}
    return check.judge(Image(files, tuple(commits.said[:promised]), "nothing", 1))


def test_what_was_promised_last_is_true(commits: Commits, tmp_path: Path):
    assert judge(commits, tmp_path, commits.images[2], promised=3) == "true"


def test_the_act_under_way_may_be_there(commits: Commits, tmp_path: Path):
    assert judge(commits, tmp_path, commits.images[3], promised=3) == "true"


def test_a_promised_act_that_is_missing_is_lost(commits: Commits, tmp_path: Path):
    assert judge(commits, tmp_path, commits.images[1], promised=3) == "lost"


def test_an_act_that_nobody_did_yet_is_not_true(commits: Commits, tmp_path: Path):
    assert judge(commits, tmp_path, commits.images[4], promised=3) == "half"


def test_no_database_at_all_is_lost_once_there_was_a_promise(commits: Commits, tmp_path: Path):
    assert judge(commits, tmp_path, None, promised=1) == "lost"


def test_no_database_is_true_before_the_first_promise(commits: Commits, tmp_path: Path):
    assert judge(commits, tmp_path, None, promised=0) == "true"


def test_a_page_of_rubbish_is_corrupt(commits: Commits, tmp_path: Path):
    broken = commits.images[2][:4_096] + bytes(range(256)) * 16
    assert judge(commits, tmp_path, broken, promised=3) == "corrupt"


def test_rows_that_were_never_together_are_half_done(commits: Commits, tmp_path: Path):
    odd = tmp_path / "odd.db"
    odd.write_bytes(commits.images[2])
    db = sqlite3.connect(odd)
    db.execute("UPDATE row SET n = 17 WHERE n = 1")
    db.commit()
    db.close()
    assert judge(commits, tmp_path, odd.read_bytes(), promised=3) == "half"


def test_what_the_product_cannot_use_is_corrupt(commits: Commits, tmp_path: Path):
    check = DatabaseCheck(commits.said, "x.db", tmp_path, lambda _folder: "no boot")
    image = Image({"x.db": commits.images[2]}, tuple(commits.said[:3]), "nothing", 1)
    assert check.judge(image) == "corrupt"
    assert check.complaints == {"no boot": 1}


def test_an_act_that_was_not_flushed_may_be_forgotten(commits: Commits, tmp_path: Path):
    commits.said[2] = Said({**commits.said[2].facts, "flushed": False})
    assert judge(commits, tmp_path, commits.images[1], promised=3) == "true"


def files_said(**files: bytes) -> Said:
    from hashlib import sha256

    return Said({"files": {n: sha256(c).hexdigest()[:32] for n, c in files.items()}})


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({"key": b"new"}, "true"), ({"key": b"next"}, "true"), ({"key": b"old"}, "lost"),
        ({}, "lost"), ({"key": b""}, "corrupt"), ({"key": b"ne"}, "corrupt"),
        ({"key": b"new", "key.1.new": b""}, "true"),
    ],
)  # fmt: skip
def test_a_private_file_is_the_promised_one_or_the_next(found: dict[str, bytes], verdict: str):
    said = [files_said(key=b"old"), files_said(key=b"new"), files_said(key=b"next")]
    image = Image(found, tuple(said[:2]), "nothing", 1)
    assert FilesCheck(said).judge(image) == verdict
