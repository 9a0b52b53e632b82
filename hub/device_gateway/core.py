"""The gateway's decisions: messages in, one transaction, publications out. A pure step function.

Owns the order of things: commit first, then acknowledge. Must not touch a socket, a thread or the
system's clock; `mqtt_shell.py` moves the bytes, and the simulator runs this very code in virtual
time. A message is refused alone, an event is parked alone, and nothing else stops.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import peewee
import structlog

from hub.clock import Clock
from hub.db import HopeDashed, WriteTransaction, retrying, writing
from hub.device_gateway.answers import Answers
from hub.device_gateway.apply import DEFECT, EventApplier, EventRead, Handler, read_event
from hub.device_gateway.command_answers import AnswerHandler, CommandAnswers
from hub.device_gateway.configuration import Configuration
from hub.device_gateway.gateway_io import Arrived, Publish
from hub.device_gateway.group import Group
from hub.device_gateway.group_size import GroupSize
from hub.device_gateway.known_devices import KnownDevice, KnownDevices, ShutOut
from hub.device_gateway.outbox_sender import OutboxSender
from hub.device_gateway.presence import BirthHandler, Presence
from hub.device_gateway.refusals import Refusals, refuse
from hub.device_gateway.renewals import Renewals, Signer
from hub.device_gateway.storage_failures import is_storage_failure
from hub.errors import DiskFailed, HubError
from hub.fault_points import Reached, never
from protocols.errors import OversizedPayload, ProtocolsError, UnknownTopic
from protocols.limits import ACK_EXPIRY_S, PAYLOAD_BYTES_MAX
from protocols.messages.asking import Ask, TimeAsked, TimeReply
from protocols.messages.codec import decode, encode
from protocols.messages.presence import HubState
from protocols.topics import (
    UP_CHANNELS,
    DeviceTopic,
    device_topic,
    hub_state_topic,
    parse_device_topic,
)

REFRESH_EVERY_MS: Final = 1_000
"""How soon a newly enrolled or retired device, or a change of people, is noticed."""
_log = structlog.get_logger("gateway")


class Reading(NamedTuple):
    """A batch as it was read, before anything is done about it."""

    taken: list[tuple[Arrived, KnownDevice, EventRead | None]]
    refused: list[tuple[Arrived, HubError | ProtocolsError]]

    def events(self) -> Iterator[EventRead]:
        return (read for _, _, read in self.taken if read is not None)


def expect(tx: WriteTransaction, reading: Reading) -> None:
    """Tell the transaction which work lines its events will name, in their order."""
    lines = (getattr(read.data, "line", None) for read in reading.events())
    tx.expect(map(bytes.fromhex, filter(None, lines)))


def _is_left_behind(topic: DeviceTopic, wrong: Exception) -> bool:
    """The broker keeps the last birth of a device that was shut out: that is no news."""
    return topic.channel == "birth" and isinstance(wrong, ShutOut)


class GatewayCore:
    """One site's gateway. Every call runs to its end; one caller at a time."""

    def __init__(
        self, database: peewee.Database, *, site: str, company: str, hub_epoch: str, clock: Clock,
        handlers: Mapping[str, Handler], answer_handlers: Mapping[str, AnswerHandler],
        configuration: Configuration, reached: Reached = never, trusting: Collection[str] = (),
        birth_handlers: Sequence[BirthHandler] = (), signer: Signer | None = None,
    ) -> None:  # fmt: skip
        self._database, self._site, self._hub_epoch = database, site, hub_epoch
        self._clock, self._reached = clock, reached
        self._configuration = configuration
        self.known = KnownDevices(database, site)
        self._events = EventApplier(site, handlers, self.known, trusting)
        self._presence = Presence(site, self.known, birth_handlers)
        self._command_answers = CommandAnswers(site, answer_handlers)
        self._refusals = Refusals(site)
        self._answers = Answers(company, site)
        self._renewals = Renewals(site, signer)
        self._sender = OutboxSender(database, site, reached)
        self.group_size = GroupSize()
        self._topics: dict[str, DeviceTopic] = {}
        self._refresh_at_ms = 0
        self.known.refresh()

    # ── inputs ───────────────────────────────────────────────────────────────────────────

    def connected(self) -> list[Publish]:
        """The broker is there, and nothing was heard from it yet: devices count as away until they
        say otherwise. What this returns is to be said once the gateway has subscribed.
        """
        retrying(self._forget_presence)
        return [self.state(is_online=True)]

    def step(self, batch: Sequence[Arrived]) -> Iterator[Publish]:
        """Take a batch in. What this yields is to be sent in order, and only after the last of it
        may the batch be acknowledged to the broker. Raises DiskFailed; then nothing was taken.
        """
        lasting: list[Arrived] = []
        for arrived in batch:
            reply = self._time_reply(arrived)
            if reply is not None:
                yield reply
            else:
                lasting.append(arrived)
        if lasting:
            publishes = self._commit(lasting)
            self._reached("after_commit")
            yield from publishes

    def tick(self) -> Iterator[Publish]:
        """Time passed: say what waits in the outbox, notice new devices and people."""
        now_us, mono_ms = self._clock.now_us(), self._clock.mono_ms()
        if mono_ms >= self._refresh_at_ms:
            self._refresh_at_ms = mono_ms + REFRESH_EVERY_MS
            self.known.refresh()
            if self._configuration.refresh():
                yield from map(self._configuration.message, self.known.names())
        yield from self._sender.due(now_us)

    def state(self, *, is_online: bool) -> Publish:
        """The hub's retained presence; the same with False is its Will."""
        body = HubState(v=1, online=is_online, hub_epoch=self._hub_epoch, at=self._clock.now_us())
        return Publish(hub_state_topic(self._site), encode(body), retain=True)

    # ── one group ────────────────────────────────────────────────────────────────────────

    def _commit(self, batch: list[Arrived]) -> list[Publish]:
        """All together, hoping for the best; then each event in a savepoint; then each alone."""
        for is_hopeful in (True, False):
            try:
                return self._commit_group(batch, is_hopeful=is_hopeful)
            except HopeDashed:
                continue
            except Exception as wrong:  # noqa: BLE001 - the outermost loop: one message, not all
                self._stop_if_storage_failed(wrong)
                if not is_hopeful:
                    _log.error("group_failed", messages=len(batch), exc_info=wrong)
        published: list[Publish] = []
        for arrived in batch:
            published += self._commit_alone(arrived)
        return published

    def _commit_alone(self, arrived: Arrived) -> list[Publish]:
        """A message that fails even alone is parked or refused without being tried."""
        try:
            return self._commit_group([arrived])
        except Exception as wrong:  # noqa: BLE001 - the outermost loop: one message, not all
            self._stop_if_storage_failed(wrong)
            _log.error("message_failed", topic=arrived.topic, exc_info=wrong)
            return self._commit_group([arrived], park=DEFECT)

    def _commit_group(
        self, batch: list[Arrived], *, park: str = "", is_hopeful: bool = False
    ) -> list[Publish]:
        reading = self._read(batch)
        return retrying(lambda: self._try_group(reading, park, is_hopeful))

    def _try_group(self, reading: Reading, park: str, is_hopeful: bool) -> list[Publish]:
        with writing(self._database, self._clock.now_us()) as tx:
            began_ms = self._clock.mono_ms()
            group = Group(tx, is_hopeful=is_hopeful)
            self._look_ahead(group, reading)
            for arrived, device, read in reading.taken:
                self._take(group, arrived, device, read, park)
            for arrived, wrong in reading.refused:
                refuse(group, arrived.topic, arrived.payload, wrong.code, str(wrong))
            self._write_devices(group)
            self._events.write_epochs(group)
            self._refusals.write(group)
            publishes = self._events.acks(group, self._hub_epoch) + group.publishes
            tx.finish()
            self.group_size.took(len(reading.taken), self._clock.mono_ms() - began_ms)
            self._reached("before_commit")
        self._remember(group)
        return publishes

    def _remember(self, group: Group) -> None:
        self.known.committed(
            {key: work.upto for key, work in group.epochs.items() if work.upto}, group.parked
        )
        for name, changes in group.devices.items():
            self.known.note(name, changes)

    def _stop_if_storage_failed(self, wrong: Exception) -> None:
        if is_storage_failure(wrong):
            raise DiskFailed(f"The database cannot be written: {wrong}") from wrong

    # ── one message ──────────────────────────────────────────────────────────────────────

    def _read(self, batch: Sequence[Arrived]) -> Reading:
        """Read all before the transaction begins: others may write meanwhile."""
        reading = Reading([], [])
        for arrived in batch:
            topic = self._topic(arrived)
            try:
                device = self._sender_of(topic, arrived)
                is_event = topic.channel == "evt"
                read = read_event(device, arrived.payload) if is_event else None
            except (ProtocolsError, HubError) as wrong:
                if not _is_left_behind(topic, wrong):
                    reading.refused.append((arrived, wrong))
            else:
                reading.taken.append((arrived, device, read))
        return reading

    def _look_ahead(self, group: Group, reading: Reading) -> None:
        """Get together what acts would otherwise ask for one by one."""
        self.known.learn(
            group.tx, ((read.event.dev, read.event.epoch) for read in reading.events())
        )
        if group.is_hopeful:
            expect(group.tx, reading)

    def _take(
        self, group: Group, arrived: Arrived, device: KnownDevice, read: EventRead | None, park: str
    ) -> None:
        if read is not None:
            self._events.take(group, read, park=park)
        elif park:
            refuse(group, arrived.topic, arrived.payload, park, "The message cannot be stored.")
        else:
            group.tx.settle()
            try:
                self._take_other(group, self._topic(arrived).channel, device, arrived)
            except (ProtocolsError, HubError) as wrong:
                refuse(group, arrived.topic, arrived.payload, wrong.code, str(wrong))

    def _take_other(
        self, group: Group, channel: str, device: KnownDevice, arrived: Arrived
    ) -> None:
        if channel == "birth":
            self._presence.birth(group, device, arrived.payload)
        elif channel == "cmd_ack":
            self._command_answers.take(group, device, arrived.payload)
        elif channel == "tlm":
            self._presence.telemetry(group, device, arrived.payload)
        elif channel == "time":
            decode(TimeAsked, arrived.payload)
        else:
            self._answer(group, device, arrived)

    def _sender_of(self, topic: DeviceTopic, arrived: Arrived) -> KnownDevice:
        if topic.site != self._site or topic.channel not in UP_CHANNELS:
            raise UnknownTopic(arrived.topic)
        if len(arrived.payload) > PAYLOAD_BYTES_MAX:
            raise OversizedPayload(len(arrived.payload), PAYLOAD_BYTES_MAX)
        return self.known.get(topic.device)

    def _topic(self, arrived: Arrived) -> DeviceTopic:
        """Taken apart once for each topic; what is no topic of ours has no channel."""
        found = self._topics.get(arrived.topic)
        if found is None:
            try:
                found = parse_device_topic(arrived.topic)
            except UnknownTopic:
                return DeviceTopic("", "", "")
            self._topics[arrived.topic] = found
        return found

    def _answer(self, group: Group, device: KnownDevice, arrived: Arrived) -> None:
        ask = decode(Ask, arrived.payload)
        if ask.kind == "CERTIFICATE":
            answer = self._renewals.answer(group, device.name, ask)
        else:
            answer = self._answers.answer(ask)
        group.publishes.append(
            Publish(
                device_topic(self._site, device.name, "answer"), encode(answer),
                expiry_s=ACK_EXPIRY_S, correlation=arrived.correlation,
            )
        )  # fmt: skip

    def _time_reply(self, arrived: Arrived) -> Publish | None:
        """Outside of the group, so that no commit stands between question and answer.

        None for other messages, and for those that the group will refuse.
        """
        topic = self._topic(arrived)
        if topic.channel != "time":
            return None
        received_us = self._clock.now_us()
        try:
            device = self._sender_of(topic, arrived)
            asked = decode(TimeAsked, arrived.payload)
        except (ProtocolsError, HubError):
            return None
        reply = TimeReply(v=1, t1=asked.t1, t2=received_us, t3=self._clock.now_us())
        return Publish(device_topic(self._site, device.name, "time_reply"), encode(reply), qos=0)

    # ── rows of devices ──────────────────────────────────────────────────────────────────

    def _write_devices(self, group: Group) -> None:
        """One row for each device that was heard of in this group."""
        for device, _ in group.epochs:
            group.changes(device)
        rows: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
        for device, changes in group.devices.items():
            rows.setdefault(tuple(changes), []).append(
                (*changes.values(), group.tx.now_us, self._site, device)
            )
        for columns, values in rows.items():
            assigned = ", ".join(f"{name} = ?" for name in (*columns, "seen_at"))
            group.tx.send(f"UPDATE device SET {assigned} WHERE site = ? AND name = ?", values)
        for device in dict.fromkeys(group.woken):
            self._wake(group, device)

    def _wake(self, group: Group, device: str) -> None:
        """A device came on line: it hears its configuration and open commands at once."""
        group.tx.run(
            "UPDATE outbox_message SET state = 'UNSENT' "
            "WHERE site = ? AND device = ? AND state = 'SENT'",
            (self._site, device),
        )
        if not self._configuration.is_current(group.changes(device)["cfg_hash"]):
            group.publishes.append(self._configuration.message(device))

    def _forget_presence(self) -> None:
        with writing(self._database, self._clock.now_us()) as tx:
            tx.run(
                "UPDATE device SET presence = 'OFFLINE', presence_at = ? "
                "WHERE site = ? AND presence = 'ONLINE'",
                (tx.now_us, self._site),
            )
