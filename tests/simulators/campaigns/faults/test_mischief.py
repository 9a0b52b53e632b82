"""What a bad link does to packets: twice, swapped, and never anything else."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from simulators.bench import mqtt_packets as mqtt
from simulators.campaigns.faults.mischief import Mischief

HELLO = mqtt.connect("h1", "secret")


def event(n: int) -> bytes:
    return mqtt.publish(mqtt.text("bw/1/w1/dev/h1/evt"), f"event {n}".encode(), n)


def fed(mischief: Mischief, stream: bytes, cuts: list[int], **shares: float) -> bytes:
    """Feed the stream in pieces that end at the cuts."""
    ends = sorted({cut % (len(stream) + 1) for cut in cuts} | {len(stream)})
    out, start = b"", 0
    for end in ends:
        out += mischief.pass_on(stream[start:end], **shares)
        start = end
    return out + mischief.release()


def published(stream: bytes) -> list[bytes]:
    found = mqtt.packets(bytearray(stream))
    return [mqtt.publication(p).payload for p in found if p.kind == mqtt.PUBLISH]


@given(st.integers(0, 8), st.lists(st.integers(0, 2_000), max_size=20))
def test_fine_weather_changes_no_byte_however_the_stream_is_cut(count: int, cuts: list[int]):
    stream = HELLO + b"".join(map(event, range(1, count + 1))) + mqtt.PINGREQ
    assert fed(Mischief(Random(1)), stream, cuts) == stream


@given(st.binary(min_size=1, max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_what_does_not_begin_as_mqtt_passes_as_it_is(body: bytes, cuts: list[int]):
    stream = b"\x16\x03\x01" + body
    assert fed(Mischief(Random(1)), stream, cuts, twice=1.0, swapped=1.0) == stream


def test_doubles_every_event_and_no_other_packet():
    out = fed(Mischief(Random(1)), HELLO + event(1) + mqtt.PINGREQ + event(2), [], twice=1.0)
    assert out == HELLO + event(1) * 2 + mqtt.PINGREQ + event(2) * 2


def test_an_event_that_is_overtaken_arrives_after_the_next_one():
    mischief = Mischief(Random(1))
    out = mischief.pass_on(HELLO + event(1) + event(2), swapped=1.0)
    assert out == HELLO + event(2) + event(1)
    assert mischief.swapped == 1


def test_a_late_event_with_nothing_behind_it_is_released():
    mischief = Mischief(Random(1))
    assert mischief.pass_on(HELLO + event(1), swapped=1.0) == HELLO
    assert mischief.release() == event(1)
    assert mischief.release() == b""


@given(
    st.integers(0, 12), st.floats(0, 1), st.floats(0, 1), st.integers(0, 999),
    st.lists(st.integers(0, 2_000), max_size=20),
)  # fmt: skip
def test_nothing_is_ever_lost_or_made_up(
    count: int, twice: float, swapped: float, seed: int, cuts: list[int]
):
    stream = HELLO + b"".join(map(event, range(1, count + 1)))
    mischief = Mischief(Random(seed))
    out = published(fed(mischief, stream, cuts, twice=twice, swapped=swapped))
    assert set(out) == {f"event {n}".encode() for n in range(1, count + 1)}
    assert len(out) == count + mischief.doubled
