"""Births, Wills, telemetry, clocks and configuration: how devices are and what they should have."""

from __future__ import annotations

from hub.device_gateway.configuration import make_config
from hub.devices import queries
from hub.devices.models import Device as DeviceRow
from hub.devices.models import DeviceEpoch
from hub.warehouse.clock_jumps import DAY_US, FollowJump
from protocols.messages.asking import TimeAsked, TimeReply
from protocols.messages.codec import decode, encode
from protocols.messages.configuration import Config, ShiftPerson
from protocols.messages.presence import HubState, Telemetry
from tests.hub.device_gateway.conftest import AT, Device, Floor, ack


def row() -> DeviceRow:
    return DeviceRow.get(DeviceRow.name == "h1")


def telemetry(device: Device, seq: int, at: int = AT, **more: object) -> object:
    body = Telemetry(v=1, at=at, epoch=device.epoch, seq=seq, **more)  # type: ignore[arg-type]
    return device.on("tlm", encode(body))


def test_a_birth_shows_the_device_and_says_what_the_hub_has_of_it(floor: Floor, device: Device):
    floor.hear(device.event(1))
    said = floor.hear(device.birth(seq=3, outbox_depth=2, version="1.2"))
    assert (ack(said).epoch, ack(said).upto, ack(said).hub_epoch) == ("e1", 1, "hub-1")
    shown = row()
    assert (shown.presence, shown.session, shown.outbox_depth) == ("ONLINE", "s1", 2)


def test_telemetry_says_how_full_outbox_and_disk_of_the_device_are(floor: Floor, device: Device):
    floor.hear(device.birth(), telemetry(device, 1, outbox_percent=91, disk_free_mb=212))
    assert (row().outbox_percent, row().disk_free_mb) == (91, 212)
    floor.hear(telemetry(device, 1))
    assert (row().outbox_percent, row().disk_free_mb) == (0, None)


def test_a_device_that_was_set_back_hears_that_the_hub_has_more(floor: Floor, device: Device):
    floor.hear(*(device.event(seq) for seq in (1, 2, 3)))
    assert ack(floor.hear(device.birth(seq=1))).upto == 3


def test_the_will_of_this_session_sets_it_offline(floor: Floor, device: Device):
    floor.hear(device.birth("s1"))
    assert floor.hear(device.birth("s1", "OFFLINE")) == []
    assert row().presence == "OFFLINE"


def test_a_will_of_an_older_session_is_ignored(floor: Floor, device: Device):
    floor.hear(device.birth("s1"), device.birth("s2"))
    floor.hear(device.birth("s1", "OFFLINE"))
    assert row().presence == "ONLINE"


def test_a_clean_farewell_shows_left(floor: Floor, device: Device):
    floor.hear(device.birth("s1"), device.birth("s1", "LEFT", seq=0, at=AT + 5))
    assert (row().presence, row().watermark_at) == ("LEFT", AT + 5)


def test_a_restarted_gateway_believes_nobody_until_they_say_so(floor: Floor, device: Device):
    floor.hear(device.birth("s1"))
    floor.core = floor.new_core()
    (state,) = floor.core.connected()
    assert decode(HubState, state.payload).online
    assert state.retain
    assert row().presence == "OFFLINE"
    floor.hear(device.birth("s1"))
    assert row().presence == "ONLINE"


def test_rows_that_a_device_no_longer_keeps_become_an_exception(floor: Floor, device: Device):
    """The hub was restored from a backup and misses what the device has pruned."""
    floor.hear(device.event(1))
    said = floor.hear(device.birth(seq=9, pruned_upto=6))
    assert ack(said).upto == 6
    assert floor.exceptions() == ["LOST_RANGE"]
    assert ack(floor.hear(device.event(7))).upto == 7
    assert DeviceEpoch.get().pruned_upto == 6


def test_telemetry_is_kept_and_the_watermark_waits_for_the_last_event(floor: Floor, device: Device):
    floor.hear(device.birth(), device.event(1), telemetry(device, 2, AT + 50, battery_percent=81))
    assert (row().battery_percent, row().watermark_at) == (81, AT)
    floor.hear(device.event(2), telemetry(device, 2, AT + 90))
    assert row().watermark_at == AT + 90
    floor.hear(telemetry(device, 2, AT + 60))
    assert row().watermark_at == AT + 90
    assert queries.watermark("w1") == AT + 90


def test_events_show_where_the_person_stands(floor: Floor, device: Device):
    floor.hear(device.event(1))
    shown = row()
    assert shown.seen_at == floor.hub.clock.now_us()
    assert bytes(shown.person).hex() == "00" * 15 + "01"


def test_logging_in_elsewhere_ends_the_log_in_that_was_left_behind(floor: Floor, device: Device):
    floor.enrol("h2")
    other = Device(floor, "h2")
    floor.hear(device.birth(), other.birth(), device.event(1))
    floor.hear(other.event(1))
    told = [p.topic for p in floor.tick() if p.topic.endswith("/cmd")]
    assert told == ["bw/1/w1/dev/h1/cmd"]
    assert row().person is None


def test_the_time_is_told_with_four_timestamps(floor: Floor, device: Device):
    (said,) = floor.hear(device.on("time", encode(TimeAsked(v=1, t1=123))))
    reply = decode(TimeReply, said.payload)
    assert (reply.t1, reply.t2, said.qos) == (123, floor.hub.clock.now_us(), 0)


def test_a_device_with_another_configuration_gets_the_wanted_one(floor: Floor, device: Device):
    said = floor.hear(device.birth(cfg_hash="old"))
    (config,) = [p for p in said if p.topic.endswith("/cfg")]
    assert config.retain
    wanted = decode(Config, config.payload)
    said = floor.hear(device.birth("s2", cfg_hash=wanted.hash))
    assert [p.topic for p in said] == ["bw/1/w1/dev/h1/ack"]


def test_a_change_of_people_reaches_devices_that_are_on_line(floor: Floor, device: Device):
    floor.tick()
    floor.people.append(ShiftPerson(id="0" * 32, badge="B1", name="Ann", verifier="v"))
    (config,) = floor.tick()
    assert decode(Config, config.payload) == make_config("UTC", floor.people)
    assert floor.tick() == []


def test_reports_count_on_when_the_hubs_clock_was_set_back(floor: Floor, device: Device):
    """The planner moves what devices reported by the old time; the gateway must not go by it."""
    floor.hear(device.birth(at=AT))
    assert row().watermark_at == AT
    back_us = 400 * DAY_US
    floor.hub.clock.advance(us=-back_us)
    floor.hub.journal.carry_out(FollowJump(-back_us), site=floor.hub.site, via="timer")
    floor.tick()
    floor.hear(telemetry(device, 0, at=AT - back_us + 5))
    assert row().watermark_at == AT - back_us + 5
