"""Hooks of schemathesis: valid requests often name what this hub has, so that they lead somewhere;
and what is valid is accepted.

Loaded by `SCHEMATHESIS_HOOKS`; the values come in KNOWN (see `shop.Known`), the choice hangs on the
request alone, so that a seed repeats a run. What is generated as wrong stays as it is.
"""

from __future__ import annotations

import json
import os
from random import Random
from typing import Any, Final

import schemathesis

KNOWN: Final = "BINLIGHT_KNOWN"
SHARE: Final = 0.8
"""Of the valid requests; the others keep what was generated."""
_BY_FIELD: Final = {"sku": "skus", "code": "skus", "tote": "totes", "parcel": "parcels"}
_BY_PATH: Final = {"/orders/{id}": "orders", "/waves/{id}": "waves"}
_known: Final[dict[str, list[str]]] = json.loads(os.environ.get(KNOWN, "{}"))


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    if not _is_valid(case):
        return
    chance = Random(repr((case.path, case.path_parameters, case.body)))
    if chance.random() >= SHARE:
        return
    _name_fields(case.body, chance)
    _name_fields(case.query, chance)
    _name_address(case, chance)


def _is_valid(case: Any) -> bool:
    """Whether it was made to be accepted; steps of a story carry ids of their own."""
    meta = case.meta
    if not _known or meta is None or meta.phase.name == "stateful":
        return False
    return bool(meta.generation.mode.is_positive)


def _name_fields(values: Any, chance: Random) -> None:
    if isinstance(values, list):
        for value in values:
            _name_fields(value, chance)
    if not isinstance(values, dict):
        return
    for name, value in values.items():
        if name in _BY_FIELD and isinstance(value, str):
            values[name] = chance.choice(_known[_BY_FIELD[name]])
        else:
            _name_fields(value, chance)
    if isinstance(values.get("customer"), str):
        values["customer"] = None  # nobody is known here


def _name_address(case: Any, chance: Random) -> None:
    for address, kind in _BY_PATH.items():
        if address in case.path:
            case.path_parameters["id"] = chance.choice(_known[kind])


@schemathesis.check
def valid_requests_are_not_called_wrong(context: Any, response: Any, case: Any) -> None:
    """As schemathesis' own check, but texts of signs that nobody can print may be refused: JSON
    Schema has no word for them."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code in {400, 422} and _is_printable(_texts(case)):
        raise AssertionError(f"valid, yet {response.status_code}: {response.text}")


def _texts(case: Any) -> list[str]:
    """Every text that went with a request."""
    waiting, found = [case.body, case.query, case.path_parameters], list[str]()
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return found


def _is_printable(texts: list[str]) -> bool:
    return all(text.isprintable() and (text.strip() or not text) for text in texts)
