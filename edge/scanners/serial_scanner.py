"""Scanners on a serial port, USB-serial too. Owns the port; framing is `scanner_framing`.

An unplugged port shows itself as SerialException, OSError or termios.error, depending on the call:
`_PORT_ERRORS` is all three.
"""

from __future__ import annotations

import codecs
import errno
import termios
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

import msgspec
import serial

from edge.errors import ConfigUnreadable
from edge.scanners.contract import (
    Reading,
    ScannerBusy,
    ScannerFault,
    ScannerForbidden,
    ScannerMissing,
    ScannerNotOpen,
    ScannerUnplugged,
    ScannerUnusable,
    checked_options,
)
from protocols.barcodes.scans import RawScan
from protocols.scanner_framing import Frame, Framer, Framing, FramingFault

READ_BYTES_MAX: Final = 65_536
"""In one `read`, so that a babbling line does not hold the agent up."""
SERIAL_GROUP: Final = "dialout"
NOT_TEXT: Final = "NOT_TEXT"
_PORT_ERRORS: Final = (serial.SerialException, OSError, termios.error)
_PORT_SETTINGS_REFUSED: Final = (errno.EINVAL, errno.ENOTTY)


class SerialOptions(msgspec.Struct, frozen=True):
    """The port and its settings, as the scanner's manual gives them."""

    port: str
    framing: Framing = Framing.LINE
    baud: int = 9_600
    data_bits: int = 8
    parity: str = "N"
    stop_bits: int = 1
    encoding: str = "utf-8"


class SerialScanner:
    """A scanner that sends lines or frames. Implements the contract in `contract`."""

    def __init__(self, options: SerialOptions) -> None:
        _check(options)
        self._options = options
        self._port: serial.Serial | None = None
        self._framer = Framer(options.framing)

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Self:
        return cls(checked_options(SerialOptions, options))

    @property
    def label(self) -> str:
        return self._options.port

    def open(self) -> None:
        self.close()
        try:
            self._port = self._opened_port()
        except _PORT_ERRORS as refused:
            raise self._refusal(refused) from refused

    def fileno(self) -> int:
        return int(self._opened().fileno())

    def read(self) -> list[Reading]:
        port = self._opened()
        received = bytearray()
        try:
            while (waiting := port.in_waiting) and len(received) < READ_BYTES_MAX:
                received += port.read(waiting)
        except _PORT_ERRORS as gone:
            if not received:
                raise self._unplugged() from gone
        if not received and not Path(self._options.port).exists():
            raise self._unplugged()
        return [self._reading(frame) for frame in self._framer.feed(bytes(received))]

    def close(self) -> None:
        port, self._port = self._port, None
        self._framer.reset()
        if port is None:
            return
        try:
            port.close()
        except _PORT_ERRORS:
            return  # a port that is gone cannot be closed any better

    def _opened(self) -> serial.Serial:
        if self._port is None:
            raise ScannerNotOpen(self.label)
        return self._port

    def _opened_port(self) -> serial.Serial:
        options = self._options
        return serial.Serial(
            port=options.port,
            baudrate=options.baud,
            bytesize=options.data_bits,
            parity=options.parity,
            stopbits=options.stop_bits,
            timeout=0,
            exclusive=True,
        )

    def _unplugged(self) -> ScannerUnplugged:
        return ScannerUnplugged(self.label, lost_chars=self._framer.reset())

    def _refusal(self, refused: Exception) -> Exception:
        number = getattr(refused, "errno", None) or next(iter(refused.args), None)
        if number in (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK):
            return ScannerBusy(self.label)
        if number in (errno.EACCES, errno.EPERM):
            return ScannerForbidden(self.label, SERIAL_GROUP)
        if number in _PORT_SETTINGS_REFUSED:
            return ScannerUnusable(self.label, "the port does not take these settings")
        return ScannerMissing(self.label)

    def _reading(self, frame: Frame) -> Reading:
        if isinstance(frame, FramingFault):
            return ScannerFault(frame.code, str(frame))
        try:
            return RawScan(frame.decode(self._options.encoding))
        except UnicodeDecodeError:
            return ScannerFault(
                NOT_TEXT,
                f"A scan of {len(frame)} bytes is no {self._options.encoding} text. Scan again; "
                "if it stays, set encoding, data_bits and parity as the scanner has them.",
            )


def _check(options: SerialOptions) -> None:
    wrong = ""
    if options.baud not in serial.Serial.BAUDRATES:
        wrong = f"baud = {options.baud} is no usual rate"
    elif options.data_bits not in (7, 8) or options.stop_bits not in (1, 2):
        wrong = "data_bits has to be 7 or 8, stop_bits 1 or 2"
    elif options.parity not in ("N", "E", "O"):
        wrong = f"parity = {options.parity!r} is none of N, E, O"
    elif not _is_encoding(options.encoding):
        wrong = f"encoding = {options.encoding!r} is unknown"
    if wrong:
        raise ConfigUnreadable("[scanner.options]", wrong)


def _is_encoding(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True
