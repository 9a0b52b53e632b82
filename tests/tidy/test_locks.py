"""Whether the locks pin everything by hash, agree, and leave out what a part does without."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.tidy.repository import OUR_PACKAGES, ROOT, files_ending, tree_of

REQUIREMENTS = ROOT / "requirements"
LOCKS = ("build", "run", "edge", "dev")
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*])?==(\S+)", re.MULTILINE)
FOR_TYPES_ALONE = {"_typeshed"}  # exists for the type checker only, never at run time
TEST_TOOLS = {"pytest", "playwright", "hypothesis", "mypy", "ruff", "schemathesis"}


def lock_text(lock: str) -> str:
    return (REQUIREMENTS / f"{lock}.lock").read_text()


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: str) -> dict[str, str]:
    return {plain(name): version for name, version in PIN.findall(lock_text(lock))}


def declared(part: str) -> set[str]:
    lines = (REQUIREMENTS / f"{part}.in").read_text().splitlines()
    names = [re.split(r"[\[<>=!~; ]", line)[0] for line in lines if not line.startswith("#")]
    return {plain(name) for name in names if name}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_carries_hashes(lock: str):
    for entry in re.split(r"\n(?=\S)", lock_text(lock).strip()):
        assert "==" in entry.splitlines()[0]
        assert "--hash=sha256:" in entry


def test_no_lock_carries_an_address():
    for lock in [*REQUIREMENTS.glob("*.lock"), ROOT / "package-lock.json"]:
        assert "://" not in lock.read_text(), lock.name
        assert "find-links" not in lock.read_text(), lock.name


@pytest.mark.parametrize("lock", LOCKS)
def test_one_version_of_a_package_is_used_everywhere(lock: str):
    assert pins(lock).items() <= pins("dev").items()


@pytest.mark.parametrize(
    ("lock", "parts"),
    [
        ("build", ["build"]),
        ("run", ["base", "build", "edge", "hub"]),
        ("edge", ["base", "build", "edge", "evdev"]),
        ("dev", ["base", "build", "edge", "evdev", "hub", "dev"]),
    ],
)
def test_a_lock_holds_all_that_its_parts_declare(lock: str, parts: list[str]):
    for part in parts:
        assert declared(part) <= pins(lock).keys(), f"run `make lock`: {part}.in has more"


def test_the_demo_needs_neither_a_compiler_nor_test_tools():
    assert not {"evdev", *TEST_TOOLS} & pins("run").keys()


def test_a_handheld_goes_without_what_only_a_hub_needs():
    assert not {"flask", "peewee", "psycopg", "waitress", *TEST_TOOLS} & pins("edge").keys()


@pytest.mark.parametrize(
    ("packages", "lock"),
    [
        (("protocols", "edge"), "edge"),
        (("protocols", "hub"), "run"),
        (("simulators",), "dev"),
    ],
)
def test_what_is_imported_is_in_the_lock(packages: tuple[str, ...], lock: str):
    missing = {
        f"{name} imports {module}"
        for name in files_ending(".py")
        if name.parts[0] in packages
        for module in foreign_modules(name)
        if not locked(module, lock)
    }
    assert missing == set()


def foreign_modules(name: Path) -> set[str]:
    imported: set[str] = set()
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            imported.add(node.module)
    tops = {module.partition(".")[0] for module in imported}
    return tops - sys.stdlib_module_names - {*OUR_PACKAGES, *FOR_TYPES_ALONE, "binlight"}


def locked(module: str, lock: str) -> bool:
    brought_by = packages_distributions().get(module, [module])
    return any(plain(distribution) in pins(lock) for distribution in brought_by)
