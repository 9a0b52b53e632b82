"""`TesterBench`: everything a tester can do to virtual hardware, one method for each row of `ACTS`.

Owns how an act waits for its answer; what is expected of the answer, `onlooker.py` compares. Page,
command line, files and tests call the same methods, by `act` when the name comes from outside.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Final

from edge.tones import Tone
from protocols.barcodes import badge_label
from simulators.errors import SimulatorsError
from simulators.tester_bench import asking
from simulators.tester_bench.acts import checked
from simulators.tester_bench.codes import FRESH, NoCodeShown
from simulators.tester_bench.damage import spoil
from simulators.tester_bench.hardware import Device, Site
from simulators.tester_bench.labels import QR_CODE, as_sent
from simulators.tester_bench.onlooker import PATIENCE_S, Onlooker
from simulators.tester_bench.papers import Tray

ANSWER_S: Final = 2.0
"""So long somebody waits for a tone before going on."""
STEPS_PER_LINE_MAX: Final = 40
WORK_COMES_S: Final = 5.0


class NothingAsked(SimulatorsError):
    code = "NOTHING_ASKED"

    def __init__(self, device: str, phase: str) -> None:
        self.device, self.phase = device, phase
        super().__init__(f"{device} is at {phase}: nothing that could be scanned would help it on.")


class TesterBench(Onlooker):
    """One bench over one site. Acts on one device wait for each other; others go beside."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.on_act: Callable[[str, dict[str, Any]], None] = lambda _name, _given: None
        """Told each act before it is carried out."""
        self._hands: dict[str, threading.Lock] = {name: threading.Lock() for name in site.devices}
        self._totes_taken: set[str] = set()
        self.tray = Tray()

    def act(self, name: str, given: Mapping[str, Any]) -> None:
        """Carry out one act by its name. Raises UnknownAct, BadParameter, and what it raises."""
        values = checked(name, given)
        self.on_act(name, values)
        getattr(self, name)(**values)

    def act_and_listen(self, name: str, given: Mapping[str, Any]) -> list[Tone]:
        """The act, and the tones that its device made meanwhile. Raises what `act` raises."""
        device = self.site.devices.get(str(given.get("device", "")))
        before = len(device.tones) if device else 0
        self.act(name, given)
        return device.tones[before:] if device else []

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

    # ── inside ───────────────────────────────────────────────────────────────────────────

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
