"""What programs say of themselves: one JSON object a line, whatever is said."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator

import pytest
import structlog

from hub.run import log_as_json


@pytest.fixture
def said_on_stderr(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a part of the hub, which logs like this, says."""
    found = io.StringIO()
    monkeypatch.setattr(sys, "stderr", found)
    log_as_json()
    yield found
    structlog.reset_defaults()


@pytest.mark.parametrize(
    "said",
    [
        "a\nb",
        'x"}\n{"event":"forged"}',
        "\r\n\x1b[2J",
        "\u2028",
        "\x00",
        "\ud800",
        'quote " and \\',
    ],
)
def test_nothing_that_somebody_sent_becomes_a_line_of_its_own(
    said_on_stderr: io.StringIO, said: str
) -> None:
    structlog.get_logger("hub").warning("refused", text=said)
    (line,) = said_on_stderr.getvalue().split("\n")[:-1]
    told = json.loads(line)
    assert (told["event"], told["level"], told["text"]) == ("refused", "warning", said)
    assert told["timestamp"].endswith("Z")
