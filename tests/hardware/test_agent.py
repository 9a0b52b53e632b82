"""The agent itself, without a screen, on a real kernel: its scanner comes, goes and is back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hardware.machine import Machine

LABEL_WITH_WRONG_DIGITS = "%BB-14-03-2.63"
KEYBOARD = "QEMU QEMU USB Keyboard"
CONFIG = f"""
site = "w1"
name = "h1"

[broker]
host = "127.0.0.1"

[scanner]
driver = "evdev"

[scanner.options]
name = "{KEYBOARD}"

[tones]
driver = "silent"
"""


@pytest.fixture
def agent(machine: Machine) -> Iterator[Machine]:
    machine.bench.start_agent(CONFIG, "/tmp/agent")
    yield machine
    machine.bench.stop_agent()


def test_the_agent_finds_reads_misses_and_finds_its_scanner_again(agent: Machine) -> None:
    for reason in ("is not plugged in", "was unplugged"):
        assert "The scanner is gone" in agent.bench.screen_that_says(reason)["message"]
        with agent.plugged("usb-kbd", "scanner"):
            agent.bench.screen_that_says("scanner is back")
            agent.press_keys(LABEL_WITH_WRONG_DIGITS)
            screen = agent.bench.screen_that_says("check digit")
            assert LABEL_WITH_WRONG_DIGITS in screen["message"]
