"""Pages of devices: who is there, what waits to be sent, and one device with its facts."""

from __future__ import annotations

from random import SystemRandom
from typing import Any, Final, NamedTuple

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from peewee import fn

from hub.devices import queries, service
from hub.devices.kinds import KINDS
from hub.devices.models import Device, DeviceEvent
from hub.outbox import OutboxMessage
from hub.web import acts, forms, live, naming
from hub.web.context import web
from hub.web.security import needs
from hub.web.text import _

EVENTS_SHOWN: Final = 30
pages = Blueprint("devices", __name__, template_folder="templates")


class Fleet(NamedTuple):
    """Everything the list shows."""

    devices: list[Device]
    to_send: dict[str, int]
    """Commands that a device has not answered yet."""
    refused: int
    parked: int


@pages.get("/devices")
@needs("devices", "read")
def devices() -> ResponseReturnValue:
    return render_template("devices/devices.html", **_fleet()._asdict(), kinds=KINDS)


def _fleet() -> Fleet:
    site = web().site
    found = queries.devices(site)
    naming.prepare("person", [device.person for device in found])
    return Fleet(found, _to_send(site), len(queries.refused(site)), len(queries.parked(site)))


def _to_send(site: str) -> dict[str, int]:
    query: Any = (
        OutboxMessage.select(OutboxMessage.device, fn.COUNT(OutboxMessage.id))
        .where((OutboxMessage.site == site) & OutboxMessage.state.in_(("UNSENT", "SENT")))
        .group_by(OutboxMessage.device)
        .tuples()
    )
    return {device: int(count) for device, count in query}


def _live_devices(_key: str) -> dict[str, str]:
    return {"table": render_template("devices/table.html", **_fleet()._asdict())}


@pages.get("/devices/<name>")
@needs("devices", "read")
def device(name: str) -> ResponseReturnValue:
    """One device: how it is, how far its events have come, what it sent last."""
    return _device_page(name)


def _device_page(name: str, password: str = "") -> ResponseReturnValue:
    site = web().site
    found = queries.device(site, name)
    waiting = OutboxMessage.select().where(
        (OutboxMessage.site == site) & (OutboxMessage.device == name)
    )
    epochs = queries.epochs(site, name)
    return render_template(
        "devices/device.html", device=found, epochs=epochs, password=password,
        events=_last_events(site, name, epochs[0].epoch) if epochs else [],
        commands=list(waiting.order_by(OutboxMessage.created_at.desc()).limit(10)),
    )  # fmt: skip


def _last_events(site: str, name: str, epoch: str) -> list[DeviceEvent]:
    """The latest of an epoch, by the key that the table is ordered by."""
    query = DeviceEvent.select().where(
        (DeviceEvent.site == site) & (DeviceEvent.device == name) & (DeviceEvent.epoch == epoch)
    )
    return list(query.order_by(DeviceEvent.seq.desc()).limit(EVENTS_SHOWN))


def _live_device(key: str) -> Any:
    found = queries.device(web().site, key)
    return [found.presence, found.outbox_depth, found.seq, found.place_code, found.battery_percent,
            found.state, [fact.upto for fact in queries.epochs(web().site, key)]]  # fmt: skip


@pages.post("/devices")
def add() -> ResponseReturnValue:
    """Enrol a device; its password is shown this one time."""
    name, kind = forms.words("name", signs_max=32), forms.words("kind", signs_max=16)
    password = acts.perform(
        "devices.add",
        lambda act: service.add_device(act, name, kind, SystemRandom().randbytes),
        input={"name": name, "kind": kind},
    )
    return _device_page(name, password)


@pages.post("/devices/<name>/message")
def message(name: str) -> ResponseReturnValue:
    text = forms.words("text", signs_max=400)
    acts.perform(
        "devices.message", lambda act: service.show_message(act, name, text),
        input={"device": name, "text": text},
    )  # fmt: skip
    flash(_("It is shown as soon as the device hears the hub."), "done")
    return redirect(f"/devices/{name}", 303)


@pages.post("/devices/<name>/password")
def renew_password(name: str) -> ResponseReturnValue:
    """Another password, shown this one time; the old one stops at the next connection."""
    password = acts.perform(
        "devices.renew_password",
        lambda act: service.renew_password(act, name, SystemRandom().randbytes),
        input={"device": name},
    )
    return _device_page(name, password)


@pages.post("/devices/<name>/retire")
def retire(name: str) -> ResponseReturnValue:
    acts.perform(
        "devices.retire", lambda act: service.retire_device(act, name), input={"device": name}
    )
    flash(_("The device is heard no more."), "done")
    return redirect("/devices", 303)


live.provide("devices", _live_devices, needs=("devices", "read"), every_ms=500)
live.provide("device", _live_device, needs=("devices", "read"), every_ms=500)
