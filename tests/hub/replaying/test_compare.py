"""What is compared of tables that follow from acts only in part."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hub.db import reading
from hub.opening import open_beside
from hub.outbox import send
from hub.replaying.compare import compare_all
from protocols.messages.commands import ShowMessage
from tests.hub.conftest import TestHub


def message(hub: TestHub) -> bytes:
    with hub.act() as act:
        return send(act, "h1", ShowMessage(text="come here"))


def answer(hub: TestHub, id: bytes) -> None:
    """As far as the journal knows."""
    with hub.act(key=f"answer/{id.hex()}"):
        pass


def differences(hub: TestHub, tmp_path: Path, change: str) -> list[str]:
    """What differs between the hub's books and a copy in which something was changed."""
    hub.database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = tmp_path / "copy.db"
    shutil.copy(tmp_path / "hub.db", copy)
    other = open_beside(f"sqlite:///{copy}")
    other.execute_sql(f"UPDATE outbox_message SET {change}")
    with reading(other):
        found = [one.difference for one in compare_all(other, hub.database) if one.difference]
    other.close()
    return found


@pytest.mark.parametrize(
    "change", ["state = 'REJECTED'", "answered_at = 5", "answer_code = 'NO_ROOM'"]
)
def test_what_an_answer_did_is_compared(sqlite_hub: TestHub, tmp_path: Path, change: str):
    answer(sqlite_hub, message(sqlite_hub))
    (found,) = differences(sqlite_hub, tmp_path, change)
    assert found.startswith("outbox_message ")


@pytest.mark.parametrize("change", ["state = 'SENT', sent_at = 5", "state = 'DROPPED'"])
def test_what_was_sent_or_given_up_follows_from_no_act(
    sqlite_hub: TestHub, tmp_path: Path, change: str
):
    message(sqlite_hub)
    assert differences(sqlite_hub, tmp_path, change) == []


def test_an_answer_whose_act_was_refused_is_marked_by_nobodys_act(
    sqlite_hub: TestHub, tmp_path: Path
):
    message(sqlite_hub)
    change = "state = 'ACCEPTED', answered_at = 5, answer_code = 'WRONG_STATE'"
    assert differences(sqlite_hub, tmp_path, change) == []


def test_both_databases_can_be_asked(hub: TestHub):
    answer(hub, message(hub))
    with reading(hub.database):
        assert not any(one.difference for one in compare_all(hub.database, hub.database))
