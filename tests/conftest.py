"""What every test shares. Fixtures of one part belong in that part's own folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# No deadline: a busy machine is not a defect. The blob repeats a failure exactly.
settings.register_profile("binlight", deadline=None, print_blob=True)
settings.load_profile("binlight")


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).resolve().parent.parent
