"""The guard beside the planner: a thread of its own, so that planning never keeps it waiting.

Owns the thread and the pause between looks. Whatever goes wrong in one look is said and tried again
with the next: a guard that ended would leave everybody in.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from random import SystemRandom
from typing import TYPE_CHECKING, Final

import structlog

from hub.clock import SystemClock
from hub.config import HubConfig
from hub.db import proxy
from hub.journal import Journal
from hub.security.guard import Guard

if TYPE_CHECKING:
    from hub.security.announcing import Announcing

LOOK_EVERY_S: Final = 0.25
"""Someone who was shut out is cut off within two seconds; most of that is this and the pages."""
_log = structlog.get_logger("guard")


@contextmanager
def guarding(config: HubConfig) -> Iterator[None]:
    """Guard the site and announce the hub for as long as the body runs."""
    ended = threading.Event()
    thread = threading.Thread(target=_guard, args=(config, ended), name="guard", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(5)


def _guard(config: HubConfig, ended: threading.Event) -> None:
    clock = SystemClock()
    announcing = _announcing(config)
    guard: Guard | None = None
    while not ended.wait(LOOK_EVERY_S):
        if proxy.obj is None:
            continue  # the planner has yet to open its database
        try:
            guard = guard or Guard(config, Journal(proxy.obj, clock, SystemRandom()))
            guard.look()
            if announcing is not None:
                announcing.look(clock.mono_ms())
        except Exception as wrong:  # noqa: BLE001 - an outermost loop: the next look tries again
            _log.error("guard_failed", exc_info=wrong)
            _drop_connection()
    if announcing is not None:
        announcing.end()
    _drop_connection()


def _drop_connection() -> None:
    """This thread's own; the next look opens another. Tables belong to one database in a process,
    so guard and planner share it, each with a connection of its own.
    """
    if proxy.obj is not None:
        proxy.obj.close()


def _announcing(config: HubConfig) -> Announcing | None:
    """A hub that nobody beyond this machine can reach says nothing, and loads nothing for it."""
    if not config.is_announced:
        return None
    from hub.security.announcing import Announcing

    return Announcing(config)
