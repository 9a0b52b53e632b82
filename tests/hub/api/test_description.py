"""`/api/openapi.json` says what is so: bodies that are needed, patterns that others can read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask


@pytest.fixture
def spec(app: Flask) -> dict[str, Any]:
    told = app.test_client().get("/api/openapi.json").json
    assert told is not None
    return told


def operations(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (one for path in spec["paths"].values() for one in path.values())


def values_of(whole: Any, name: str) -> Iterator[Any]:
    """Every value under this name, however deep."""
    if isinstance(whole, dict):
        if name in whole:
            yield whole[name]
        whole = list(whole.values())
    if isinstance(whole, list):
        for part in whole:
            yield from values_of(part, name)


def test_a_body_is_called_needed_where_something_in_it_is(spec: dict[str, Any]) -> None:
    bodies = {one["operationId"]: one["requestBody"] for one in operations(spec)
              if "requestBody" in one}  # fmt: skip
    assert bodies["post_api_place_order"]["required"] is True
    assert bodies["post_api_plan_wave"]["required"] is False, "all of it has defaults"


def test_patterns_are_written_as_other_languages_read_them(spec: dict[str, Any]) -> None:
    """`\\Z` is Python's own; in ECMA-262 it is the letter."""
    patterns = {value for value in values_of(spec, "pattern") if isinstance(value, str)}
    assert len(patterns) >= 5
    for pattern in patterns:
        assert re.search(r"\\[ZAaz]|\(\?P", pattern) is None, pattern
        assert pattern.startswith("^"), pattern
        assert pattern.endswith("$"), pattern


def test_whoever_made_something_is_told_where_it_is(spec: dict[str, Any]) -> None:
    known = {one["operationId"] for one in operations(spec)}
    links = [link for group in values_of(spec, "links") for link in group.values()]
    assert {link["operationId"] for link in links} <= known
    assert len(links) == 4


def test_every_address_that_takes_a_body_says_that_it_may_be_too_large(
    spec: dict[str, Any],
) -> None:
    for one in operations(spec):
        if "requestBody" in one:
            assert "413" in one["responses"], one["operationId"]
