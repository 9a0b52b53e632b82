"""One journal row carried out again. Owns which row is repeated by what.

An event of a device goes through the very handler that took it the first time, a device's answer
through that of its command; every other row is a command. Time, author and key are the row's own.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from hub import command, personal
from hub.db import WriteTransaction
from hub.device_gateway.command_answers import ANSWER, CommandAnswers
from hub.journal import Act
from hub.warehouse.device_events import EVENT_HANDLERS
from hub.wiring import answer_handlers
from protocols.envelope import decode_data, decode_event


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
    act.recalled = iter(_read_seen(row.input).seen)
    if row.act in EVENT_HANDLERS:
        _event(act, row)
    elif row.act == ANSWER:
        CommandAnswers(row.site, answer_handlers()).repeat(act, row.input)
    else:
        _command(act, row)
    act.actor = row.actor
    act.enter(row.input)


def _event(act: Act, row: Row) -> None:
    event = decode_event(row.input, row.device)
    act.occurred_at = event.at
    EVENT_HANDLERS[row.act](act, event, decode_data(event))


def _command(act: Act, row: Row) -> None:
    fields = personal.of_act(act.tx, row.site, row.key)
    command.read(row.act, row.key, row.input, fields).carry_out(act)
