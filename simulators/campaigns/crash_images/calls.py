"""System calls out of strace's text. Owns its notation and nothing of what calls mean.

Expects `strace -f -y -xx`: every string and path is in hexadecimal digits, so commas, quotes and
angle brackets belong to strace alone. See strace(1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from simulators.errors import SimulatorsError

_HEX: Final = r"(?:\\x[0-9a-f]{2})*"
_LINE: Final = re.compile(
    r"^(\d+) +(\w+)\((.*)\) += (-?\d+)(?:<(" + _HEX + r")>)?(?: (E\w+) .*| \((INJECTED)\))?$"
)
_UNFINISHED: Final = re.compile(r"^(\d+) +(\w+\(.*) <unfinished \.\.\.>$")
_RESUMED: Final = re.compile(r"^(\d+) +<\.\.\. \w+ resumed>(.*)$")
_OPEN_FILE: Final = re.compile(r"^(\d+|AT_FDCWD)<(" + _HEX + r")>(\(deleted\))?$")


class CutShort(SimulatorsError):
    """strace wrote less of a string than the process did: its -s was too small."""

    code = "CUT_SHORT"

    def __init__(self, call: str) -> None:
        self.call = call
        super().__init__(f"The recording of {call} does not hold all of its bytes.")


class OpenFile(NamedTuple):
    """A file descriptor and the path that it stood for at that moment."""

    fd: str
    path: str
    is_deleted: bool


Argument = OpenFile | bytes | str
"""A descriptor, a string's bytes, or a word as strace prints it (flags, numbers)."""


class Call(NamedTuple):
    """One finished call."""

    pid: int
    name: str
    arguments: tuple[Argument, ...]
    result: int
    path: str
    """Of a descriptor that the call returned; otherwise empty."""
    error: str
    """`EIO` and the like; INJECTED for a call that said it had succeeded and was not carried out;
    empty when it succeeded.
    """


def read_calls(lines: Iterable[str]) -> Iterator[Call]:
    """Every call in the order in which it ended. Raises CutShort."""
    begun: dict[str, str] = {}
    for line in lines:
        text = line.rstrip("\n")
        if (part := _UNFINISHED.match(text)) is not None:
            begun[part[1]] = part[2]
            continue
        if (part := _RESUMED.match(text)) is not None:
            text = f"{part[1]} {begun.pop(part[1], '')}{part[2]}"
        if (found := _LINE.match(text)) is not None:
            yield _call(found)


def _call(found: re.Match[str]) -> Call:
    pid, name, arguments, result, path, error, injected = found.groups(default="")
    return Call(
        int(pid), name, tuple(_argument(name, a) for a in arguments.split(", ")), int(result),
        _text(path), error or injected,
    )  # fmt: skip


def _argument(name: str, text: str) -> Argument:
    if text.startswith('"'):  # no pattern: they are long, and hexadecimal digits throughout
        if not text.endswith('"'):
            raise CutShort(name)
        return _bytes(text[1:-1])
    if (file := _OPEN_FILE.match(text)) is not None:
        return OpenFile(file[1], _text(file[2]), bool(file[3]))
    return text


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


def _text(escaped: str) -> str:
    return _bytes(escaped).decode(errors="surrogateescape")
