"""A card on which no file of this process can grow: every write fails, as the kernel says it."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def full_card() -> Iterator[None]:
    """Meanwhile `write` raises EFBIG. Python ignores the signal that goes with it."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
