"""GS1's conformance vectors and the call that answers each kind."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from protocols.barcodes import (
    BarcodeError,
    ItemCode,
    associations,
    classify,
    digital_link,
    read_bracketed,
    read_digital_link,
)
from protocols.barcodes.linters import LINTERS

Vector = dict[str, Any]
_FILE = Path(__file__).parents[2] / "data" / "gs1" / "vectors.json.gz"

ASSOCIATION_RULES = {
    "validateAIrepeats": associations.check_repeats,
    "validateAImutex": associations.check_exclusions,
    "validateAIrequisites": associations.check_companions,
    "validateDigSigRequiresSerialisedKey": associations.check_signature,
}


def all_vectors() -> list[Vector]:
    loaded: list[Vector] = json.loads(gzip.decompress(_FILE.read_bytes()))
    return loaded


def _scan(vector: Vector) -> object:
    scan = classify(vector["raw"], aim=True)
    return scan.ais if isinstance(scan, ItemCode) else None


def _component(vector: Vector) -> object:
    lint = LINTERS[vector["level"].removeprefix("linter:")](vector["raw"])
    if lint:
        raise BarcodeError(lint)
    return None


def _association(vector: Vector) -> object:
    elements = read_bracketed(vector["raw"])
    ASSOCIATION_RULES[vector["level"].removeprefix("association:")](elements)
    return elements


ANSWERS: dict[str, Callable[[Vector], object]] = {
    "scan": _scan,
    "bracketed": lambda vector: read_bracketed(vector["raw"]),
    "component": _component,
    "association": _association,
    "dl_uri": lambda vector: read_digital_link(vector["raw"]),
    "dl_generate": lambda vector: digital_link(read_bracketed(vector["raw"]), vector["stem"]),
}


def expectation(vector: Vector) -> object:
    """What the answer should be; the class BarcodeError where a refusal is expected."""
    if vector["expect"] == "error":
        return BarcodeError
    if vector["kind"] == "dl_generate":
        return vector["uri"]
    return vector["ais"] and tuple(tuple(element) for element in vector["ais"])


def answer(vector: Vector) -> object:
    try:
        return ANSWERS[vector["kind"]](vector)
    except BarcodeError:
        return BarcodeError
