"""A scenario in a world of its own, live or in virtual time. Owns its beginning and its end."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from simulators.tester_bench.bench import TesterBench
from simulators.tester_bench.hardware import NotOnThisBench
from simulators.tester_bench.player import PAUSE_MAX_S, play
from simulators.tester_bench.scenario import Scenario, Step
from simulators.tester_bench.virtual_site import VirtualSite

Told = Callable[[int, Step], None]


def play_live(
    scenario: Scenario, folder: Path, *, pause_max_s: float = PAUSE_MAX_S,
    told: Told = lambda _n, _step: None,
) -> None:  # fmt: skip
    """With real processes, in a folder that holds no hub yet. Raises StepFailed, DemoFailed."""
    from simulators.tester_bench.live_site import open_site  # needs a terminal emulator

    with closing(open_site(scenario.world, folder).site) as site:
        bench = TesterBench(site)
        bench.wait_until_ready()
        play(bench, scenario, pause_max_s=pause_max_s, told=told)


def play_virtual(scenario: Scenario, folder: Path, *, told: Told = lambda _n, _step: None) -> str:
    """In virtual time, with every pause; returns the hash of the stock ledger.

    Raises StepFailed, and NotOnThisBench for a scenario that needs a kernel.
    """
    if scenario.live_only:
        raise NotOnThisBench(scenario.title, scenario.live_only)
    with closing(VirtualSite(scenario.world, folder)) as site:
        bench = TesterBench(site)
        bench.wait_until_ready()
        play(bench, scenario, pause_max_s=float("inf"), told=told)
        return site.last_hash()


@contextmanager
def own_folder(kept: Path | None) -> Iterator[Path]:
    """The given folder, or one that is gone afterwards."""
    if kept is not None:
        yield kept.expanduser().absolute()
        return
    with tempfile.TemporaryDirectory(prefix="binlight-bench-", ignore_cleanup_errors=True) as made:
        yield Path(made)
