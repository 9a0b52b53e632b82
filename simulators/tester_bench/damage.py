"""How a label can be spoiled, by name. Pure: what the scanner should have sent → what it sends.

Owns the ways. Texts are as a scanner sends them: an AIM symbology identifier, then the content.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from protocols.barcodes import GS
from simulators.errors import SimulatorsError

AIM_CHARS: Final = 3
"""`]`, a letter, and a modifier."""


class NothingToDamage(SimulatorsError):
    code = "NOTHING_TO_DAMAGE"

    def __init__(self, damage: str, text: str) -> None:
        self.damage, self.text = damage, text
        super().__init__(f"{text!r} cannot be damaged by {damage!r}: it would read the same.")


class Damage(NamedTuple):
    """One way; the function is told the content without its identifier."""

    sentence: str
    spoil: Callable[[str, str], str]


def spoil(text: str, damage: str) -> str:
    """What the scanner sends instead. Raises NothingToDamage."""
    aim, content = split_aim(text)
    spoiled = DAMAGES[damage].spoil(aim, content)
    if spoiled == text:
        raise NothingToDamage(damage, text)
    return spoiled


def split_aim(text: str) -> tuple[str, str]:
    """The identifier, if there is one, and the content."""
    if text.startswith("]") and len(text) > AIM_CHARS:
        return text[:AIM_CHARS], text[AIM_CHARS:]
    return "", text


def _other(char: str) -> str:
    """The next of its kind."""
    if char.isdigit():
        return str((int(char) + 1) % 10)
    if char.isalpha():
        return "A" if char in "Zz" else chr(ord(char) + 1)
    return "-" if char != "-" else "."


def _wrong_character(aim: str, content: str) -> str:
    """The one in the middle: where a scratch does not touch prefix or check digit."""
    at = len(content) // 2
    return aim + content[:at] + _other(content[at]) + content[at + 1 :]


def _swapped(aim: str, content: str) -> str:
    """The first two neighbours behind the middle that differ."""
    for at in range(len(content) // 2, len(content) - 1):
        if content[at] != content[at + 1]:
            turned = content[at + 1] + content[at]
            return aim + content[:at] + turned + content[at + 2 :]
    return aim + content


DAMAGES: Final[dict[str, Damage]] = {
    "no_check_digit": Damage("the last character is torn off", lambda aim, text: aim + text[:-1]),
    "cut_off": Damage("the second half is torn off",
                      lambda aim, text: aim + text[: len(text) // 2]),
    "wrong_character": Damage("one character reads as another", _wrong_character),
    "swapped_characters": Damage("two characters have changed places", _swapped),
    "no_gs": Damage("group separators are missing", lambda aim, text: aim + text.replace(GS, "")),
    "no_aim": Damage("no AIM symbology identifier", lambda _aim, text: text),
    "caps_lock": Damage("Caps Lock: capitals and small letters are exchanged",
                        lambda aim, text: (aim + text).swapcase()),
}  # fmt: skip
