"""The supervisor's housekeeping: logs stay short, systemd is told, the parts' state is written."""

from __future__ import annotations

import gzip
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from hub.clock import FixedClock
from hub.process import log_files
from hub.process.caretaker import Caretaker, read_parts
from hub.process.log_files import FILES_KEPT, LOOK_EVERY_MS, LogFolder, rotate
from hub.process.supervise import Child, ChildPlan
from hub.process.systemd import ServiceManager

PAUSES = "import signal; signal.pause()"


@pytest.fixture
def child() -> Child:
    return Child(ChildPlan("web", (sys.executable, "-c", PAUSES)), FixedClock())


# --- logs ----------------------------------------------------------------------------------------


def test_a_long_log_is_kept_beside_and_its_writer_goes_on(tmp_path: Path):
    path = tmp_path / "gateway.log"
    with path.open("ab", buffering=0) as writer:
        writer.write(b"old\n" * 100)
        assert LogFolder(tmp_path, bytes_max=10).look(LOOK_EVERY_MS) == [path]
        writer.write(b"new\n")
    assert path.read_bytes() == b"new\n"
    assert gzip.decompress((tmp_path / "gateway.log.1.gz").read_bytes()) == b"old\n" * 100


def test_no_line_is_lost_that_is_written_while_the_log_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The writer says something at the worst moment: between the copy and the cut."""
    path = tmp_path / "broker.log"
    with path.open("ab", buffering=0) as writer:
        writer.write(b"before\n" * 10_000)
        take_out = log_files._take_out

        def write_and_take_out(log: Path, front: int) -> bool:
            writer.write(b"meanwhile\n")
            return take_out(log, front)

        monkeypatch.setattr(log_files, "_take_out", write_and_take_out)
        assert rotate(path)
        writer.write(b"after\n")
    piece = gzip.decompress((tmp_path / "broker.log.1.gz").read_bytes())
    assert piece + path.read_bytes() == b"before\n" * 10_000 + b"meanwhile\nafter\n"
    assert len(piece) > 60_000


def test_only_so_many_pieces_are_kept_youngest_first(tmp_path: Path):
    path = tmp_path / "web.log"
    for number in range(FILES_KEPT + 3):
        path.write_text(f"{number}")
        assert rotate(path)
    kept = [tmp_path / f"web.log.{n + 1}.gz" for n in range(FILES_KEPT)]
    assert [gzip.decompress(p.read_bytes()) for p in kept] == [b"7", b"6", b"5", b"4", b"3"]
    assert {p.name for p in tmp_path.iterdir()} == {path.name, *(p.name for p in kept)}


def test_a_short_log_is_left_alone(tmp_path: Path):
    (tmp_path / "web.log").write_text("short")
    assert LogFolder(tmp_path).look(LOOK_EVERY_MS) == []


def test_logs_are_looked_at_every_ten_seconds(tmp_path: Path):
    folder = LogFolder(tmp_path, bytes_max=1)
    (tmp_path / "web.log").write_text("long")
    assert folder.look(LOOK_EVERY_MS)
    (tmp_path / "web.log").write_text("long again")
    assert not folder.look(2 * LOOK_EVERY_MS - 1)
    assert folder.look(2 * LOOK_EVERY_MS)


def test_without_room_for_a_copy_the_log_is_cut_all_the_same(tmp_path: Path):
    path = tmp_path / "web.log"
    path.write_text("fills the disk")
    (tmp_path / "web.log.0.gz").symlink_to("/dev/full")
    assert not rotate(path)
    assert path.read_bytes() == b""


FILLS_UP = """
import resource, sys
from pathlib import Path
from hub.process import log_files
log_files._take_out = lambda path, front: False  # as where the file system cannot
room, path = int(sys.argv[1]), Path(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
sys.exit(log_files.rotate(path))
"""


@pytest.mark.parametrize("room", [50_000, 201_500], ids=["in the copy", "in the rest of it"])
def test_a_disk_that_fills_up_meanwhile_leaves_every_piece_readable(room: int, tmp_path: Path):
    """What cannot be kept is given up whole: half a piece would look like damage."""
    path = tmp_path / "web.log"
    path.write_bytes(b"before")
    assert rotate(path)
    content = os.urandom(202_000)  # nothing makes it smaller
    path.write_bytes(content)
    done = subprocess.run([sys.executable, "-c", FILLS_UP, str(room), str(path)], check=False)
    assert done.returncode == 0, "it says that not everything was kept"
    assert path.read_bytes() == b""
    kept = [gzip.decompress(piece.read_bytes()) for piece in log_files.pieces(path)]
    assert kept[-1] == b"before"
    assert all(content.startswith(piece) for piece in kept[:-1])
    assert {p.name for p in tmp_path.iterdir()} <= {"web.log", "web.log.1.gz", "web.log.2.gz"}


def test_what_cannot_be_cut_stops_nothing_else(tmp_path: Path):
    (tmp_path / "a.log").mkdir()
    (tmp_path / "b.log").write_text("much too long")
    assert LogFolder(tmp_path, bytes_max=10).look(LOOK_EVERY_MS) == [tmp_path / "b.log"]
    assert (tmp_path / "a.log").is_dir()


# --- systemd -------------------------------------------------------------------------------------


@pytest.fixture
def told(tmp_path: Path):
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


def _heard(told: socket.socket) -> list[str]:
    heard = []
    while True:
        try:
            heard.append(told.recv(4096).decode())
        except BlockingIOError:
            return heard


def test_systemd_hears_ready_alive_and_stopping(tmp_path: Path, told: socket.socket):
    manager = ServiceManager(
        {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"}
    )
    manager.ready("answers at http://hub")
    for now_ms in (0, 14_999, 15_000, 15_001):
        manager.alive(now_ms)
    manager.stopping()
    assert _heard(told) == [
        "READY=1\nSTATUS=answers at http://hub", "WATCHDOG=1", "WATCHDOG=1", "STOPPING=1",
    ]  # fmt: skip


def test_without_systemd_nobody_is_told(told: socket.socket):
    manager = ServiceManager({})
    manager.ready("x")
    manager.alive(10**9)
    assert _heard(told) == []


# --- how the parts are ---------------------------------------------------------------------------


def test_the_state_of_the_parts_can_be_read(tmp_path: Path, child: Child):
    clock = FixedClock()
    caretaker = Caretaker(tmp_path, tmp_path / "logs", clock, ServiceManager({}))
    child.look()
    caretaker.look([child])
    found = read_parts(tmp_path)
    assert found is not None
    assert found.supervisor == os.getpid()
    (part,) = found.parts
    assert child.process is not None
    assert (part.name, part.pid, part.starts) == ("web", child.process.pid, 1)
    child.kill()
    child.look()
    caretaker.look([child])
    after = read_parts(tmp_path)
    assert after is not None
    assert (after.parts[0].pid, after.parts[0].since_us) == (0, part.since_us)


def test_after_a_clean_stop_nobody_claims_to_run(tmp_path: Path):
    caretaker = Caretaker(tmp_path, tmp_path / "logs", FixedClock(), ServiceManager({}))
    caretaker.look([])
    caretaker.stopping()
    assert read_parts(tmp_path) is None


def test_a_killed_supervisor_is_not_taken_for_a_running_one(tmp_path: Path):
    program = f"""
from pathlib import Path
from hub.process.caretaker import Caretaker
from hub.clock import SystemClock
Caretaker(Path({str(tmp_path)!r}), Path({str(tmp_path)!r}), SystemClock()).look([])
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "run" / "parts.json").exists()
    assert read_parts(tmp_path) is None


def test_rubbish_in_the_file_means_that_nothing_is_known(tmp_path: Path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "parts.json").write_bytes(b"{")
    assert read_parts(tmp_path) is None
