"""Whatever dies, and whenever: what was acknowledged is stored, and each event counts once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.device_gateway.core import GatewayCore
from hub.device_gateway.gateway_io import Arrived, Publish
from hub.devices.models import Device as DeviceRow
from hub.devices.models import DeviceEpoch, DeviceEvent
from hub.errors import DiskFailed
from hub.opening import open_database
from protocols.envelope import Event
from protocols.messages.acks import Ack
from protocols.messages.codec import decode
from tests.hub.conftest import TestHub
from tests.hub.device_gateway.conftest import Device, Floor, ack
from tests.hub.device_gateway.cut_connection import CutConnection
from tests.postgres import Cluster

NAMES: Final = ("h1", "h2")
SEQS: Final = range(1, 9)
Fate = Literal["lives", "before_commit", "after_commit", "before_puback", "broker_too"]
"""What becomes of the gateway in a group; `broker_too`: and the broker forgets what it had."""


class Died(BaseException):
    """A kill: nothing within the gateway may catch it."""


def _count(act: Any, event: Event, data: Any) -> None:
    """An effect that shows when it comes about twice."""
    act.tx.run("UPDATE device SET scans = scans + 1 WHERE name = ?", (event.dev,))


class Street:
    """Two devices, a broker that keeps what was not acknowledged to it, a gateway that dies."""

    def __init__(self, floor: Floor, epoch: str, poison: set[tuple[str, int]]) -> None:
        self._floor, self._epoch, self._poison = floor, epoch, poison
        self._acked = dict.fromkeys(NAMES, 0)
        self._at_broker: list[Arrived] = []
        floor.handlers["PersonLoggedIn"] = _count
        floor.core = floor.new_core()
        self._send_on()

    def _send_on(self) -> None:
        """Devices send what the hub has not acknowledged to them."""
        self._at_broker = [
            self._message(name, seq) for seq in SEQS for name in NAMES if seq > self._acked[name]
        ]

    def _message(self, name: str, seq: int) -> Arrived:
        device = Device(self._floor, name, self._epoch)
        return device.poison(seq) if (name, seq) in self._poison else device.event(seq)

    def take(self, size: int, fate: Fate) -> None:
        """One group; of whatever dies, the next one takes the place."""
        if fate != "lives":
            self._floor.core = self._mortal("after_commit" if fate == "broker_too" else fate)
        with suppress(Died):
            self._believe(self._floor.hear(*self._at_broker[:size]))
        if fate == "lives":
            del self._at_broker[:size]
        else:
            self._floor.core = self._floor.new_core()
        if fate == "broker_too":
            self._send_on()

    def _mortal(self, point: str) -> GatewayCore:
        def reached(name: str) -> None:
            if name == point:
                raise Died

        return self._floor.new_core(reached=reached)

    def _believe(self, said: Sequence[Publish]) -> None:
        """A device forgets what is acknowledged: it has to be stored by then."""
        for publish in said:
            name, upto = publish.topic.split("/")[4], decode(Ack, publish.payload).upto
            assert [seq for seq, _ in self.events(name)][:upto] == list(range(1, upto + 1))
            self._acked[name] = max(self._acked[name], upto)

    def events(self, name: str) -> list[tuple[int, str]]:
        found = DeviceEvent.select(DeviceEvent.seq, DeviceEvent.state).where(
            DeviceEvent.device == name, DeviceEvent.epoch == self._epoch
        )
        return list(found.order_by(DeviceEvent.seq).tuples())

    def come_to_rest(self) -> None:
        """Nothing dies any more, and everything is sent on."""
        while self._at_broker:
            self.take(len(self._at_broker), "lives")
        assert self._acked == dict.fromkeys(NAMES, SEQS[-1])


def scans(name: str) -> int:
    return int(DeviceRow.get(DeviceRow.name == name).scans)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    groups=st.lists(
        st.tuples(st.integers(1, 16), st.sampled_from(Fate.__args__)),  # type: ignore[attr-defined]
        max_size=8,
    ),
    poison=st.sets(st.tuples(st.sampled_from(NAMES), st.sampled_from(SEQS)), max_size=3),
)
def test_whoever_dies_each_event_counts_once_and_none_that_was_acknowledged_is_lost(
    sqlite_hub: TestHub, groups: list[tuple[int, Fate]], poison: set[tuple[str, int]]
):
    floor = Floor(sqlite_hub)
    number = DeviceEpoch.select().count()
    if not number:
        for name in NAMES:
            floor.enrol(name)
    before = {name: scans(name) for name in NAMES}
    street = Street(floor, f"e{number}", poison)

    for size, fate in groups:
        street.take(size, fate)
    street.come_to_rest()

    for name in NAMES:
        wanted = [(seq, "PARKED" if (name, seq) in poison else "APPLIED") for seq in SEQS]
        assert street.events(name) == wanted
        assert scans(name) - before[name] == sum(state == "APPLIED" for _, state in wanted)


@pytest.mark.postgres
@pytest.mark.parametrize("answers_lost", [False, True], ids=["before it", "behind it"])
def test_a_connection_that_breaks_at_the_commit_neither_loses_nor_doubles(
    answers_lost: bool, cluster: Cluster, postgres_hub: TestHub, tmp_path: Path
):
    """Nobody can know whether the server had committed: nothing is said, and another looks."""
    Floor(postgres_hub).enrol("h1")
    url = postgres_hub.url.replace(str(cluster.folder), str(tmp_path))
    with CutConnection(cluster.folder, tmp_path, answers_lost=answers_lost) as connection:
        floor = Floor(TestHub(open_database(url), url))
        floor.handlers["PersonLoggedIn"] = _count
        floor.core, device = floor.new_core(), Device(floor)
        batch = [device.event(1), device.poison(2), device.event(3)]
        connection.armed = True
        with pytest.raises(DiskFailed):
            floor.hear(*batch)
    assert floor.said == []

    floor.hub = TestHub(open_database(postgres_hub.url), postgres_hub.url)
    assert len(floor.events()) == (3 if answers_lost else 0)
    floor.core = floor.new_core()
    assert ack(floor.hear(*batch)).upto == 3
    assert floor.events() == [(1, "APPLIED"), (2, "PARKED"), (3, "APPLIED")]
    assert scans("h1") == 2
    floor.hub.database.close()
