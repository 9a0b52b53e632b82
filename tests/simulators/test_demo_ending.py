"""How the demo hears that it is to end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from simulators.live.demo import end_like_ctrl_c


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    before = {name: signal.getsignal(name) for name in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for name, handler in before.items():
        signal.signal(name, handler)


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminal_that_closes_ends_the_demo_like_ctrl_c(name: signal.Signals) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    end_like_ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), name)
    os.kill(os.getpid(), signal.SIGHUP)  # what is being ended is ended undisturbed


def test_under_nohup_the_terminal_may_go() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    end_like_ctrl_c()
    os.kill(os.getpid(), signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
