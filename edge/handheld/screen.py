"""The handheld's screen in a terminal: Textual around `render.py`. Owns the app, draws nothing new.

The keyboard is the fallback scanner: a code ended with Enter counts as scanned. The agent's loop
runs in a thread of its own, so no drawing ever delays a scan.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Protocol

from rich.console import RenderableType
from textual.app import App, ComposeResult
from textual.events import Key
from textual.widget import Widget

from edge.device import Device
from edge.handheld.agent_io import Input, KeyTyped
from edge.handheld.render import render
from edge.handheld.view import ScreenView


class TakesInput(Protocol):
    """Who wants to know which keys are pressed."""

    def put(self, happened: Input) -> None:
        """Take one input; called from the screen's thread."""
        ...


class WorkScreen(Widget):
    """The whole terminal, drawn from one value."""

    DEFAULT_CSS = "WorkScreen { width: 100%; height: 100%; }"

    def __init__(self) -> None:
        super().__init__()
        self._view: ScreenView | None = None

    def show_view(self, view: ScreenView) -> None:
        """Draw this from now on."""
        self._view = view
        self.refresh()

    def render(self) -> RenderableType:
        """What Textual asks for."""
        if self._view is None:
            return ""
        return render(self._view, self.size.width, self.size.height)


class HandheldApp(App[None]):
    """Keys in, views out."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = [("ctrl+q", "quit", "Quit")]

    def __init__(self, keys_to: TakesInput) -> None:
        super().__init__()
        self._keys_to = keys_to
        self._work_screen = WorkScreen()
        self._first_view: ScreenView | None = None
        self._events: asyncio.AbstractEventLoop | None = None
        self._is_over = False

    def compose(self) -> ComposeResult:
        """One widget fills the terminal."""
        yield self._work_screen

    def on_mount(self) -> None:
        """Catch up with what came before the screen was there: a view, or the end."""
        self._events = asyncio.get_running_loop()
        if self._is_over:
            self.exit()
        elif self._first_view is not None:
            self._work_screen.show_view(self._first_view)

    def show_view(self, view: ScreenView) -> None:
        """Draw the next view; from the app's own thread."""
        self._first_view = view
        if self.is_mounted(self._work_screen):
            self._work_screen.show_view(view)

    def show_view_from_elsewhere(self, view: ScreenView) -> None:
        """Draw the next view; from the agent's thread. Never waits for the drawing."""
        self._first_view = view
        self._call(self.show_view, view)

    def exit_from_elsewhere(self) -> None:
        """End the app, whether it has begun or not; from a signal or another thread."""
        self._is_over = True
        self._call(self.exit)

    def _call(self, do: Callable[..., Any], *given: Any) -> None:
        """In the app's own thread. Before there is one, `on_mount` makes up for it."""
        if self._events is not None:
            with contextlib.suppress(RuntimeError):  # the screen has just gone dark
                self._events.call_soon_threadsafe(do, *given)

    def on_key(self, event: Key) -> None:
        """Pass characters, Enter, Backspace and Escape on."""
        if event.key in {"enter", "backspace", "escape"}:
            self._keys_to.put(KeyTyped(event.key))
        elif event.character is not None and event.is_printable:
            self._keys_to.put(KeyTyped(event.character))


def run_with_screen(device: Device) -> None:
    """Screen in this thread, agent in another, until either ends.

    When the agent ends, by itself or by an error, the screen must not pretend to work: however
    early that is, the screen ends too. Raises what the agent raised.
    """
    app = HandheldApp(device)
    device.on_view = app.show_view_from_elsewhere
    signal.signal(signal.SIGTERM, lambda _number, _frame: app.exit_from_elsewhere())
    with ThreadPoolExecutor(1, thread_name_prefix="agent") as threads:
        agent = threads.submit(device.run)
        agent.add_done_callback(lambda _agent: app.exit_from_elsewhere())
        try:
            app.run()
        finally:
            device.stop()
        agent.result()
