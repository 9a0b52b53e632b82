"""Tones that nobody hears: for devices without a speaker, and for tests. Makes no sound."""

from __future__ import annotations

from edge.tones.contract import Tone


class SilentTone:
    """Plays nothing."""

    def play(self, tone: Tone) -> None:
        """Nothing."""


class RecordingTone:
    """Keeps what it was asked to play, oldest first."""

    def __init__(self) -> None:
        self.played: list[Tone] = []

    def play(self, tone: Tone) -> None:
        """Remember the tone."""
        self.played.append(tone)
