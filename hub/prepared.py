"""What the set-up tells whoever starts the hub. A value of its own, so that nobody needs more."""

from __future__ import annotations

import msgspec


class Prepared(msgspec.Struct, frozen=True):
    """`password` is the administrator's one-time password, at the first start alone."""

    password: str | None = None
    broker_configuration: str = ""
