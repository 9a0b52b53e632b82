"""`binlight bench fuzz`: millions of inputs, by seed; what gave a new outcome is kept.

Begins with the golden messages (protocols/vectors) and the corpus of former campaigns. A crash is
written down with its input, and the campaign ends as failed.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any, Final

from simulators.campaigns.fuzzing.mutation import mutated
from simulators.campaigns.fuzzing.targets import TARGETS, Outcome, Target, outcome
from simulators.campaigns.pace import Pace
from simulators.errors import SimulatorsError

INPUTS: Final = 10_000_000
ROUND: Final = 2_000
"""Inputs for one decoder before the next has its turn."""
KEPT_MAX: Final = 400
"""Inputs of the corpus for each decoder."""
KEPT_BYTES_MAX: Final = 16_384
"""Of the corpus that is written down for each decoder."""
REPAIRED_SHARE: Final = 0.5
ROOT: Final = Path(__file__).resolve().parents[3]
VECTORS: Final = ROOT / "protocols" / "vectors" / "v1.jsonl"
SCANS: Final = ROOT / "tests" / "data" / "gs1" / "vectors.json.gz"
READ_SCANS: Final = ("scan", "scan-with-aim", "element-string", "bracketed", "digital-link")
CORPUS: Final = ROOT / "tests" / "data" / "fuzz"


class Crash(SimulatorsError):
    """A decoder let something else through than a value or a named refusal."""

    def __init__(self, target: str, data: bytes, wrong: BaseException) -> None:
        self.target, self.data = target, data
        super().__init__(f"{target}: {type(wrong).__name__}: {wrong} for {data[:300]!r}")


class Fuzzer:
    """One decoder, its corpus, and the outcomes seen."""

    def __init__(self, target: Target, chance: Random, known: list[bytes]) -> None:
        self.target, self._chance = target, chance
        self.corpus: list[bytes] = []
        self.seen: set[Outcome] = set()
        self.tried = 0
        for data in (*target.seeds, *known):
            self._try(data)
        if not self.corpus:
            self.corpus.append(b"")

    def round(self, inputs: int) -> None:
        """Try so many new inputs; raises Crash."""
        for _ in range(inputs):
            data = mutated(self._chance, self.corpus)
            if self.target.repair is not None and self._chance.random() < REPAIRED_SHARE:
                data = self.target.repair(data)
            self._try(data)

    def _try(self, data: bytes) -> None:
        self.tried += 1
        try:
            came = outcome(self.target, data)
        except Exception as wrong:
            raise Crash(self.target.name, data, wrong) from wrong
        if came not in self.seen and len(self.corpus) < KEPT_MAX:
            self.seen.add(came)
            self.corpus.append(data)


def fuzzers(seed: int, corpus: Path = CORPUS) -> list[Fuzzer]:
    """One for each decoder, begun with everything known; raises Crash."""
    golden = golden_messages()
    golden.update(dict.fromkeys(READ_SCANS, golden_scans()))
    return [
        Fuzzer(
            target, Random(f"{seed}/{target.name}"),
            golden.get(target.name, []) + read_corpus(corpus, target.name),
        )
        for target in TARGETS
    ]  # fmt: skip


def golden_messages() -> dict[str, list[bytes]]:
    """The messages that every version must read, by the decoder they belong to."""
    found: dict[str, list[bytes]] = {}
    for line in VECTORS.read_text(encoding="utf-8").splitlines():
        vector = json.loads(line)
        name = "event" if vector["channel"] == "evt" else f"message-{vector['channel']}"
        found.setdefault(name, []).append(vector["payload"].encode())
    return found


def golden_scans() -> list[bytes]:
    """What the GS1 vectors scan, right and wrong, where they are bundled."""
    if not SCANS.exists():
        return []
    vectors = json.loads(gzip.decompress(SCANS.read_bytes()))
    return [vector["raw"].encode() for vector in vectors if vector["raw"]]


def read_corpus(folder: Path, name: str) -> list[bytes]:
    """Inputs kept for a decoder; none where there is no file yet."""
    path = folder / f"{name}.txt"
    lines = path.read_text(encoding="ascii").split() if path.exists() else []
    return [base64.b64decode(line) for line in lines]


def keep_corpus(folder: Path, fuzzer: Fuzzer) -> None:
    """Write what is worth beginning with the next time, shortest first."""
    folder.mkdir(parents=True, exist_ok=True)
    shortest = sorted({data for data in fuzzer.corpus if data}, key=lambda data: (len(data), data))
    sizes = accumulate(len(data) for data in shortest)
    kept = [data for data, size in zip(shortest, sizes, strict=True) if size <= KEPT_BYTES_MAX]
    lines = "".join(f"{base64.b64encode(data).decode()}\n" for data in kept)
    (folder / f"{fuzzer.target.name}.txt").write_text(lines, encoding="ascii")


def measure(
    say: Callable[[str], None], scale: float = 1.0, seed: int = 1, minutes: float | None = None
) -> dict[str, Any]:
    """Ten million inputs at scale 1; the corpus grows by what was new. Raises Crash."""
    wanted = round(INPUTS * scale)
    running = fuzzers(seed)
    with Pace(minutes) as pace:
        while sum(fuzzer.tried for fuzzer in running) < wanted and not pace.is_over:
            for fuzzer in running:
                fuzzer.round(ROUND)
            tried = sum(fuzzer.tried for fuzzer in running)
            if tried % (20 * ROUND * len(running)) < ROUND * len(running):
                say(f"{tried:,} inputs, {sum(len(f.seen) for f in running):,} outcomes")
    for fuzzer in running:
        keep_corpus(CORPUS, fuzzer)
    return {
        "bench": "fuzz", "seed": seed, "inputs": sum(fuzzer.tried for fuzzer in running),
        "crashes": 0, "decoders": len(running), "seconds": round(pace.seconds, 1),
        "outcomes_max": sum(len(fuzzer.seen) for fuzzer in running),
    }  # fmt: skip
