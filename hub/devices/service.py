"""What can be done with devices: add, give a password, speak to them, settle parked events.

One function for each act; each takes the act first and opens no transaction. Codes, certificates
and shutting out are `enrolment`'s. The broker follows by itself (`hub.identity.admissions`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from hub.db import Insert
from hub.devices import enrolment
from hub.devices.kinds import AWAITED, ENROLLED, KINDS, RETIRED
from hub.devices.models import Device
from hub.devices.secrets import PASSWORD_BYTES, SALT_BYTES, hashed, written
from hub.errors import BadValue, HubError, NotFound, WrongState
from hub.journal import Act
from hub.outbox import send
from protocols.envelope import Event, decode_data, decode_event
from protocols.messages.commands import ShowMessage
from protocols.topics import check_name

Handler = Callable[[Act, Event, Any], None]
RandomBytes = Callable[[int], bytes]

retire_device = enrolment.retire

_insert: Final = Insert(Device)


class DeviceExists(HubError):
    """The name is taken, also by a retired device: its events must stay its own."""

    code = "DEVICE_EXISTS"

    def __init__(self, name: str, state: str) -> None:
        self.name, self.state = name, state
        super().__init__(f"A device {name!r} is here already ({state}); choose another name.")


class ParkedRow(NamedTuple):
    """A parked event as a supervisor settles it."""

    device: str
    epoch: str
    seq: int
    code: str
    payload: bytes
    state: str


def add_device(act: Act, name: str, kind: str, random_bytes: RandomBytes) -> str:
    """Enrol a device by password; returns it, as it is kept nowhere. Raises as `enter_device`."""
    password, secret_hash = new_password(random_bytes)
    enter_device(act, name, kind, secret_hash)
    return password


def enter_device(act: Act, name: str, kind: str, secret_hash: str = "") -> None:
    """Add a device: enrolled by its password's hash; without one it is awaited until it comes with
    an enrolment code. Raises DeviceExists, BadName, BadValue.
    """
    check_name(name, "device")
    if kind not in KINDS:
        raise BadValue("kind", kind, f"use one of {', '.join(KINDS)}")
    row = act.tx.row("SELECT state FROM device WHERE site = ? AND name = ?", (act.site, name))
    if row is not None:
        raise DeviceExists(name, row[0])
    state = ENROLLED if secret_hash else AWAITED
    values = {"site": act.site, "name": name, "kind": kind, "state": state,
              "secret_hash": secret_hash, "created_at": act.now_us}  # fmt: skip
    act.tx.run(_insert.sql, [values.get(column, _default(column)) for column in _insert.columns])


def _default(column: str) -> Any:
    return Device._meta.columns[column].default  # noqa: SLF001 - peewee keeps its columns there


def renew_password(act: Act, name: str, random_bytes: RandomBytes) -> str:
    """As `set_password`, with a password made here; returns it."""
    password, secret_hash = new_password(random_bytes)
    set_password(act, name, secret_hash)
    return password


def set_password(act: Act, name: str, secret_hash: str) -> None:
    """Give a device another password, by its hash; whatever admitted it before ends now, and a
    connection that lives is cut by the broker, which publishes no Will then. Raises NotFound.
    """
    changed = act.tx.run(
        "UPDATE device SET secret_hash = ?, state = ?, presence = 'OFFLINE', presence_at = ? "
        "WHERE site = ? AND name = ? AND state <> ?",
        (secret_hash, ENROLLED, act.now_us, act.site, name, RETIRED),
    )
    if changed != 1:
        raise NotFound("device", name)
    enrolment.end_all(act, name, "REPLACED")


def new_password(random_bytes: RandomBytes) -> tuple[str, str]:
    """A password, and its hash."""
    password = written(random_bytes(PASSWORD_BYTES))
    return password, hashed(password, random_bytes(SALT_BYTES))


def show_message(act: Act, name: str, text: str, *, warns: bool = False) -> bytes:
    """Put a supervisor's words on a device's screen; returns the command's id."""
    if act.tx.row("SELECT 1 FROM device WHERE site = ? AND name = ?", (act.site, name)) is None:
        raise NotFound("device", name)
    if not 1 <= len(text) <= 500:
        raise BadValue("text", text, "use 1 to 500 characters")
    return send(act, name, ShowMessage(text=text, level="WARN" if warns else "INFO"))


# --- parked events: PARKED → APPLIED | REJECTED ---------------------------------------------------


def apply_parked(act: Act, id: bytes, handlers: Mapping[str, Handler]) -> None:
    """Try a parked event again, now that its reason is gone; raises what its handler raises.

    It takes effect under its own key, so that it can be undone like any other. A cloned key cannot
    be applied: the key's effects are another event's.
    """
    parked = _settle(act, id, "APPLIED")
    if parked.code == "CLONED_KEY":
        raise WrongState("event", f"{parked.device}/{parked.seq}", "a copied key", "another reason")
    event = decode_event(parked.payload, parked.device)
    handler = handlers.get(event.type)
    if handler is None:
        raise NotFound("act for", event.type)
    actor = bytes.fromhex(event.actor) if event.actor else act.actor
    key = f"{parked.device}/{parked.epoch}/{parked.seq}"
    again = Act(act.tx, event.type, site=act.site, key=key, via="device", actor=actor,
                device=parked.device, occurred_at=event.at)  # fmt: skip
    handler(again, event, decode_data(event))


def reject_parked(act: Act, id: bytes) -> None:
    """Leave a parked event without effect, for good."""
    _settle(act, id, "REJECTED")


def _settle(act: Act, id: bytes, state: str) -> ParkedRow:
    row = act.tx.row(
        "SELECT device, epoch, seq, code, payload, state FROM parked_event "
        "WHERE id = ? AND site = ?",
        (id, act.site),
    )
    if row is None:
        raise NotFound("parked event", id.hex())
    parked = ParkedRow(row[0], row[1], row[2], row[3], bytes(row[4]), row[5])
    changed = act.tx.run(
        "UPDATE parked_event SET state = ? WHERE id = ? AND state = 'PARKED'", (state, id)
    )
    if changed != 1:
        raise WrongState("event", id.hex(), parked.state, "PARKED")
    if parked.code != "CLONED_KEY":
        act.tx.run(
            "UPDATE device_event SET state = ? WHERE site = ? AND device = ? AND epoch = ? "
            "AND seq = ?",
            (state, act.site, parked.device, parked.epoch, parked.seq),
        )
    return parked


def move_moments(act: Act, by_us: int) -> None:
    """The hub's clock was set: who is silent since when, what devices reported by the hub's time,
    and how long a code is good and a renewal may take, all keep their distance from now.
    """
    moved = ("presence_at", "seen_at", "report_at", "watermark_at")
    columns = ", ".join(f"{name} = CASE WHEN {name} = 0 THEN 0 ELSE {name} + ? END"
                        for name in moved)  # fmt: skip
    act.tx.run(f"UPDATE device SET {columns} WHERE site = ?", (*[by_us] * len(moved), act.site))
    act.tx.run(
        "UPDATE enrolment_code SET made_at = made_at + ?, expires_at = expires_at + ? "
        "WHERE site = ? AND state = 'OPEN'",
        (by_us, by_us, act.site),
    )
    act.tx.run(
        "UPDATE device_certificate SET asked_at = asked_at + ? WHERE site = ? AND state = 'ACTIVE'",
        (by_us, act.site),
    )
