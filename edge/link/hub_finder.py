"""Where the hub may be. Owns the order of trying; connects to nothing, looks at no network.

What is announced on a network (`mdns_look.py`) is a hint: anybody can say anything there. Whoever
connects proves by the pinned key who it is, so a wrong hint costs a try and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from protocols.discovery import Announcement
from protocols.enrolment import Address


class Found(NamedTuple):
    """One announced hub and where it says to be."""

    announcement: Announcement
    addresses: tuple[Address, ...]


class Candidate(NamedTuple):
    """An address to try."""

    address: Address
    is_announced: bool = False


class Known(NamedTuple):
    """What a device knows about its hub without looking around."""

    site: str
    fingerprint: str
    last_good: Address | None
    enrolled: tuple[Address, ...]
    configured: tuple[Address, ...]


LookAround = Callable[[Callable[[Announcement], bool]], Sequence[Found]]
"""Looks for announced hubs; may end early once the given question was answered with yes."""


def candidates(known: Known, look: LookAround | None) -> Iterator[Candidate]:
    """Every address once, best first: where it was last, where it says to be, where it was told.

    Announced hubs of the site that name another key come last: a stranger, or one whose record
    is old. The network is looked at only when the first address was of no use. Lazy.
    """
    tried: set[Address] = set()
    for candidate in _in_order(known, look):
        if candidate.address not in tried:
            tried.add(candidate.address)
            yield candidate


def _in_order(known: Known, look: LookAround | None) -> Iterator[Candidate]:
    if known.last_good is not None:
        yield Candidate(known.last_good)

    def is_ours(announcement: Announcement) -> bool:
        return announcement.site == known.site and announcement.fp == known.fingerprint

    found = look(is_ours) if look is not None else ()
    here = [each for each in found if each.announcement.site == known.site]
    yield from _addresses_of(each for each in here if is_ours(each.announcement))
    for address in (*known.enrolled, *known.configured):
        yield Candidate(address)
    yield from _addresses_of(each for each in here if not is_ours(each.announcement))


def _addresses_of(found: Iterator[Found]) -> Iterator[Candidate]:
    for each in found:
        for address in each.addresses:
            yield Candidate(address, is_announced=True)
