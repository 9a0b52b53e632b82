"""Whether every topic on the wire has its place in docs/protocol.md."""

from __future__ import annotations

import re

import pytest

from protocols.topics import DOWN_CHANNELS, UP_CHANNELS
from tests.tidy.repository import ROOT

PAGE = ROOT / "docs" / "protocol.md"


@pytest.mark.skipif(not PAGE.exists(), reason="docs/protocol.md is not written yet")
@pytest.mark.parametrize("channel", [*UP_CHANNELS, *DOWN_CHANNELS, "hub/state"])
def test_each_topic_is_documented(channel: str):
    assert re.search(rf"[/`]{channel}`", PAGE.read_text())
