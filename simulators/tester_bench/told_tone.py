"""A tone driver that tells the bench which tone a device makes. Makes no sound.

Named in a device's configuration: `driver = "told"`. Each tone is one line in a named pipe.
"""

from __future__ import annotations

import os

from edge.tones import Tone


class ToldTone:
    """Writes to the pipe at `path`; a bench that is gone is no error."""

    def __init__(self, path: str) -> None:
        self._path = path

    def play(self, tone: Tone) -> None:
        """Say the tone's name."""
        try:
            pipe = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return
        try:
            os.write(pipe, f"{tone}\n".encode())
        except OSError:
            return
        finally:
            os.close(pipe)
