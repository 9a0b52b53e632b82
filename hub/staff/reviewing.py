"""Rights that somebody has to look at: a backup was restored, and gives back what it knew.

Owns `right_to_review`. Nothing is withdrawn by itself: who was given a role since, or lost it, is a
decision of people, and the books in which it stands are no longer these.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

import msgspec

from hub.command import Id
from hub.db import Insert, fetch, proxy
from hub.ids import NIL
from hub.journal import Act
from hub.staff.models import RightToReview

Change = Literal["GIVEN_BACK", "TAKEN_BACK", "UNKNOWN"]
"""A role that was withdrawn since and is there again; one that was given since and is gone; or
nobody knows what was before."""
_insert: Final = Insert(RightToReview, or_ignore=True)


class ChangedRight(msgspec.Struct, frozen=True):
    """A role of somebody that a restored backup has otherwise than the hub before had it."""

    change: Change
    person: Id = NIL
    role: str = ""
    site: str = ""
    division: str = ""


class ToReview(NamedTuple):
    """As it is shown: whether the person is in these books at all says `name`."""

    change: str
    person: bytes
    name: str
    role: str
    site: str
    division: str


def ask(act: Act, rights: Iterable[ChangedRight]) -> None:
    """Have administrators look at these; what waited before is replaced."""
    done(act)
    for right in rights:
        act.tx.add(_insert, (right.person, right.role, right.site, right.division, right.change))


def done(act: Act) -> int:
    """Somebody has looked; returns how many waited. Safe to repeat."""
    act.tx.flush()
    return act.tx.run("DELETE FROM right_to_review")


def waiting() -> list[ToReview]:
    """What nobody has looked at yet, by person."""
    rows = fetch(
        proxy.obj,
        "SELECT r.change, r.person, COALESCE(p.name, ''), r.role, r.site, r.division "
        "FROM right_to_review r LEFT JOIN person p ON p.id = r.person "
        "ORDER BY COALESCE(p.name, ''), r.role, r.site, r.division",
    )
    return [ToReview(change, bytes(person), *rest) for change, person, *rest in rows]
