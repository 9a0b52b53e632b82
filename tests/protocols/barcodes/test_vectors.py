"""GS1's own cases. A kind without an answer is counted as such, not passed over."""

from __future__ import annotations

from collections import Counter

import pytest

from protocols.barcodes.linters import LINTERS
from tests.protocols.barcodes.vectors import ANSWERS, Vector, all_vectors, answer, expectation

VECTORS = all_vectors()


@pytest.mark.parametrize("kind", sorted({vector["kind"] for vector in VECTORS}))
def test_every_vector_of_a_kind_is_answered_as_gs1_expects(kind: str) -> None:
    assert kind in ANSWERS, f"nothing answers vectors of kind {kind}"
    wrong = {
        vector["id"]: (vector["raw"], expectation(vector), answer(vector))
        for vector in VECTORS
        if vector["kind"] == kind and answer(vector) != expectation(vector)
    }
    assert wrong == {}


def test_the_vectors_are_the_whole_published_set() -> None:
    assert Counter(vector["kind"] for vector in VECTORS) == {
        "component": 366,
        "scan": 185,
        "dl_uri": 66,
        "association": 48,
        "bracketed": 20,
        "dl_generate": 12,
    }


def _refused_components() -> list[Vector]:
    return [v for v in VECTORS if v["kind"] == "component" and v["expect"] == "error"]


def test_a_refused_component_carries_gs1s_name_for_the_mistake() -> None:
    wrong = {
        vector["id"]: (found, vector["error"])
        for vector in _refused_components()
        if (found := LINTERS[vector["level"].removeprefix("linter:")](vector["raw"]))
        != vector["error"].removeprefix("GS1_LINTER_")
    }
    assert wrong == {}
