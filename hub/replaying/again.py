"""One journal row carried out again. Owns which row is repeated by what.

An event of a device goes through the very handler that took it the first time, a device's answer
through that of its command; every other row is a command. Time, author and key are the row's own.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from hub import command, personal
from hub.db import WriteTransaction
from hub.device_gateway.acts import ParkEvent
from hub.device_gateway.apply import CLONED_KEY, note_event
from hub.device_gateway.command_answers import ANSWER, CommandAnswers
from hub.journal import Act
from hub.warehouse.device_events import EVENT_HANDLERS
from hub.wiring import answer_handlers
from protocols.envelope import decode_data, decode_event, payload_digest


class _Seen(msgspec.Struct):
    seen: list[Any] = []


_read_seen: Final = msgspec.json.Decoder(_Seen).decode


class Row(NamedTuple):
    """A row of the journal, as far as it decides anything."""

    site: str
    position: int
    key: str
    act: str
    via: Any
    actor: bytes
    device: str
    now_us: int
    input: bytes


COLUMNS: Final = ", ".join(Row._fields)


def carry_out(tx: WriteTransaction, row: Row) -> None:
    """Do once more what the row says, and enter the row. Raises what the act refuses."""
    act = Act(tx, row.act, site=row.site, key=row.key, via=row.via, actor=row.actor,
              device=row.device)  # fmt: skip
    is_event = row.act in EVENT_HANDLERS
    act.recalled = iter(() if is_event else _read_seen(row.input).seen)
    if is_event:
        _event(act, row)
    elif row.act == ANSWER:
        CommandAnswers(row.site, answer_handlers()).repeat(act, row.input)
    else:
        _command(act, row)
    act.actor = row.actor
    act.enter(row.input)


def _event(act: Act, row: Row) -> None:
    """What a device sent is the whole input. Later acts look at which events were heard."""
    event = decode_event(row.input, row.device)
    act.occurred_at = event.at
    EVENT_HANDLERS[row.act](act, event, decode_data(event))
    note_event(act.tx, row.site, event, payload_digest(row.input))


def _command(act: Act, row: Row) -> None:
    fields = personal.of_act(act.tx, row.site, row.key)
    again = command.read(row.act, row.key, row.input, fields)
    again.carry_out(act)
    if isinstance(again, ParkEvent) and again.code != CLONED_KEY:
        event = decode_event(again.payload, row.device)
        note_event(act.tx, row.site, event, payload_digest(again.payload), again.code)
