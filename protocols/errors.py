"""What can be wrong with bytes and text from outside. Owns the root of every protocol refusal.

The class name is the fact, `code` is the fact on the wire, and the attributes carry the values.
Nothing here knows of sockets, files or the database.
"""

from __future__ import annotations

from typing import ClassVar


class ProtocolsError(Exception):
    """Their mistake: a message, a scan or a name that this contract does not allow."""

    code: ClassVar[str] = "PROTOCOL_ERROR"

    def values(self) -> dict[str, object]:
        """The values that a text in another language needs, by name."""
        return dict(vars(self))


class UnknownTopic(ProtocolsError):
    code = "UNKNOWN_TOPIC"

    def __init__(self, topic: str) -> None:
        self.topic = topic
        super().__init__(f"The topic {topic!r} is not part of bw/1; see docs/protocol.md.")


class BadName(ProtocolsError):
    code = "BAD_NAME"

    def __init__(self, name: str, what: str) -> None:
        self.name, self.what = name, what
        super().__init__(
            f"{name!r} cannot name a {what}: use 1 to 32 lower-case letters, digits and hyphens, "
            "beginning with a letter or digit."
        )


class OversizedPayload(ProtocolsError):
    code = "OVERSIZED_PAYLOAD"

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        self.size_bytes, self.limit_bytes = size_bytes, limit_bytes
        super().__init__(f"The payload has {size_bytes} bytes; {limit_bytes} is the most.")


class MalformedPayload(ProtocolsError):
    code = "MALFORMED_PAYLOAD"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The payload cannot be read: {reason}.")


class UnsupportedVersion(ProtocolsError):
    code = "UNSUPPORTED_VERSION"

    def __init__(self, version: int) -> None:
        self.version = version
        super().__init__(
            f"Message version {version} is not spoken here; update the older of device and hub."
        )


class UnknownMessageType(ProtocolsError):
    code = "UNKNOWN_TYPE"

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name
        super().__init__(f"There is no message type {type_name!r}; see protocols/asyncapi.yaml.")


class WrongDevice(ProtocolsError):
    code = "WRONG_DEVICE"

    def __init__(self, topic_device: str, body_device: str) -> None:
        self.topic_device, self.body_device = topic_device, body_device
        super().__init__(
            f"A message on the topics of {topic_device!r} says that it comes from {body_device!r}."
        )


class BadAddress(ProtocolsError):
    code = "BAD_ADDRESS"

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(f"{address!r} is no address: use host:port, such as 192.168.1.5:8443.")


class BadEnrolmentCode(ProtocolsError):
    """A text that begins like an enrolment code and is none, or values that fit into none."""

    code = "BAD_ENROLMENT_CODE"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"This enrolment code cannot be used: {reason}. Have the hub show one.")


class MisreadEnrolmentCode(ProtocolsError):
    code = "MISREAD_ENROLMENT_CODE"

    def __init__(self) -> None:
        super().__init__(
            "The enrolment code was not read whole. Scan it again; if it was typed, one sign may "
            "be wrong."
        )


class UnsupportedEnrolmentCode(ProtocolsError):
    code = "UNSUPPORTED_ENROLMENT_CODE"

    def __init__(self, version: str) -> None:
        self.version = version
        super().__init__(
            f"Enrolment codes of version {version!r} are not read here; update this device."
        )


class BadAnnouncement(ProtocolsError):
    """Something on the network calls itself a hub, but does not say what a hub says."""

    code = "BAD_ANNOUNCEMENT"

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"The announcement's {field!r} is missing or cannot be read.")
