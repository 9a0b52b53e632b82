"""Whether every private file of an image is whole: its content after the last promised act, or
after the one that was under way. Never empty, never torn, never an older one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256

from simulators.campaigns.crash_images.images import Image
from simulators.campaigns.crash_images.operations import Said
from simulators.campaigns.crash_images.verdicts import CORRUPT, LOST, TRUE
from simulators.campaigns.crash_images.workloads.private_files import LEFT_OVER


class FilesCheck:
    """Judges the images of one recording."""

    def __init__(self, said: Sequence[Said]) -> None:
        self._said: list[Mapping[str, str]] = [{}, *(s.facts["files"] for s in said)]
        self._seen = {digest for files in self._said for digest in files.values()}
        self._distinct: set[str] = set()
        self.complaints: Counter[str] = Counter()

    @property
    def distinct(self) -> int:
        """How many different contents were found so far."""
        return len(self._distinct)

    def judge(self, image: Image) -> str:
        """The gravest verdict over all files."""
        before = self._said[len(image.said)]
        after = self._said[min(len(image.said) + 1, len(self._said) - 1)]
        found = {
            path: sha256(content).hexdigest()[:32]
            for path, content in image.files.items()
            if not path.endswith(LEFT_OVER)
        }
        self._distinct.update(found.values())
        verdicts = [
            self._judge_file(path, found.get(path), {before.get(path), after.get(path)})
            for path in sorted(before.keys() | found.keys())
        ]
        return next((v for v in (CORRUPT, LOST) if v in verdicts), TRUE)

    def _judge_file(self, path: str, found: str | None, allowed: set[str | None]) -> str:
        if found in allowed:
            return TRUE
        is_whole = found is None or found in self._seen
        self.complaints[f"{path} is {'an older one' if is_whole else 'empty or torn'}"] += 1
        return LOST if is_whole else CORRUPT
