"""What is said about work waits until the hub has heard what the device did with it."""

from __future__ import annotations

from hub import outbox
from hub.ids import NIL
from protocols.messages.commands import RevokeAssignment, ShowMessage
from tests.hub.device_gateway.conftest import Device, Floor

WORK = "0" * 31 + "7"


def say(floor: Floor) -> None:
    with floor.hub.act() as act:
        outbox.send(act, "h1", RevokeAssignment(WORK, 1, "needed"), NIL)
        outbox.send(act, "h1", ShowMessage("Dock 2 is closed"))


def kinds(published: list) -> list[str]:  # type: ignore[type-arg]  # of the gateway
    said = (one.payload for one in published if one.topic.endswith("/cmd"))
    return sorted(
        kind for body in said for kind in ("Revoke", "ShowMessage") if kind.encode() in body
    )


def test_a_backlog_is_heard_before_anything_is_said_about_work(floor: Floor, device: Device):
    floor.hear(device.birth(seq=2, outbox_depth=2))
    say(floor)
    assert kinds(floor.tick()) == ["ShowMessage"]
    floor.hear(device.event(1))
    assert "Revoke" not in kinds(floor.tick())
    floor.hear(device.event(2))
    assert "Revoke" in kinds(floor.tick())


def test_rows_of_an_older_epoch_are_heard_first_too(floor: Floor, device: Device):
    floor.hear(device.birth(seq=0, outbox_depth=3))
    say(floor)
    assert kinds(floor.tick()) == ["ShowMessage"]
    floor.hear(device.birth(seq=0, outbox_depth=0))
    assert "Revoke" in kinds(floor.tick())
