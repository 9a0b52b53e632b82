"""How a hub says on the local network where it is. Owns the service type and its TXT record.

mDNS is a hint: anybody may announce anything. The pinned key decides whom a device believes, so
nothing here is a promise. Text ↔ values only; no socket.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from protocols.errors import BadAnnouncement, BadName
from protocols.limits import NAME_CHARS_MAX
from protocols.topics import check_name

SERVICE_TYPE: Final = "_binlight._tcp.local."
VERSION: Final = "1"
TXT_CHARS_MAX: Final = 64
INSTANCE_HUB_CHARS: Final = 8


class Announcement(msgspec.Struct, frozen=True):
    """What stands in the TXT record. The service's port is the broker's TLS port."""

    site: str
    hub: str
    """The hub's id: tells two hubs of one site name apart."""
    fp: str
    """The fingerprint of its CA key, as in the enrolment code."""


def instance_name(announcement: Announcement) -> str:
    """The service's full name; two hubs of one site do not get in each other's way."""
    part = announcement.hub[:INSTANCE_HUB_CHARS]
    return f"binlight-{announcement.site}-{part}.{SERVICE_TYPE}"


def write_txt(announcement: Announcement) -> dict[str, str]:
    """The TXT record's pairs."""
    return {"v": VERSION, **msgspec.structs.asdict(announcement)}


def read_txt(pairs: Mapping[bytes, bytes | None]) -> Announcement:
    """What a TXT record says; pairs of later versions are passed over. Raises BadAnnouncement."""
    if _value(pairs, "v") != VERSION:
        raise BadAnnouncement("v")
    try:
        site = check_name(_value(pairs, "site"), "site")
    except BadName as wrong:
        raise BadAnnouncement("site") from wrong
    return Announcement(site, _value(pairs, "hub", NAME_CHARS_MAX), _value(pairs, "fp"))


def _value(pairs: Mapping[bytes, bytes | None], name: str, chars_max: int = TXT_CHARS_MAX) -> str:
    raw = pairs.get(name.encode()) or b""
    if not raw or len(raw) > chars_max or not raw.isascii():
        raise BadAnnouncement(name)
    return raw.decode()
