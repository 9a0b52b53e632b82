"""Every kind of exception: what it says to people, and the ways to settle it.

Owns the table of kinds and the act that settles one (docs/exceptions.md). A kind without a way to
settle it would be a dead end on somebody's screen; a test looks for every kind the hub can open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple

import msgspec

from hub.errors import NotFound, WrongState
from hub.floor_exceptions import resolve
from hub.journal import Act
from hub.warehouse import remedies
from hub.warehouse.remedies import Answers, Found, Handlers

Asks = Literal["quantity", "bin", "text", "minutes"]
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


class Remedy(NamedTuple):
    """One way to settle it: a button, what it asks for, who may press it."""

    name: str
    title: str
    do: Callable[[Act, Found, Answers], str]
    asks: tuple[Asks, ...] = ()
    needs: tuple[str, str] = ("warehouse", "settle_exception")
    fits: Callable[[int, Mapping[str, Any]], bool] = lambda quantity, values: True
    """Whether it makes sense for this quantity (differences have two directions) and cause."""
    states: tuple[str, ...] = ("OPEN",)
    """WAITING: while a count waits for devices."""


class Kind(NamedTuple):
    """What happened, as a title; `text` is filled with the exception's values."""

    title: str
    text: str
    remedies: tuple[Remedy, ...]


def _too_many(quantity: int, values: Mapping[str, Any]) -> bool:
    return quantity > 0


def _too_few(quantity: int, values: Mapping[str, Any]) -> bool:
    return quantity < 0


def _damaged(quantity: int, values: Mapping[str, Any]) -> bool:
    return values.get("reason") == "DAMAGED"


def _can_be_applied(quantity: int, values: Mapping[str, Any]) -> bool:
    """A key that was used for another event has that event's effects, for good."""
    return values.get("code") != "CLONED_KEY"


def _is_about_a_device(quantity: int, values: Mapping[str, Any]) -> bool:
    return bool(values.get("is_device"))


_ADJUST: Final = ("inventory", "adjust")
_DEVICES: Final = ("devices", "settle")
_COUNT: Final = Remedy(
    "count",
    "Enter the count",
    remedies.count,
    ("quantity", "minutes"),
    _ADJUST,
    states=("OPEN", "WAITING"),
)
_EARLY: Final = Remedy(
    "early",
    "Settle without waiting",
    remedies.settle_early,
    ("text",),
    _ADJUST,
    states=("WAITING",),
)
_SEEN: Final = Remedy("seen", "Taken care of", remedies.noted)
_PUT_BACK: Final = Remedy("put_back", "Put into a bin", remedies.put_back, ("bin",), fits=_too_many)
_NOT_THERE: Final = Remedy(
    "not_there", "Not in the tote", remedies.not_in_tote, (), _ADJUST, _too_many
)
_HAND_OVER: Final = Remedy("hand_over", "Give to whoever asks next", remedies.hand_over)

KINDS: Final[dict[str, Kind]] = {
    "SHORT_PICK": Kind(
        "Short pick",
        "{quantity} missing: {reason}. What the books still have there waits for a count.",
        (
            _COUNT,
            _EARLY,
            Remedy("not_short", "Not short: release", remedies.trust_books, (), _ADJUST),
            Remedy(
                "scrap", "Scrap what is damaged", remedies.scrap_damaged, (), _ADJUST, _damaged
            ),
        ),
    ),
    "UNEXPLAINED_STOCK": Kind(
        "More than the books had",
        "{quantity} were taken that no book knew of. Count what is left.",
        (_COUNT, _EARLY, Remedy("accept", "Accept", remedies.accept_unexplained, (), _ADJUST)),
    ),
    "COUNT_WAITING": Kind(
        "A count waits",
        "{quantity} were counted: {reason}.",
        (
            _EARLY,
            Remedy(
                "forget", "Forget this count", remedies.forget_count, (), _ADJUST,
                states=("OPEN", "WAITING"),
            ),
        ),
    ),
    "LATE_MOVES": Kind(
        "Heard of after the count",
        "{units} units moved before somebody counted {counted}, and were reported after that was "
        "settled: the books have them twice.",
        (Remedy("correct", "Book them back", remedies.correct_late, (), _ADJUST), _COUNT, _EARLY),
    ),
    "PUT_BACK": Kind(
        "To be put back",
        "{quantity} in the tote that no order needs.",
        (_PUT_BACK, _NOT_THERE),
    ),
    "PACK_DIFFERENCE": Kind(
        "Difference at packing",
        "{units} {direction} than booked, parcel {parcel}.",
        (
            Remedy(
                "found", "Found: into a bin", remedies.found_again, ("quantity", "bin"), _ADJUST,
                _too_few,
            ),
            Remedy("lost", "Lost", remedies.lost, (), _ADJUST, _too_few),
            _PUT_BACK,
            _NOT_THERE,
        ),
    ),
    "HELP": Kind(
        "Somebody calls",
        "{text}",
        (Remedy("answer", "Answer", remedies.answer, ("text",)), _SEEN),
    ),
    "WORK_LEFT": Kind(
        "Work left over",
        "{quantity} lines are open although the work was reported done.",
        (_HAND_OVER, Remedy("drop_rest", "End it without them", remedies.drop_rest)),
    ),
    "WORK_KEPT": Kind(
        "Work waits for somebody",
        "For {minutes} minutes nobody has gone on with it: it is kept for one person, who has not "
        "asked for work.",
        (
            Remedy("take_back", "Give to whoever asks next", remedies.take_back_kept),
            Remedy("keep", "Keep it longer", remedies.keep_longer),
        ),
    ),
    "LEASE_EXPIRED": Kind(
        "Nothing heard of a picker",
        "{holder} has been silent for too long with work begun.",
        (
            Remedy("plan_anew", "Plan the rest anew", remedies.plan_anew),
            _HAND_OVER,
            Remedy("keep", "Let them go on", remedies.noted),
        ),
    ),
    "LEASE_CONFLICT": Kind(
        "Two at the same work",
        "It was given to {holder}, and worked on by another device.",
        (Remedy("stop", "Tell this device to stop", remedies.warn_device), _SEEN),
    ),
    "TOTE_SHARED": Kind(
        "Tote used twice",
        "A tote in slot {slot} belonged to another order. Packing asks for each order by itself.",
        (_SEEN,),
    ),
    "PARKED_EVENT": Kind(
        "A message could not be carried out",
        "{type} number {seq}: {text}",
        (
            Remedy("apply", "Try again", remedies.apply_again, (), _DEVICES, _can_be_applied),
            Remedy("reject", "Leave without effect", remedies.reject, ("text",), _DEVICES),
        ),
    ),
    "REFUSED_MESSAGE": Kind(
        "Not a message of ours",
        "{code} on {topic}",
        (Remedy("seen", "Seen", remedies.forget_refused, (), _DEVICES),),
    ),
    "LOST_RANGE": Kind(
        "Messages lost for good",
        "Numbers {first} to {last} are gone from the device. What it did then is in no book.",
        (Remedy("lock_bin", "Lock a bin for a count", remedies.lock_bin, ("bin",)), _SEEN),
    ),
    "DEVICE_TWICE": Kind(
        "One name, two memories",
        "It spoke under the epoch {epoch} again, which it had left for {before}: two devices go by "
        "this name, or an old memory card was put in.",
        (Remedy("seen", "One of them is out of use", remedies.noted, (), _DEVICES),),
    ),
    "LEDGER_CUT": Kind(
        "The ledger does not bear out what a device keeps",
        "Of {day} it knows row {position} of the ledger {ledger}: {code} here. Was the database "
        "set back to an older copy, or its end cut off?",
        (Remedy("acknowledge", "Acknowledge", remedies.acknowledge, ("text",), _DEVICES),),
    ),
    "SECURITY_ALERT": Kind(
        "Somebody tried what they may not",
        "“{threat}”, {subject} {address}. The page Security tells more.",
        (
            Remedy("shut_out", "Shut this device out", remedies.shut_out, (),
                   ("devices", "revoke"), fits=_is_about_a_device),
            Remedy("looked_at", "Looked into it", remedies.looked_at, ("text",), _DEVICES),
        ),
    ),
    "LEDGER_BROKEN": Kind(
        "The books are not true",
        "The nightly check found {count} places; the first is {where}: {what}. Look at the disk "
        "and memory of the hub's machine, and at docs/backup.md.",
        (Remedy("looked_at", "Looked into it", remedies.looked_at, ("text",), _DEVICES),),
    ),
    "BACKUP_FAILED": Kind(
        "There is no good backup of tonight",
        "{step}: {text}",
        (Remedy("looked_at", "Looked into it", remedies.looked_at, ("text",), _DEVICES),),
    ),
    "DISK_LOW": Kind(
        "The hub's disk fills up",
        "{megabytes} MB are free ({level}). When nothing is left, the hub takes no more scans and "
        "devices keep them: delete what is not Binlight's, or use a larger disk.",
        (Remedy("looked_at", "Looked into it", remedies.looked_at, ("text",), _DEVICES),),
    ),
    "UNKNOWN_SKU": Kind("Unknown article", "{sku}", (_SEEN,)),
}  # fmt: skip


def remedies_for(
    kind: str, quantity: int, values: Mapping[str, Any] | None = None, state: str = "OPEN"
) -> list[Remedy]:
    """The ways that fit; an unknown kind can at least be noted."""
    known = KINDS.get(kind)
    if known is None:
        return [_SEEN]
    return [
        remedy
        for remedy in known.remedies
        if state in remedy.states and remedy.fits(quantity, values or {})
    ]


def remedy_named(kind: str, name: str) -> Remedy:
    """Raises NotFound."""
    every = KINDS[kind].remedies if kind in KINDS else (_SEEN,)
    for remedy in every:
        if remedy.name == name:
            return remedy
    raise NotFound(f"way to settle {kind}", name)


def settle(
    act: Act, id: bytes, name: str, answers: Mapping[str, Any] | None = None, *,
    handlers: Handlers | None = None,
) -> str:  # fmt: skip
    """Carry out one way to settle an exception and close it; returns what became of it.

    A count that has to wait for devices closes it later.

    `answers` has what the remedy asks for; `handlers` are the effects of events, needed to try a
    parked one again. Raises NotFound, WrongState (closed already), BadValue, and what the remedy
    refuses; then nothing was done.
    """
    found, state = _lock(act, id, handlers or {})
    remedy = remedy_named(found.kind, name)
    if state not in remedy.states:
        raise WrongState("exception", found.kind, state, " or ".join(remedy.states))
    if not remedy.fits(found.quantity, found.values):
        raise WrongState("exception", found.kind, f"about {found.quantity} units", "another")
    said = remedy.do(act, found, {key: str(value) for key, value in (answers or {}).items()})
    if not _waits(act, id):
        resolve(act, id, said)
    return said


def _waits(act: Act, id: bytes) -> bool:
    row = act.tx.row("SELECT state FROM floor_exception WHERE id = ?", (id,))
    return row is not None and row[0] == "WAITING"


def _lock(act: Act, id: bytes, handlers: Handlers) -> tuple[Found, str]:
    """Of two who settle it at once the second finds it closed. Also returns the state it had."""
    act.tx.flush()
    act.tx.run("UPDATE floor_exception SET kind = kind WHERE id = ?", (id,))
    row = act.tx.row(
        "SELECT id, kind, place, item, order_line, assignment, device, quantity, "
        '"values", state FROM floor_exception WHERE id = ? AND site = ?',
        (id, act.site),
    )
    if row is None:
        raise NotFound("exception", id.hex())
    if row[9] == "RESOLVED":
        raise WrongState("exception", row[1], row[9], "OPEN")
    act.tx.run("UPDATE floor_exception SET state = 'OPEN' WHERE id = ?", (id,))
    place, item, line, work = (None if value is None else bytes(value) for value in row[2:6])
    found = Found(
        id, row[1], place, item, line, work, row[6], int(row[7]), _decode(row[8]), handlers
    )
    return found, str(row[9])
