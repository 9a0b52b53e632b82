"""What can go wrong on a device. Owns the root of the edge's own errors; drivers add theirs.

The class name is the fact, `code` names it for texts and logs, the attributes carry the values.
"""

from __future__ import annotations

from typing import ClassVar


class EdgeError(Exception):
    """A fact about this device that somebody has to know. Never a defect of a message."""

    code: ClassVar[str] = "EDGE_ERROR"

    def values(self) -> dict[str, object]:
        """The values that a text in another language needs, by name."""
        return dict(vars(self))


class OutboxFull(EdgeError):
    """So many events wait for the hub that no further act can be promised."""

    code = "OUTBOX_FULL"

    def __init__(self, depth: int, capacity: int) -> None:
        self.depth, self.capacity = depth, capacity
        super().__init__(
            f"{depth} of {capacity} events wait for the hub. Nothing more can be recorded until "
            "the device reaches it."
        )


class OutboxUnusable(EdgeError):
    """The outbox cannot be read or written: a full or broken card, a foreign file."""

    code = "OUTBOX_UNUSABLE"

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"The outbox {path} cannot be used: {reason}.")


class ConfigUnreadable(EdgeError):
    """The configuration file is missing, is not TOML, or a value has the wrong shape."""

    code = "CONFIG_UNREADABLE"

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"The configuration {path} cannot be used: {reason}.")


class UnknownConfigKey(EdgeError):
    """A key that no part of the agent knows: a slip that would otherwise change nothing."""

    code = "UNKNOWN_CONFIG_KEY"

    def __init__(self, path: str, key: str, known: tuple[str, ...]) -> None:
        self.path, self.key, self.known = path, key, known
        super().__init__(f"{path} has the unknown key {key!r}; known here: {', '.join(known)}.")


class UnknownDriver(EdgeError):
    """The configuration names a driver that is not installed."""

    code = "UNKNOWN_DRIVER"

    def __init__(self, kind: str, name: str, installed: tuple[str, ...]) -> None:
        self.kind, self.name, self.installed = kind, name, installed
        super().__init__(
            f"There is no {kind} driver {name!r}; installed: {', '.join(installed) or 'none'}."
        )


class BrokerRefused(EdgeError):
    """The broker turned the device away, for example because of its password."""

    code = "BROKER_REFUSED"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The broker refuses this device: {reason}.")
