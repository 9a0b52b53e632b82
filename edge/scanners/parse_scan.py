"""`binlight parse-scan`: raw scans in, what they mean out, one JSON value a line each.

For testers, and for whoever configures a scanner. Every line is answered by one line, whatever is
in it. Decides nothing: `protocols.barcodes.classify` does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import click
import msgspec

from protocols.barcodes import (
    BadgeLabel,
    BinLabel,
    Command,
    EnrolmentLabel,
    ItemCode,
    PlainData,
    Scan,
    ScannerCheck,
    ToteLabel,
    classify,
)
from protocols.errors import ProtocolsError

LINE_BYTES_MAX: Final = 65_536
"""Of one line; a scan has 7,089 characters at most, each at most six bytes as JSON."""

Answer = dict[str, Any]


@click.command(name="parse-scan")
@click.option("--no-aim", is_flag=True, help="The scanner sends no symbology identifier.")
@click.option("--sends-fnc1", is_flag=True, help="The scanner is known to send FNC1 as GS.")
def command(no_aim: bool, sends_fnc1: bool) -> None:
    """Say what scans mean: one JSON string a line in, one JSON object a line out."""
    out = sys.stdout.buffer
    for line in _lines(sys.stdin.buffer):
        answer = answer_line(line, aim=not no_aim, sends_fnc1=sends_fnc1)
        out.write(json.dumps(answer).encode("ascii") + b"\n")
        out.flush()


def answer_line(line: bytes, *, aim: bool, sends_fnc1: bool = False) -> Answer:
    """The answer to one line without its line end. Never raises."""
    if len(line) > LINE_BYTES_MAX:
        return _error("LINE_TOO_LONG", f"A line may have {LINE_BYTES_MAX} bytes.")
    try:
        text = msgspec.json.decode(line, type=str)
        return describe(classify(text, aim=aim, sends_fnc1=sends_fnc1), text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _error("BAD_LINE", "The line is not one JSON string.")
    except ProtocolsError as refusal:
        return _error(refusal.code, str(refusal))


def describe(scan: Scan, text: str) -> Answer:
    """The scan as JSON values; `ais` is null for everything but GS1 elements."""
    match scan:
        case ItemCode():
            return _describe_item(scan)
        case BinLabel(code, check) | ToteLabel(code, check) | BadgeLabel(code, check):
            label = scan.__struct_config__.tag
            return {"ais": None, "data": text, "label": label, "code": code, "check": check}
        case Command(name):
            return {"ais": None, "data": text, "label": "command", "command": name.value}
        case EnrolmentLabel():
            return {"ais": None, "data": text, "label": "enrolment"}
        case ScannerCheck():
            return {"ais": None, "data": text, "label": "scanner_check"}
        case PlainData(data, symbology):
            return _without_none({"symbology": symbology}) | {"ais": None, "data": data}


def _describe_item(item: ItemCode) -> Answer:
    doubt = item.doubt and f"({item.doubt}) may be hidden in the last value: FNC1 may be missing."
    elements = [list(element) for element in item.ais] if item.ais else None
    extra = {
        "gtin": item.gtin,
        "other_gtin": item.other_gtin,
        "symbology": item.symbology,
        "doubt": doubt,
    }
    return {"ais": elements, "data": item.data} | _without_none(extra)


def _without_none(values: Answer) -> Answer:
    return {key: value for key, value in values.items() if value is not None}


def _error(code: str, text: str) -> Answer:
    return {"error": code, "text": text}


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines without their ends; of a line that is too long only the beginning is kept."""
    while line := stream.readline(LINE_BYTES_MAX + 2):
        while not line.endswith(b"\n") and (rest := stream.readline(LINE_BYTES_MAX)):
            line = line[: LINE_BYTES_MAX + 1] + (b"\n" if rest.endswith(b"\n") else b"")
        yield line.rstrip(b"\r\n")
