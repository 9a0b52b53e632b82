"""Keeps the hub's processes running: starts them, starts them again, ends them. Owns its children.

Children die with their parent (PDEATHSIG): a kill -9 of the hub would otherwise leave them on the
data. One thread, no database, no network.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog

from hub.clock import Clock

RESTART_AFTER_MS: Final = 100
RESTART_AFTER_MAX_MS: Final = 10_000
STEADY_AFTER_MS: Final = 10_000
"""A child that ran so long starts again at once."""
STOP_AFTER_MS: Final = 5_000
"""So long may a child take to end before it is killed."""
POLL_S: Final = 0.05
READY_FD: Final = "BINLIGHT_READY_FD"
PR_SET_PDEATHSIG: Final = 1
_log = structlog.get_logger("hub")
_libc = ctypes.CDLL(None, use_errno=True)


class ChildPlan(msgspec.Struct, frozen=True):
    """How one part of the hub is started, and how it shows that it answers."""

    name: str
    command: tuple[str, ...]
    port: int = 0
    """It answers when this loopback port takes connections; 0: it says so itself."""
    host: str = "127.0.0.1"
    user: str | None = None
    environment: Mapping[str, str] = {}


def die_with_parent(parent: int | None = None) -> None:
    """Ask the kernel for SIGKILL when whoever started this process dies.

    Whoever died before it was asked is not told of any more: give `parent`, and a process that has
    another one by now ends at once. A child that lived on would keep the port of the next.
    """
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


class Child:
    """One process under supervision, over all its lives."""

    def __init__(self, plan: ChildPlan, clock: Clock, log_file: Path | None = None) -> None:
        self.plan, self._clock, self._log_file = plan, clock, log_file
        self.process: subprocess.Popen[bytes] | None = None
        self.is_ready = False
        self.starts = 0
        self._started_ms = 0
        self._pause_ms = RESTART_AFTER_MS
        self._start_at_ms = 0
        self._ready_fd = -1

    def look(self) -> None:
        """Start it when it is due, note its end, notice that it answers."""
        if self.process is None:
            if self._clock.mono_ms() >= self._start_at_ms:
                self._start_or_wait()
        elif (status := self.process.poll()) is not None:
            self._ended(status)
        elif not self.is_ready:
            self.is_ready = self._answers()

    def _start_or_wait(self) -> None:
        """What ran before and cannot be started now, for want of memory or of room for its log, is
        tried again: the other parts go on meanwhile. Raises OSError when it never ran.
        """
        try:
            self._start()
        except OSError as wrong:
            if not self.starts:
                raise
            _log.error("not_started", part=self.plan.name, error=str(wrong))
            self._wait_longer()

    def _start(self) -> None:
        reading, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        environment = {**os.environ, **self.plan.environment, READY_FD: str(writing)}
        with contextlib.ExitStack() as closing, contextlib.ExitStack() as unless_started:
            closing.callback(os.close, writing)
            unless_started.callback(os.close, reading)
            output = None
            if self._log_file is not None:
                output = closing.enter_context(self._log_file.open("ab"))
            who = self._who()
            self.process = subprocess.Popen(
                self.plan.command, env=environment, pass_fds=(writing,), **who,
                stdin=subprocess.DEVNULL, stderr=output, stdout=output, start_new_session=True,
                preexec_fn=partial(die_with_parent, os.getpid()),  # noqa: PLW1509 - one thread
            )  # fmt: skip
            unless_started.pop_all()
        self._ready_fd, self.is_ready = reading, False
        self._started_ms = self._clock.mono_ms()
        self.starts += 1
        _log.info("started", part=self.plan.name, pid=self.process.pid)

    def _who(self) -> dict[str, Any]:
        """The unprivileged user, given up to before the program starts: a later change of user
        would make the kernel forget that it dies with its parent.
        """
        if self.plan.user is None:
            return {}
        entry = pwd.getpwnam(self.plan.user)
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": ()}

    def _answers(self) -> bool:
        if self.plan.port:
            return is_listening(self.plan.host, self.plan.port)
        with contextlib.suppress(BlockingIOError):
            return bool(os.read(self._ready_fd, 1))
        return False

    def _ended(self, status: int) -> None:
        _log.warning("ended", part=self.plan.name, status=status)
        now_ms = self._clock.mono_ms()
        if now_ms - self._started_ms >= STEADY_AFTER_MS:
            self._pause_ms = RESTART_AFTER_MS
        self._wait_longer()
        self.process, self.is_ready = None, False
        os.close(self._ready_fd)

    def _wait_longer(self) -> None:
        self._start_at_ms = self._clock.mono_ms() + self._pause_ms
        self._pause_ms = min(self._pause_ms * 2, RESTART_AFTER_MAX_MS)

    def ask_to_stop(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def is_listening(host: str, port: int) -> bool:
    """Whether something takes connections there."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=0.5):
        return True
    return False


def supervise(
    plans: Sequence[ChildPlan], clock: Clock, stop_fd: int, on_ready: Callable[[], None],
    log_folder: Path | None = None, on_look: Callable[[Sequence[Child]], None] | None = None,
) -> None:  # fmt: skip
    """Run children until `stop_fd` can be read; the first one named ends last.

    `on_look` is called after each look at them, about 20 times a second, and must not wait.
    """
    children = [
        Child(plan, clock, log_folder / f"{plan.name}.log" if log_folder else None)
        for plan in plans
    ]
    was_ready = False
    try:
        while not select.select([stop_fd], [], [], POLL_S)[0]:
            for child in children:
                child.look()
            if on_look is not None:
                on_look(children)
            if not was_ready and all(child.is_ready for child in children):
                was_ready = True
                on_ready()
    finally:
        for child in reversed(children):
            _end(child, clock)


def _end(child: Child, clock: Clock) -> None:
    child.ask_to_stop()
    until_ms = clock.mono_ms() + STOP_AFTER_MS
    while child.process is not None and child.process.poll() is None:
        if clock.mono_ms() >= until_ms:
            _log.warning("killed", part=child.plan.name)
            child.kill()
            return
        select.select([], [], [], POLL_S)


def say_ready() -> None:
    """What a child calls once it answers; without a supervisor it does nothing."""
    number = os.environ.get(READY_FD)
    if number is not None:
        with contextlib.suppress(OSError):
            os.write(int(number), b"1")


def python_command(module: str, *arguments: str) -> tuple[str, ...]:
    """A command that runs one of our modules with this very Python."""
    return (sys.executable, "-m", module, *arguments)
