"""Recorded scans and the screens that answered them, as text files that people can read.

A line `> WHAT…` is something that happened; the lines `| …` behind it are the screen at 320 × 240,
without its empty lines. `play` carries the acts of a file out anew and writes what it sees in the
same form, so a recording and its replay can be compared as text.

To record a changed screen on purpose: `python -m tests.edge.handheld.scenario`, then read the diff.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from edge.handheld.render import plain
from protocols.messages.work import Assignment, CartSlot
from tests.edge.handheld.floor import ANA, BEN, LANTERN, MUG, Handheld, assignment, line

FOLDER = Path(__file__).with_name("scenarios")
PEOPLE = {"ANA": ANA, "BEN": BEN}


def cluster() -> Assignment:
    """Four lines for two orders, two of them in one bin."""
    lines = (
        line(1, "A-01-03-1", 3, "A"),
        line(2, "A-01-03-1", 2, "B"),
        line(3, "A-01-05-2", 2, "B", MUG),
        line(4, "A-02-01-1", 12, "A"),
    )
    return assignment(lines)


def longer_cluster() -> Assignment:
    """The same, a revision later: the hub fetches something from another bin."""
    before = cluster()
    return replace(before, rev=2, lines=(*before.lines, line(5, "A-02-07-3", 1, "B", MUG)))


def single() -> Assignment:
    """One order in one tote."""
    return assignment([line(1, "A-1", 2, "A")], (CartSlot("A", "O-1"),), number=8)


WORK = {"cluster": cluster, "longer": longer_cluster, "single": single}


def acts_of(handheld: Handheld) -> dict[str, Callable[..., object]]:
    """What may stand behind `>`, by its first word."""
    return {
        "badge": lambda name: handheld.badge(PEOPLE[name]),
        "type": handheld.type,
        "scan": handheld.scan,
        "lantern": lambda: handheld.scan(next(iter(LANTERN))),
        "carton": lambda: handheld.scan("14012345678908"),
        "mug": lambda: handheld.scan(next(iter(MUG))),
        "bin": handheld.bin,
        "tote": handheld.tote,
        "say": handheld.say,
        "offer": lambda name: handheld.offer(WORK[name]()),
        "connect": handheld.connect,
        "configure": handheld.configure,
        "radio-gone": handheld.disconnect,
        "power-cut": handheld.restart,
        "acknowledged": lambda: handheld.acknowledge(handheld.outbox.last_seq),
    }


def steps_in(text: str) -> list[str]:
    """The acts of a recording, without their screens."""
    return [row[2:] for row in text.splitlines() if row.startswith("> ")]


def play(text: str, storage: Path) -> str:
    """Carry out the acts of a recording on a new handheld; returns the recording of now."""
    handheld = Handheld(storage)
    title = [row for row in text.splitlines() if row.startswith("#")]
    rows = [*title]
    for step in steps_in(text):
        word, *rest = step.split()
        acts_of(handheld)[word](*rest)
        screen = plain(handheld.view, 40, 12).splitlines()
        rows += ["", f"> {step}", *(f"|{row}" for row in screen if row)]
    return "\n".join(rows) + "\n"


def record_all(storage: Path) -> None:
    """Write every recording anew."""
    for file in sorted(FOLDER.glob("*.txt")):
        file.write_text(play(file.read_text(), storage / f"{file.stem}.sqlite"))


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        record_all(Path(folder))
