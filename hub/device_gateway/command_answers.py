"""What devices answer to commands. Owns the answered states of the hub's outbox.

The answer and its consequence (an assignment taken or declined) are one transaction. A repeated
answer changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from hub.device_gateway.group import Group
from hub.device_gateway.known_devices import KnownDevice
from hub.errors import HubError
from hub.journal import Act
from protocols.messages.codec import decode
from protocols.messages.commands import CommandAck

AnswerHandler = Callable[[Act, bytes, str, bool, str], None]
"""(act, subject of the command, device, accepted, code)"""

ANSWER: Final = "devices.answer_command"
"""The act whose input is the answer as it came."""
_ASKED: Final = "SELECT type, subject FROM outbox_message WHERE id = ? AND site = ? AND device = ?"
_ANSWERED: Final = (
    "UPDATE outbox_message SET state = ?, answered_at = ?, answer_code = ? "
    "WHERE id = ? AND site = ? AND device = ? AND state IN ('UNSENT', 'SENT')"
)


class UnknownCommand(HubError):
    """An answer to something that this hub never said to this device."""

    code = "UNKNOWN_COMMAND"

    def __init__(self, device: str, id: str) -> None:
        self.device, self.id = device, id
        super().__init__(f"The command {id} was never sent to {device!r}.")


class CommandAnswers:
    """Takes `cmd_ack` into a group."""

    def __init__(self, site: str, handlers: Mapping[str, AnswerHandler]) -> None:
        self._site, self._handlers = site, handlers

    def take(self, group: Group, device: KnownDevice, payload: bytes) -> None:
        """Raises ProtocolsError and UnknownCommand for what is no answer."""
        answer = decode(CommandAck, payload)
        group.tx.flush()
        row = group.tx.row(_ASKED, (bytes.fromhex(answer.id), self._site, device.name))
        if row is None:
            raise UnknownCommand(device.name, answer.id)
        act = Act(
            group.tx, ANSWER, site=self._site, key=f"answer/{answer.id}", via="device",
            device=device.name,
        )  # fmt: skip
        try:
            with group.tx.savepoint():
                if self._settle(act, answer, row[0], row[1]):
                    act.enter(payload)
        except HubError as wrong:
            _mark(act, answer, wrong.code)  # else it would be asked for ever
            raise

    def repeat(self, act: Act, payload: bytes) -> None:
        """Carry out once more what an answer did: on replay."""
        answer = decode(CommandAck, payload)
        row = act.tx.row(_ASKED, (bytes.fromhex(answer.id), act.site, act.device))
        if row is None:
            raise UnknownCommand(act.device, answer.id)
        self._settle(act, answer, row[0], row[1])

    def _settle(self, act: Act, answer: CommandAck, type: str, subject: bytes | None) -> bool:
        """False when it was answered before, and nothing was done."""
        if not _mark(act, answer, answer.code):
            return False
        handler = self._handlers.get(type)
        if handler is not None and subject is not None:
            handler(act, bytes(subject), act.device, answer.accepted, answer.code)
        return True


def _mark(act: Act, answer: CommandAck, code: str) -> bool:
    """Close the command; False when it was answered before."""
    state = "ACCEPTED" if answer.accepted else "REJECTED"
    values = (state, act.now_us, code[:64], bytes.fromhex(answer.id), act.site, act.device)
    return act.tx.run(_ANSWERED, values) == 1
