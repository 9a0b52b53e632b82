"""Scanners in keyboard mode, read from Linux' event devices. Owns finding and grabbing them.

The grab is exclusive, so scans reach no console and no focused field. What keys mean is `keymap`;
how they are fetched in time, `event_drain`.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self

import evdev
import msgspec

from edge.errors import ConfigUnreadable
from edge.scanners.contract import (
    Reading,
    ScannerAmbiguous,
    ScannerBusy,
    ScannerForbidden,
    ScannerMissing,
    ScannerNotOpen,
    ScannerUnplugged,
    ScannerUnusable,
    checked_options,
)
from edge.scanners.event_drain import EventDrain
from edge.scanners.keymap import EV_KEY, KEY_ENTER, KEY_KPENTER, KEY_TAB, KeyReader
from edge.scanners.makers import maker_of

INPUT_GROUP: Final = "input"
_LED_CAPSLOCK: Final = 1
_DIGIT_KEY: Final = 2
_USB_ID: Final = re.compile(r"([0-9a-fA-F]{4}):([0-9a-fA-F]{4})")
TERMINATORS: Final = {
    "enter": frozenset((KEY_ENTER, KEY_KPENTER)),
    "tab": frozenset((KEY_TAB,)),
    "enter_or_tab": frozenset((KEY_ENTER, KEY_KPENTER, KEY_TAB)),
}
"""The keys behind each word of the configuration."""


class EvdevOptions(msgspec.Struct, frozen=True):
    """Which device: by path (best one under /dev/input/by-id), by its name, or by USB vid:pid."""

    path: str = ""
    name: str = ""
    usb: str = ""
    terminator: str = "enter_or_tab"


class EvdevScanner:
    """A scanner that types. Implements the contract in `contract`."""

    def __init__(self, options: EvdevOptions) -> None:
        _check(options)
        self._options = options
        self._device: evdev.InputDevice[str] | None = None
        self._drain: EventDrain | None = None
        self._keys = KeyReader()

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        return cls(checked_options(EvdevOptions, options))

    @property
    def label(self) -> str:
        return self._options.path or self._options.name or self._options.usb

    def open(self) -> None:
        self.close()
        device = self._find()
        try:
            device.grab()
        except OSError as refused:
            device.close()
            if refused.errno == errno.EBUSY:
                raise ScannerBusy(self.label) from refused
            raise ScannerMissing(self.label) from refused
        terminators = TERMINATORS[self._options.terminator]
        self._keys = KeyReader(
            terminators,
            is_caps_locked=_is_caps_locked(device),
            maker=maker_of(device.info.vendor),
        )
        self._device, self._drain = device, EventDrain(device)

    def fileno(self) -> int:
        return self._opened()[1].fileno()

    def read(self) -> list[Reading]:
        device, drain = self._opened()
        try:
            events = drain.take()
        except OSError as gone:
            raise self._unplugged() from gone
        readings = [reading for event in events for reading in self._keys.feed(*event)]
        if not readings and not Path(os.fsdecode(device.path)).exists():
            raise self._unplugged()
        return readings

    def close(self) -> None:
        device, drain = self._device, self._drain
        self._device = self._drain = None
        if device is None or drain is None:
            return
        drain.close()
        try:
            device.close()
        except OSError:
            return  # a device that is gone cannot be closed any better

    def _opened(self) -> tuple[evdev.InputDevice[str], EventDrain]:
        if self._device is None or self._drain is None:
            raise ScannerNotOpen(self.label)
        return self._device, self._drain

    def _unplugged(self) -> ScannerUnplugged:
        return ScannerUnplugged(self.label, lost_chars=self._keys.pending_chars)

    def _find(self) -> evdev.InputDevice[str]:
        if self._options.path:
            return self._open_path(self._options.path)
        found = [device for device in self._readable() if self._fits(device)]
        if len(found) == 1:
            return found[0]
        for device in found:
            device.close()
        if found:
            raise ScannerAmbiguous(self.label, tuple(os.fsdecode(device.path) for device in found))
        raise ScannerMissing(self.label)

    def _open_path(self, path: str) -> evdev.InputDevice[str]:
        try:
            device: evdev.InputDevice[str] = evdev.InputDevice(path)
        except PermissionError as refused:
            raise ScannerForbidden(path, INPUT_GROUP) from refused
        except OSError as gone:
            raise ScannerMissing(path) from gone
        except SystemError as broken:  # evdev's C part, on a device that answers nonsense
            raise ScannerUnusable(path, "it does not answer as an input device") from broken
        if not _types(device):
            device.close()
            raise ScannerUnusable(path, "it has no digit keys and no Enter key")
        return device

    def _readable(self) -> Iterator[evdev.InputDevice[str]]:
        """Every device that types; if none may be opened at all, that is the answer."""
        forbidden: ScannerForbidden | None = None
        opened = 0
        for path in sorted(str(path) for path in Path("/dev/input").glob("event*")):
            try:
                device = self._open_path(path)
            except ScannerForbidden as refused:
                forbidden = refused
            except (ScannerMissing, ScannerUnusable):
                continue
            else:
                opened += 1
                yield device
        if forbidden and not opened:
            raise forbidden

    def _fits(self, device: evdev.InputDevice[str]) -> bool:
        is_it = self._options.name in ("", device.name) and _has_usb_id(device, self._options.usb)
        if not is_it:
            device.close()
        return is_it


def _check(options: EvdevOptions) -> None:
    where = "[scanner.options]"
    if not (options.path or options.name or options.usb):
        raise ConfigUnreadable(where, "one of path, name and usb has to say which scanner")
    if options.usb and not _USB_ID.fullmatch(options.usb):
        raise ConfigUnreadable(where, f"usb = {options.usb!r} is not of the form 05e0:1200")
    if options.terminator not in TERMINATORS:
        raise ConfigUnreadable(
            where, f"terminator = {options.terminator!r} is none of {', '.join(TERMINATORS)}"
        )


def _has_usb_id(device: evdev.InputDevice[str], usb: str) -> bool:
    match = _USB_ID.fullmatch(usb)
    wanted = match and (int(match[1], 16), int(match[2], 16))
    return not wanted or (device.info.vendor, device.info.product) == wanted


def _types(device: evdev.InputDevice[str]) -> bool:
    """Scanners also show a node with media keys, and mice have none of these."""
    keys = device.capabilities().get(EV_KEY, [])
    return KEY_ENTER in keys and _DIGIT_KEY in keys


def _is_caps_locked(device: evdev.InputDevice[str]) -> bool:
    """A scanner that minds the host's Caps Lock goes by this lamp."""
    try:
        return _LED_CAPSLOCK in device.leds()
    except (OSError, SystemError):  # no lamps: evdev's C part forgets to say why
        return False
