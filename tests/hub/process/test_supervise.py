"""Children are started, started again, and ended; they die with their parent."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hub.clock import FixedClock, SystemClock
from hub.process.supervise import (
    RESTART_AFTER_MAX_MS,
    STEADY_AFTER_MS,
    Child,
    ChildPlan,
    python_command,
    supervise,
)

PATIENCE_MS = 120_000
"""Far beyond anything that works: it only bounds a hang."""
SLEEPS = "import signal; signal.pause()"
PARENT = f"""
import sys
from hub.clock import SystemClock
from hub.process.supervise import Child, ChildPlan
child = Child(ChildPlan("x", (sys.executable, "-c", {SLEEPS!r})), SystemClock())
child.look()
print("child", child.process.pid, flush=True)
import signal; signal.pause()
"""


def plan(program: str, **more: object) -> ChildPlan:
    return ChildPlan("part", (sys.executable, "-c", program), **more)  # type: ignore[arg-type]


def look_until(child: Child, what: str) -> None:
    """Look again and again until something is so."""
    until = SystemClock().mono_ms() + PATIENCE_MS
    while not {"ready": lambda: child.is_ready, "ended": lambda: child.process is None}[what]():
        assert SystemClock().mono_ms() < until, what
        child.look()
        select.select([], [], [], 0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_child_says_that_it_answers():
    child = Child(plan("import hub.process.supervise as s, signal; s.say_ready(); signal.pause()"),
                  SystemClock())  # fmt: skip
    child.look()
    look_until(child, "ready")
    child.kill()


def test_a_child_that_ends_is_started_again_with_growing_pauses():
    clock = FixedClock()
    child = Child(plan("pass"), clock)
    pauses = []
    for _ in range(4):
        child.look()
        look_until(child, "ended")
        before = clock.mono_ms()
        starts = child.starts
        while child.starts == starts:
            clock.advance(ms=50)
            child.look()
        pauses.append(clock.mono_ms() - before)
        look_until(child, "ended")
    assert pauses == sorted(pauses)
    assert pauses[0] <= 1_000
    assert max(pauses) <= RESTART_AFTER_MAX_MS


def test_a_child_that_ran_for_long_is_started_again_at_once():
    clock = FixedClock()
    child = Child(plan(SLEEPS), clock)
    child.look()
    clock.advance(ms=STEADY_AFTER_MS)
    assert child.process is not None
    child.process.kill()
    look_until(child, "ended")
    clock.advance(ms=100)
    child.look()
    assert child.starts == 2
    child.kill()


def test_children_die_with_their_parent_whatever_kills_it(tmp_path: Path):
    """A child would outlive a kill -9 of its parent and keep writing."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    said = next(line for line in parent.stdout if line.startswith(b"child"))
    pid = int(said.split()[1])
    assert is_alive(pid)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    until = SystemClock().mono_ms() + PATIENCE_MS
    while is_alive(pid):
        assert SystemClock().mono_ms() < until
        select.select([], [], [], 0.01)


def test_a_command_of_ours_runs_with_this_python():
    assert python_command("hub.run", "--x") == (sys.executable, "-m", "hub.run", "--x")
    assert os.access(sys.executable, os.X_OK)


ORPHAN = """
import os, select, sys
from hub.process.supervise import die_with_parent
parent, (reading, writing) = os.getpid(), os.pipe()
if os.fork():
    os._exit(0)
os.close(writing)
os.read(reading, 1)  # until the parent goes, before the kernel was asked
die_with_parent(parent)
select.select([], [], [], 60)  # it may only now be gone
sys.stdout.write("lives")
"""


def test_a_child_whose_parent_died_while_it_was_being_started_does_not_live_on():
    done = subprocess.run(
        [sys.executable, "-c", ORPHAN], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""


def test_a_part_that_cannot_be_started_again_for_now_is_tried_again(tmp_path: Path):
    """No room for its log, or no memory: the other parts must not end for that."""
    clock, log = FixedClock(), tmp_path / "logs" / "part.log"
    log.parent.mkdir()
    child = Child(plan("pass"), clock, log)
    child.look()
    look_until(child, "ended")
    log.unlink()
    log.mkdir()  # nobody can write there now
    open_before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        clock.advance(ms=RESTART_AFTER_MAX_MS)
        child.look()
    assert child.starts == 1
    assert len(list(Path("/proc/self/fd").iterdir())) == open_before
    log.rmdir()
    clock.advance(ms=RESTART_AFTER_MAX_MS)
    child.look()
    assert child.starts == 2
    look_until(child, "ended")


def test_a_part_that_never_ran_and_cannot_be_started_ends_the_start():
    child = Child(ChildPlan("part", ("/no/such/program",)), FixedClock())
    with pytest.raises(FileNotFoundError):
        child.look()


TELLS = """
import os, signal, sys
from hub.process.supervise import say_ready
def tell(word):
    told = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(told, f"{word} {sys.argv[2]}\\n".encode())
def end(*_):
    tell("ends")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
tell("began")
say_ready()
signal.pause()
"""


def test_parts_end_one_after_the_other_and_the_first_one_last(tmp_path: Path):
    """The gateway says good-bye by the broker, so the broker goes when everybody is gone."""
    told, names = tmp_path / "told", ["broker", "gateway", "web"]
    plans = [ChildPlan(name, (sys.executable, "-c", TELLS, str(told), name)) for name in names]
    stopped, stop = os.pipe()

    def stop_all() -> None:
        os.write(stop, b"x")

    supervise(plans, SystemClock(), stopped, stop_all)
    os.close(stopped)
    os.close(stop)
    lines = told.read_text().splitlines()
    assert sorted(lines[:3]) == sorted(f"began {name}" for name in names)
    assert lines[3:] == ["ends web", "ends gateway", "ends broker"]
