"""How simulated people spend their time. Owns what a script may wait for, and who wakes it.

A person is a generator: it acts, and yields what it waits for. The same scripts run in virtual time
and live; only the stage differs. People's own time can be sped up, the machines' time never is.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple, Protocol

from simulators.world import Entry


class Busy(NamedTuple):
    """Walking, reaching, thinking: so many seconds of a person's time."""

    seconds: float


class Look(NamedTuple):
    """Wait until something new is to be seen, for so many seconds of a person's time at most."""

    seconds: float


class Machine(NamedTuple):
    """Wait for a machine: seconds that nobody can speed up."""

    seconds: float


class Until(NamedTuple):
    """Wait for what a machine does, for so many seconds at most; nobody can speed it up."""

    happened: Callable[[], bool]
    seconds: float


class Ask(NamedTuple):
    """Have the hub do something; the script goes on with the answer, or with what it raised."""

    do: Callable[[], Any]


Wait = Busy | Look | Machine | Until | Ask
Script = Generator[Wait, Any, None]
Asking = Generator[Wait, Any, Any]
"""A part of a script, with an answer."""


class Stage(Protocol):
    """Where scripts are played: virtual time or a live loop."""

    @property
    def speed(self) -> float:
        """How many seconds of people's time pass in one second."""
        ...

    def after(self, seconds: float, do: Callable[[], None]) -> Entry:
        """Enter something so many seconds of machines' time from now."""
        ...

    def carry_out(
        self, do: Callable[[], Any], then: Callable[[Any, Exception | None], None]
    ) -> None:
        """Do something, and say `then` what came of it, on the stage's own thread."""
        ...


class Actor:
    """Plays one script on a stage."""

    def __init__(self, name: str, script: Script, stage: Stage) -> None:
        self.name, self._script, self._stage = name, script, stage
        self._waiting: Entry | None = None
        self._awaited: Callable[[], bool] | None = None
        self.is_done = False

    def start(self) -> None:
        """Begin, at this moment."""
        self._waiting = self._stage.after(0, self._go_on)

    def wake(self) -> None:
        """Something new is to be seen."""
        if self._waiting is not None and self._awaited is not None and self._awaited():
            self._waiting.drop()
            self._awaited = None
            self._waiting = self._stage.after(0, self._go_on)

    def _go_on(self, answer: Any = None, raised: Exception | None = None) -> None:
        self._waiting = self._awaited = None
        try:
            wanted = self._script.throw(raised) if raised else self._script.send(answer)
        except StopIteration:
            self.is_done = True
            return
        self._wait(wanted)

    def _wait(self, wanted: Wait) -> None:
        if isinstance(wanted, Ask):
            self._stage.carry_out(wanted.do, self._go_on)
            return
        if isinstance(wanted, Until) and wanted.happened():
            self._waiting = self._stage.after(0, self._go_on)
            return
        is_person = isinstance(wanted, Busy | Look)
        seconds = wanted.seconds / self._stage.speed if is_person else wanted.seconds
        if isinstance(wanted, Until):
            self._awaited = wanted.happened
        elif isinstance(wanted, Look):
            self._awaited = _always
        self._waiting = self._stage.after(seconds, self._go_on)


def _always() -> bool:
    return True


class VirtualStage:
    """Scripts in virtual time: an act of the hub takes a moment, and nobody can hurry."""

    speed = 1.0

    def __init__(self, after: Callable[[float, Callable[[], None]], Entry]) -> None:
        self._after = after

    def after(self, seconds: float, do: Callable[[], None]) -> Entry:
        return self._after(seconds, do)

    def carry_out(
        self, do: Callable[[], Any], then: Callable[[Any, Exception | None], None]
    ) -> None:
        answer, raised = None, None
        try:
            answer = do()
        except Exception as wrong:  # noqa: BLE001 - handed to the script, which asked
            raised = wrong
        self.after(0, lambda: then(answer, raised))
