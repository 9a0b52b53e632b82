"""A handheld without a screen: what would be on it is a line of the log, keys are typed lines.

Owns the form of those lines. For a device with a scanner and a keypad alone, and for tests. Each
line is one JSON object on the standard error output: the phase, what is asked, what was said.
"""

from __future__ import annotations

import signal
import sys

import structlog

from edge.device import Device
from edge.handheld.view import ScreenView
from edge.keypad import standard_input


def run_headless(device: Device) -> None:
    """Until SIGTERM or SIGINT, or until the agent can promise nothing more."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: device.stop())
    device.keypad = standard_input()
    device.on_view = ViewLog().show
    device.run()


class ViewLog:
    """Says each screen once, however often its gauges move."""

    def __init__(self) -> None:
        self._log = structlog.wrap_logger(
            structlog.PrintLogger(sys.stderr),
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
        self._said: dict[str, object] = {}

    def show(self, view: ScreenView) -> None:
        """Log the view if anything on it is new."""
        shown = _facts(view)
        if shown != self._said:
            self._said = shown
            self._log.info("screen", **shown)


def _facts(view: ScreenView) -> dict[str, object]:
    """What a person would read; never what was typed, which may be a PIN."""
    facts: dict[str, object] = {
        "phase": view.phase,
        "who": view.who,
        "hub": view.is_hub_online,
        "mood": view.mood,
        "message": view.message,
        "progress": view.progress,
        "title": view.title,
        "rows": [f"{row.label} {row.text}".strip() for row in view.rows],
        "now": next((row.text for row in view.rows if row.look == "NOW"), ""),
        "counted": view.counted,
        "asked": view.asked,
        "prompt": view.prompt,
    }
    return {name: fact for name, fact in facts.items() if fact not in ("", None, [])}
