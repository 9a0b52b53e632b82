"""What the gateway does beside the events themselves, as commands: parking, refusing, greeting.

They are carried out within a group's transaction, each with an act of its own.
"""

from __future__ import annotations

from hub.command import Command, Hex, command
from hub.db import Insert
from hub.devices.models import ParkedEvent, RefusedMessage
from hub.floor_exceptions import open_exception
from hub.ids import digest_id
from hub.journal import Act
from protocols.messages.presence import Birth

_parked_row = Insert(ParkedEvent, or_ignore=True)
_refused_row = Insert(RefusedMessage)


@command("devices.park_event")
class ParkEvent(Command[None], frozen=True):
    """Keep an event for a supervisor; `devices.service` tries it again or rejects it."""

    epoch: str
    seq: int
    type: str
    code: str
    text: str
    at: int
    payload: Hex

    def carry_out(self, act: Act) -> None:
        """Ids of the exception come from a key of its own: the event's are kept for its effects,
        should a supervisor have it tried again.
        """
        id = digest_id("parked", act.site, act.key)
        act.tx.add(
            _parked_row,
            (id, act.site, act.device, self.epoch, self.seq, self.code, self.text, self.payload,
             "PARKED", self.at),
        )  # fmt: skip
        told = Act(act.tx, act.name, site=act.site, key=f"{act.key}/parked", via="device",
                   device=act.device)  # fmt: skip
        open_exception(
            told, "PARKED_EVENT", parked=id.hex(), code=self.code, type=self.type, seq=self.seq,
            text=self.text,
        )  # fmt: skip


@command("devices.greet")
class Greet(Command[bool], frozen=True):
    """Somebody's consequences of a birth; True when it changed something."""

    handler: int
    """Its place in `wiring.birth_handlers`, which is only ever added to."""
    upto: int
    """What the hub had of the device's epoch."""
    birth: Birth

    def carry_out(self, act: Act) -> bool:
        from hub.wiring import birth_handlers

        return birth_handlers()[self.handler](act, self.birth, self.upto)


@command("devices.lose_range")
class LoseRange(Command[None], frozen=True):
    """The device no longer has what this hub misses: a person must know, and work goes on."""

    epoch: str
    first: int
    last: int

    def carry_out(self, act: Act) -> None:
        open_exception(act, "LOST_RANGE", epoch=self.epoch, first=self.first, last=self.last)


@command("devices.refuse_message")
class RefuseMessage(Command[None], frozen=True):
    """The first message of its kind that was none: a row, and an exception for a person."""

    topic: str
    code: str
    text: str
    sample: Hex
    count: int

    def carry_out(self, act: Act) -> None:
        id = digest_id("refused", act.site, self.topic, self.code)
        act.tx.run(
            _refused_row.sql,
            (id, act.site, self.topic, self.code, self.text, self.sample, self.count, act.now_us,
             act.now_us),
        )  # fmt: skip
        open_exception(act, "REFUSED_MESSAGE", topic=self.topic, code=self.code, refused=id.hex())
