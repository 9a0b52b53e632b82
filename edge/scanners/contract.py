"""What a scanner driver is. Owns the contract, its refusals and its faults; drives nothing.

A driver must
* be built by `from_options` from the configuration's table, refusing unknown keys by name, without
  touching the device;
* `open` the device for itself alone, or raise one of the errors below, within milliseconds;
* give a file descriptor by `fileno` for a selector while it is open;
* `read` without waiting: every scan that is complete, in order, each once, and at least one
  `ScannerFault` for each pull of the trigger that was lost; what is incomplete waits for its
  terminator;
* raise ScannerUnplugged from `read` when the device is gone, after all scans that came before;
* `close` at any time, twice too; what was incomplete is forgotten then.

A driver may return no scans although its descriptor was readable. It never decides what a scan
means, never sleeps, and never reconnects by itself: the agent closes it, waits, and opens it again.
It starts a thread only where the kernel drops what is not fetched at once, and ends it in `close`.
The agent also calls `read` about once a second without being woken, because not every unplugging
wakes a selector.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self, TypeVar

import msgspec

from edge.errors import ConfigUnreadable, EdgeError, UnknownConfigKey
from protocols.barcodes.scans import RawScan

Options = TypeVar("Options", bound=msgspec.Struct)


class ScannerFault(msgspec.Struct, frozen=True):
    """A scan that was lost on its way: shown and sounded as an error, and nothing is recorded."""

    code: str
    text: str


Reading = RawScan | ScannerFault


class Scanner(Protocol):
    """One scanner; the module says what it must and may do."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        """A driver that is not open yet. Raises UnknownConfigKey, ConfigUnreadable."""
        ...

    @property
    def label(self) -> str:
        """How a person is told which scanner this is."""
        ...

    def open(self) -> None:
        """Take the device. Raises ScannerMissing, ScannerBusy, ScannerForbidden, and kin."""
        ...

    def fileno(self) -> int:
        """The descriptor to wait on. Raises ScannerNotOpen."""
        ...

    def read(self) -> list[Reading]:
        """What has come since, without waiting. Raises ScannerUnplugged, ScannerNotOpen."""
        ...

    def close(self) -> None:
        """Let go of the device; may be repeated."""
        ...


class ScannerError(EdgeError):
    """A fact about the scanner itself; the agent shows it and tries to open it again."""

    code: ClassVar[str] = "SCANNER_ERROR"


class ScannerMissing(ScannerError):
    code = "SCANNER_MISSING"

    def __init__(self, scanner: str) -> None:
        self.scanner = scanner
        super().__init__(f"The scanner {scanner} is not plugged in. Plug it in or wake it up.")


class ScannerUnplugged(ScannerError):
    """The device went away; `lost_chars` of an unfinished scan went with it."""

    code = "SCANNER_UNPLUGGED"

    def __init__(self, scanner: str, lost_chars: int = 0) -> None:
        self.scanner, self.lost_chars = scanner, lost_chars
        super().__init__(f"The scanner {scanner} was unplugged. Plug it in again.")


class ScannerBusy(ScannerError):
    code = "SCANNER_BUSY"

    def __init__(self, scanner: str) -> None:
        self.scanner = scanner
        super().__init__(
            f"Another program holds the scanner {scanner}. End that program; one alone may read it."
        )


class ScannerForbidden(ScannerError):
    code = "SCANNER_FORBIDDEN"

    def __init__(self, scanner: str, group: str) -> None:
        self.scanner, self.group = scanner, group
        super().__init__(
            f"This user may not read the scanner {scanner}. Add the user to the group {group!r} "
            "and log in again."
        )


class ScannerAmbiguous(ScannerError):
    code = "SCANNER_AMBIGUOUS"

    def __init__(self, scanner: str, paths: tuple[str, ...]) -> None:
        self.scanner, self.paths = scanner, paths
        super().__init__(
            f"{scanner} fits several devices: {', '.join(paths)}. Name one by its path under "
            "/dev/input/by-id."
        )


class ScannerUnusable(ScannerError):
    """The device is there but does not do what its configuration says."""

    code = "SCANNER_UNUSABLE"

    def __init__(self, scanner: str, reason: str) -> None:
        self.scanner, self.reason = scanner, reason
        super().__init__(f"The scanner {scanner} cannot be used: {reason}.")


class ScannerNotOpen(ScannerError):
    """Our own mistake: read or waited on before `open` or after `close`."""

    code = "SCANNER_NOT_OPEN"

    def __init__(self, scanner: str) -> None:
        self.scanner = scanner
        super().__init__(f"The scanner {scanner} is not open.")


def checked_options(kind: type[Options], options: Mapping[str, Any]) -> Options:
    """The driver's options as values. Raises UnknownConfigKey or ConfigUnreadable."""
    known = kind.__struct_fields__
    for key in options:
        if key not in known:
            raise UnknownConfigKey("[scanner.options]", key, known)
    try:
        return msgspec.convert(dict(options), kind)
    except msgspec.ValidationError as wrong:
        raise ConfigUnreadable("[scanner.options]", str(wrong)) from wrong
