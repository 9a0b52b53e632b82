"""What a journal row keeps of an act: its input, and what it saw beside."""

from __future__ import annotations

import msgspec
import pytest

from hub.command import Hex
from hub.db import fetch
from hub.journal import Act
from tests.hub.conftest import TestHub


def kept(hub: TestHub, key: str) -> dict[str, object]:
    rows = fetch(hub.database, "SELECT input FROM journal WHERE key = ?", (key,))
    return msgspec.json.decode(bytes(rows[0][0]), type=dict[str, object])


@pytest.mark.parametrize(
    "payload", [b"{}", b'{"a":1}', b'{ "a" : 1 }', b'{"seq":3,"data":{"line":"x"}}']
)
def test_what_an_act_saw_stands_before_its_input(payload: bytes, sqlite_hub: TestHub) -> None:
    def do(act: Act) -> None:
        assert act.see(Hex, lambda: b"\x01\x02") == b"\x01\x02"
        assert act.see(int, lambda: 7) == 7
        act.enter(payload)
        act.key = "again"

    sqlite_hub.journal.perform("test", do, site="w1", via="page", key="k")
    expected = msgspec.json.decode(payload, type=dict[str, object])
    assert kept(sqlite_hub, "k") == {"seen": ["0102", 7], **expected}


def test_an_act_that_saw_nothing_keeps_its_input_byte_for_byte(sqlite_hub: TestHub) -> None:
    raw = b'{ "v":1,  "unknown":[1, 2] }'

    def do(act: Act) -> None:
        act.enter(raw)
        act.key = "again"

    sqlite_hub.journal.perform("test", do, site="w1", via="page", key="k")
    rows = fetch(sqlite_hub.database, "SELECT input FROM journal WHERE key = 'k'")
    assert bytes(rows[0][0]) == raw


def test_on_replay_an_act_sees_what_it_saw_and_looks_at_nothing(sqlite_hub: TestHub) -> None:
    def look() -> list[bytes]:
        raise AssertionError("nobody looks twice")

    with sqlite_hub.act() as act:
        act.recalled = iter([["0102"], 7])
        assert act.see(list[Hex], look) == [b"\x01\x02"]
        assert act.see(int, lambda: 8) == 7
