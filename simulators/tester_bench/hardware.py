"""What a bench can do with a device and with the hub: the contract of its two sorts of world.

Live, these are processes, ptys and sockets; in virtual time, calls of the same cores. A device does
what its hardware would: a trigger pulled while the cable is out is heard by nobody, and no error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from edge.handheld.work import HandheldState
from edge.tones import Tone
from hub.config import HubConfig
from hub.journal import Journal
from simulators.errors import SimulatorsError
from simulators.tester_bench.codes import ShownCode
from simulators.tester_bench.display import Rows
from simulators.tester_bench.labels import Labels

Proof = Literal["none", "password", "certificate"]
"""By what a device shows who it is; "none" for one that nobody has enrolled."""


class NotOnThisBench(SimulatorsError):
    """An act that this sort of world cannot carry out."""

    code = "NOT_ON_THIS_BENCH"

    def __init__(self, what: str, why: str) -> None:
        self.what, self.why = what, why
        super().__init__(f"{what}: {why}.")


class Kept(msgspec.Struct, frozen=True):
    """What stands in a device's own storage."""

    epoch: str = ""
    boot: int = 0
    seq: int = 0
    waiting: int = 0
    """Events that the hub has not acknowledged."""
    people: int = 0
    """Whom it would let in."""
    state: HandheldState = HandheldState()


class Switches(msgspec.Struct, frozen=True):
    """How the bench has set a device's hardware."""

    is_on: bool = False
    has_scanner: bool = True
    air: str = "fine"
    battery_percent: int = 100
    clock_shift_s: int = 0
    is_disk_full: bool = False


class Device(Protocol):
    """One handheld on the bench."""

    name: str
    switches: Switches
    tones: list[Tone]
    """Every tone since the bench began, oldest first; only ever appended to."""

    lives: int
    """How often its agent was started."""
    last_words: str
    """Why the agent before this one ended, if it said so."""

    @property
    def outbox_file(self) -> Path:
        """Its storage."""
        ...

    def proof(self) -> Proof:
        """What it has to show its hub."""
        ...

    def forget_identity(self) -> None:
        """Make it a device that nobody has enrolled; its events stay. Raises NotOnThisBench."""
        ...

    def rows(self) -> Rows:
        """What its display shows."""
        ...

    def kept(self) -> Kept:
        """What it has stored; the last that could be read while it cannot be."""
        ...

    def pull(self, codes: Sequence[str], per_second: float = 0.0) -> bool:
        """Scan codes; 0 a second means at once. False when nobody hears it."""
        ...

    def press(self, keys: Sequence[str]) -> bool:
        """Press keys: characters, or "enter", "backspace", "escape". False while it is off."""
        ...

    def plug_scanner(self) -> None: ...

    def unplug_scanner(self) -> None: ...

    def set_battery(self, percent: int) -> None: ...

    def set_clock(self, shift_s: int) -> None:
        """Let its wall clock be wrong by so many seconds."""
        ...

    def set_air(self, air: str) -> None:
        """One of `weather.AIRS`."""
        ...

    def kill(self) -> None:
        """SIGKILL of its agent, which is started again at once."""
        ...

    def switch_off(self) -> None:
        """Take the battery out: SIGKILL, and nothing starts it."""
        ...

    def switch_on(self) -> None: ...

    def fill_disk(self) -> None:
        """From now on its storage takes no byte more."""
        ...

    def free_disk(self) -> None: ...


class Site(Protocol):
    """A hub with its broker, and the devices on the bench."""

    config: HubConfig
    journal: Journal
    labels: Labels
    people: dict[str, str]
    """PIN by badge, of whom the bench knows it."""
    is_hub_on: bool
    parts: tuple[str, ...]
    """What can be killed."""

    @property
    def devices(self) -> Mapping[str, Device]:
        """By name."""
        ...

    def pid_of(self, part: str) -> int | None:
        """The process of a part; None while there is none, or where there are no processes."""
        ...

    def kill_part(self, part: str) -> None:
        """SIGKILL; whoever looks after it starts it again."""
        ...

    @property
    def shown_code(self) -> ShownCode | None:
        """The enrolment code that stands on the hub's page."""
        ...

    def show_code(self, device: str, sort: str) -> None:
        """Have the hub show one of `codes.CODES`. Raises NotOnThisBench."""
        ...

    def revoke(self, device: str) -> None:
        """Shut a device out, as lost or stolen."""
        ...

    def state_at_hub(self, device: str) -> str:
        """AWAITED, ENROLLED, REVOKED or RETIRED."""
        ...

    def stop_hub(self) -> None: ...

    def start_hub(self) -> None: ...

    def until(self, ask: Callable[[], bool], patience_s: float) -> bool:
        """Wait until the answer is yes; False when patience ran out first."""
        ...

    def now_s(self) -> float:
        """Seconds since the bench began, in the time of this world."""
        ...

    def close(self) -> None: ...
