"""What the product relies on in a broker: the same stories, simulated and on mosquitto."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulators.virtual.network import NO_LIMITS, NO_MATCHING_SUBSCRIBERS, SUCCESS, Limits, Message
from tests.contracts.broker_rigs import FENCE, MosquittoRig, Rig, RigClient, SimulatedRig

MakeRig = Callable[[Limits], Rig]


@pytest.fixture(params=["simulated", pytest.param("mosquitto", marks=pytest.mark.broker)])
def make_rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeRig]:
    made: list[Rig] = []

    def make(limits: Limits = NO_LIMITS) -> Rig:
        rig: Rig
        if request.param == "simulated":
            rig = SimulatedRig(limits)
        else:
            rig = MosquittoRig(tmp_path, limits)
        made.append(rig)
        return rig

    yield make
    for rig in made:
        rig.close()


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    return make_rig(NO_LIMITS)


def message(number: int, topic: str = "dev/h1/evt", *, retain: bool = False) -> Message:
    return Message(topic, f"{number}".encode(), retain=retain)


def taken(client: RigClient, count: int) -> list[str]:
    """The next messages, acknowledged."""
    found = []
    for _ in range(count):
        delivery = client.next()
        client.ack(delivery)
        found.append(delivery.payload.decode())
    return found


def until_fence(client: RigClient, rig: Rig) -> list[str]:
    """Everything that comes before a message which is sent now: nothing else was under way."""
    client.subscribe(FENCE)
    fencer = rig.client("fencer", clean_start=True)
    fencer.publish(Message(FENCE, b"now"))
    found = []
    while (delivery := client.next()).topic != FENCE:
        client.ack(delivery)
        found.append(delivery.payload.decode())
    client.ack(delivery)
    fencer.disconnect()
    return found


def test_messages_arrive_in_the_order_in_which_they_were_sent(rig: Rig) -> None:
    hub, device = rig.client("hub"), rig.client("h1")
    hub.subscribe("dev/+/evt")
    reasons = [device.publish(message(n)) for n in range(50)]
    assert reasons == [SUCCESS] * 50
    assert taken(hub, 50) == [str(n) for n in range(50)]


def test_the_sender_learns_that_nobody_listens(rig: Rig) -> None:
    rig.client("hub").subscribe("dev/+/birth")
    assert rig.client("h1").publish(message(1)) == NO_MATCHING_SUBSCRIBERS


def test_an_absent_session_gets_its_messages_when_it_returns(rig: Rig) -> None:
    hub, device = rig.client("hub"), rig.client("h1")
    hub.subscribe("dev/+/evt")
    hub.disconnect()
    assert device.publish(message(1)) == SUCCESS
    assert device.publish(message(2)) == SUCCESS
    again = rig.client("hub")
    assert again.is_session_present
    assert taken(again, 2) == ["1", "2"]


def test_a_clean_start_forgets_the_session(rig: Rig) -> None:
    hub, device = rig.client("hub"), rig.client("h1")
    hub.subscribe("dev/+/evt")
    hub.disconnect()
    device.publish(message(1))
    again = rig.client("hub", clean_start=True)
    assert not again.is_session_present
    assert until_fence(again, rig) == []


def test_what_was_not_acknowledged_comes_again_before_what_is_newer(rig: Rig) -> None:
    hub, device = rig.client("hub"), rig.client("h1")
    hub.subscribe("dev/+/evt")
    for number in (1, 2, 3):
        device.publish(message(number))
    first = [hub.next() for _ in range(3)]
    hub.ack(first[0])
    hub.disconnect()
    device.publish(message(4))
    again = rig.client("hub")
    found = [again.next() for _ in range(3)]
    assert [delivery.payload for delivery in found] == [b"2", b"3", b"4"]
    assert [delivery.is_repeat for delivery in found] == [True, True, False]


def test_a_retained_message_meets_whoever_comes_later(rig: Rig) -> None:
    device = rig.client("h1")
    device.publish(message(1, "dev/h1/birth", retain=True))
    device.publish(message(2, "dev/h1/birth", retain=True))
    hub = rig.client("hub")
    hub.subscribe("dev/+/birth")
    met = hub.next()
    assert (met.payload, met.retain) == (b"2", True)
    device.publish(message(3, "dev/h1/birth", retain=True))
    heard = hub.next()
    assert (heard.payload, heard.retain) == (b"3", False)


def test_an_empty_retained_message_clears_it(rig: Rig) -> None:
    device = rig.client("h1")
    device.publish(message(1, "dev/h1/birth", retain=True))
    device.publish(Message("dev/h1/birth", b"", retain=True))
    hub = rig.client("hub")
    hub.subscribe("dev/+/birth")
    assert until_fence(hub, rig) == []


def test_the_will_is_spoken_when_a_connection_breaks(rig: Rig) -> None:
    hub = rig.client("hub")
    hub.subscribe("dev/+/birth")
    device = rig.client("h1", will=Message("dev/h1/birth", b"gone", retain=True))
    device.drop()
    assert taken(hub, 1) == ["gone"]


def test_the_will_is_not_spoken_after_a_farewell(rig: Rig) -> None:
    hub = rig.client("hub")
    hub.subscribe("dev/+/birth")
    device = rig.client("h1", will=Message("dev/h1/birth", b"gone"))
    device.disconnect()
    assert until_fence(hub, rig) == []


def test_a_killed_broker_forgets_sessions_queues_and_retained_messages(rig: Rig) -> None:
    hub, device = rig.client("hub"), rig.client("h1")
    hub.subscribe("dev/+/evt", "dev/+/birth")
    hub.disconnect()
    device.publish(message(1))
    device.publish(message(2, "dev/h1/birth", retain=True))
    rig.kill()
    rig.start()
    again = rig.client("hub")
    assert not again.is_session_present
    again.subscribe("dev/+/evt", "dev/+/birth")
    assert until_fence(again, rig) == []


def test_beyond_its_queue_limit_a_broker_drops_what_it_acknowledged(make_rig: MakeRig) -> None:
    rig = make_rig(Limits(inflight_max=2, queued_max=3))
    hub, device = rig.client("hub"), rig.client("h1")
    hub.subscribe("dev/+/evt")
    hub.disconnect()
    reasons = {device.publish(message(n)) for n in range(20)}
    assert SUCCESS in reasons
    again = rig.client("hub")
    assert len(until_fence(again, rig)) < 20


def test_no_more_is_under_way_than_the_receiver_allows(rig: Rig) -> None:
    hub, device = rig.client("hub", receive_max=2), rig.client("h1")
    hub.subscribe("dev/+/evt")
    for number in range(4):
        device.publish(message(number))
    first, second = hub.next(), hub.next()
    hub.ack(first)
    third = hub.next()
    assert [first.payload, second.payload, third.payload] == [b"0", b"1", b"2"]
    hub.ack(second)
    hub.ack(third)
    assert hub.next().payload == b"3"


def test_quality_zero_is_not_kept_for_the_absent(rig: Rig) -> None:
    hub, device = rig.client("hub"), rig.client("h1")
    hub.subscribe("dev/+/tlm", "dev/+/evt")
    hub.disconnect()
    watcher = rig.client("watcher")
    watcher.subscribe("dev/+/tlm")
    device.publish(message(1))
    sent_by(device, Message("dev/h1/tlm", b"lost", qos=0))
    assert watcher.next().payload == b"lost"
    again = rig.client("hub")
    assert until_fence(again, rig) == ["1"]


def sent_by(device: RigClient, lost: Message) -> None:
    """QoS 0 gets no answer from the broker; paho answers for itself once it is written."""
    device.publish(lost)


def test_filters_with_wildcards_choose(rig: Rig) -> None:
    hub, device = rig.client("hub"), rig.client("h1")
    hub.subscribe("a/+/c", "b/#")
    for topic in ("a/x/c", "a/x/y/c", "b/1/2", "c"):
        device.publish(Message(topic, topic.encode()))
    assert until_fence(hub, rig) == ["a/x/c", "b/1/2"]
