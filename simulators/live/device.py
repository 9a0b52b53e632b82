"""One simulated handheld as a process: the real agent with its real loop, link and outbox.

Owns the pipe to the person who holds it: lines of JSON. In come `{"scan": text}` and
`{"type": text}`; out goes one report for each act, and one whenever the screen has changed. It ends
when the pipe does.
"""

from __future__ import annotations

import logging
import random
import sys
import threading
from pathlib import Path
from typing import Final

import msgspec
import structlog
from msgspec.structs import replace

from edge.clock import Now
from edge.clock_choice import clock_driver
from edge.config import read_config
from edge.handheld.agent import AgentCore
from edge.handheld.agent_io import Action, Input, KeyTyped, PlayTone, ScanRead, ScreenChanged
from edge.handheld.view import ScreenView
from edge.link.hub_access import by_password
from edge.loop import AgentLoop, linked
from edge.scanner_port import ScannerPort
from edge.scanners.scripted import ScriptedScanner
from edge.storage.outbox import SqliteOutbox
from edge.tones import SilentTone, Tone

OUTBOX_FILE: Final = "outbox.sqlite"


class Doing(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the person does."""

    scan: str = ""
    type: str = ""


class Seen(msgspec.Struct, frozen=True):
    """What there is to see and hear. `is_answer`: it belongs to an act of the person."""

    view: ScreenView
    is_answer: bool = False
    tone: Tone | None = None


class ReportingCore(AgentCore):
    """The agent's core, which also tells the person's side what it shows, once it is committed."""

    def step(self, happened: Input, now: Now) -> list[Action]:
        actions = super().step(happened, now)
        is_act = isinstance(happened, ScanRead) or happened == KeyTyped("enter")
        if is_act or any(map(self._is_news, actions)):
            tones = [action.tone for action in actions if isinstance(action, PlayTone)]
            report(Seen(self.view, is_act, tones[-1] if tones and is_act else None))
        return actions

    def _is_news(self, action: Action) -> bool:
        """Nobody watches the queue count down; at the end of a shift it matters that it is 0."""
        if not isinstance(action, ScreenChanged):
            return False
        before, self._reported = self._reported, replace(action.view, queue=0)
        return self._reported != before or (action.view.queue == 0 and action.view.phase == "BADGE")

    _reported: ScreenView | None = None


def report(seen: Seen) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(seen) + b"\n")
    sys.stdout.buffer.flush()


def main(config_file: str, folder: str) -> None:
    """Run until the pipe closes."""
    _log_to_stderr()
    config = read_config(Path(config_file))
    Path(folder).mkdir(parents=True, exist_ok=True)
    clock = clock_driver(config.clock.driver, config.clock.options)
    chance = random.SystemRandom()
    outbox = SqliteOutbox(Path(folder) / OUTBOX_FILE, chance, config.outbox_rows_max)
    core = ReportingCore(config.device("simulated"), outbox, chance)
    scanner = ScriptedScanner()
    link = linked(by_password(config), core, clock, chance)
    loop = AgentLoop(core, clock, SilentTone(), ScannerPort(scanner), link, config.gauges)
    loop.on_view = lambda _view: None
    threading.Thread(target=_listen, args=(loop, scanner), daemon=True).start()
    report(Seen(core.view))
    loop.run()
    if loop.failure:
        sys.exit(loop.failure)


def _listen(loop: AgentLoop, scanner: ScriptedScanner) -> None:
    for line in sys.stdin.buffer:
        doing = msgspec.json.decode(line, type=Doing)
        if doing.scan:
            scanner.scan(doing.scan)
            continue
        for key in (*doing.type, "enter"):
            loop.put(KeyTyped(key))
    loop.stop()


def _log_to_stderr() -> None:
    """The standard output belongs to the person."""
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )


if __name__ == "__main__":
    main(*sys.argv[1:3])
