"""A hub and a handheld on two ends of a cable: enrolled by a code, found again at another address.

Real processes in two network namespaces, real mDNS between them. What is typed on the device is
the code that `binlight device add` printed.
"""

from __future__ import annotations

import json
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.edge.net_namespaces import HUB_ADDRESS, HUB_OTHER_ADDRESS, Cable, cable, why_not

pytestmark = [
    pytest.mark.broker,
    pytest.mark.slow,
    pytest.mark.skipif(bool(why_not()), reason=why_not()),
]

PATIENCE_S = 90.0
ROOT = Path(__file__).resolve().parents[2]
BINLIGHT = (sys.executable, "-m", "binlight")
CODE = re.compile(r"^%E1\.\S+$", re.MULTILINE)


@pytest.fixture
def wire() -> Iterator[Cable]:
    with cable() as made:
        yield made


class Part:
    """A process in one of the namespaces; its lines can be waited for."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line)
        self._lines.put(None)

    def says(self, wanted: Callable[[str], bool]) -> str:
        seen = []
        while (line := self._lines.get(timeout=PATIENCE_S)) is not None:
            seen.append(line)
            if wanted(line):
                return line
        raise AssertionError("it ended: " + "".join(seen[-20:]))

    def type(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def end(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE_S)


class Hub:
    """`binlight hub` at its end of the cable."""

    def __init__(self, wire: Cable, folder: Path) -> None:
        self._wire, self._folder = wire, folder
        self.start()

    def start(self) -> None:
        options = ["hub", "--data", str(self._folder), "--listen", "0.0.0.0"]
        self.part = Part(self._wire.inside(self._wire.hub, [*BINLIGHT, *options]))
        self.part.says(lambda line: "Binlight is ready" in line)

    def add_device(self, name: str) -> str:
        """The code that a person would scan."""
        options = ["device", "add", name, "--kind", "handheld", "--data", str(self._folder)]
        command = self._wire.inside(self._wire.hub, [*BINLIGHT, *options])
        shown = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        found = CODE.search(shown.stdout)
        assert found is not None, shown.stdout
        return found[0]


@pytest.fixture
def hub(wire, tmp_path) -> Iterator[Hub]:
    made = Hub(wire, tmp_path / "hub")
    yield made
    made.part.end()


@pytest.fixture
def handheld(wire, tmp_path) -> Iterator[Part]:
    config = tmp_path / "handheld.toml"
    config.write_text('[tones]\ndriver = "silent"\n')
    options = ["edge", "--config", str(config), "--data", str(tmp_path / "device"), "--headless"]
    made = Part(wire.inside(wire.device, [*BINLIGHT, *options]))
    yield made
    made.end()


def screen(wanted: Callable[[dict[str, Any]], bool]) -> Callable[[str], bool]:
    """Whether a line shows such a screen."""

    def is_shown(line: str) -> bool:
        return line.startswith("{") and wanted(json.loads(line))

    return is_shown


def test_a_handheld_is_enrolled_by_its_code_and_finds_a_hub_that_got_another_address(
    wire, hub, handheld
):
    """Nobody is restarted: the cable is pulled, and the router gives the hub another address."""
    handheld.says(screen(lambda shown: shown["phase"] == "ENROL"))
    code = hub.add_device("h1")
    assert HUB_ADDRESS in code
    handheld.type(code)
    handheld.says(screen(lambda shown: shown["phase"] == "BADGE" and shown["hub"]))
    wire.pull()
    handheld.says(screen(lambda shown: not shown["hub"]))
    wire.plug_in(HUB_OTHER_ADDRESS)
    handheld.says(screen(lambda shown: shown["hub"]))
