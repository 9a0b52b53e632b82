"""The world's own truth: pieces are moved, never made; and nobody of the product may see it."""

from __future__ import annotations

import ast
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import NotInTheWorld
from simulators.truth import Difference, Spot, Truth, seed_differences

SPOTS: list[Spot] = [("BIN", "A"), ("BIN", "B"), ("HAND", "ANA"), ("TOTE", "T-1"), ("PARCEL", "1")]
ITEMS = [b"lantern", b"mug"]
MOVES = st.lists(
    st.tuples(
        st.sampled_from(SPOTS), st.sampled_from(SPOTS), st.sampled_from(ITEMS), st.integers(0, 12)
    ),
    max_size=60,
)


def filled() -> Truth:
    truth = Truth()
    books = {(("BIN", "A"), b"lantern"): 9, (("BIN", "B"), b"mug"): 7}
    truth.begin(books, [Difference(("BIN", "A"), b"lantern", -2)])
    return truth


@given(MOVES)
def test_whatever_people_carry_no_piece_appears_or_vanishes(
    moves: list[tuple[Spot, Spot, bytes, int]],
) -> None:
    truth = filled()
    for source, target, item, count in moves:
        with suppress(NotInTheWorld):
            truth.move(source, target, item, count)
    assert truth.lost_pieces() == 0
    assert sum(count for _, _, count in truth.everything()) == 7 + 7
    assert all(count > 0 for _, _, count in truth.everything())


def test_nobody_takes_more_than_is_there() -> None:
    truth = filled()
    with pytest.raises(NotInTheWorld):
        truth.move(("BIN", "A"), ("HAND", "ANA"), b"lantern", 8)
    assert truth.count(("BIN", "A"), b"lantern") == 7


def test_what_is_wrong_from_the_beginning_is_remembered() -> None:
    assert filled().seeded == {(("BIN", "A"), b"lantern"): -2}


def test_a_small_share_of_the_bins_is_wrong_and_mostly_too_empty() -> None:
    books = {(("BIN", f"A-{n}"), b"lantern"): 20 for n in range(4_000)}
    found = seed_differences(books, Random(7))
    fewer = sum(difference.pieces < 0 for difference in found)
    assert 40 <= len(found) <= 80
    assert fewer > len(found) / 2
    assert all(-20 <= difference.pieces != 0 for difference in found)


@pytest.mark.parametrize("package", ["protocols", "edge", "hub"])
def test_the_product_never_imports_the_simulator(repository: Path, package: str) -> None:
    found = [
        f"{path}: {name}"
        for path in (repository / package).rglob("*.py")
        for name in _imports(path)
        if name.partition(".")[0] == "simulators"
    ]
    assert found == []


def _imports(path: Path) -> list[str]:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return names
