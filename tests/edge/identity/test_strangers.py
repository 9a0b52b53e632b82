"""Who claims to be the hub is reported, once, and cannot fill the outbox."""

from __future__ import annotations

import random

import pytest

from edge.clock import Now
from edge.config import DeviceConfig
from edge.handheld.agent import AgentCore
from edge.identity.strangers import DAY_US, NOTE, REMEMBERED_MAX, Strangers
from edge.link.io_values import StrangerMet
from edge.storage.contract import Position
from edge.storage.outbox import SqliteOutbox
from edge.storage.outbox_file import IN_MEMORY
from protocols.envelope import decode_data, decode_event
from protocols.limits import UNTRUSTED_HUBS_PER_DAY
from protocols.messages.events import UntrustedHubMet

AT = 20_000 * DAY_US


def met(n: int = 1, fingerprint: str = "F") -> StrangerMet:
    return StrangerMet(f"10.0.0.{n}:8883", fingerprint)


@pytest.fixture
def outbox() -> SqliteOutbox:
    return SqliteOutbox(IN_MEMORY, random.Random(1))


@pytest.fixture
def strangers(outbox) -> Strangers:
    return Strangers(outbox)


def test_the_same_address_and_key_are_news_once_even_after_a_restart(strangers, outbox):
    assert strangers.is_news(met(), AT)
    strangers.remember(met(), AT)
    assert not strangers.is_news(met(), AT)
    assert not Strangers(outbox).is_news(met(), AT + 9 * DAY_US)
    assert strangers.is_news(met(fingerprint="G"), AT)
    assert strangers.is_news(met(2), AT)


def test_so_many_a_day_and_tomorrow_again(strangers, outbox):
    for n in range(UNTRUSTED_HUBS_PER_DAY):
        assert strangers.is_news(met(n), AT)
        strangers.remember(met(n), AT)
    assert not strangers.is_news(met(200), AT)
    assert not Strangers(outbox).is_news(met(200), AT + DAY_US - 1)
    assert strangers.is_news(met(200), AT + DAY_US)


def test_each_day_may_have_as_many_as_the_one_before(strangers):
    for day in range(2):
        for n in range(UNTRUSTED_HUBS_PER_DAY):
            stranger = met(n, f"F{day}")
            assert strangers.is_news(stranger, AT + day * DAY_US)
            strangers.remember(stranger, AT + day * DAY_US)


def test_what_is_remembered_stays_small(strangers, outbox):
    for n in range(2 * REMEMBERED_MAX):
        strangers.remember(met(n, "fingerprint of a stranger"), AT + n * DAY_US)
    assert outbox.noted(NOTE).count("fingerprint of a stranger") == REMEMBERED_MAX


# ── The agent. ──────────────────────────────────────────────────────────────────────────────


def events(core: AgentCore) -> list[UntrustedHubMet]:
    rows = core.outbox.rows_after(Position(0, 0), 100)
    data = [decode_data(decode_event(row.payload, "h1")) for row in rows]
    return [each for each in data if isinstance(each, UntrustedHubMet)]


def agent(capacity: int = 1_000) -> AgentCore:
    outbox = SqliteOutbox(IN_MEMORY, random.Random(1), capacity)
    core = AgentCore(DeviceConfig("main", "h1"), outbox, random.Random(2))
    core.start(Now(AT, 0))
    return core


def test_the_agent_records_it_and_tells_whoever_looks_at_the_screen():
    core = agent()
    for _ in range(3):
        core.step(StrangerMet("10.0.0.9:8883", "FP", is_announced=True), Now(AT, 1_000))
    assert events(core) == [UntrustedHubMet("10.0.0.9:8883", "FP", announced=True)]
    assert "10.0.0.9:8883" in core.view.message
    assert core.view.mood == "WARN"


def test_an_outbox_that_is_nearly_full_keeps_its_room_for_work():
    core = agent(capacity=10)
    core.outbox.append([b"x"] * 9, {}, AT)
    core.step(met(), Now(AT, 1_000))
    assert core.outbox.depth == 9
    assert core.view.mood != "ALERT"
