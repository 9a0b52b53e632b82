"""A handheld that is nobody yet, or is to become another one: what it asks and shows. Pure.

Owns that screen. It takes the place of `agent.py` in the same loop, with the same scanner and keys:
a code is read as every scan is, and typed by hand where the scanner does not work. The network is
`enrolment_port.py`'s; here are only the questions and the words.

| it waits for | accepts |
|---|---|
| a code | an enrolment code |
| a word, when the device is somebody already | YES, NO |
| the hub | nothing: it says so |
| another try | the same or another code, or YES |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from edge.clock import Now
from edge.config import DeviceConfig
from edge.errors import EdgeError
from edge.handheld.agent_io import (
    Action,
    BatteryRead,
    EnrolmentOver,
    Input,
    KeyTyped,
    PlayTone,
    RadioRead,
    ScanFailed,
    ScanRead,
    ScreenChanged,
)
from edge.handheld.outcome import CommandRead, Notice, Unreadable
from edge.handheld.reader import Reader
from edge.handheld.reading import EnrolmentRead
from edge.handheld.texts import Texts
from edge.handheld.view import ScreenView
from edge.handheld.work import HandheldState
from edge.link.io_values import Enrol, EnrolmentEnded
from edge.storage.outbox_owner import Holding
from edge.tones import Tone
from protocols.barcodes import CommandName
from protocols.enrolment import EnrolmentCode, read_code
from protocols.errors import ProtocolsError

Stage = Literal["ENROL", "ENROL_SURE", "ENROL_WAIT", "ENROL_AGAIN"]
NO_WAKEUP_US: Final = 2**62
NOBODY: Final = HandheldState()


class CodeOfAnother(EdgeError):
    """The configuration says who this device is, and the code says somebody else."""

    code = "CODE_OF_ANOTHER"

    def __init__(self, configured: str, found: str) -> None:
        self.configured, self.found = configured, found
        super().__init__(
            f"This code is for {found}; this device is configured as {configured}. Scan the code "
            "for that one."
        )


class Situation(msgspec.Struct, frozen=True):
    """What the device is before it enrols."""

    config: DeviceConfig
    """Site and device as configured, empty where the code decides; and how the scanner reads."""
    owner: str = ""
    """site/device of the identity it has; empty without one."""
    holding: Holding = Holding()


class EnrollingCore:
    """One handheld on its way to an identity."""

    def __init__(self, situation: Situation, code: str = "", texts: Texts | None = None) -> None:
        """`code` was scanned already, by a device that is somebody."""
        self._situation, self._texts = situation, texts or Texts()
        self._first_code = code
        config = situation.config
        self._reader = Reader(config, sends_fnc1=config.sends_fnc1)
        self._code: EnrolmentCode | None = None
        self._stage: Stage = "ENROL"
        self._notice: Notice | None = None
        self._battery_percent: int | None = None
        self._radio_dbm: int | None = None
        self._view: ScreenView | None = None

    # ── what the loop calls ──────────────────────────────────────────────────────────────

    next_wakeup_us: Final = NO_WAKEUP_US

    def start(self, _now: Now) -> list[Action]:
        """The first screen."""
        actions = self._scanned(self._first_code) if self._first_code else []
        return actions + self._screen()

    def step(self, happened: Input, _now: Now) -> list[Action]:
        """One input. The actions are to be carried out in their order."""
        return self._step(happened) + self._screen()

    def leave(self, _now: Now) -> list[Action]:
        """There is nobody to say goodbye to."""
        return []

    def close(self) -> None:
        """It holds nothing open."""

    @property
    def view(self) -> ScreenView:
        """What the screen shows now."""
        return self._view or self._shown()

    # ── one input ────────────────────────────────────────────────────────────────────────

    def _step(self, happened: Input) -> list[Action]:
        match happened:
            case ScanRead():
                return self._read(self._reader.scan(happened))
            case ScanFailed(text=text):
                return self._refuse("NOT_ENROLLED", sentence=text)
            case KeyTyped(key=key):
                return self._key(key)
            case EnrolmentEnded():
                return self._ended(happened)
            case BatteryRead(percent=percent):
                self._battery_percent = percent
            case RadioRead(dbm=dbm):
                self._radio_dbm = dbm
        return []

    def _key(self, key: str) -> list[Action]:
        self._notice = None
        read = self._reader.press(key, NOBODY)
        return [] if read is None else self._read(read)

    def _read(self, read: object) -> list[Action]:
        self._notice = None
        if self._stage == "ENROL_WAIT":
            return self._refuse("NOT_NOW_ENROL_WAIT")
        match read:
            case EnrolmentRead(text=text):
                return self._scanned(text)
            case CommandRead(name=CommandName.YES) if self._code is not None:
                return self._ask_hub(self._code)
            case CommandRead(name=CommandName.NO) if self._code is not None:
                return self._forget_code()
            case Unreadable(sentence=sentence):
                return self._refuse("NOT_ENROLLED", sentence=sentence)
        return self._refuse(f"NOT_NOW_{self._stage}")

    def _scanned(self, text: str) -> list[Action]:
        """A code is looked at here before anybody is asked."""
        try:
            code = read_code(text)
            self._refuse_other(code)
        except (ProtocolsError, EdgeError) as wrong:
            return self._refuse("NOT_ENROLLED", sentence=str(wrong))
        self._code = code
        if self._situation.owner and self._stage != "ENROL_AGAIN":
            self._stage = "ENROL_SURE"
            return [PlayTone(Tone.WARN)]
        return self._ask_hub(code)

    def _refuse_other(self, code: EnrolmentCode) -> None:
        config, found = self._situation.config, _owner(code)
        site, device = config.site or code.site, config.device or code.device
        if (site, device) != (code.site, code.device):
            raise CodeOfAnother(f"{site}/{device}", found)
        self._situation.holding.refuse_other(found)

    def _ask_hub(self, code: EnrolmentCode) -> list[Action]:
        self._stage = "ENROL_WAIT"
        return [PlayTone(Tone.OK), Enrol(code)]

    def _forget_code(self) -> list[Action]:
        """Who is somebody stays it."""
        self._code, self._stage = None, "ENROL"
        return [PlayTone(Tone.OK), *([EnrolmentOver()] if self._situation.owner else [])]

    def _ended(self, ended: EnrolmentEnded) -> list[Action]:
        if not ended.refusal:
            return [PlayTone(Tone.DONE), EnrolmentOver()]
        self._stage = "ENROL_AGAIN"
        return self._refuse("NOT_ENROLLED", sentence=ended.sentence)

    def _refuse(self, notice: str, **values: object) -> list[Action]:
        self._notice = Notice(notice, values, "REFUSED")
        return [PlayTone(Tone.REFUSED)]

    # ── what it shows ────────────────────────────────────────────────────────────────────

    def _screen(self) -> list[Action]:
        view = self._shown()
        if view == self._view:
            return []
        self._view = view
        return [ScreenChanged(view)]

    def _title(self, values: Mapping[str, str]) -> str:
        is_same = self._stage == "ENROL_SURE" and values["owner"] == values["wanted"]
        return "TITLE_ENROL_ANEW" if is_same else f"TITLE_{self._stage}"

    def _shown(self) -> ScreenView:
        notice, say = self._notice, self._texts.say
        values = {
            "wanted": _owner(self._code) if self._code is not None else "",
            "owner": self._situation.owner,
        }
        return ScreenView(
            phase="ENROL",
            who=self._situation.owner or "–",
            is_hub_online=False,
            queue=self._situation.holding.depth,
            battery_percent=self._battery_percent,
            radio_dbm=self._radio_dbm,
            mood=notice.look if notice else "NORMAL",
            message=say(notice.code, notice.values) if notice else "",
            progress="",
            title=say(self._title(values), values),
            rows=(),
            counted=None,
            asked=None,
            prompt=say(f"PROMPT_{self._stage}", values),
            typed=self._reader.typed,
        )


def _owner(code: EnrolmentCode) -> str:
    return f"{code.site}/{code.device}"
