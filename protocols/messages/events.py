"""Business events, upward on `evt`. Owns their table; the person is the envelope's `actor`."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from protocols.limits import QUANTITY_MAX
from protocols.messages.fields import Code, Id, Name, Quantity, Scanned, Slot, Text, Units

ShortReason = Literal["EMPTY", "DAMAGED", "WRONG_ITEM", "CANNOT_REACH"]
SkipReason = Literal["BLOCKED", "CANNOT_REACH", "LATER"]
PauseReason = Literal["BREAK", "LOGOUT", "HANDOVER"]


class EventData(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a business event says beyond its envelope."""


class PersonLoggedIn(EventData, frozen=True):
    """Badge and PIN were right. `offline`: checked against the shift's list on the device."""

    offline: bool = False


class PersonLoggedOut(EventData, frozen=True):
    """NOT_ON_SHIFT: the hub's list of people does not name them any more."""

    reason: Literal["ASKED", "IDLE", "OTHER_PERSON", "RESTART", "NOT_ON_SHIFT"] = "ASKED"


class PinLockedOut(EventData, frozen=True):
    """Too many wrong PINs for one badge: the device refuses it for a while. Nobody is the actor."""

    person: Id
    """Whose badge it was."""
    wrong: Annotated[int, Meta(ge=1, le=1_000)]
    """Wrong PINs in a row."""
    lock_s: Annotated[int, Meta(ge=1)]
    locks: Annotated[int, Meta(ge=1)] = 1
    """Which lock in a row this is: each doubles the time."""
    offline: bool = False
    """Whether the hub was away: nobody could have been told."""


class WorkRequested(EventData, frozen=True):
    """The person is ready for the next assignment, with a cart of so many slots."""

    slots: Annotated[int, Meta(ge=1, le=64)] = 1


class AssignmentStarted(EventData, frozen=True):
    """The first act on an assignment; from here it can only be suspended, not taken away."""


class AssignmentSuspended(EventData, frozen=True):
    reason: PauseReason = "BREAK"


class AssignmentResumed(EventData, frozen=True):
    pass


class AssignmentCompleted(EventData, frozen=True):
    """Every line is DONE or SHORT, and the person confirmed with DONE."""


class ToteAssigned(EventData, frozen=True):
    """A tote stands in a slot of the cart; a second tote for a slot joins the first (full)."""

    slot: Slot
    tote: Code


class BinVerified(EventData, frozen=True):
    line: Id
    bin: Code


class UnitsCounted(EventData, frozen=True):
    """A scan or a typed figure changed the running count of a line.

    `counted` is the count after this act: the event carries everything, nothing is inferred.
    """

    line: Id
    item: Id
    quantity: Annotated[int, Meta(ge=-QUANTITY_MAX, le=QUANTITY_MAX)]
    counted: Quantity
    how: Literal["SCANNED", "TYPED"] = "SCANNED"
    code: Scanned = ""


class PickConfirmed(EventData, frozen=True):
    """So many units went from the bin into the tote: the fact that moves stock."""

    line: Id
    bin: Code
    item: Id
    quantity: Units
    tote: Code


class PickShorted(EventData, frozen=True):
    """No more than `quantity` was found; those went into `tote` (None when nothing was found)."""

    line: Id
    bin: Code
    item: Id
    quantity: Quantity
    reason: ShortReason
    tote: Code | None = None


class LineSkipped(EventData, frozen=True):
    line: Id
    reason: SkipReason = "LATER"


class ActUndone(EventData, frozen=True):
    """Takes back one earlier event of this device, named by its key."""

    epoch: Name
    seq: Annotated[int, Meta(ge=1)]
    line: Id | None = None


class HelpRequested(EventData, frozen=True):
    """The person calls the supervisor, from `bin` when one is known."""

    text: Text = ""
    line: Id | None = None
    bin: Code | None = None


class UntrustedHubMet(EventData, frozen=True):
    """Something at this address answered as a hub with a key that is not the pinned one.

    Said once for each address and key, and not more than UNTRUSTED_HUBS_PER_DAY times a day.
    """

    address: Annotated[str, Meta(min_length=1, max_length=255)]
    """host:port where it was met."""
    fingerprint: Annotated[str, Meta(max_length=64)] = ""
    """Of the key that it showed, as in enrolment codes; empty when it could not be read."""
    announced: bool = False
    """Whether mDNS led there; otherwise it sits on an address that the device was given."""


EVENT_TYPES: Final[dict[str, type[EventData]]] = {
    kind.__name__: kind
    for kind in (
        PersonLoggedIn, PersonLoggedOut, PinLockedOut, WorkRequested,
        AssignmentStarted, AssignmentSuspended, AssignmentResumed, AssignmentCompleted,
        ToteAssigned, BinVerified, UnitsCounted, PickConfirmed, PickShorted, LineSkipped,
        ActUndone, HelpRequested, UntrustedHubMet,
    )
}  # fmt: skip
