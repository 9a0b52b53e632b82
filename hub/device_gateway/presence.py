"""How devices are: births, Wills, telemetry. Owns the presence columns of `device`, and epochs that
lost rows.

A Will of an older session is ignored: the broker sends it late, when the device is back already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import structlog

from hub.device_gateway.acts import Greet, LoseRange
from hub.device_gateway.group import EpochWork, Group
from hub.device_gateway.known_devices import KnownDevice, KnownDevices
from hub.errors import HubError
from hub.journal import Act
from protocols.errors import MalformedPayload, WrongDevice
from protocols.limits import NAME_CHARS_MAX
from protocols.messages.codec import decode
from protocols.messages.presence import Birth, Telemetry

BirthHandler = Callable[[Act, Birth, int], bool]
"""(act, birth, what the hub has of its epoch); whether the act changed something."""
AT_MAX = 2**52
"""Microseconds: a later moment is rubbish."""
_log = structlog.get_logger("gateway")


class Presence:
    """Takes births and telemetry into a group."""

    def __init__(
        self, site: str, known: KnownDevices, birth_handlers: Sequence[BirthHandler] = ()
    ) -> None:
        self._site, self._known, self._birth_handlers = site, known, birth_handlers

    def birth(self, group: Group, device: KnownDevice, payload: bytes) -> None:
        """Note who is there; an ONLINE birth is answered with what the hub has of its epoch."""
        birth = decode(Birth, payload)
        if birth.dev != device.name:
            raise WrongDevice(device.name, birth.dev)
        if max(birth.boot, birth.seq, birth.outbox_depth, birth.pruned_upto) >= 2**63:
            raise MalformedPayload("a number is beyond 63 bits")
        changes = group.changes(device.name)
        if birth.presence == "ONLINE":
            self._online(group, device, birth, changes)
        elif birth.session == changes.get("session", device.session):
            changes.update(presence=birth.presence, presence_at=group.tx.now_us)
            if birth.presence == "LEFT":
                changes.update(
                    seq=birth.seq, outbox_depth=birth.outbox_depth, held=len(birth.assignments)
                )
                self._report(group, device, birth.epoch, birth.seq, birth.at, birth.outbox_depth)

    def telemetry(self, group: Group, device: KnownDevice, payload: bytes) -> None:
        """Facts of the minute; each message replaces the one before."""
        facts = decode(Telemetry, payload)
        group.changes(device.name).update(
            battery_percent=facts.battery_percent, radio_dbm=facts.radio_dbm, seq=facts.seq,
            outbox_depth=facts.outbox_depth, scans=facts.scans, scans_refused=facts.scans_refused,
            outbox_percent=facts.outbox_percent, disk_free_mb=facts.disk_free_mb,
        )  # fmt: skip
        self._report(group, device, facts.epoch, facts.seq, facts.at, facts.outbox_depth)

    def _online(
        self, group: Group, device: KnownDevice, birth: Birth, changes: dict[str, Any]
    ) -> None:
        changes.update(
            presence="ONLINE", presence_at=group.tx.now_us, session=birth.session,
            version=birth.version, boot=birth.boot, epoch=birth.epoch, seq=birth.seq,
            cause=birth.cause, outbox_depth=birth.outbox_depth, cfg_hash=birth.cfg_hash,
            held=len(birth.assignments),
        )  # fmt: skip
        work = self._work(group, device.name, birth.epoch)
        if birth.pruned_upto > work.upto:
            self._lost_range(group, device.name, birth.epoch, work, birth.pruned_upto)
        self._report(group, device, birth.epoch, birth.seq, birth.at, birth.outbox_depth)
        group.woken.append(device.name)
        for number, handle in enumerate(self._birth_handlers):
            self._tell(group, Greet(number, work.upto, birth), handle)

    def _tell(self, group: Group, greet: Greet, handle: BirthHandler) -> None:
        """Somebody else's consequences of a birth: an act of its own, journalled when it did
        something. A refusal undoes them alone.
        """
        birth, number = greet.birth, f"{len(group.woken)}.{greet.handler}"
        key = f"{birth.dev}/{birth.session[:NAME_CHARS_MAX]}/{group.tx.now_us}/birth/{number}"
        act = Act(group.tx, Greet.ACT, site=self._site, key=key, via="device", device=birth.dev)
        try:
            with group.tx.savepoint():
                if handle(act, birth, greet.upto):
                    act.enter_command(greet)
        except HubError as refusal:
            _log.error("birth_not_followed", device=birth.dev, code=refusal.code, exc_info=refusal)

    def _work(self, group: Group, device: str, epoch: str) -> EpochWork:
        key = (device, epoch)
        work = group.epochs.get(key)
        if work is None:
            work = group.epochs[key] = EpochWork(self._known.upto(group.tx, key))
        return work

    def _lost_range(
        self, group: Group, device: str, epoch: str, work: EpochWork, pruned_upto: int
    ) -> None:
        """The device no longer has what this hub misses: a person must know, and work goes on."""
        key = f"{device}/{epoch}/{pruned_upto}/lost"
        act = Act(group.tx, LoseRange.ACT, site=self._site, key=key, via="device", device=device)
        act.carry_out(LoseRange(epoch, work.upto + 1, pruned_upto))
        work.upto = pruned_upto
        group.pruned[device, epoch] = pruned_upto

    def _report(
        self, group: Group, device: KnownDevice, epoch: str, seq: int, at: int, depth: int
    ) -> None:
        """At `at`, the device's last event was `seq`: everything from before has arrived as soon as
        that event has. While rows of an older epoch may still be on their way, nothing is known.
        """
        if not 0 <= at <= AT_MAX or seq < 0:
            return
        at = min(at, group.tx.now_us)  # a device that goes by a clock that the hub no longer has
        changes = group.changes(device.name)
        self._pass(group, device, changes)
        upto = self._upto(group, device.name, epoch)
        if epoch != changes.get("clear_epoch", device.clear_epoch):
            if depth > max(0, seq - upto):
                return
            changes["clear_epoch"] = epoch
        is_news = epoch != _now(changes, device, "report_epoch") or at > _now(
            changes, device, "report_at"
        )
        if is_news and seq >= upto:
            changes.update(report_epoch=epoch, report_seq=seq, report_at=at)
            self._pass(group, device, changes)

    def _pass(self, group: Group, device: KnownDevice, changes: dict[str, Any]) -> None:
        """Advance the watermark to the last report if its events have arrived meanwhile."""
        epoch, at = _now(changes, device, "report_epoch"), _now(changes, device, "report_at")
        if at <= _now(changes, device, "watermark_at") or not epoch:
            return
        if self._upto(group, device.name, epoch) >= _now(changes, device, "report_seq"):
            changes["watermark_at"] = at

    def _upto(self, group: Group, device: str, epoch: str) -> int:
        work = group.epochs.get((device, epoch))
        return work.upto if work else self._known.upto(group.tx, (device, epoch))


def _now(changes: dict[str, Any], device: KnownDevice, column: str) -> Any:
    """A column of a device as this group leaves it."""
    return changes.get(column, getattr(device, column))
