"""Whether what is built for others holds all that the parts read, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.tidy.repository import OUR_PACKAGES, ROOT, files


@pytest.fixture(scope="module")
def in_wheel(tmp_path_factory: pytest.TempPathFactory) -> set[Path]:
    """The names in a wheel that was built without a network, from a copy."""
    copy = tmp_path_factory.mktemp("copy")
    for name in files():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    built = subprocess.run(
        [*build, "--no-build-isolation", "--wheel-dir", copy / "out", copy],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = (copy / "out").glob("*.whl")
    return {Path(name) for name in ZipFile(wheel).namelist()}


def test_every_file_of_every_part_is_in_the_wheel(in_wheel: set[Path]):
    ours = {name for name in files() if name.parts[0] in {*OUR_PACKAGES, "binlight.py"}}
    assert ours - in_wheel == set()


def test_the_wheel_holds_no_tests_and_nothing_foreign(in_wheel: set[Path]):
    tops = {name.parts[0] for name in in_wheel if ".dist-info" not in name.parts[0]}
    assert tops == {*OUR_PACKAGES, "binlight.py"}
