"""What the API's own description allows, and what it forbids, never breaks the hub."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from hub.staff import service as staff
from tests.hub import builders
from tests.hub.conftest import TestHub

EXAMPLES = 5


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_request_that_openapi_can_describe_ends_in_a_failure_of_ours(
    sqlite_hub: TestHub, app: Flask, people: dict[str, bytes], mode: GenerationMode,
) -> None:  # fmt: skip
    builders.stock(sqlite_hub, "A-01-01-1", "LAMP", 9)
    builders.order(sqlite_hub, {"LAMP": 3})
    token = secrets.token_urlsafe()
    with sqlite_hub.act() as act:
        staff.add_token(act, people["admin"], "fuzz", staff.token_digest(token))
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) >= 14
    for operation in operations:
        _try_out(operation, token, mode)


def _try_out(operation: Any, token: str, mode: GenerationMode) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, phases=[Phase.generate], derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def run(case: Any) -> None:
        answer = case.call(headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code < 500, (operation.label, answer.text)

    with suppress(Unsatisfiable):  # an address without parameters has nothing to get wrong
        run()
