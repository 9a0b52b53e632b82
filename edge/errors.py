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


class DeviceStopped(EdgeError):
    """The device could promise nothing more, and ended by itself; `reason` is a whole sentence."""

    code = "DEVICE_STOPPED"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


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


class CertificateUnusable(EdgeError):
    """A certificate or key that is not what it has to be."""

    code = "CERTIFICATE_UNUSABLE"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The certificate cannot be used: {reason}.")


class IdentityUnusable(EdgeError):
    """The device's identity cannot be read or written."""

    code = "IDENTITY_UNUSABLE"

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"The identity {path} cannot be used: {reason}. Enrol the device anew.")


class OutboxOfAnother(EdgeError):
    """Events that were recorded under another name have not reached the hub yet."""

    code = "OUTBOX_OF_ANOTHER"

    def __init__(self, owner: str, wanted: str, depth: int) -> None:
        self.owner, self.wanted, self.depth = owner, wanted, depth
        super().__init__(
            f"{depth} events of {owner} wait on this device, so it cannot become {wanted}. Enrol "
            f"it as {owner} again, and let them reach the hub."
        )


class HubUnreachable(EdgeError):
    """No address of the enrolment code answers."""

    code = "HUB_UNREACHABLE"

    def __init__(self, addresses: tuple[str, ...], reason: str) -> None:
        self.addresses, self.reason = addresses, reason
        super().__init__(
            f"The hub does not answer at {', '.join(addresses)} ({reason}). Is the device in its "
            "network? Scan the code again."
        )


class HubIsAnother(EdgeError):
    """Who answers has another key than the code says: a stranger, or the code of another hub."""

    code = "HUB_IS_ANOTHER"

    def __init__(self, address: str, found: str) -> None:
        self.address, self.found = address, found
        super().__init__(
            f"Who answers at {address} is not the hub of this code: its key is another. Nothing "
            "was told to it. Call the supervisor."
        )


class EnrolmentRefused(EdgeError):
    """The hub said no; `reason` is its code."""

    code = "ENROLMENT_REFUSED"

    def __init__(self, reason: str, text: str) -> None:
        self.reason, self.text = reason, text
        super().__init__(f"The hub refuses: {text or reason}")


class EnrolmentAnswerUnusable(EdgeError):
    """The hub granted something that is not for this device."""

    code = "ENROLMENT_ANSWER_UNUSABLE"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The hub's answer cannot be used: {reason}. Have it show a new code.")
