"""Every message of bw/1 as a value. Owns the tables of types; asyncapi.yaml must agree with them.

Ids are UUIDs written as 32 hexadecimal digits. Quantities are integers of the item's base unit.
Moments (`at`) are integer microseconds UTC; durations carry their unit in the name.
Codes (bins, totes, SKUs) are the codes that people read, without a label's prefix or check digits.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from protocols.errors import (
    MalformedPayload,
    OversizedPayload,
    UnknownMessageType,
    UnsupportedVersion,
)
from protocols.limits import (
    NAME_CHARS_MAX,
    PAYLOAD_BYTES_MAX,
    PEM_CHARS_MAX,
    QUANTITY_MAX,
    SCAN_CHARS_MAX,
)

Id = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Scanned = Annotated[str, Meta(max_length=SCAN_CHARS_MAX)]
Quantity = Annotated[int, Meta(ge=0, le=QUANTITY_MAX)]
Units = Annotated[int, Meta(ge=1, le=QUANTITY_MAX)]
Moment = Annotated[int, Meta(ge=0)]
Name = Annotated[str, Meta(min_length=1, max_length=NAME_CHARS_MAX)]
Text = Annotated[str, Meta(max_length=500)]
Pem = Annotated[str, Meta(max_length=PEM_CHARS_MAX)]
Day = Annotated[str, Meta(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Slot = Annotated[str, Meta(min_length=1, max_length=4)]

WorkLineState = Literal[
    "OPEN", "AT_LOCATION", "ITEM_VERIFIED", "QTY_CONFIRMED", "DONE", "SHORT", "SKIPPED",
    "SUBSTITUTED", "CANCELLED",
]  # fmt: skip
ShortReason = Literal["EMPTY", "DAMAGED", "WRONG_ITEM", "CANNOT_REACH"]
SkipReason = Literal["BLOCKED", "CANNOT_REACH", "LATER"]
PauseReason = Literal["BREAK", "LOGOUT", "HANDOVER"]


class EventData(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a business event says beyond its envelope."""


# ── Events, upward on `evt`. The person is the envelope's `actor`. ──────────────────────────


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


# ── Assignments and commands, downward on `cmd`, answered on `cmd_ack`. ─────────────────────


class CartSlot(msgspec.Struct, frozen=True, omit_defaults=True):
    """One position on the cart: one order, and the totes that stand there (last one filling)."""

    slot: Slot
    order: Code
    totes: tuple[Code, ...] = ()


class WorkLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One instruction: take `quantity` of an item from a bin into a slot."""

    id: Id
    bin: Code
    item: Id
    sku: Code
    name: Text
    quantity: Units
    slot: Slot
    codes: dict[str, int]
    """What the item's labels may read → base units of one scan. GTINs in 14 digits."""
    expected: Quantity = 0
    """What the books hold in the bin."""
    state: WorkLineState = "OPEN"
    counted: Quantity = 0
    picked: Quantity = 0
    x_cm: int = 0
    y_cm: int = 0


class Assignment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A whole piece of work, so that it can be done for hours with no radio."""

    id: Id
    rev: int
    wave: Code
    kind: Literal["PICK"]
    method: Literal["SINGLE", "CLUSTER"]
    lease_s: int
    lines: tuple[WorkLine, ...]
    """In walking order."""
    slots: tuple[CartSlot, ...]
    walk_cm: int = 0
    person: Id | None = None


class CommandData(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a command says beyond its frame."""


class OfferAssignment(CommandData, frozen=True):
    """Take this work (ASSIGNED once accepted). The same id with a higher `rev` replaces it."""

    assignment: Assignment


class RevokeAssignment(CommandData, frozen=True):
    """Stop as soon as the line in hand is finished, then accept: the first phase of revoking.

    The answer never overtakes the events of before: it is said once they are acknowledged.
    """

    assignment: Id
    rev: int
    reason: Text = ""
    unless_begun: bool = False
    """Only work in reserve: the device rejects with BEGUN what somebody has begun."""


class ShowMessage(CommandData, frozen=True):
    text: Text
    level: Literal["INFO", "WARN"] = "INFO"


class EndLogin(CommandData, frozen=True):
    """The person went on with another device; this one shows the log-in screen."""

    person: Id


class LedgerRoot(msgspec.Struct, frozen=True):
    """The end of one of the hub's ledgers: its last row's position, and that row's hash."""

    ledger: Name
    position: Annotated[int, Meta(ge=0)]
    hash: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class DayRoots(msgspec.Struct, frozen=True):
    """The ends of all ledgers of a site as they were when a day began there."""

    day: Day
    roots: tuple[LedgerRoot, ...]


class KeepRoots(CommandData, frozen=True):
    """Keep the day's roots for ROOT_DAYS_KEPT days: they show a ledger whose tail was cut off."""

    day: Day
    roots: tuple[LedgerRoot, ...]


class ReportNow(CommandData, frozen=True):
    """Send telemetry now: somebody waits to know how far the device's events have come."""


class RenewCertificate(CommandData, frozen=True):
    """Make a new key and ask for its certificate (`Ask` of the kind CERTIFICATE).

    The old one stays good until the device has connected with the new one.
    """


COMMAND_TYPES: Final[dict[str, type[CommandData]]] = {
    kind.__name__: kind
    for kind in (
        OfferAssignment, RevokeAssignment, ShowMessage, EndLogin, ReportNow, KeepRoots,
        RenewCertificate,
    )
}  # fmt: skip


class Command(msgspec.Struct, frozen=True, omit_defaults=True):
    """A row of the hub's outbox; sent again until `cmd_ack` names its id."""

    v: int
    id: Id
    at: Moment
    type: str
    data: msgspec.Raw


class CommandAck(msgspec.Struct, frozen=True, omit_defaults=True):
    """The device's answer, at once and once more for each repeat."""

    v: int
    id: Id
    accepted: bool
    code: str = ""
    rev: int | None = None


# ── Presence, acknowledgement, look-ups, clock, configuration. ──────────────────────────────


class HeldAssignment(msgspec.Struct, frozen=True):
    id: Id
    rev: int


class Birth(msgspec.Struct, frozen=True, omit_defaults=True):
    """Retained presence of a device; the Will is the same with `presence` OFFLINE."""

    v: int
    dev: Name
    session: Name
    """Random for each connection; a Will of an older session is ignored."""
    presence: Literal["ONLINE", "OFFLINE", "LEFT"]
    kind: Name = "handheld"
    version: Text = ""
    boot: int = 0
    epoch: Name = "-"
    seq: int = 0
    """The last sequence number given out in this epoch."""
    at: Moment = 0
    cause: Literal["POWER_ON", "RESTART", "CRASH", "RECONNECT", "ASKED"] = "RESTART"
    capabilities: tuple[str, ...] = ()
    outbox_depth: int = 0
    pruned_upto: int = 0
    """Rows up to here were acknowledged and are no longer kept: nobody can ask for them."""
    assignments: tuple[HeldAssignment, ...] = ()
    cfg_hash: str = ""
    roots: DayRoots | None = None
    """The newest that the device was given to keep."""
    certificate: Annotated[str, Meta(max_length=NAME_CHARS_MAX + 8)] = ""
    """Serial number, in hexadecimal, of the certificate that made this connection: a device that
    was renewed shows by it that the old one is not needed any more."""


class Gap(msgspec.Struct, frozen=True, rename={"from_seq": "from", "to_seq": "to"}):
    from_seq: int
    to_seq: int


class Parked(msgspec.Struct, frozen=True):
    seq: int
    code: str


class Ack(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything of `epoch` up to `upto` is committed at the hub."""

    v: int
    epoch: str
    upto: int
    hub_epoch: str = ""
    gap: Gap | None = None
    parked: tuple[Parked, ...] = ()
    of: tuple[str, ...] = ()
    """Digests (`envelope.payload_digest`) of the event at `upto`, as the hub has it: two when two
    devices with one copied card gave out the same key. A device to whose row none of them belongs
    is not meant.
    """


class Ask(msgspec.Struct, frozen=True, omit_defaults=True):
    """A look-up, or a certificate for a new key. The answer carries the same correlation data."""

    v: int
    kind: Literal["CODE", "STOCK", "CERTIFICATE"]
    code: Scanned = ""
    csr: Pem = ""
    """For CERTIFICATE: PKCS#10 in PEM, EC P-256, common name = the device's name."""


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    v: int
    found: bool
    text: Text = ""
    lines: tuple[Text, ...] = ()
    certificate: Pem = ""
    """For CERTIFICATE: the new one, when `found`."""
    code: Annotated[str, Meta(max_length=NAME_CHARS_MAX)] = ""
    """Why there is none, such as BAD_CSR."""


class Telemetry(msgspec.Struct, frozen=True, omit_defaults=True):
    """Facts about the device, each minute and at changes. (seq, at) advance the watermark."""

    v: int
    at: Moment
    epoch: Name
    seq: int
    battery_percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    radio_dbm: int | None = None
    outbox_depth: int = 0
    scans: int = 0
    scans_refused: int = 0
    reads_doubled: int = 0
    outbox_percent: Annotated[int, Meta(ge=0, le=100)] = 0
    """How full the outbox is: from OUTBOX_WARN_PERCENT the screen warns, at 100 it refuses."""


class TimeAsked(msgspec.Struct, frozen=True):
    """First of the four timestamps: the device's monotonic microseconds."""

    v: int
    t1: int


class TimeReply(msgspec.Struct, frozen=True):
    v: int
    t1: int
    t2: Moment
    t3: Moment


class ShiftPerson(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody who may log in on the device: `verifier` is a salted scrypt of the PIN."""

    id: Id
    badge: Code
    name: Text
    verifier: str
    language: str = "en"


class Config(msgspec.Struct, frozen=True, omit_defaults=True):
    """Desired configuration, retained; the device echoes `hash` in its birth."""

    v: int
    hash: str
    time_zone: str = "UTC"
    people: tuple[ShiftPerson, ...] = ()
    slots: int = 1
    cart_kind: Literal["SINGLE", "CLUSTER"] = "CLUSTER"


class HubState(msgspec.Struct, frozen=True, omit_defaults=True):
    """The hub's retained presence and Will. A new `hub_epoch` means: it may ask for old rows."""

    v: int
    online: bool
    hub_epoch: str
    at: Moment = 0


CHANNEL_TYPES: Final[dict[str, type[msgspec.Struct]]] = {
    "birth": Birth, "ack": Ack, "cmd": Command, "cmd_ack": CommandAck, "ask": Ask,
    "answer": Answer, "tlm": Telemetry, "time": TimeAsked, "time_reply": TimeReply, "cfg": Config,
    "state": HubState,
}  # fmt: skip
"""The body of each channel except `evt`, which has the envelope of `envelope.py`."""

T = TypeVar("T", bound=msgspec.Struct)

_encoder: Final = msgspec.json.Encoder()
_decoders: Final[dict[object, msgspec.json.Decoder[msgspec.Struct]]] = {
    kind: msgspec.json.Decoder(kind)
    for kind in (*CHANNEL_TYPES.values(), *COMMAND_TYPES.values(), Assignment, DayRoots)
}


def encode(message: msgspec.Struct) -> bytes:
    """The bytes of a message of any channel."""
    return _encoder.encode(message)


def decode(kind: type[T], payload: bytes) -> T:
    """Read one message; raises OversizedPayload, MalformedPayload, UnsupportedVersion."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise OversizedPayload(len(payload), PAYLOAD_BYTES_MAX)
    try:
        message = _decoders[kind].decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise MalformedPayload(f"{kind.__name__}: {wrong}") from wrong
    version = getattr(message, "v", 1)
    if version != 1:
        raise UnsupportedVersion(version)
    return message  # type: ignore[return-value]  # the decoder was chosen by the type


def command(id: str, at: int, data: CommandData) -> Command:
    """Frame a command."""
    return Command(v=1, id=id, at=at, type=type(data).__name__, data=msgspec.Raw(encode(data)))


def command_data(message: Command) -> CommandData:
    """Read what a command says; raises UnknownMessageType, MalformedPayload."""
    kind = COMMAND_TYPES.get(message.type)
    if kind is None:
        raise UnknownMessageType(message.type)
    return decode(kind, bytes(message.data))
