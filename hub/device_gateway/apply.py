"""Business events, exactly once and in order. Owns `device_event`, `device_epoch`, `parked_event`.

The key of an event is (device, epoch, seq). The next one is carried out by its handler inside a
savepoint; a repeat changes nothing; the same key with another body is PARKED, and so is an event
whose handler raises. What an event does to stock and work is the handlers' business alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NamedTuple

import structlog

from hub.db import HopeDashed, Insert, WriteTransaction
from hub.device_gateway.acts import ParkEvent
from hub.device_gateway.gateway_io import Publish
from hub.device_gateway.group import EpochWork, Group
from hub.device_gateway.known_devices import KnownDevice, KnownDevices
from hub.device_gateway.refusals import plain
from hub.device_gateway.storage_failures import is_storage_failure
from hub.devices.models import DeviceEvent
from hub.errors import HubError
from hub.ids import NIL, digest_id
from hub.journal import Act
from protocols.envelope import Event, decode_data, decode_event, payload_digest
from protocols.errors import MalformedPayload, ProtocolsError
from protocols.limits import ACK_EXPIRY_S, NAME_CHARS_MAX, PARKED_LISTED_MAX
from protocols.messages.acks import Ack, Gap, Parked
from protocols.messages.codec import encode
from protocols.topics import device_topic

Handler = Callable[[Act, Event, Any], None]
AT_MAX: Final = 2**52
"""Microseconds: the year 2112. A later moment is rubbish and would fit no column."""
CLONED_KEY: Final = "CLONED_KEY"
DEFECT: Final = "DEFECT"

_event_row: Final = Insert(DeviceEvent)
_EPOCH: Final = (
    "INSERT INTO device_epoch (site, device, epoch, upto, pruned_upto, changed_at) "
    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (site, device, epoch) "
    "DO UPDATE SET upto = excluded.upto, changed_at = excluded.changed_at, "
    "pruned_upto = CASE WHEN excluded.pruned_upto > device_epoch.pruned_upto "
    "THEN excluded.pruned_upto ELSE device_epoch.pruned_upto END"
)
_log = structlog.get_logger("gateway")


class UnknownEventType(HubError):
    """The message is well formed, but this hub has no act for it."""

    code = "UNKNOWN_TYPE"

    def __init__(self, type: str) -> None:
        self.type = type
        super().__init__(f"This hub does not know what to do with a {type!r}.")


class BadActor(HubError):
    code = "BAD_ACTOR"

    def __init__(self, actor: str) -> None:
        self.actor = actor
        super().__init__(f"{actor!r} is no person's id (32 hexadecimal digits).")


def event_key(device: str, epoch: str, seq: int) -> str:
    """The key of the act that an event causes."""
    return f"{device}/{epoch}/{seq}"


def note_event(
    tx: WriteTransaction, site: str, event: Event, digest: bytes, code: str = ""
) -> None:
    """Remember that an event was heard; `code` is why it was parked, if it was."""
    at = event.at if 0 <= event.at <= AT_MAX else tx.now_us
    state = "PARKED" if code else "APPLIED"
    tx.add(
        _event_row,
        (site, event.dev, event.epoch, event.seq, plain(event.type, 64), state, code, digest, at,
         tx.now_us),
    )  # fmt: skip


class EventRead(NamedTuple):
    """An event as it was read, before anything is done about it."""

    event: Event
    data: Any
    """What happened, or the ProtocolsError that reading it raised."""
    payload: bytes


def read_event(device: KnownDevice, payload: bytes) -> EventRead:
    """Raises ProtocolsError for what is no event."""
    event = decode_event(payload, device.name)
    if not 1 <= len(event.epoch) <= NAME_CHARS_MAX or "\0" in event.epoch:
        raise MalformedPayload(f"the epoch has {len(event.epoch)} characters")
    try:
        data: Any = decode_data(event)
    except ProtocolsError as wrong:
        data = wrong
    return EventRead(event, data, payload)


class EventApplier:
    """Applies events within a group; all state is in the group and the database.

    Acts of the types in `trusting` may gather their guarded statements (hub/db.py).
    """

    def __init__(
        self, site: str, handlers: Mapping[str, Handler], known: KnownDevices,
        trusting: Collection[str] = (),
    ) -> None:  # fmt: skip
        self._site, self._handlers, self._known = site, handlers, known
        self._trusting = frozenset(trusting)

    def take(self, group: Group, read: EventRead, *, park: str = "") -> None:
        """Apply, repeat, or ask for what is missing.

        `park` names the code under which the event is set aside without trying it.
        """
        event = read.event
        work = self._work(group, event.dev, event.epoch)
        if event.seq == work.upto + 1:
            self._next(group, work, read, park)
        elif event.seq <= work.upto:
            self._repeat(group, work, event, read.payload)
        else:
            work.beyond_last = max(work.beyond_last, event.seq)
            work.beyond_first = min(work.beyond_first or event.seq, event.seq)

    def _work(self, group: Group, device: str, epoch: str) -> EpochWork:
        key = (device, epoch)
        work = group.epochs.get(key)
        if work is None:
            work = group.epochs[key] = EpochWork(self._known.upto(group.tx, key))
        return work

    # ── the next event ───────────────────────────────────────────────────────────────────

    def _next(self, group: Group, work: EpochWork, read: EventRead, park: str) -> None:
        event = read.event
        digest = payload_digest(read.payload)
        code = park
        if park:
            text = "The event failed when its group was stored."
            self._park(group, event, read.payload, park, text)
        elif group.is_hopeful:
            self._hope(group, read)
        else:
            code = self._try(group, read)
        work.upto = event.seq
        work.digests[event.seq] = digest
        note_event(group.tx, self._site, event, digest, code)

    def _hope(self, group: Group, read: EventRead) -> None:
        """Almost every event of almost every group succeeds: those need no savepoint, and the
        usual ones wait for each other's statements.
        """
        if read.event.type in self._trusting:
            group.tx.trusts = True
        else:
            group.tx.settle()
        try:
            self._carry_out(group, read)
        except Exception as wrong:
            if is_storage_failure(wrong):
                raise
            raise HopeDashed from wrong

    def _try(self, group: Group, read: EventRead) -> str:
        """Carry out one event in a savepoint; returns the code under which it was parked, or ''."""
        try:
            with group.tx.savepoint():
                self._carry_out(group, read)
        except Exception as wrong:
            if is_storage_failure(wrong):
                raise
            return self._park_failed(group, read.event, read.payload, wrong)
        return ""

    def _carry_out(self, group: Group, read: EventRead) -> None:
        event, data, payload = read
        if isinstance(data, ProtocolsError):
            raise data
        handler = self._handlers.get(event.type)
        if handler is None:
            raise UnknownEventType(event.type)
        if not 0 <= event.at <= AT_MAX:
            raise MalformedPayload(f"at {event.at} is no moment")
        act = Act(
            group.tx, event.type, site=self._site, key=event_key(event.dev, event.epoch, event.seq),
            via="device", actor=_actor(event), device=event.dev, occurred_at=event.at,
        )  # fmt: skip
        handler(act, event, data)
        act.enter(payload)
        bin = getattr(data, "bin", None)
        if bin is not None:
            group.changes(event.dev)["place_code"] = bin

    # ── parked ───────────────────────────────────────────────────────────────────────────

    def _park_failed(self, group: Group, event: Event, payload: bytes, wrong: Exception) -> str:
        code = DEFECT
        if isinstance(wrong, HubError | ProtocolsError):
            code = wrong.code
        else:
            _log.error("event_parked", device=event.dev, seq=event.seq, exc_info=wrong)
        self._park(group, event, payload, code, str(wrong))
        return code

    def _park(self, group: Group, event: Event, payload: bytes, code: str, text: str) -> None:
        """Keep an event for a supervisor; `devices.service` tries it again or rejects it."""
        key = event_key(event.dev, event.epoch, event.seq)
        if code == CLONED_KEY:
            key = f"{key}/{payload_digest(payload).hex()}"
        at = event.at if 0 <= event.at <= AT_MAX else group.tx.now_us
        act = Act(group.tx, ParkEvent.ACT, site=self._site, key=key, via="device", device=event.dev)
        act.carry_out(
            ParkEvent(event.epoch, event.seq, plain(event.type, 64), code, plain(text), at, payload)
        )
        group.parked.add((event.dev, event.epoch))

    # ── repeats ──────────────────────────────────────────────────────────────────────────

    def _repeat(self, group: Group, work: EpochWork, event: Event, payload: bytes) -> None:
        """Acknowledged again and nothing else, unless the key was given to another event."""
        known = self._digest(group, event.dev, event.epoch, event.seq)
        digest = work.repeats[event.seq] = payload_digest(payload)
        if known is None or known == digest:
            return
        key = f"{event_key(event.dev, event.epoch, event.seq)}/{digest.hex()}"
        group.tx.flush()
        id = digest_id("parked", self._site, key)
        if group.tx.row("SELECT 1 FROM parked_event WHERE id = ?", (id,)) is None:
            text = "Another event with the same key was applied before: is a memory card copied?"
            self._park(group, event, payload, CLONED_KEY, text)

    def _digest(self, group: Group, device: str, epoch: str, seq: int) -> bytes | None:
        """None for rows that were lost with the device's storage and never arrived."""
        known = group.epochs[device, epoch].digests.get(seq)
        if known is not None:
            return known
        row = group.tx.row(
            "SELECT digest FROM device_event WHERE site = ? AND device = ? AND epoch = ? "
            "AND seq = ?",
            (self._site, device, epoch, seq),
        )
        return None if row is None else bytes(row[0])

    # ── the end of a group ───────────────────────────────────────────────────────────────

    def write_epochs(self, group: Group) -> None:
        """Store how far each epoch came: one row for each epoch that moved."""
        tx, pruned = group.tx, group.pruned
        tx.send(
            _EPOCH,
            [
                (self._site, *key, work.upto, pruned.get(key, 0), tx.now_us)
                for key, work in group.epochs.items()
                if work.upto != work.came_from
            ],
        )

    def acks(self, group: Group, hub_epoch: str) -> list[Publish]:
        """One cumulative acknowledgement for each epoch that was heard of in this group."""
        return [
            Publish(
                device_topic(self._site, device, "ack"),
                encode(self._ack(group, device, epoch, work, hub_epoch)),
                expiry_s=ACK_EXPIRY_S,
            )
            for (device, epoch), work in group.epochs.items()
        ]

    def _ack(self, group: Group, device: str, epoch: str, work: EpochWork, hub_epoch: str) -> Ack:
        key = (device, epoch)
        parked: tuple[Parked, ...] = ()
        if key in group.parked or self._known.has_parked(key):
            parked = self._parked_of(group, device, epoch)
        gap = None
        if work.beyond_last > work.upto:
            gap = Gap(work.upto + 1, max(work.upto + 1, work.beyond_first - 1))
        bodies = {self._digest(group, device, epoch, work.upto), work.repeats.get(work.upto)}
        return Ack(
            v=1, epoch=epoch, upto=work.upto, hub_epoch=hub_epoch, gap=gap, parked=parked,
            of=tuple(sorted(digest.hex() for digest in bodies if digest is not None)),
        )  # fmt: skip

    def _parked_of(self, group: Group, device: str, epoch: str) -> tuple[Parked, ...]:
        group.tx.flush()
        rows = group.tx.rows(
            "SELECT seq, code FROM parked_event WHERE site = ? AND device = ? AND epoch = ? "
            "AND state = 'PARKED' ORDER BY seq LIMIT ?",
            (self._site, device, epoch, PARKED_LISTED_MAX),
        )
        return tuple(Parked(int(seq), code) for seq, code in rows)


def _actor(event: Event) -> bytes:
    if event.actor is None:
        return NIL
    try:
        actor = bytes.fromhex(event.actor)
    except ValueError as wrong:
        raise BadActor(event.actor) from wrong
    if len(actor) != len(NIL):
        raise BadActor(event.actor)
    return actor
