"""One flipped bit is noticed by verify, or changes no row: in short, with the honest exceptions."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from simulators.campaigns.faults import flips

SEED = 7


class Specimen:
    """A hub's database, and what it says when it is whole."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "hub.db"
        self.image = flips.specimen(SEED, folder, orders=4)
        self.truth = flips.dump(self.image, self.file)

    def judge(self, image: bytes) -> flips.Case:
        return flips.judge(image, self.file, self.truth)

    def without(self, what: bytes, by: bytes) -> bytes:
        assert what in self.image
        return self.image.replace(what, by, 1)


@pytest.fixture(scope="module")
def specimen(tmp_path_factory: pytest.TempPathFactory) -> Specimen:
    return Specimen(tmp_path_factory.mktemp("flips"))


def test_a_database_that_nobody_touched_is_harmless(specimen: Specimen):
    assert specimen.judge(specimen.image) == flips.Case("HARMLESS")


def test_a_flip_changes_one_bit_and_nothing_else(specimen: Specimen):
    changed = flips.flipped(specimen.image, Random(SEED))
    different = [a ^ b for a, b in zip(specimen.image, changed, strict=True) if a != b]
    assert len(different) == 1
    assert different[0].bit_count() == 1


def test_a_changed_pick_is_noticed_by_the_journals_chain(specimen: Specimen):
    changed = specimen.without(b'"type":"PickConfirmed"', b'"type":"PickConfirmee"')
    assert specimen.judge(changed) == flips.Case("NOTICED", "chain")


def test_an_index_that_no_longer_agrees_with_its_table_is_noticed(specimen: Specimen):
    at = specimen.image.rfind(b"A-01-01-1BIN") if b"A-01-01-1BIN" in specimen.image else -1
    at = at if at >= 0 else specimen.image.rfind(b"w1BINA-")
    assert at >= 0
    changed = bytearray(specimen.image)
    changed[at + 6] ^= 1
    assert specimen.judge(bytes(changed)).outcome == "NOTICED"


def test_a_page_that_is_no_page_any_more_is_a_finding_and_no_crash(specimen: Specimen):
    changed = bytearray(specimen.image)
    changed[4_096:8_192] = bytes(4_096)
    assert specimen.judge(bytes(changed)).outcome == "NOTICED"


def test_of_forty_flips_hardly_one_is_silent(specimen: Specimen):
    """What verify cannot see is in rows that no ledger covers: docs/faults.md has the figure."""
    chance = Random(SEED)
    cases = [specimen.judge(flips.flipped(specimen.image, chance)) for _ in range(40)]
    silent = [case.by for case in cases if case.outcome == "SILENT"]
    print(f"seed {SEED}: silent in {silent}")
    assert not {"journal", "movement", "line_move", "balance"} & set(", ".join(silent).split(", "))
