"""Each outcome sounds like no other, and playing it never holds anything up."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from edge.tones import PATTERNS, TerminalTone, Tone
from edge.tones.aplay import AplayTone, pattern_samples
from edge.tones.terminal import BELLS
from tests.edge.link_shell import PATIENCE_S


def test_every_outcome_has_a_tone_of_its_own():
    assert set(PATTERNS) == set(BELLS) == set(Tone)
    assert len(set(PATTERNS.values())) == len(set(BELLS.values())) == len(Tone)


def test_no_is_lower_than_yes_and_sounds_twice():
    yes, no = PATTERNS[Tone.OK], PATTERNS[Tone.REFUSED]
    assert len(no) == 2
    assert max(beep.hertz for beep in no) < min(beep.hertz for beep in yes) / 2


def test_a_pattern_fits_into_a_pipe_so_that_playing_never_waits():
    for beeps in PATTERNS.values():
        samples = pattern_samples(beeps)
        assert 0 < len(samples) < 64 * 1024
        assert any(samples)


def test_the_terminal_rings_and_a_closed_one_is_no_error(tmp_path):
    path = tmp_path / "bell"
    with path.open("wb") as file:
        tone = TerminalTone(file.fileno())
        tone.play(Tone.DONE)
        tone.play(Tone.COUNT)
    assert path.read_bytes() == b"\a\a"
    tone.play(Tone.OK)


@pytest.fixture
def starts(tmp_path, monkeypatch) -> Path:
    """A pipe into which a program `aplay`, which never ends by itself, writes its number."""
    pipe, program = tmp_path / "starts", tmp_path / "aplay"
    os.mkfifo(pipe)
    program.write_text(f'#!/bin/sh\necho $$ > "{pipe}"\nexec sleep 600\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return pipe


def test_the_newest_tone_replaces_what_still_sounds(starts):
    tones = AplayTone()
    tones.play(Tone.ALERT)
    first = psutil.Process(int(starts.read_text()))
    tones.play(Tone.OK)
    second = psutil.Process(int(starts.read_text()))
    first.wait(PATIENCE_S)
    assert second.is_running()
    second.kill()
    second.wait(PATIENCE_S)


def test_a_device_without_a_sound_card_program_is_silent(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    AplayTone().play(Tone.OK)
