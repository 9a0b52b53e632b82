"""Devices are enrolled once, retired for good, and their parked events are settled by people."""

from __future__ import annotations

import os
from typing import Any

import pytest

from hub.devices import queries, service
from hub.devices.models import Device as DeviceRow
from hub.devices.models import DeviceEvent, ParkedEvent
from hub.errors import BadValue, NotFound, WrongState
from protocols.errors import BadName
from protocols.messages.events import PersonLoggedOut
from tests.hub.device_gateway.conftest import Device, Floor


@pytest.fixture
def floor(hub: Any) -> Floor:
    made = Floor(hub)
    made.enrol("h1")
    return made


def test_a_password_is_shown_once_and_kept_as_a_hash(floor: Floor):
    password = floor.enrol("h2")
    (_, _, kept), *_ = [row for row in queries.identities("w1") if row[0] == "h2"]
    assert len(password) == 24
    assert kept.startswith("$7$101$")
    assert password not in kept


def test_a_name_is_given_once(floor: Floor):
    with pytest.raises(service.DeviceExists):
        floor.enrol("h1")
    with floor.hub.act() as act:
        service.retire_device(act, "h1")
    with pytest.raises(service.DeviceExists):
        floor.enrol("h1")


@pytest.mark.parametrize(
    ("name", "kind", "refusal"),
    [("H 1", "handheld", BadName), ("h/1", "handheld", BadName), ("h2", "toaster", BadValue)],
)
def test_names_and_kinds_are_checked(name: str, kind: str, refusal: type[Exception], floor: Floor):
    with floor.hub.act() as act, pytest.raises(refusal):
        service.add_device(act, name, kind, os.urandom)


def test_retiring_takes_the_password_and_cannot_be_repeated(floor: Floor):
    with floor.hub.act() as act:
        service.retire_device(act, "h1")
    assert queries.identities("w1") == []
    with floor.hub.act() as act, pytest.raises(WrongState):
        service.retire_device(act, "h1")
    with floor.hub.act() as act, pytest.raises(NotFound):
        service.retire_device(act, "h9")


def test_a_renewed_password_replaces_the_old_hash(floor: Floor):
    before = queries.identities("w1")
    with floor.hub.act() as act:
        service.renew_password(act, "h1", os.urandom)
    assert queries.identities("w1") != before


def test_a_parked_event_takes_effect_when_its_reason_is_gone(floor: Floor):
    device = Device(floor)
    floor.hear(device.poison(1), device.event(2))
    (parked,) = queries.parked("w1")
    applied: list[tuple[str, int]] = []
    handlers = {"WorkRequested": lambda act, event, data: applied.append((act.key, event.seq))}
    with floor.hub.act() as act:
        service.apply_parked(act, parked.id, handlers)
    assert applied == [("h1/e1/1", 1)]
    assert queries.parked("w1") == []
    assert {row.state for row in DeviceEvent.select()} == {"APPLIED"}
    with floor.hub.act() as act, pytest.raises(WrongState):
        service.apply_parked(act, parked.id, handlers)


def test_a_parked_event_that_still_fails_stays_parked(floor: Floor):
    floor.hear(Device(floor).poison(1))
    (parked,) = queries.parked("w1")
    with pytest.raises(NotFound), floor.hub.act() as act:
        service.apply_parked(act, parked.id, {})
    assert len(queries.parked("w1")) == 1


def test_a_rejected_event_never_takes_effect(floor: Floor):
    floor.hear(Device(floor).poison(1))
    (parked,) = queries.parked("w1")
    with floor.hub.act() as act:
        service.reject_parked(act, parked.id)
    assert ParkedEvent.get().state == DeviceEvent.get().state == "REJECTED"


def test_a_cloned_key_can_only_be_rejected(floor: Floor):
    device = Device(floor)
    floor.hear(device.event(1), device.event(1, PersonLoggedOut()))
    (parked,) = queries.parked("w1")
    with pytest.raises(WrongState), floor.hub.act() as act:
        service.apply_parked(act, parked.id, floor.handlers)
    with floor.hub.act() as act:
        service.reject_parked(act, parked.id)
    assert DeviceEvent.get().state == "APPLIED"


def test_devices_are_listed_with_retired_ones_last(floor: Floor):
    for name in ("a1", "z1"):
        floor.enrol(name)
    with floor.hub.act() as act:
        service.retire_device(act, "a1")
    assert [row.name for row in queries.devices("w1")] == ["h1", "z1", "a1"]


def test_who_left_with_events_of_an_older_epoch_is_still_waited_for(hub: Any) -> None:
    facts = {
        "site": hub.site,
        "kind": "handheld",
        "presence": "LEFT",
        "epoch": "new",
        "created_at": 1,
    }
    DeviceRow.create(name="a", clear_epoch="old", **facts)
    DeviceRow.create(name="b", clear_epoch="new", **facts)
    assert {mark.device: mark.has_left for mark in queries.marks(hub.site)} == {
        "a": False, "b": True,
    }  # fmt: skip
