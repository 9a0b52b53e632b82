"""What each kind of security event means, in words for people. Owns the table of kinds.

Texts are filled with subject, address and the event's values.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Area = Literal["connections", "rights", "enrolment", "floor", "pages", "hub"]
AREAS: Final[dict[Area, str]] = {
    "connections": "Connections",
    "rights": "Beyond their rights",
    "enrolment": "Enrolment",
    "floor": "On the floor",
    "pages": "Pages",
    "hub": "The hub itself",
}


class Kind(NamedTuple):
    area: Area
    title: str
    text: str


KINDS: Final[dict[str, Kind]] = {
    "NO_CERTIFICATE": Kind(
        "connections", "Came without a certificate", "Nobody we know, or a device not enrolled yet."
    ),
    "CERTIFICATE_REFUSED": Kind(
        "connections", "Certificate refused",
        "Revoked, outdated, or of another hub. From this address, {suspect} was connected last.",
    ),
    "TLS_REFUSED": Kind("connections", "No secure connection", "{reason}"),
    "PASSWORD_REFUSED": Kind(
        "connections", "Wrong name or password", "An old password, or somebody who guesses."
    ),
    "BARRED_CONNECTED": Kind(
        "connections", "A device that was shut out got in",
        "It came while the broker read its new list. It could neither hear nor say anything and "
        "was cut off.",
    ),
    "TAKEN_OVER": Kind(
        "connections", "The same name from another address",
        "Before, it was at {before}. A copied memory card, or a new address.",
    ),
    "NOT_MQTT": Kind("connections", "Not a message of ours", "Cut off by the broker."),
    "OVERSIZE_PACKET": Kind("connections", "Too large a message", "Cut off by the broker."),
    "BROKER_FILES_BROKEN": Kind(
        "connections", "The broker cannot read its lists",
        "Who was shut out may get in. Restart the hub. {line}",
    ),
    "PUBLISH_DENIED": Kind(
        "rights", "Spoke where it may not", "In another's name, or for the hub. It was cut off."
    ),
    "SUBSCRIBE_DENIED": Kind(
        "rights", "Listened where it may not", "{topic}: nothing was delivered."
    ),
    "ENROLMENT_REFUSED": Kind("enrolment", "Enrolment refused", "{code}"),
    "UNTRUSTED_HUB": Kind(
        "floor", "Met somebody who plays the hub",
        "Its key {fingerprint} is not ours; the device sent it nothing.",
    ),
    "PIN_LOCKED_OUT": Kind(
        "floor", "Too many wrong PINs", "{wrong} in a row; locked for {lock_s} s."
    ),
    "LET_IN_AT_MACHINE": Kind(
        "pages", "Made an administrator at the hub's machine",
        "By “binlight user let-in”, which asks for no log-in. If nobody of yours did it, somebody "
        "else can use that machine.",
    ),
    "WEB_DENIED": Kind("pages", "Not allowed", "{what}"),
    "CLOCK_JUMPED": Kind(
        "hub", "The hub's clock was set",
        "By {by}, {direction}. Nobody lost work or time by it, but what was written meanwhile "
        "bears the other time. Is a time server reachable, and the clock's battery good?",
    ),
}  # fmt: skip


_CODES: Final = {
    "CODE_UNKNOWN": "With a wrong code, or while none was out.",
    "CODE_USED": "With a code that another key was enrolled by: has somebody else scanned it?",
    "CODE_EXPIRED": "With a code older than half an hour.",
    "CODE_BURNT": "With a code that was burnt by {tries_max} wrong tries.",
    "BAD_CSR": "With a request that names another device, or that nobody could sign.",
    "WRONG_SITE": "For another site.",
}
"""Why an enrolment was refused."""


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def sentence(kind: str, values: dict[str, str]) -> str:
    """What happened, as a person reads it; later versions' kinds say at least their values."""
    known = KINDS.get(kind)
    if known is None:
        return ", ".join(f"{name}: {value}" for name, value in values.items())
    if kind == "CERTIFICATE_REFUSED" and "suspect" not in values:
        return known.text.partition(" From this")[0]
    text = _CODES.get(values.get("code", ""), known.text)
    return text.format_map(_Known(values))


def kinds_of(area: str) -> tuple[str, ...]:
    """The kinds of one area; of all when it is none."""
    return tuple(name for name, kind in KINDS.items() if kind.area == area)
