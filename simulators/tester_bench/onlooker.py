"""What a tester sees and hears of a bench, and whether it is what was expected.

Owns what each expectation of `ACTS` compares, and how long it may take to come true. Touches
nothing: `bench.py` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from edge.tones import Tone
from hub.db import fetch
from simulators import checkers
from simulators.errors import SimulatorsError
from simulators.tester_bench.display import text_of
from simulators.tester_bench.hardware import Device, Kept, Site

PATIENCE_S: Final = 60.0
"""So long an expectation may take to come true; the hub's parts are back long before."""


class NoSuchDevice(SimulatorsError):
    code = "NO_SUCH_DEVICE"

    def __init__(self, name: str, there: Sequence[str]) -> None:
        self.name = name
        super().__init__(f"There is no device {name!r} on the bench; there are {', '.join(there)}.")


class ExpectationFailed(SimulatorsError):
    """What was awaited did not come true."""

    code = "EXPECTATION_FAILED"

    def __init__(self, wanted: str, seen: str) -> None:
        self.wanted, self.seen = wanted, seen
        super().__init__(f"wanted {wanted}; seen: {seen}")


class Onlooker:
    """Somebody who stands before the bench, hands in pockets."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._heard_before: dict[str, int] = {}
        """Tones of each device before the last act on it."""

    # ── what there is to see and hear ────────────────────────────────────────────────────

    def text(self, device: str) -> str:
        """The display's characters, line by line."""
        return text_of(self._device(device).rows())

    def heard(self, device: str) -> list[Tone]:
        """The tones since the last act on the device."""
        return self._device(device).tones[self._heard_before.get(device, 0) :]

    def _is_awake(self, device: str) -> bool:
        """Whether its display shows anything."""
        return self._device(device).switches.is_on and bool(self.text(device).strip())

    def _phase(self, device: str) -> str:
        """What the device asks for; "" while it is dark."""
        return self._kept(device).state.phase if self._is_awake(device) else ""

    def _counted(self, device: str) -> int | None:
        if not self._is_awake(device):
            return None
        work = self._kept(device).state.work
        return work.mark.counted if work is not None and work.mark is not None else None

    def _events(self, type: str, device: str) -> int:
        sql = "SELECT COUNT(*) FROM device_event WHERE site = ? AND type = ?"
        values = [self.site.config.site, type]
        if device:
            sql, values = f"{sql} AND device = ?", [*values, device]
        return int(fetch(self.site.journal.database, sql, tuple(values))[0][0])

    def _is_quiet(self) -> bool:
        return all(device.kept().waiting == 0 for device in self._switched_on())

    def _what_waits(self) -> str:
        return ", ".join(f"{one.name}: {one.kept().waiting}" for one in self._switched_on())

    def _switched_on(self) -> list[Device]:
        return [device for device in self.site.devices.values() if device.switches.is_on]

    def _device(self, name: str) -> Device:
        if name not in self.site.devices:
            raise NoSuchDevice(name, list(self.site.devices))
        return self.site.devices[name]

    def _kept(self, device: str) -> Kept:
        return self._device(device).kept()

    # ── expectations ─────────────────────────────────────────────────────────────────────

    def expect_screen(self, device: str, shows: str) -> None:
        wanted = _words(shows)
        self._expect(
            f"{shows!r} on the screen of {device}",
            lambda: wanted in _words(self.text(device)), lambda: "\n" + self.text(device),
        )  # fmt: skip

    def expect_phase(self, device: str, phase: str) -> None:
        self._expect(
            f"{device} at {phase}", lambda: self._phase(device) == phase,
            lambda: f"{self._phase(device)}\n{self.text(device)}",
        )  # fmt: skip

    def expect_tone(self, device: str, tone: str) -> None:
        self._expect(
            f"the tone {tone} from {device}", lambda: self.heard(device)[-1:] == [tone],
            lambda: ", ".join(self.heard(device)) or "silence",
        )  # fmt: skip

    def expect_counted(self, device: str, count: int) -> None:
        self._expect(
            f"{count} counted on {device}", lambda: self._counted(device) == count,
            lambda: f"{self._counted(device)}\n{self.text(device)}",
        )  # fmt: skip

    def expect_waiting(self, device: str, least: int = 0, most: int = 1_000) -> None:
        self._expect(
            f"{least} to {most} events waiting on {device}",
            lambda: least <= self._kept(device).waiting <= most,
            lambda: str(self._kept(device).waiting),
        )  # fmt: skip

    def expect_event(self, type: str, count: int = 1, device: str = "") -> None:
        self._expect(
            f"{count} {type} at the hub", lambda: self._events(type, device) == count,
            lambda: str(self._events(type, device)),
        )  # fmt: skip

    def expect_hub(self, device: str, state: str) -> None:
        is_away = state == "away"
        self._expect(
            f"the hub {state} on the screen of {device}",
            lambda: self._is_awake(device) and ("hub away" in self.text(device)) == is_away,
            lambda: self.text(device).partition("\n")[0],
        )  # fmt: skip

    def expect_proof(self, device: str, proof: str) -> None:
        hardware = self._device(device)
        self._expect(f"{proof} to show by {device}", lambda: hardware.proof() == proof,
                     hardware.proof)  # fmt: skip

    def expect_at_hub(self, device: str, state: str) -> None:
        self._device(device)
        self._expect(f"{device} {state} at the hub",
                     lambda: self.site.state_at_hub(device) == state,
                     lambda: self.site.state_at_hub(device))  # fmt: skip

    def expect_audit(self) -> None:
        """Waits until every device that is on has told everything; then compares."""
        self._expect("nothing waiting on any device", self._is_quiet, self._what_waits)
        files = [(device.name, device.outbox_file) for device in self.site.devices.values()]
        database, site = self.site.journal.database, self.site.config.site
        found = checkers.check_events(database, site, checkers.sent_by_files(files))
        verify = checkers.verified(database)
        if found.lost or found.doubled or verify != "ok":
            seen = f"{found.lost} lost, {found.doubled} doubled of {found.sent}; verify: {verify}"
            raise ExpectationFailed("nothing lost, nothing doubled, verify ok", seen)

    def _expect(self, wanted: str, ask: Callable[[], bool], seen: Callable[[], str]) -> None:
        if not self.site.until(ask, PATIENCE_S):
            raise ExpectationFailed(wanted, seen())


def _words(text: str) -> str:
    return " ".join(text.split())
