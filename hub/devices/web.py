"""Pages of devices: who is there, what waits to be sent, and one device with its facts."""

from __future__ import annotations

import os
from typing import Any, Final, NamedTuple

from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from peewee import fn

from hub.devices import queries, service
from hub.devices.acts import (
    AddDevice,
    AskRenewal,
    RetireDevice,
    RevokeDevice,
    SetPassword,
    ShowWords,
)
from hub.devices.enrolling import new_offer
from hub.devices.kinds import KINDS, OBSERVER
from hub.devices.models import Device, DeviceCertificate, DeviceEvent, EnrolmentCode
from hub.outbox import OutboxMessage
from hub.web import acts, forms, live, naming
from hub.web.context import web
from hub.web.qr import qr_picture
from hub.web.security import needs
from hub.web.text import _

EVENTS_SHOWN: Final = 30
pages = Blueprint("devices", __name__, template_folder="templates")


class Fleet(NamedTuple):
    """Everything the list shows."""

    devices: list[Device]
    outboxes: dict[str, queries.OutboxFacts]
    to_send: dict[str, int]
    """Commands that a device has not answered yet."""
    refused: int
    parked: int


class Secret(NamedTuple):
    """What is shown this one time."""

    password: str = ""
    code: str = ""
    picture: Markup = Markup("")
    """The code as QR."""


@pages.get("/devices")
@needs("devices", "read")
def devices() -> ResponseReturnValue:
    by_code = web().settings.identity is not None
    return render_template(
        "devices/devices.html", **_fleet()._asdict(), kinds=KINDS, by_code=by_code
    )


def _fleet() -> Fleet:
    site = web().site
    found = queries.devices(site)
    naming.prepare("person", [device.person for device in found])
    refused, parked = len(queries.refused(site)), len(queries.parked(site))
    return Fleet(found, queries.outboxes(site), _to_send(site), refused, parked)


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


def _device_page(name: str, secret: Secret | None = None) -> ResponseReturnValue:
    site = web().site
    found = queries.device(site, name)
    waiting = OutboxMessage.select().where(
        (OutboxMessage.site == site) & (OutboxMessage.device == name)
    )
    epochs = queries.epochs(site, name)
    return render_template(
        "devices/device.html", device=found, outbox=queries.outboxes(site)[name],
        epochs=epochs, secret=secret or Secret(),
        certificates=queries.certificates(site, name), code=_open_code(name), now_us=web().now_us(),
        by_code=web().settings.identity is not None and found.kind != OBSERVER,
        events=_last_events(site, name, epochs[0].epoch) if epochs else [],
        commands=list(waiting.order_by(OutboxMessage.created_at.desc()).limit(10)),
    )  # fmt: skip


def _open_code(name: str) -> EnrolmentCode | None:
    """The code by which somebody may enrol at this moment."""
    found = queries.code(web().site, name)
    is_open = found is not None and found.state == "OPEN" and found.expires_at > web().now_us()
    return found if is_open else None


def _last_events(site: str, name: str, epoch: str) -> list[DeviceEvent]:
    """The latest of an epoch, by the key that the table is ordered by."""
    query = DeviceEvent.select().where(
        (DeviceEvent.site == site) & (DeviceEvent.device == name) & (DeviceEvent.epoch == epoch)
    )
    return list(query.order_by(DeviceEvent.seq.desc()).limit(EVENTS_SHOWN))


def _live_device(key: str) -> Any:
    site = web().site
    found, code = queries.device(site, key), queries.code(site, key)
    return [found.presence, queries.outboxes(site)[key], found.place_code, found.battery_percent,
            found.state, [fact.upto for fact in queries.epochs(site, key)],
            [_shown(one) for one in queries.certificates(site, key)],
            [code.state, code.wrong_tries] if code else None]  # fmt: skip


def _shown(one: DeviceCertificate) -> tuple[str, str, int | None]:
    return one.serial, one.state, one.used_at


# --- letting devices in ---------------------------------------------------------------------------


@pages.post("/devices")
@needs(*AddDevice.NEEDS)
def add() -> ResponseReturnValue:
    """Add a device; its code, or its password, is shown this one time."""
    name, kind = forms.words("name", signs_max=32), forms.words("kind", signs_max=16)
    if web().settings.identity is not None and kind != OBSERVER:
        acts.carry_out(AddDevice(name, kind))
        return _page_with_code(name)
    password, secret_hash = service.new_password(os.urandom)
    acts.carry_out(AddDevice(name, kind, secret_hash))
    return _device_page(name, Secret(password))


@pages.post("/devices/<name>/code")
@needs("devices", "add")
def offer_code(name: str) -> ResponseReturnValue:
    """A new enrolment code, shown this one time; what the device has now stays good until then."""
    return _page_with_code(name)


def _page_with_code(name: str) -> ResponseReturnValue:
    identity = web().settings.identity
    if identity is None:
        return redirect(f"/devices/{name}", 303)
    secret, offer = new_offer(name, web().now_us(), os.urandom)
    text = identity.code(name, secret)
    acts.carry_out(offer)
    return _device_page(name, Secret(code=text, picture=qr_picture(text)))


@pages.get("/devices/<name>/code")
def code_again(name: str) -> ResponseReturnValue:
    """Somebody reloaded the page with the code: it is shown once."""
    return redirect(f"/devices/{name}", 303)


@pages.post("/devices/<name>/password")
def renew_password(name: str) -> ResponseReturnValue:
    """Another password, shown this one time; the old one ends now."""
    password, secret_hash = service.new_password(os.urandom)
    acts.carry_out(SetPassword(name, secret_hash))
    return _device_page(name, Secret(password))


@pages.post("/devices/<name>/renew")
def renew(name: str) -> ResponseReturnValue:
    acts.carry_out(AskRenewal((name,)), needs=("devices", "add"))
    flash(_("It makes a new key as soon as it hears the hub."), "done")
    return redirect(f"/devices/{name}", 303)


# --- shutting devices out -------------------------------------------------------------------------


@pages.post("/devices/<name>/revoke")
def revoke(name: str) -> ResponseReturnValue:
    """Lost or stolen: the guard cuts it off in less than two seconds."""
    acts.carry_out(RevokeDevice(name))
    flash(_("The device is shut out. A new code takes it back."), "done")
    return redirect(f"/devices/{name}", 303)


@pages.post("/devices/<name>/retire")
def retire(name: str) -> ResponseReturnValue:
    acts.carry_out(RetireDevice(name))
    flash(_("The device is heard no more."), "done")
    return redirect("/devices", 303)


@pages.post("/devices/<name>/message")
@needs(*ShowWords.NEEDS)
def message(name: str) -> ResponseReturnValue:
    acts.carry_out(ShowWords(name, forms.words("text", signs_max=400)))
    flash(_("It is shown as soon as the device hears the hub."), "done")
    return redirect(f"/devices/{name}", 303)


live.provide("devices", _live_devices, needs=("devices", "read"), every_ms=500)
live.provide("device", _live_device, needs=("devices", "read"), every_ms=500)
