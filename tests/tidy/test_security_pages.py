"""The answers to both standards are complete, and what they name as evidence exists."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from tests.tidy.repository import ROOT

ASVS = ROOT / "docs" / "security-asvs.md"
ETSI = ROOT / "docs" / "security-etsi.md"
ARGUMENT = ROOT / "docs" / "security.md"
LEVELS = ROOT / "tests" / "data" / "asvs" / "levels.csv"
ANSWERS = {"yes", "**partly**", "partly", "**no**", "n/a"}
ETSI_GROUPS = {1: 5, 2: 3, 3: 16, 4: 4, 5: 8, 6: 9, 7: 2, 8: 3, 9: 3, 10: 1, 11: 4, 12: 3, 13: 1}
"""Provisions in each of the thirteen groups, 5.1 to 5.13, of V2.1.1."""


def _rows(page: Path) -> list[list[str]]:
    lines = page.read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    return [row for row in cells if re.match(r"[0-9]", row[0])]


def test_every_requirement_of_levels_1_and_2_is_answered_once():
    wanted = [(row["number"], row["level"]) for row in csv.DictReader(LEVELS.open())]
    assert [(row[0], row[1]) for row in _rows(ASVS)] == wanted
    assert len(wanted) == len(set(wanted)) > 200


def test_every_provision_for_devices_is_answered_once():
    wanted = [f"5.{group}-{n + 1}" for group, size in ETSI_GROUPS.items() for n in range(size)]
    assert [row[0] for row in _rows(ETSI) if not row[0].startswith("**")] == wanted


@pytest.mark.parametrize("row", _rows(ASVS) + _rows(ETSI), ids=lambda row: row[0])
def test_each_answer_is_one_of_the_words_and_gives_a_reason_when_it_is_not_yes(row: list[str]):
    answer, why = row[-2], row[-1]
    assert answer in ANSWERS
    assert why or answer in {"yes", "n/a"}


@pytest.mark.parametrize("page", [ARGUMENT, ASVS, ETSI], ids=lambda page: page.name)
def test_every_file_named_as_evidence_exists(page: Path):
    named = re.findall(r"`([a-z]+/[A-Za-z0-9_./-]+)`", page.read_text())
    places = [name for name in named if name.split("/")[0] not in {"logs", "secrets", "tls"}]
    assert places
    assert [name for name in places if not (ROOT / name.removeprefix("/")).exists()] == []


PROOF = re.compile(r"`tests/[A-Za-z0-9_./-]+`")
DOCUMENT = re.compile(r"security\.md|`docs/[a-z0-9./-]+\.md`|`protocols/limits\.py`|often_used\.py")


@pytest.mark.parametrize("row", [row for row in _rows(ASVS) if row[3] == "yes"], ids=lambda r: r[0])
def test_each_yes_names_a_test_or_the_document_that_was_asked_for(row: list[str]):
    """Beside tests, a document is proof where one was asked for."""
    assert PROOF.search(row[4]) or (_asks_for_a_document(row[0]) and DOCUMENT.search(row[4]))


def _asks_for_a_document(number: str) -> bool:
    """The first section of these chapters asks for what has to be written down."""
    chapter, section, _ = number.split(".")
    return section == "1" and chapter not in {"1", "3", "4", "9", "12"}


def test_the_sum_at_the_top_is_right():
    answers = [row[3].strip("*") for row in _rows(ASVS)]
    counted = "{yes} yes, {partly} partly, {no} no, {na} not applicable".format(
        yes=answers.count("yes"), partly=answers.count("partly"), no=answers.count("no"),
        na=answers.count("n/a"),
    )  # fmt: skip
    assert counted in ASVS.read_text()
