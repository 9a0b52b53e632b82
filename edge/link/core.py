"""What a device says to the hub, and when. Pure: input and moment in, publications out.

Owns presence, epochs, the hub's presence, telemetry and the time exchange (docs/protocol.md);
`edge/link/event_sender.py` chooses the rows. Must not touch a socket or a thread:
`edge/link/hub_link.py` moves the bytes. One link core belongs to one run of the agent; connections
come and go under it.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from edge.clock import Now, TimeKeeper
from edge.config import DeviceConfig
from edge.link import day_roots
from edge.link.event_sender import EventSender
from edge.link.io_values import LinkAction, MessageArrived, PubAck, Publish, Reconnect, Subscribe
from edge.storage.contract import Outbox
from protocols.errors import MalformedPayload, UnknownTopic
from protocols.limits import ACK_EXPIRY_S
from protocols.messages.acks import Ack
from protocols.messages.asking import Answer, Ask, TimeAsked, TimeReply
from protocols.messages.codec import decode, encode
from protocols.messages.commands import Command, CommandAck, KeepRoots, RenewCertificate, ReportNow
from protocols.messages.configuration import Config
from protocols.messages.presence import Birth, HeldAssignment, HubState, Telemetry
from protocols.messages.roots import DayRoots
from protocols.topics import UpChannel, device_filters, device_topic, hub_state_topic

if TYPE_CHECKING:  # it loads cryptography, which a device with a password does not need
    from edge.identity.renewal import Renewal

ASK_TIME_EVERY_MS: Final = 600_000
TELEMETRY_EVERY_MS: Final = 60_000
HUB_EPOCH: Final = "hub_epoch"
"""Under this name the outbox keeps which of the hub's storages acknowledged last."""

CERTIFICATE: Final = b"certificate"
"""Correlation data: tells the answer to a renewal from those to a person's look-ups."""

Cause = Literal["POWER_ON", "RESTART", "CRASH", "RECONNECT", "ASKED"]
Presence = Literal["ONLINE", "OFFLINE", "LEFT"]
Heard = Command | Config | Answer
"""What the link passes on, because it concerns the work and not the link."""


class Sensed(msgspec.Struct, frozen=True):
    """Facts about the device that travel in telemetry."""

    battery_percent: int | None = None
    radio_dbm: int | None = None
    scans: int = 0
    scans_refused: int = 0
    reads_doubled: int = 0
    disk_free_mb: int | None = None


class LinkCore:
    """The link's decisions. The agent sets `held`, `cfg_hash` and `sensed` as they change."""

    def __init__(
        self,
        config: DeviceConfig,
        outbox: Outbox,
        keeper: TimeKeeper,
        chance: random.Random,
        renewal: Renewal | None = None,
    ) -> None:
        """`renewal` belongs to a device that has a certificate."""
        self._renewal, self._certificate = renewal, ""
        self._config, self._outbox, self._keeper, self._chance = config, outbox, keeper, chance
        self._sender = EventSender(self._topic("evt"), outbox)
        self._next_cause: Cause = "RESTART" if outbox.boot > 1 else "POWER_ON"
        self._greeted_hub_epoch = ""
        self._ask_time_at_ms = 0
        self._telemetry_at_ms = 0
        self.is_connected = False
        self.is_hub_online = False
        self.session = self._random_name()
        self.parked: tuple[str, ...] = ()
        self.held: tuple[HeldAssignment, ...] = ()
        self.cfg_hash = ""
        self.sensed = Sensed()
        self._roots = day_roots.kept(outbox)

    # ── inputs ───────────────────────────────────────────────────────────────────────────

    def connected(self, now: Now, certificate: str = "") -> list[LinkAction]:
        """Subscribe and say who is there. Events wait for the hub's presence."""
        self.is_connected, self.is_hub_online = True, False
        self._certificate = certificate
        if self._renewal is not None:
            self._renewal.connected(now)
        self._ask_time_at_ms = self._telemetry_at_ms = now.mono_ms
        self._sender.connected()
        cause, self._next_cause = self._next_cause, "RECONNECT"
        filters = device_filters(self._config.site, self._config.device)
        return [Subscribe(filters), self.birth(now, cause)]

    def lost(self) -> None:
        """The connection ended. The next is a new session, so that Wills can be told apart."""
        self.is_connected = self.is_hub_online = False
        self.session = self._random_name()
        self._sender.go_back()

    def arrived(self, message: MessageArrived, now: Now) -> tuple[list[LinkAction], Heard | None]:
        """Take a message in; what concerns the work comes back. Raises ProtocolsError."""
        if message.topic == hub_state_topic(self._config.site):
            return self._hear_state(decode(HubState, message.payload), now), None
        channel = message.topic.rpartition("/")[2]
        if message.topic != f"{self._prefix}/{channel}":
            raise UnknownTopic(message.topic)
        if channel == "ack":
            return self._hear_ack(decode(Ack, message.payload), now), None
        if channel == "time_reply":
            self._keeper.hear(decode(TimeReply, message.payload), now)
            return [], None
        if channel == "answer" and message.correlation == CERTIFICATE:
            return self._hear_certificate(decode(Answer, message.payload)), None
        heard = self._for_the_work(channel, message)
        done = self._obey(heard, now) if isinstance(heard, Command) else None
        return ([], heard) if done is None else (done, None)

    def puback(self, answer: PubAck, now: Now) -> None:
        """The broker's answer to an event."""
        self._sender.puback(answer, now)

    def tick(self, now: Now) -> list[LinkAction]:
        """Time passed: resend, ask for the time, send telemetry, as due."""
        if not self.is_connected:
            return []
        self._sender.tick(now)
        return self._routine(now) + self._renew(now) + self.pump(now)

    def pump(self, now: Now) -> list[LinkAction]:
        """Send waiting events as far as allowed. To be called after each append."""
        if not self.is_connected or not self.is_hub_online:
            return []
        return [*self._sender.pump(now)]

    @property
    def next_wakeup_ms(self) -> int | None:
        """When `tick` has something to do; None while the link is down."""
        if not self.is_connected:
            return None
        due = [self._ask_time_at_ms, self._telemetry_at_ms, self._sender.next_wakeup_ms]
        if self._renewal is not None and self.is_hub_online:
            due.append(self._renewal.next_wakeup_ms)
        return min(moment for moment in due if moment is not None)

    # ── what it says ─────────────────────────────────────────────────────────────────────

    def birth(self, now: Now, cause: Cause = "ASKED") -> Publish:
        """Presence, retained. Send it again when what it says has changed."""
        return self._presence("ONLINE", now, cause)

    def leave(self, now: Now) -> Publish:
        """A clean farewell: the hub shows LEFT, not OFFLINE."""
        return self._presence("LEFT", now, "ASKED")

    def will(self, now: Now) -> Publish:
        """What the broker says for the device when the connection of this session breaks."""
        return self._presence("OFFLINE", now, "RECONNECT")

    def answer_command(self, answer: CommandAck) -> Publish:
        """Accept or reject a command; once more for each repeat."""
        return Publish(self._topic("cmd_ack"), encode(answer))

    def ask(self, question: Ask, correlation: bytes) -> Publish:
        """A look-up; the answer carries the same correlation data."""
        topic = self._topic("ask")
        return Publish(topic, encode(question), expiry_s=ACK_EXPIRY_S, correlation=correlation)

    def telemetry(self, now: Now) -> Publish:
        """How the device is. (seq, at) move the hub's watermark."""
        body = Telemetry(
            v=1,
            at=self._keeper.at_us(now),
            epoch=self._outbox.epoch,
            seq=self._outbox.last_seq,
            outbox_depth=self._outbox.depth,
            outbox_percent=self.outbox_percent,
            **msgspec.structs.asdict(self.sensed),
        )
        return Publish(self._topic("tlm"), encode(body), qos=0)

    @property
    def outbox_percent(self) -> int:
        """How full the outbox is."""
        return self._outbox.depth * 100 // self._outbox.capacity

    # ── inside ───────────────────────────────────────────────────────────────────────────

    def _obey(self, command: Command, now: Now) -> list[LinkAction] | None:
        """Carry out what concerns the link and not the work; None for everything else."""
        answer = self.answer_command(CommandAck(v=1, id=command.id, accepted=True))
        if command.type == RenewCertificate.__name__:
            return self._begin_renewal(command, now)
        if command.type == ReportNow.__name__:
            return [answer, self.telemetry(now)]
        if command.type == KeepRoots.__name__:
            try:
                roots = decode(DayRoots, bytes(command.data))
            except MalformedPayload:
                return None  # rejected by name, with the other unreadable ones
            self._roots = day_roots.keep(self._outbox, roots)
            return [answer]
        return None

    def _begin_renewal(self, command: Command, now: Now) -> list[LinkAction]:
        """A device without certificate has none to renew, and says so."""
        if self._renewal is not None and self._renewal.begin(now):
            answer = CommandAck(v=1, id=command.id, accepted=True)
        else:
            code = "NO_CERTIFICATE" if self._renewal is None else "CANNOT_STORE"
            answer = CommandAck(v=1, id=command.id, accepted=False, code=code)
        return [self.answer_command(answer), *self._renew(now)]

    def _renew(self, now: Now) -> list[LinkAction]:
        question = self._renewal.tick(now) if self._renewal and self.is_hub_online else None
        return [] if question is None else [self.ask(question, CERTIFICATE)]

    def _hear_certificate(self, answer: Answer) -> list[LinkAction]:
        has_new = self._renewal is not None and self._renewal.answered(answer)
        return [Reconnect()] if has_new else []

    def _for_the_work(self, channel: str, message: MessageArrived) -> Heard:
        if channel == "cmd":
            return decode(Command, message.payload)
        if channel == "cfg":
            return decode(Config, message.payload)
        if channel == "answer":
            return decode(Answer, message.payload)
        raise UnknownTopic(message.topic)

    def _hear_state(self, state: HubState, now: Now) -> list[LinkAction]:
        """Hold back while the hub is away; go back to the oldest row when it returns."""
        was_online, self.is_hub_online = self.is_hub_online, state.online
        if not state.online:
            self._sender.go_back()
            return []
        if not was_online:
            self._sender.resume()
        return self._greet(state.hub_epoch, now) + self.pump(now)

    def _hear_ack(self, ack: Ack, now: Now) -> list[LinkAction]:
        actions: list[LinkAction] = []
        self._follow_hub_epoch(ack)
        if ack.epoch == self._outbox.epoch and ack.upto > self._outbox.last_seq:
            actions.append(self._leave_epoch(now))
        self._sender.acked(ack, now)
        if ack.gap is not None and self._sender.missing(ack.epoch, ack.gap.from_seq, now):
            is_pruned = ack.gap.from_seq <= self._outbox.pruned_upto(ack.epoch)
            actions += [self.birth(now)] if is_pruned else []
        self.parked = tuple(sorted({row.code for row in ack.parked}))
        return actions + self.pump(now)

    def _greet(self, hub_epoch: str, now: Now) -> list[LinkAction]:
        """A hub with another storage is told about us, and answers with what it has of us."""
        known = self._outbox.noted(HUB_EPOCH)
        if known in {None, hub_epoch} or self._greeted_hub_epoch == hub_epoch:
            return []
        self._greeted_hub_epoch = hub_epoch
        return [self.birth(now)]

    def _follow_hub_epoch(self, ack: Ack) -> None:
        """The first answer out of another storage may know less than we were told before."""
        known = self._outbox.noted(HUB_EPOCH) if ack.hub_epoch else ack.hub_epoch
        if known == ack.hub_epoch:
            return
        if known is not None:
            for epoch in self._outbox.epochs:
                self._outbox.rewind(epoch, ack.upto if epoch == ack.epoch else 0)
            self._sender.go_back()
        self._outbox.note(HUB_EPOCH, ack.hub_epoch)

    def _leave_epoch(self, now: Now) -> Publish:
        """The hub knows more of this epoch than we do: our storage was set back."""
        self._sender.distrust()
        self._outbox.begin_epoch()
        return self.birth(now)

    def _routine(self, now: Now) -> list[LinkAction]:
        actions: list[LinkAction] = []
        if now.mono_ms >= self._ask_time_at_ms:
            self._ask_time_at_ms = now.mono_ms + ASK_TIME_EVERY_MS
            question = TimeAsked(v=1, t1=now.mono_ms * 1_000)
            actions.append(Publish(self._topic("time"), encode(question), qos=0))
        if now.mono_ms >= self._telemetry_at_ms:
            self._telemetry_at_ms = now.mono_ms + TELEMETRY_EVERY_MS
            actions.append(self.telemetry(now))
        return actions

    def _presence(self, presence: Presence, now: Now, cause: Cause) -> Publish:
        body = Birth(
            v=1,
            dev=self._config.device,
            session=self.session,
            presence=presence,
            kind=self._config.kind,
            version=self._config.version,
            boot=self._outbox.boot,
            epoch=self._outbox.epoch,
            seq=self._outbox.last_seq,
            at=self._keeper.at_us(now),
            cause=cause,
            capabilities=self._config.capabilities,
            outbox_depth=self._outbox.depth,
            pruned_upto=self._outbox.pruned_upto(self._outbox.epoch),
            assignments=self.held,
            cfg_hash=self.cfg_hash,
            certificate=self._certificate if presence == "ONLINE" else "",
            roots=self._roots[-1] if self._roots and presence == "ONLINE" else None,
        )
        return Publish(self._topic("birth"), encode(body), retain=True)

    def _random_name(self) -> str:
        return f"{self._chance.getrandbits(64):016x}"

    @property
    def _prefix(self) -> str:
        return self._topic("birth").removesuffix("/birth")

    def _topic(self, channel: UpChannel) -> str:
        return device_topic(self._config.site, self._config.device, channel)
