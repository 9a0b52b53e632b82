"""What the hub's commands ask of a handheld, as inputs of the workflow. Pure; owns no decision.

Commands about the link (`edge/link/core.py`) never come here.
"""

from __future__ import annotations

from edge.handheld.outcome import (
    CommandUnknown,
    HubInput,
    LoginEnded,
    TextSent,
    WorkOffered,
    WorkRevoked,
)
from protocols.errors import ProtocolsError
from protocols.messages.commands import (
    Command,
    EndLogin,
    OfferAssignment,
    RevokeAssignment,
    ShowMessage,
    command_data,
)


def wanted(command: Command) -> HubInput:
    """What a command asks for; one that cannot be read is rejected by name."""
    try:
        data = command_data(command)
    except ProtocolsError as wrong:
        return CommandUnknown(command.id, wrong.code)
    match data:
        case OfferAssignment(assignment=assignment):
            return WorkOffered(command.id, assignment)
        case RevokeAssignment():
            return WorkRevoked(
                command.id, data.assignment, data.rev, data.reason, data.unless_begun
            )
        case EndLogin(person=person):
            return LoginEnded(command.id, person)
        case ShowMessage(text=text, level=level):
            return TextSent(command.id, text, level)
    return CommandUnknown(command.id, "UNKNOWN_TYPE")


def frees_work(asked: HubInput) -> bool:
    """Whether the answer lets others have work: it must not overtake the events before it."""
    return isinstance(asked, WorkRevoked | LoginEnded)
