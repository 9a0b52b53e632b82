"""The recordings in tests/data/scanners as values. Owns the notation of keys; asserts nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from edge.scanners.contract import Reading, ScannerFault
from edge.scanners.keymap import EV_KEY, KEY_102ND, KEY_DOWN, KEY_REPEATED, KEY_UP, US_KEYS
from protocols.barcodes import BarcodeError, classify
from tests.contracts.scanner_rigs import keys_for

FOLDER = Path(__file__).resolve().parents[2] / "data" / "scanners"
Event = tuple[int, int, int]

KEYS = {
    **{plain: code for code, (plain, _) in US_KEYS.items()},
    "SHIFT": 42,
    "RSHIFT": 54,
    "CTRL": 29,
    "RCTRL": 97,
    "ALT": 56,
    "ALTGR": 100,
    "CAPS": 58,
    "NUM": 69,
    "ENTER": 28,
    "TAB": 15,
    "ESC": 1,
    "F8": 66,
    "KPENTER": 96,
    "KP*": 55,
    "KP-": 74,
    "KP+": 78,
    "KP.": 83,
    "KP/": 98,
    "KP7": 71,
    "KP8": 72,
    "KP9": 73,
    "KP4": 75,
    "KP5": 76,
    "KP6": 77,
    "KP1": 79,
    "KP2": 80,
    "KP3": 81,
    "KP0": 82,
    "ISO": KEY_102ND,
    "UNKNOWN": 240,
}
_VALUES = {"+": KEY_DOWN, "-": KEY_UP, "~": KEY_REPEATED}


class Typed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One recording of a scanner that types."""

    says: str
    origin: str
    keys: list[str]
    reads: list[str]
    means: str = ""
    aim: bool = False
    caps: bool = False
    terminator: str = "enter_or_tab"

    def events(self) -> list[Event]:
        return [event for part in self.keys for event in _events(part)]


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One recording of a scanner on a serial line; `sends` are bytes, one character each."""

    says: str
    origin: str
    sends: list[str]
    reads: list[str]
    framing: str = "line"
    encoding: str = "utf-8"
    means: str = ""
    aim: bool = False

    def writes(self) -> list[bytes]:
        return [part.encode("latin-1") for part in self.sends]


def typed() -> list[Typed]:
    return msgspec.convert(_table("typed.toml"), list[Typed])


def sent() -> list[Sent]:
    return msgspec.convert(_table("sent.toml"), list[Sent])


def shown(readings: list[Reading]) -> list[str]:
    """Readings as a recording writes them."""
    return [f"!{r.code}" if isinstance(r, ScannerFault) else r.text for r in readings]


def meaning(recording: Typed | Sent) -> str:
    """How the last text is classified, or the code of its refusal."""
    try:
        scan = classify(recording.reads[-1], aim=recording.aim)
    except BarcodeError as refusal:
        return refusal.code
    return str(scan.__struct_config__.tag)


def _events(part: str) -> Iterator[Event]:
    if part.startswith("'"):
        for char in part[1:]:
            yield from _held(keys_for(char))
        return
    for token in part.split(" "):
        if len(token) > 1 and token[0] in _VALUES:
            yield (EV_KEY, KEYS[token[1:]], _VALUES[token[0]])
        else:
            yield from _chord(token)


def _chord(token: str) -> Iterator[Event]:
    """`SHIFT+a`: the first is held while the others go down and up one after the other."""
    if token in KEYS:
        yield from _held((KEYS[token],))
        return
    held, *others = token.split("+")
    yield (EV_KEY, KEYS[held], KEY_DOWN)
    for key in others:
        yield from _held((KEYS[key],))
    yield (EV_KEY, KEYS[held], KEY_UP)


def _held(codes: tuple[int, ...]) -> Iterator[Event]:
    yield from ((EV_KEY, code, KEY_DOWN) for code in codes)
    yield from ((EV_KEY, code, KEY_UP) for code in reversed(codes))


def _table(name: str) -> object:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))["recording"]
