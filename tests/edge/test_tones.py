"""Each outcome sounds like no other, and playing it never holds anything up."""

from __future__ import annotations

from edge.tones import PATTERNS, TerminalTone, Tone
from edge.tones.aplay import pattern_samples
from edge.tones.terminal import BELLS


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
