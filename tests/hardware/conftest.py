"""One boot for the whole session; where there is /dev/uinput, what needs no boot runs right here.

These tests are left out of `make test`: `make test-hardware` runs them (`-m hardware`).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hardware.bench import Bench
from tests.hardware.machine import Machine, NoKernel, NoMachine

UINPUT = Path("/dev/uinput")
REPOSITORY = Path(__file__).resolve().parents[2]
LEFT_OUT = "a kernel of its own is booted for it: make test-hardware"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what stands in this folder, and skip it unless it is asked for by its mark."""
    is_wanted = "hardware" in str(config.getoption("-m"))
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.hardware)
            if not is_wanted:
                item.add_marker(pytest.mark.skip(reason=LEFT_OUT))


@pytest.fixture(scope="session")
def machine() -> Iterator[Machine]:
    """A virtual machine. Without one these tests fail; on a real device they are left out."""
    try:
        booted = Machine.boot()
    except (NoMachine, NoKernel) as missing:
        if has_uinput():
            pytest.skip(str(missing))
        pytest.fail(str(missing), pytrace=False)
    yield booted
    booted.stop()


@pytest.fixture(scope="session")
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A workbench on this very kernel if it has uinput, else on that of the virtual machine."""
    if not has_uinput():
        yield request.getfixturevalue("machine").bench
        return
    with subprocess.Popen(
        [sys.executable, "-m", "tests.hardware.workbench"],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        yield Bench(child.stdout, child.stdin)
        child.stdin.close()


def has_uinput() -> bool:
    """Whether this user may make keyboards and read them."""
    nodes = list(Path("/dev/input").glob("event*"))
    may_read = all(os.access(node, os.R_OK) for node in nodes)
    return os.access(UINPUT, os.W_OK) and may_read
