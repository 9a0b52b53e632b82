"""Pages of the floor are tested with the whole application and one person of each role."""

from __future__ import annotations

from tests.hub.web.conftest import app, browse, password_hash, people

__all__ = ["app", "browse", "password_hash", "people"]
