"""Commands, downward on `cmd`, answered on `cmd_ack`. Owns their table and their frame."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from protocols.errors import UnknownMessageType
from protocols.messages.codec import decode, encode
from protocols.messages.fields import Day, Id, Moment, Text
from protocols.messages.roots import LedgerRoot
from protocols.messages.work import Assignment


class CommandData(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a command says beyond its frame."""


class OfferAssignment(CommandData, frozen=True):
    """Take this work (ASSIGNED once accepted). The same id with a higher `rev` replaces it."""

    assignment: Assignment


class RevokeAssignment(CommandData, frozen=True):
    """Stop as soon as the line in hand is finished, then accept: the first phase of revoking.

    The answer never overtakes the events of before: it is said once they are acknowledged.
    """

    assignment: Id
    rev: int
    reason: Text = ""
    unless_begun: bool = False
    """Only work in reserve: the device rejects with BEGUN what somebody has begun."""


class ShowMessage(CommandData, frozen=True):
    text: Text
    level: Literal["INFO", "WARN"] = "INFO"


class EndLogin(CommandData, frozen=True):
    """The person went on with another device; this one shows the log-in screen."""

    person: Id


class KeepRoots(CommandData, frozen=True):
    """Keep the day's roots for ROOT_DAYS_KEPT days: they show a ledger whose tail was cut off."""

    day: Day
    roots: tuple[LedgerRoot, ...]


class ReportNow(CommandData, frozen=True):
    """Send telemetry now: somebody waits to know how far the device's events have come."""


class RenewCertificate(CommandData, frozen=True):
    """Make a new key and ask for its certificate (`Ask` of the kind CERTIFICATE).

    The old one stays good until the device has connected with the new one.
    """


COMMAND_TYPES: Final[dict[str, type[CommandData]]] = {
    kind.__name__: kind
    for kind in (
        OfferAssignment, RevokeAssignment, ShowMessage, EndLogin, ReportNow, KeepRoots,
        RenewCertificate,
    )
}  # fmt: skip


class Command(msgspec.Struct, frozen=True, omit_defaults=True):
    """A row of the hub's outbox; sent again until `cmd_ack` names its id."""

    v: int
    id: Id
    at: Moment
    type: str
    data: msgspec.Raw


class CommandAck(msgspec.Struct, frozen=True, omit_defaults=True):
    """The device's answer, at once and once more for each repeat."""

    v: int
    id: Id
    accepted: bool
    code: str = ""
    rev: int | None = None


def command(id: str, at: int, data: CommandData) -> Command:
    """Frame a command."""
    return Command(v=1, id=id, at=at, type=type(data).__name__, data=msgspec.Raw(encode(data)))


def command_data(message: Command) -> CommandData:
    """Read what a command says; raises UnknownMessageType, MalformedPayload."""
    kind = COMMAND_TYPES.get(message.type)
    if kind is None:
        raise UnknownMessageType(message.type)
    return decode(kind, bytes(message.data))
