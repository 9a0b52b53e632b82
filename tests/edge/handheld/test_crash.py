"""The whole agent killed in the middle of an act: it comes back to the state it promised."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge.handheld.memory import read_parts
from edge.handheld.work import HandheldState
from edge.storage.kept_rows import read_outbox
from edge.storage.outbox_file import IN_MEMORY
from tests.edge.handheld.floor import Handheld, assignment, line

LINES = (line(1, "A-1", 3, "A"), line(2, "A-1", 1, "B"), line(3, "A-2", 2, "A"))


def acts(handheld: Handheld):
    """A piece of a shift: each yield is a promise that somebody heard."""
    steps = (
        handheld.connect,
        handheld.configure,
        handheld.badge,
        lambda: handheld.type("9999"),
        lambda: handheld.type("1234"),
        lambda: handheld.offer(assignment(LINES)),
        lambda: handheld.tote("T-1"),
        lambda: handheld.tote("T-2"),
        lambda: handheld.bin("A-1"),
        lambda: handheld.scan("85123A"),
        lambda: handheld.scan("85123A"),
        lambda: handheld.say("UNDO"),
        lambda: handheld.acknowledge(4),
        lambda: handheld.say("SHORT"),
        lambda: handheld.type("2"),
        lambda: handheld.tote("T-1"),
        lambda: handheld.scan("85123A"),
        lambda: handheld.tote("T-9"),
        lambda: handheld.say("YES"),
        lambda: handheld.say("SKIP"),
        lambda: handheld.say("PAUSE"),
        handheld.badge,
        lambda: handheld.say("LOGOUT"),
    )
    for step in steps:
        step()
        yield handheld.core.state


CHILD = """
import sys
from tests.edge.handheld.floor import Handheld
from tests.edge.handheld.test_crash import acts
for number, _ in enumerate(acts(Handheld(sys.argv[1])), 1):
    print(number, flush=True)
"""


def killed_at(fault: str, path: Path, repository: Path) -> int:
    """Run the story in a process that kills itself; how many acts it promised before."""
    environment = {**os.environ, "BINLIGHT_FAULT": fault}
    child = subprocess.run(
        [sys.executable, "-c", CHILD, str(path)],
        env=environment, cwd=repository, capture_output=True, check=False,
    )  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    return len(child.stdout.split())


@pytest.mark.parametrize(
    "fault",
    [f"{point}:{n}" for point in ("before_commit", "after_commit") for n in (1, 5, 9, 13)]
    + ["before_mark_acked:1"],
)
def test_a_killed_agent_comes_back_to_the_state_that_it_promised(fault, tmp_path, repository):
    promised_states = [HandheldState(), *acts(Handheld(IN_MEMORY))]
    path = tmp_path / "outbox.sqlite"
    promised = killed_at(fault, path, repository)
    events = [row.seq for row in read_outbox(path)]
    again = Handheld(path)
    expected = promised_states[promised : promised + 2]
    assert again.core.state in expected
    assert again.core.state == read_parts(again.outbox.state())
    assert events == list(range(1, again.outbox.last_seq + 1))
    if fault.startswith("after_commit"):
        assert again.core.state == expected[-1]
    again.outbox.close()
