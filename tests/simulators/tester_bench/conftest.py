"""A bench in virtual time: the whole of it, without a process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from simulators.tester_bench import bench
from simulators.tester_bench.virtual_site import VirtualSite
from simulators.tester_bench.world_plan import WorldPlan

PLAN = WorldPlan(orders=4, handhelds=2, slots=1)


@pytest.fixture
def virtual(tmp_path: Path) -> Iterator[bench.TesterBench]:
    with closing(VirtualSite(PLAN, tmp_path)) as site:
        made = bench.TesterBench(site)
        made.wait_until_ready()
        yield made
