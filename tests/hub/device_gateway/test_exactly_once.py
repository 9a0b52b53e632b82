"""Events: once, in order, whatever is sent twice, too early, or cannot be carried out."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.device_gateway.gateway_io import Arrived
from hub.device_gateway.known_devices import READ_AT_ONCE
from hub.devices.models import Device as DeviceRow
from hub.devices.models import DeviceEpoch
from hub.floor_exceptions import FloorException
from hub.journal import JournalRow
from protocols.envelope import payload_digest
from protocols.messages.acks import Gap, Parked
from protocols.messages.events import HelpRequested, PersonLoggedOut
from tests.hub.conftest import TestHub
from tests.hub.device_gateway.conftest import Device, Floor, ack, acks


def test_events_are_applied_and_acknowledged_together(floor: Floor, device: Device):
    said = floor.hear(*(device.event(seq) for seq in (1, 2, 3)))
    assert (ack(said).epoch, ack(said).upto, ack(said).gap) == ("e1", 3, None)
    assert floor.events() == [(1, "APPLIED"), (2, "APPLIED"), (3, "APPLIED")]


def test_the_raw_payload_is_journalled_under_the_event_key(floor: Floor, device: Device):
    message = device.event(1)
    floor.hear(message)
    row = JournalRow.get(JournalRow.key == "h1/e1/1")
    assert bytes(row.input) == message.payload


def test_a_repeat_is_acknowledged_again_and_changes_nothing(floor: Floor, device: Device):
    """odoo/odoo#152259: the reply was lost, the device asks again."""
    floor.hear(device.event(1), device.event(2))
    before = JournalRow.select().count()
    said = floor.hear(device.event(1), device.event(2), device.event(1))
    assert ack(said).upto == 2
    assert JournalRow.select().count() == before


def test_a_repeat_inside_one_batch_counts_once(floor: Floor, device: Device):
    """frappe/books#572: one pull of the trigger was booked two to four times."""
    assert ack(floor.hear(device.event(1), device.event(1), device.event(2))).upto == 2
    assert floor.events() == [(1, "APPLIED"), (2, "APPLIED")]


def test_a_gap_is_asked_for_and_nothing_beyond_it_is_stored(floor: Floor, device: Device):
    said = floor.hear(device.event(1), device.event(4), device.event(5))
    assert (ack(said).upto, ack(said).gap) == (1, Gap(2, 3))
    assert floor.events() == [(1, "APPLIED")]
    said = floor.hear(*(device.event(seq) for seq in (2, 3, 4, 5)))
    assert (ack(said).upto, ack(said).gap) == (5, None)


def test_what_came_before_its_gap_was_filled_is_asked_for_again(floor: Floor, device: Device):
    said = floor.hear(device.event(1), device.event(3), device.event(2))
    assert (ack(said).upto, ack(said).gap) == (2, Gap(3, 3))


def test_a_poison_event_is_parked_and_the_rest_go_on(floor: Floor, device: Device):
    said = floor.hear(device.event(1), device.poison(2), device.event(3))
    assert (ack(said).upto, ack(said).parked) == (3, (Parked(2, "DEFECT"),))
    assert floor.events() == [(1, "APPLIED"), (2, "PARKED"), (3, "APPLIED")]
    assert floor.exceptions() == ["PARKED_EVENT"]
    assert DeviceRow.get().place_code == ""  # its half-done effect is gone


def test_an_event_that_fails_only_when_stored_is_parked_alone(floor: Floor, device: Device):
    batch = [device.event(1), device.event(2, HelpRequested()), device.event(3, HelpRequested())]
    said = floor.hear(*batch, device.event(4))
    assert acks(said)[-1].upto == 4
    assert floor.parked() == [(3, "DEFECT")]
    assert [seq for seq, state in floor.events() if state == "APPLIED"] == [1, 2, 4]


def test_a_type_that_this_hub_does_not_know_is_parked(floor: Floor, device: Device):
    said = floor.hear(device.event(1, type="SomethingNew"), device.event(2))
    assert ack(said).upto == 2
    assert floor.parked() == [(1, "UNKNOWN_TYPE")]


def test_data_that_cannot_be_read_is_parked_under_its_own_name(floor: Floor, device: Device):
    floor.hear(device.event(1, type="PickConfirmed"))
    assert floor.parked() == [(1, "MALFORMED_PAYLOAD")]


def test_moments_and_actors_that_are_rubbish_are_parked(floor: Floor, device: Device):
    floor.hear(
        device.event(1, at=2**62), device.event(2, at=-1), device.event(3, actor="nobody"),
        device.event(4, type="Nul\0"),
    )  # fmt: skip
    assert [code for _, code in floor.parked()] == [
        "MALFORMED_PAYLOAD", "MALFORMED_PAYLOAD", "BAD_ACTOR", "UNKNOWN_TYPE",
    ]  # fmt: skip


def test_a_cloned_card_is_parked_not_applied(floor: Floor, device: Device):
    """The same key with another body: somebody copied a memory card."""
    floor.hear(device.event(1))
    clone = device.event(1, PersonLoggedOut())
    said = floor.hear(clone)
    assert (ack(said).upto, ack(said).parked) == (1, (Parked(1, "CLONED_KEY"),))
    floor.hear(clone, clone)
    assert floor.parked() == [(1, "CLONED_KEY")]
    assert floor.events() == [(1, "APPLIED")]


def test_an_acknowledgement_names_the_bodies_that_the_hub_has(floor: Floor, device: Device):
    """So that a device whose card was copied does not take the other's answer for its own."""
    first, clone = device.event(1), device.event(1, PersonLoggedOut())
    ours, others = (payload_digest(one.payload).hex() for one in (first, clone))
    assert ack(floor.hear(first)).of == (ours,)
    assert set(ack(floor.hear(clone)).of) == {ours, others}
    assert ack(floor.hear(first)).of == (ours,)
    assert set(ack(floor.hear(clone)).of) == {ours, others}


def test_a_clone_in_the_same_batch_is_noticed(floor: Floor, device: Device):
    floor.hear(device.event(1), device.event(1, PersonLoggedOut()))
    assert floor.parked() == [(1, "CLONED_KEY")]


def test_a_new_epoch_starts_at_one_beside_the_old(floor: Floor, device: Device):
    young = Device(floor, epoch="e2")
    said = floor.hear(device.event(1), device.event(2), young.event(1))
    assert [(a.epoch, a.upto) for a in acks(said)] == [("e1", 2), ("e2", 1)]


def test_another_gateway_goes_on_where_the_last_one_stopped(floor: Floor, device: Device):
    floor.hear(device.event(1), device.poison(2))
    floor.core = floor.new_core()
    said = floor.hear(device.poison(2), device.event(3))
    assert (ack(said).upto, ack(said).parked) == (3, (Parked(2, "DEFECT"),))


def test_another_gateway_knows_how_far_each_epoch_of_many_devices_came(sqlite_hub: TestHub):
    floor = Floor(sqlite_hub)
    names = [f"d{n}" for n in range(READ_AT_ONCE + 2)]
    for name in names:
        floor.enrol(name)
    old, young = ([Device(floor, name, epoch) for name in names] for epoch in ("e1", "e2"))
    floor.hear(*(device.event(1) for device in old))
    floor.hear(*(device.event(seq) for device in young for seq in (1, 2)))

    floor.core = floor.new_core()
    said = floor.hear(*(device.event(3) for device in young), *(d.event(2) for d in old[-3:]))

    assert [(a.epoch, a.upto) for a in acks(said)] == [("e2", 3)] * len(young) + [("e1", 2)] * 3


def test_parked_events_are_listed_until_a_supervisor_settles_them(floor: Floor, device: Device):
    floor.hear(device.poison(1))
    assert ack(floor.hear(device.event(2))).parked == (Parked(1, "DEFECT"),)
    with floor.hub.act() as act:
        act.tx.run("UPDATE parked_event SET state = 'REJECTED'")
    assert ack(floor.hear(device.event(3))).parked == ()


def test_many_devices_share_one_group_and_each_hears_its_own(floor: Floor):
    names = [f"d{n}" for n in range(20)]
    for name in names:
        floor.enrol(name)
    batch = [Device(floor, name).event(seq) for seq in (1, 2) for name in names]
    said = floor.hear(*batch)
    assert [p.topic.split("/")[4] for p in said] == names
    assert {a.upto for a in acks(said)} == {2}


def test_exceptions_of_parked_events_name_what_a_person_needs(floor: Floor, device: Device):
    floor.hear(device.poison(1))
    row = FloorException.get()
    assert row.device == "h1"
    assert b'"seq":1' in bytes(row.values)


def test_a_topic_that_holds_a_nul_is_listed_all_the_same(floor: Floor, device: Device):
    floor.hear(Arrived("a\0b", b"\0", 1))
    assert floor.refused() == {"UNKNOWN_TOPIC": 1}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_of_any_repeats_ends_with_each_event_once(sqlite_hub, data: st.DataObject):
    """Whatever the network does, sending on from each gap brings everything over, once."""
    floor = Floor(sqlite_hub)
    epoch = f"e{DeviceEpoch.select().count()}"
    if epoch == "e0":
        floor.enrol("h1")
    device = Device(floor, epoch=epoch)
    seqs = data.draw(st.lists(st.integers(1, 12), max_size=40))
    cuts = data.draw(st.lists(st.integers(0, 40), max_size=5))
    for first, last in zip([0, *sorted(cuts)], [*sorted(cuts), 40], strict=True):
        floor.hear(*(device.event(seq) for seq in seqs[first:last]))
    floor.hear(*(device.event(seq) for seq in range(1, 13)))
    query = JournalRow.select(JournalRow.key).where(JournalRow.key.startswith(f"h1/{epoch}/"))
    keys = [key for (key,) in query.order_by(JournalRow.position).tuples()]
    assert keys == [f"h1/{epoch}/{seq}" for seq in range(1, 13)]
