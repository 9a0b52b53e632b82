"""The handheld's agent without its shells: one input and a moment in, actions out.

Owns the order of things: read, decide, commit, and only then answer, sound and show ("a beep is a
promise"). It has no thread, socket, clock or sleep, so a simulation runs this very class; the
outbox and the random numbers that it is given are all it touches.

| what | where |
|---|---|
| scans and keys, and what they mean | `reader.py`, `reading.py`; a double pull: `dwell.py` |
| what the work makes of it | `workflow.py` |
| the commit | `kept_state.py` |
| what goes to the hub, and when | `edge/link/core.py`; what must not overtake: `late_answers.py` |
| what the screen says | `view.py` |

`start` once, then `step` for each input; `next_wakeup_us` says when a `Tick` is due at the latest.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from edge.clock import Now, TimeKeeper
from edge.config import DeviceConfig
from edge.errors import OutboxFull, OutboxUnusable
from edge.handheld import session, workflow
from edge.handheld.agent_io import (
    Action,
    BatteryRead,
    DiskRead,
    EnrolAgain,
    Input,
    KeyTyped,
    PlayTone,
    RadioRead,
    ScanFailed,
    ScannerPresence,
    ScanRead,
    ScreenChanged,
    Stop,
    Tick,
)
from edge.handheld.backlog import Backlog
from edge.handheld.dwell import Dwell, dwell
from edge.handheld.hub_words import frees_work, wanted
from edge.handheld.kept_state import KeptState
from edge.handheld.late_answers import LateAnswers
from edge.handheld.outcome import (
    Emit,
    HubInput,
    Notice,
    Outcome,
    PersonInput,
    ScannerChecked,
    Scene,
    Unreadable,
)
from edge.handheld.reader import Reader
from edge.handheld.reading import EnrolmentRead
from edge.handheld.texts import Texts
from edge.handheld.view import Facts, ScreenView, show
from edge.handheld.work import HandheldState
from edge.identity import strangers
from edge.link.core import Heard, LinkCore
from edge.link.io_values import (
    LinkConnected,
    LinkInput,
    LinkLost,
    MessageArrived,
    PubAck,
    StrangerMet,
)
from edge.storage.contract import Outbox
from edge.storage.pruning import Pruning
from edge.tones import Tone
from protocols.errors import ProtocolsError
from protocols.messages.commands import Command
from protocols.messages.configuration import Config
from protocols.messages.presence import HeldAssignment

if TYPE_CHECKING:  # it loads cryptography, which a device with a password does not need
    from edge.identity.renewal import Renewal

SENDS_FNC1: Final = "sends_fnc1"
"""Under this name the outbox keeps that the scanner was seen to send FNC1."""


class AgentCore:
    """One handheld."""

    def __init__(
        self,
        config: DeviceConfig,
        outbox: Outbox,
        chance: random.Random,
        texts: Texts | None = None,
        renewal: Renewal | None = None,
    ) -> None:
        """Take up where the outbox says that this device was. Raises OutboxUnusable."""
        self.config, self.outbox = config, outbox
        self.keeper = TimeKeeper()
        self.link = LinkCore(config, outbox, self.keeper, chance, renewal)
        self._is_stopped = False
        self._kept = KeptState(config.device, outbox, self.keeper)
        self._pruning = Pruning(outbox)
        self._late = LateAnswers(outbox)
        self._strangers = strangers.Strangers(outbox)
        sends_fnc1 = config.sends_fnc1 or outbox.noted(SENDS_FNC1) is not None
        self._reader = Reader(config, sends_fnc1=sends_fnc1)
        self._dwell = Dwell()
        self._texts = texts or Texts()
        self._backlog = Backlog()
        self._notice: Notice | None = None
        self._is_refused = self._is_outdated = False
        self._view: ScreenView | None = None
        self._tell_link()

    # ── what the shells call ─────────────────────────────────────────────────────────────

    def start(self, now: Now) -> list[Action]:
        """The first screen."""
        self.keeper.begin(now, self.outbox.last_at_us)
        self._kept.state = session.after_restart(self.state, now.mono_ms)
        self._pruning.begin(now.mono_ms)
        return self._screen()

    def step(self, happened: Input, now: Now) -> list[Action]:
        """One input. The actions are to be carried out in their order."""
        if self._is_stopped:
            return []
        try:
            actions = self._step(happened, now)
        except OutboxUnusable as failed:
            return self._stop(failed)
        return actions + self._screen()

    @property
    def state(self) -> HandheldState:
        """The work and who does it, as on the disk."""
        return self._kept.state

    @property
    def cfg(self) -> Config:
        """The hub's configuration that this device goes by."""
        return self._kept.cfg

    @property
    def view(self) -> ScreenView:
        """What the screen shows now."""
        return self._view if self._view is not None else self._shown()

    @property
    def next_wakeup_us(self) -> int:
        """When a Tick is due at the latest, in microseconds of CLOCK_BOOTTIME."""
        link_ms, pruning_ms = self.link.next_wakeup_ms, self._pruning.next_wakeup_ms
        return 1_000 * (pruning_ms if link_ms is None else min(link_ms, pruning_ms))

    def leave(self, now: Now) -> list[Action]:
        """A clean end: say so to the hub. Everything else is on the disk already."""
        return [self.link.leave(now)] if self.link.is_connected else []

    def close(self) -> None:
        """Let go of the storage; after `leave`."""
        self.outbox.close()

    # ── one input ────────────────────────────────────────────────────────────────────────

    def _step(self, happened: Input, now: Now) -> list[Action]:
        match happened:
            case ScanRead():
                return self._read(self._reader.scan(happened), now)
            case ScanFailed(code=code, text=text):
                return self._read(Unreadable("", code, text), now)
            case KeyTyped(key=key):
                return self._key(key, now)
            case Tick():
                return self._tick(now)
            case ScannerPresence():
                return self._scanner(happened)
            case BatteryRead(percent=percent):
                return self._sense(battery_percent=percent)
            case RadioRead(dbm=dbm):
                return self._sense(radio_dbm=dbm)
            case DiskRead(free_mb=free_mb):
                return self._sense(disk_free_mb=free_mb)
        return self._link(happened, now)

    def _link(self, happened: LinkInput, now: Now) -> list[Action]:
        match happened:
            case LinkConnected(certificate=certificate):
                self._is_refused = False
                return [*self.link.connected(now, certificate)]
            case LinkLost(reason=reason, code=code):
                self.link.lost()
                self._late.forget()
                if reason:
                    self._is_refused, self._is_outdated = True, code == "CERTIFICATE_OUTDATED"
                    self._notice = Notice(code, {"reason": reason}, "WARN")
            case StrangerMet():
                return self._stranger(happened, now)
            case PubAck():
                self.link.puback(happened, now)
            case MessageArrived():
                return self._message(happened, now)
        return []

    def _stranger(self, met: StrangerMet, now: Now) -> list[Action]:
        """Reported once for each address and key; a full outbox has more urgent things to keep."""
        at_us = self.keeper.at_us(now)
        if self.outbox.is_nearly_full or not self._strangers.is_news(met, at_us):
            return []
        notice = Notice("UNTRUSTED_HUB_MET", {"address": met.address}, "WARN")
        event = Emit(strangers.report(met))
        actions = self._carry_out(Outcome(self.state, (event,), notice=notice), now)
        self._strangers.remember(met, at_us)
        return actions

    def _key(self, key: str, now: Now) -> list[Action]:
        self._notice = None
        read = self._reader.press(key, self.state)
        return [] if read is None else self._read(read, now)

    def _read(self, read: PersonInput | EnrolmentRead, now: Now) -> list[Action]:
        if isinstance(read, EnrolmentRead):
            return self._enrol(read)
        self._dwell, is_echo = dwell(self._dwell, read, now.mono_ms)
        sensed = self.link.sensed
        if is_echo:
            return self._sense(reads_doubled=sensed.reads_doubled + 1)
        if isinstance(read, ScannerChecked):
            self._note_fnc1()
        outcome = workflow.step(self.state, read, self._scene(now))
        is_refused = outcome.tone is Tone.REFUSED
        self._sense(scans=sensed.scans + 1, scans_refused=sensed.scans_refused + is_refused)
        self._notice = None
        return self._carry_out(outcome, now)

    def _note_fnc1(self) -> None:
        """Shown once, the scanner is trusted with FNC1 for good."""
        if not self._reader.sends_fnc1:
            self.outbox.note(SENDS_FNC1, "1")
            self._reader.sends_fnc1 = True

    def _sense(self, **facts: int | None) -> list[Action]:
        """Facts for the next telemetry; the screen shows some of them."""
        self.link.sensed = replace(self.link.sensed, **facts)
        return []

    def _enrol(self, code: EnrolmentRead) -> list[Action]:
        """Another identity is a matter for an idle device, and for one that has an identity."""
        self._notice = None
        if self.config.can_enrol and self.state.person is None:
            return [PlayTone(Tone.OK), EnrolAgain(code.text)]
        reason = "LOG_OUT_TO_ENROL" if self.config.can_enrol else "ENROLLED_BY_PASSWORD"
        self._notice = Notice(reason, look="REFUSED")
        return [PlayTone(Tone.REFUSED)]

    def _tick(self, now: Now) -> list[Action]:
        self._pruning.tick(now.mono_ms, self.keeper.at_us(now))
        return [*self.link.tick(now)]

    def _scanner(self, presence: ScannerPresence) -> list[Action]:
        code = "SCANNER_FOUND" if presence.is_there else "SCANNER_LOST"
        look: Final = "INFO" if presence.is_there else "WARN"
        self._notice = Notice(code, {"reason": presence.reason}, look)
        return [PlayTone(Tone.OK if presence.is_there else Tone.WARN)]

    # ── messages from the hub ────────────────────────────────────────────────────────────

    def _message(self, message: MessageArrived, now: Now) -> list[Action]:
        """A message that cannot be read is shown, and nothing else stops."""
        parked, was_online = self.link.parked, self.link.is_hub_online
        try:
            answers, heard = self.link.arrived(message, now)
            actions: list[Action] = [*answers]
            actions += self._hear(heard, now)
        except ProtocolsError as wrong:
            self._notice = Notice("MESSAGE_REFUSED", {"reason": wrong.code}, "WARN")
            return []
        if self.link.parked and self.link.parked != parked:
            codes = ", ".join(self.link.parked)
            self._notice = Notice("EVENTS_PARKED", {"codes": codes}, "WARN")
        came_back = self.link.is_hub_online and not was_online
        self._notice = self._backlog.watch(self.outbox.depth, self._notice, came_back=came_back)
        return actions + [self.link.answer_command(answer) for answer in self._late.due()]

    def _hear(self, heard: Heard | None, now: Now) -> list[Action]:
        if isinstance(heard, Config):
            return self._configure(heard, now)
        if isinstance(heard, Command):
            return self._obey(wanted(heard), now)
        return []

    def _obey(self, asked: HubInput, now: Now) -> list[Action]:
        """News from the hub never hide what somebody has to read first."""
        before = self._notice
        outcome = workflow.step(self.state, asked, self._scene(now))
        actions = self._carry_out(outcome, now, is_late=frees_work(asked))
        is_mere_news = self._notice is not None and self._notice.look == "INFO"
        if before is not None and before.look != "INFO" and is_mere_news:
            self._notice = before
        return actions

    def _configure(self, cfg: Config, now: Now) -> list[Action]:
        """Keep it first, then say that we have it."""
        if cfg.hash == self.cfg.hash:
            return []
        self._kept.configure(cfg, now)
        self._tell_link()
        actions: list[Action] = [self.link.birth(now)]
        people = {person.id for person in cfg.people}
        if self.state.person is not None and self.state.person not in people:
            actions += self._carry_out(session.leave_shift(self.state), now)
        return actions

    # ── carrying out what was decided ────────────────────────────────────────────────────

    def _carry_out(self, outcome: Outcome, now: Now, *, is_late: bool = True) -> list[Action]:
        """Commit events and state together; only what is committed may be heard or seen.

        `is_late`: its answers follow the events of before.
        """
        percent = self.link.outbox_percent
        try:
            self._commit(outcome, now)
        except OutboxFull as full:
            return self._refuse_full(outcome, full, now)
        actions: list[Action] = [PlayTone(outcome.tone)] if outcome.tone else []
        if outcome.notice is not None:
            self._notice = outcome.notice
        elif outcome.events and self.outbox.is_nearly_full:
            self._notice = Notice("OUTBOX_NEARLY_FULL", {"depth": self.outbox.depth}, "WARN")
        if self.outbox.is_nearly_full and self.link.outbox_percent > percent:
            actions += self._warn_of_full(now)
        actions += self._answer(outcome, is_late=is_late)
        return [*actions, *self.link.pump(now)]

    def _refuse_full(self, outcome: Outcome, full: OutboxFull, now: Now) -> list[Action]:
        """Nothing was recorded, and the tone says so. A lock against guessing PINs holds anyway."""
        if outcome.tone is Tone.REFUSED:
            self._commit(replace(outcome, events=()), now)
        self._notice = Notice(full.code, full.values(), "ALERT")
        return [PlayTone(Tone.ALERT)]

    def _warn_of_full(self, now: Now) -> list[Action]:
        """Once for each percent more: heard, and told to the hub if it can be reached at all."""
        warning: list[Action] = [PlayTone(Tone.WARN)]
        return [*warning, self.link.telemetry(now)] if self.link.is_connected else warning

    def _answer(self, outcome: Outcome, *, is_late: bool) -> list[Action]:
        if not is_late:
            return [self.link.answer_command(answer) for answer in outcome.answers]
        for answer in outcome.answers:
            self._late.hold(answer)
        return [self.link.answer_command(answer) for answer in self._late.due()]

    def _commit(self, outcome: Outcome, now: Now) -> None:
        if self._kept.commit(outcome, now):
            self._tell_link()

    def _scene(self, now: Now) -> Scene:
        return Scene(
            now_ms=now.mono_ms,
            epoch=self.outbox.epoch,
            next_seq=self.outbox.last_seq + 1,
            people=self.cfg.people,
            slots=self.cfg.slots,
            is_hub_online=self.link.is_hub_online,
        )

    def _tell_link(self) -> None:
        works = self.state.works
        self.link.cfg_hash = self.cfg.hash
        self.link.held = tuple(HeldAssignment(work.id, work.assignment.rev) for work in works)

    def _stop(self, failed: OutboxUnusable) -> list[Action]:
        """After a failed write nothing is certain: start again and read what is there."""
        self._is_stopped = True
        self._notice = Notice(failed.code, failed.values(), "ALERT")
        return [PlayTone(Tone.ALERT), *self._screen(), Stop(str(failed))]

    def _screen(self) -> list[Action]:
        view = self._shown()
        if view == self._view:
            return []
        self._view = view
        return [ScreenChanged(view)]

    def _shown(self) -> ScreenView:
        facts = Facts(
            is_hub_online=self.link.is_hub_online,
            queue=self.outbox.depth,
            battery_percent=self.link.sensed.battery_percent,
            radio_dbm=self.link.sensed.radio_dbm,
            typed=self._reader.typed,
            notice=self._notice,
            is_draining=self._backlog.is_draining and self.link.is_hub_online,
            is_refused=self._is_refused,
            is_outdated=self._is_outdated,
        )
        return show(self.state, facts, self._texts)
