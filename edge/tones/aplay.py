"""Tones through ALSA's `aplay`. Owns making the samples; needs the program `aplay`.

One process for each tone: the newest replaces what still sounds, so that fast counting clicks.
"""

from __future__ import annotations

import math
import shutil
import struct
import subprocess
from typing import Final

from edge.tones.contract import PATTERNS, Beep, Tone

SAMPLES_PER_S: Final = 22_050
VOLUME: Final = 0.6


class AplayTone:
    """Plays the patterns on a sound card; `device` is an ALSA name such as `plughw:1`."""

    def __init__(self, device: str = "default") -> None:
        self._command = ["aplay", "-q", "-D", device, "-t", "raw", "-f", "S16_LE", "-c", "1"]
        self._command += ["-r", str(SAMPLES_PER_S)]
        self._is_there = shutil.which("aplay") is not None
        self._samples = {tone: pattern_samples(beeps) for tone, beeps in PATTERNS.items()}
        self._playing: subprocess.Popen[bytes] | None = None

    def play(self, tone: Tone) -> None:
        """Begin the sound; without `aplay` or a sound card there is none."""
        if not self._is_there:
            return
        if self._playing is not None and self._playing.poll() is None:
            self._playing.kill()
        try:
            self._playing = self._started(self._samples[tone])
        except OSError:
            self._is_there = False

    def _started(self, samples: bytes) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdin is not None  # noqa: S101 - asked for one line above
        try:
            process.stdin.write(samples)
            process.stdin.close()
        except BrokenPipeError:
            process.kill()
        return process


def pattern_samples(beeps: tuple[Beep, ...]) -> bytes:
    """A pattern as signed 16-bit samples; shorter than a pipe's 64 KiB, so a write never blocks."""
    return b"".join(_beep_samples(beep) for beep in beeps)


def _beep_samples(beep: Beep) -> bytes:
    sounding = SAMPLES_PER_S * beep.sound_ms // 1_000
    silent = SAMPLES_PER_S * beep.silence_ms // 1_000
    turn = 2 * math.pi * beep.hertz / SAMPLES_PER_S
    wave = (int(VOLUME * 32_767 * math.sin(turn * n)) for n in range(sounding))
    return struct.pack(f"<{sounding}h", *wave) + bytes(2 * silent)
