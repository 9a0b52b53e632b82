"""Our own labels: bins, totes, badges and commands. Owns their form and the check digit pair.

A label is printed as Code 128 and reads `%`, a letter for the kind, the code, a full stop and two
check digits: `%BB-14-03-2.62`. The per cent sign keeps it apart from every GTIN and element string,
which begin with a digit, and from the AIM prefix `]`.

The pair is a pure system of the ISO 7064 kind with modulus 97 and radix 23. Digits count 0-9,
letters 10-35, the hyphen 36; from left to right the sum takes each character's value and is
multiplied by 23, and what it leaves modulo 97 is the pair (00 to 96). 97 is prime and 23 one of its
primitive roots, so any one wrong character and any two exchanged characters are always noticed.
The standard's radix 10 does as much, but gives bay 03 level 5 and bay 04 level 2 the same pair; 23
is the one radix for which no two bins up to five bays apart share theirs (bays 1-40, levels 1-6).
People read the pair from the bin and type it where the barcode is torn.
"""

from __future__ import annotations

import re

from protocols.barcodes.errors import BadCheckDigit, BadLabel, BadLabelCode, UnknownCommand
from protocols.barcodes.scans import BadgeLabel, BinLabel, Command, CommandName, ToteLabel

LABEL_PREFIX = "%"
CODE_CHARS_MAX = 24
_MODULUS = 97
_RADIX = 23
_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
_CODE = re.compile(r"[0-9A-Z]+(-[0-9A-Z]+)*")
_PRINTED = re.compile(r"([0-9A-Z-]{1,24})[ .]+([0-9]{2})")
_LABEL = re.compile(r"%([BTUC])([0-9A-Z-]{1,24})\.([0-9]{2})")

Label = BinLabel | ToteLabel | BadgeLabel | Command


def check_digits(code: str) -> str:
    """The two digits printed beside the code. Refuses a code that no label may carry."""
    total = 0
    for char in _checked(code):
        total = (total + _CHARACTERS.index(char)) * _RADIX % _MODULUS
    return f"{total:02d}"


def bin_label(code: str) -> str:
    """The content of a bin's barcode. Refuses BadLabelCode."""
    return _label("B", code)


def tote_label(code: str) -> str:
    """The content of a tote's barcode. Refuses BadLabelCode."""
    return _label("T", code)


def badge_label(code: str) -> str:
    """The content of a person's badge. Refuses BadLabelCode."""
    return _label("U", code)


def command_label(name: CommandName | str) -> str:
    """The content of a command barcode. Refuses UnknownCommand."""
    return _label("C", _command(str(name)).value)


def confirms_bin(code: str, typed: str) -> bool:
    """Whether digits typed by hand are this bin's check digits."""
    return typed.strip() == check_digits(code)


def is_code(text: str) -> bool:
    """Whether a label may carry it."""
    return text.isascii() and len(text) <= CODE_CHARS_MAX and bool(_CODE.fullmatch(text.upper()))


def printed_code(typed: str) -> str | None:
    """The code of what stands on a label in big letters, `T-0042 51`, typed by hand; a full stop
    will do for the blank. None for any other text, and where the digits are not the code's.
    """
    match = _PRINTED.fullmatch(typed.strip().upper()) if typed.isascii() else None
    if match is None or not _CODE.fullmatch(match[1]) or check_digits(match[1]) != match[2]:
        return None
    return match[1]


def is_label(text: str) -> bool:
    """Whether the text claims to be one of ours; it may still be a bad one."""
    return text.startswith(LABEL_PREFIX) and text[1:2].upper() in ("B", "T", "U", "C")


def read_label(text: str) -> Label:
    """What the label names. Case does not matter. Refuses BadLabel, BadCheckDigit, ...

    UnknownCommand is for a label that is whole but was printed by another version.
    """
    kind, code, check = _parts(text)
    expected = check_digits(code)
    if check != expected:
        raise BadCheckDigit("the label", text, expected, check)
    if kind == "C":
        return Command(_command(code))
    return _KINDS[kind](code, check)


_KINDS: dict[str, type[BinLabel] | type[ToteLabel] | type[BadgeLabel]] = {
    "B": BinLabel,
    "T": ToteLabel,
    "U": BadgeLabel,
}


def _label(kind: str, code: str) -> str:
    return f"{LABEL_PREFIX}{kind}{_checked(code)}.{check_digits(code)}"


def _checked(code: str) -> str:
    upper = code.upper() if code.isascii() else code
    if len(upper) > CODE_CHARS_MAX or not _CODE.fullmatch(upper):
        raise BadLabelCode(code, CODE_CHARS_MAX)
    return upper


def _parts(text: str) -> tuple[str, str, str]:
    match = _LABEL.fullmatch(text.upper()) if text.isascii() else None
    if match is None or not _CODE.fullmatch(match[2]):
        raise BadLabel(text)
    return match[1], match[2], match[3]


def _command(name: str) -> CommandName:
    try:
        return CommandName(name)
    except ValueError:
        raise UnknownCommand(name) from None
