"""`TesterBench`: everything a tester can do to virtual hardware, one method for each row of `ACTS`.

Owns how an act waits for its answer, and what an expectation compares. Page, command line, files
and tests call the same methods, by `act` when the name comes from outside.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Final

from edge.tones import Tone
from hub.db import fetch
from protocols.barcodes import badge_label
from simulators import checkers
from simulators.errors import SimulatorsError
from simulators.tester_bench import asking
from simulators.tester_bench.acts import checked
from simulators.tester_bench.codes import FRESH, NoCodeShown
from simulators.tester_bench.damage import spoil
from simulators.tester_bench.display import text_of
from simulators.tester_bench.hardware import Device, Kept, Site
from simulators.tester_bench.labels import QR_CODE, as_sent
from simulators.tester_bench.papers import Tray

ANSWER_S: Final = 2.0
"""So long somebody waits for a tone before going on."""
PATIENCE_S: Final = 30.0
"""So long an expectation may take to come true; the hub's parts are back long before."""
STEPS_PER_LINE_MAX: Final = 40
WORK_COMES_S: Final = 5.0


class NoSuchDevice(SimulatorsError):
    code = "NO_SUCH_DEVICE"

    def __init__(self, name: str, there: Sequence[str]) -> None:
        self.name = name
        super().__init__(f"There is no device {name!r} on the bench; there are {', '.join(there)}.")


class NothingAsked(SimulatorsError):
    code = "NOTHING_ASKED"

    def __init__(self, device: str, phase: str) -> None:
        self.device, self.phase = device, phase
        super().__init__(f"{device} is at {phase}: nothing that could be scanned would help it on.")


class ExpectationFailed(SimulatorsError):
    """What was awaited did not come true."""

    code = "EXPECTATION_FAILED"

    def __init__(self, wanted: str, seen: str) -> None:
        self.wanted, self.seen = wanted, seen
        super().__init__(f"wanted {wanted}; seen: {seen}")


class TesterBench:
    """One bench over one site. Acts on one device wait for each other; others go beside."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.on_act: Callable[[str, dict[str, Any]], None] = lambda _name, _given: None
        """Told each act before it is carried out."""
        self._heard_before: dict[str, int] = {}
        self._hands: dict[str, threading.Lock] = {name: threading.Lock() for name in site.devices}
        self._totes_taken: set[str] = set()
        self.tray = Tray()

    def act(self, name: str, given: Mapping[str, Any]) -> None:
        """Carry out one act by its name. Raises UnknownAct, BadParameter, and what it raises."""
        values = checked(name, given)
        self.on_act(name, values)
        getattr(self, name)(**values)

    # ── scanner and keypad ───────────────────────────────────────────────────────────────

    def scan(self, device: str, code: str, damage: str = "") -> None:
        """Pull the trigger once, and listen."""
        sent = as_sent(code)
        sent = spoil(sent, damage) if damage else sent
        self._and_listen(device, lambda hardware: hardware.pull([sent]))

    def scan_double(self, device: str, code: str) -> None:
        self._and_listen(device, lambda hardware: hardware.pull([as_sent(code)] * 2))

    def burst(
        self, device: str, code: str, count: int = 20, per_second: float = 20,
        unplug_after: int = 0,
    ) -> None:  # fmt: skip
        """Scan fast. After `unplug_after` tones the cable comes out, and the rest is heard by
        nobody."""
        sent = [as_sent(code)] * count
        first, rest = sent[: unplug_after or count], sent[unplug_after or count :]
        self._and_listen(device, lambda hardware: hardware.pull(first, per_second), len(first))
        if unplug_after:
            hardware = self._device(device)
            hardware.unplug_scanner()
            hardware.pull(rest, per_second)

    def type(self, device: str, text: str) -> None:
        self._and_listen(device, lambda hardware: hardware.press([*text, "enter"]))

    def press(self, device: str, key: str) -> None:
        """One key; only Enter is answered."""
        hardware = self._device(device)
        if key == "enter":
            self._and_listen(device, lambda hardware: hardware.press([key]))
        else:
            hardware.press([key])

    def scan_asked(self, device: str, damage: str = "") -> None:
        """Scan or type what the screen asks for. Raises NothingAsked."""
        self._answer(device, damage=damage)

    def wait_until_ready(self) -> None:
        """Until every device shows something, and knows the people of the shift."""
        for name in self.site.devices:
            self._expect(
                f"{name} ready for a badge", partial(self._is_ready, name), partial(self.text, name)
            )

    def _is_ready(self, device: str) -> bool:
        return self._is_awake(device) and self._kept(device).people > 0

    def work(self, device: str, lines: int = 1) -> None:
        """Go on until so many more lines are over, or the work is. Raises NothingAsked."""
        wanted = self._lines_over(device) + lines
        for _ in range(STEPS_PER_LINE_MAX * lines):
            if self._lines_over(device) >= wanted:
                return
            if self._kept(device).state.phase == "READY" and not self._work_comes(device):
                break
            self._answer(device, types_counts=True)
        raise NothingAsked(device, self._kept(device).state.phase)

    def _answer(self, device: str, *, types_counts: bool = False, damage: str = "") -> None:
        if self._device(device).proof() == "none":
            self.scan_shown_code(device, damage)
            return
        state = self._kept(device).state
        answer = asking.answer_to(state, self._pockets(device), types_counts=types_counts)
        if answer.text:
            self.type(device, answer.text)
        elif answer.code:
            self.scan(device, answer.code, damage)
        else:
            raise NothingAsked(device, state.phase)

    def _work_comes(self, device: str) -> bool:
        """By itself, or once it was asked for."""
        for _ in range(2):
            if self.site.until(lambda: self._kept(device).state.phase != "READY", WORK_COMES_S):
                return True
            self._answer(device)
        return False

    def _lines_over(self, device: str) -> int:
        state = self._kept(device).state
        works = (*state.works, *state.finished)
        return sum(mark.is_final for work in works for mark in work.progress.marks)

    def _pockets(self, device: str) -> asking.Pockets:
        """The n-th device belongs to the n-th person."""
        people = list(self.site.people.items())
        badge, pin = people[list(self.site.devices).index(device) % len(people)]
        return asking.Pockets(badge_label(badge), pin, self._take_tote)

    def _take_tote(self) -> str:
        """The first that nobody has used."""
        for label in self.site.labels.find(kind="tote"):
            if label.title not in self._totes_taken:
                self._totes_taken.add(label.title)
                return label.title
        raise NothingAsked("the stack of totes", "empty")

    # ── switches ─────────────────────────────────────────────────────────────────────────

    def unplug_scanner(self, device: str) -> None:
        self._device(device).unplug_scanner()

    def plug_scanner(self, device: str) -> None:
        self._device(device).plug_scanner()

    def set_air(self, device: str, air: str) -> None:
        self._device(device).set_air(air)

    def set_battery(self, device: str, percent: int) -> None:
        self._device(device).set_battery(percent)

    def set_clock(self, device: str, shift_s: int) -> None:
        self._device(device).set_clock(shift_s)

    def fill_disk(self, device: str) -> None:
        self._device(device).fill_disk()

    def free_disk(self, device: str) -> None:
        self._device(device).free_disk()

    def kill_agent(self, device: str) -> None:
        """SIGKILL; returns once its next life has begun."""
        self._until_next_life(device, lambda hardware: hardware.kill())

    def switch_off(self, device: str) -> None:
        hardware = self._device(device)
        hardware.switch_off()
        self.site.until(lambda: not hardware.switches.is_on, PATIENCE_S)

    def switch_on(self, device: str) -> None:
        """Returns once it shows something."""
        self._device(device).switch_on()
        self.site.until(lambda: self._is_awake(device), PATIENCE_S)

    def _until_next_life(self, device: str, do: Callable[[Device], None]) -> None:
        hardware = self._device(device)
        lives, boot = hardware.lives, hardware.kept().boot
        do(hardware)
        self.site.until(
            lambda: hardware.lives > lives and self._is_awake(device)
            and (hardware.proof() == "none" or hardware.kept().boot > boot),
            PATIENCE_S,
        )  # fmt: skip

    def print_label(self, code: str) -> None:
        """Into the printer's tray. Raises NotPrintable."""
        self.tray.put(self.site.labels.of(code), self.site.journal.clock.now_us())

    # ── identity ─────────────────────────────────────────────────────────────────────────

    def forget_identity(self, device: str) -> None:
        """Returns once it asks for a code."""
        self._until_next_life(device, lambda hardware: hardware.forget_identity())

    def show_code(self, device: str, code: str = FRESH) -> None:
        self._device(device)
        self.site.show_code(device, code)

    def scan_shown_code(self, device: str, damage: str = "") -> None:
        """Hold the scanner to the hub's page. Raises NoCodeShown."""
        if self.site.shown_code is None:
            raise NoCodeShown
        self.scan(device, QR_CODE + self.site.shown_code.text, damage)

    def revoke(self, device: str) -> None:
        self._device(device)
        self.site.revoke(device)

    # ── hub ──────────────────────────────────────────────────────────────────────────────

    def kill_part(self, part: str) -> None:
        self.site.kill_part(part)

    def stop_hub(self) -> None:
        self.site.stop_hub()

    def start_hub(self) -> None:
        self.site.start_hub()

    def pause(self, seconds: float) -> None:
        """Let time pass, for whatever waits for time alone."""
        self.site.until(lambda: False, seconds)

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

    # ── inside ───────────────────────────────────────────────────────────────────────────

    def _device(self, name: str) -> Device:
        if name not in self.site.devices:
            raise NoSuchDevice(name, list(self.site.devices))
        return self.site.devices[name]

    def _kept(self, device: str) -> Kept:
        return self._device(device).kept()

    def _hand(self, device: str) -> AbstractContextManager[Any]:
        self._device(device)
        return self._hands[device]

    def _and_listen(self, device: str, do: Callable[[Device], bool], tones: int = 1) -> None:
        """An act that is answered by so many tones, unless nobody hears it."""
        with self._hand(device):
            hardware = self._device(device)
            before = self._heard_before[device] = len(hardware.tones)
            if do(hardware):
                self.site.until(
                    lambda: len(hardware.tones) >= before + tones or not hardware.switches.is_on,
                    ANSWER_S,
                )


def _words(text: str) -> str:
    return " ".join(text.split())
