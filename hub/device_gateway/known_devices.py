"""What the gateway remembers about its devices between groups. Owns a cache, never the truth.

The gateway is the single writer of epochs (it holds the site's lock), so what it has read of them
stays true. Enrolment, retirement, and moments that moved with the hub's clock come from elsewhere:
rows of devices are read again every second, between groups.
A group's changes enter the cache after its commit, not before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import peewee

from hub.db import WriteTransaction
from hub.device_gateway.group import EpochKey
from hub.devices.kinds import AWAITED, ENROLLED, RETIRED, REVOKED
from hub.devices.models import Device
from hub.errors import HubError

_NOTED: Final = (
    "session", "watermark_at", "report_epoch", "report_seq", "report_at", "clear_epoch",
)  # fmt: skip
_COLUMNS: Final = (
    Device.name, Device.state, *(getattr(Device, name) for name in _NOTED),
)  # fmt: skip

READ_AT_ONCE: Final = 128
"""Devices of one statement; it is always the same one, so it is prepared once."""
_UPTOS: Final = (
    "SELECT device, epoch, upto FROM device_epoch WHERE site = ? "
    f"AND device IN ({', '.join('?' * READ_AT_ONCE)})"
)
_WITH_PARKED: Final = (
    "SELECT DISTINCT device, epoch FROM parked_event WHERE site = ? AND state = 'PARKED'"
)


class UnknownDevice(HubError):
    """Nobody has enrolled a device of this name at this site."""

    code = "UNKNOWN_DEVICE"

    def __init__(self, device: str) -> None:
        self.device = device
        super().__init__(
            f"No device {device!r} is enrolled here; add it with 'binlight device add {device}'."
        )


class ShutOut(HubError):
    """The device is here, but nobody may speak in its name."""

    code = "SHUT_OUT"
    sentence = "The device {!r} is no longer admitted."

    def __init__(self, device: str) -> None:
        self.device = device
        super().__init__(self.sentence.format(device))


class RetiredDevice(ShutOut):
    code = "RETIRED_DEVICE"
    sentence = "The device {!r} was retired and is no longer heard."


class RevokedDevice(ShutOut):
    code = "REVOKED_DEVICE"
    sentence = "The device {!r} was shut out; it needs a new enrolment code."


class AwaitedDevice(ShutOut):
    code = "AWAITED_DEVICE"
    sentence = "The device {!r} was added, but has not enrolled with its code yet."


_REFUSALS: Final[dict[str, type[ShutOut]]] = {
    RETIRED: RetiredDevice, REVOKED: RevokedDevice, AWAITED: AwaitedDevice,
}  # fmt: skip


class KnownDevice:
    """A device as of the last commit: what decides about its next message."""

    __slots__ = (
        "clear_epoch", "name", "report_at", "report_epoch", "report_seq", "session", "watermark_at",
    )  # fmt: skip

    session: str
    watermark_at: int
    report_epoch: str
    report_seq: int
    report_at: int
    clear_epoch: str

    def __init__(self, row: dict[str, Any]) -> None:
        self.name: str = row["name"]
        self.note(row)

    def note(self, changes: dict[str, Any]) -> None:
        """Take in columns of its row."""
        for column in _NOTED:
            if column in changes:
                setattr(self, column, changes[column])


class KnownDevices:
    """The site's devices by name, and how far each of their epochs has been applied."""

    def __init__(self, database: peewee.Database, site: str) -> None:
        self._database, self._site = database, site
        self._devices: dict[str, KnownDevice] = {}
        self._shut_out: dict[str, str] = {}
        self._uptos: dict[EpochKey, int] = {}
        self._with_parked: set[EpochKey] = set()

    def refresh(self) -> None:
        """Read all devices again. Not within a group, whose changes are not in the rows yet."""
        rows: Any = list(Device.select(*_COLUMNS).where(Device.site == self._site).dicts())
        self._shut_out = {row["name"]: row["state"] for row in rows if row["state"] != ENROLLED}
        self._devices = {
            row["name"]: self._read_again(row) for row in rows if row["state"] == ENROLLED
        }

    def _read_again(self, row: dict[str, Any]) -> KnownDevice:
        known = self._devices.get(row["name"])
        if known is None:
            return KnownDevice(row)
        known.note(row)
        return known

    def get(self, name: str) -> KnownDevice:
        """Raises UnknownDevice, ShutOut."""
        found = self._devices.get(name)
        if found is None:
            self.refresh()
            found = self._devices.get(name)
        if found is None:
            raise _REFUSALS.get(self._shut_out.get(name, ""), UnknownDevice)(name)
        return found

    def note(self, name: str, changes: dict[str, Any]) -> None:
        """Take in what a group has committed about a device."""
        device = self._devices.get(name)
        if device is not None:
            device.note(changes)

    def names(self) -> list[str]:
        return list(self._devices)

    def upto(self, tx: WriteTransaction, key: EpochKey) -> int:
        """Everything of (device, epoch) up to here is applied; read once, then remembered."""
        if key not in self._uptos:
            self.learn(tx, [key])
        return self._uptos[key]

    def learn(self, tx: WriteTransaction, keys: Iterable[EpochKey]) -> None:
        """Read at once what `upto` and `has_parked` will be asked of all these epochs."""
        new = {key: 0 for key in keys if key not in self._uptos}
        if not new:
            return
        devices = list(dict.fromkeys(device for device, _ in new))
        for start in range(0, len(devices), READ_AT_ONCE):
            few = devices[start : start + READ_AT_ONCE]
            few += few[:1] * (READ_AT_ONCE - len(few))
            for device, epoch, upto in tx.rows(_UPTOS, (self._site, *few)):
                new[device, epoch] = int(upto)
        self._uptos = new | self._uptos
        self._with_parked.update(tx.rows(_WITH_PARKED, (self._site,)))

    def has_parked(self, key: EpochKey) -> bool:
        """Whether some event of this epoch may still be parked."""
        return key in self._with_parked

    def committed(self, uptos: dict[EpochKey, int], parked: set[EpochKey]) -> None:
        """A group is durable: remember what it reached."""
        self._uptos.update(uptos)
        self._with_parked |= parked
