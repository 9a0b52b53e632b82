"""The gate of recorded scenarios: a release that answers any scan otherwise does not pass.

Lesson 16: a new feature (scan the place first) broke pick-list scanning in the next release.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.handheld.render import FULL_SCREEN, plain
from edge.handheld.view import ScreenView
from edge.handheld.work import PHASES
from protocols.barcodes import CommandName
from tests.edge.handheld.floor import Handheld
from tests.edge.handheld.scenario import FOLDER, acts_of, play, steps_in

RECORDED = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_every_recorded_scan_is_answered_as_it_was(file: Path, tmp_path: Path):
    recorded = file.read_text()
    assert play(recorded, tmp_path / "outbox.sqlite") == recorded


def screens(file: Path, storage: Path) -> Iterator[tuple[str, ScreenView]]:
    """Each act of a recording and the view after it."""
    handheld = Handheld(storage)
    for step in steps_in(file.read_text()):
        word, *rest = step.split()
        acts_of(handheld)[word](*rest)
        yield step, handheld.view


def test_the_recordings_visit_every_phase_and_say_every_word(tmp_path: Path):
    """What no recording visits, the gate does not guard."""
    seen = [shown for n, file in enumerate(RECORDED) for shown in screens(file, tmp_path / str(n))]
    assert {view.phase for _, view in seen} == set(PHASES)
    said = {step.removeprefix("say ") for step, _ in seen if step.startswith("say ")}
    assert said >= {name.value for name in CommandName}


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
@pytest.mark.parametrize("size", [(40, 12), (53, 17)])
def test_no_screen_cuts_off_what_is_asked(file: Path, size: tuple[int, int], tmp_path: Path):
    """Whatever news or title stand there too: every row, the question and the prompt are seen."""
    for step, view in screens(file, tmp_path / "outbox.sqlite"):
        if view.mood in FULL_SCREEN:
            continue
        drawn = plain(view, *size).splitlines()
        for row in view.rows:
            shown = [line for line in drawn if row.label in line and row.text[:20] in line]
            assert shown, f"{row} is missing after {step}"
        words = " ".join(" ".join(drawn).replace("▶", " ").split())
        for text in (view.title, view.message, view.prompt):
            assert text in words, f"{text} is missing after {step}"


def test_a_changed_answer_is_noticed(tmp_path: Path):
    recorded = RECORDED[0].read_text()
    longer = recorded + "\n> say UNDO\n"
    assert play(longer, tmp_path / "outbox.sqlite") != longer
