"""Where things go, how long they may get, and what must not be written down."""

from __future__ import annotations

import ast
import re

from tests.tidy.repository import ROOT, files, files_ending, functions_of, text_of, tree_of

TOP_LEVEL = {
    *("edge", "hub", "firmware", "protocols", "simulators", "tests", "docs", "requirements"),
    *("binlight.py", "pyproject.toml", "package.json", "package-lock.json", "Makefile"),
    *("README.md", "CHANGELOG.md", "LICENSE", "NOTICE", ".gitignore", ".ci"),
}
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600
MACHINE_PATH = re.compile(r"(?<![\w.>])/(?:home|root|work|farm|Users)/[\w.]")
REGISTRY = re.compile(r"pypi\.org|files\.pythonhosted\.|registry\.npmjs\.")
FOREIGN_PAGE = re.compile(
    r"\b(?:DESIGN|DOMAIN|STYLE|LESSONS|FEATURES|HARDWARE|FAULTS|SCREENS)(?:\.md| §| \d|, \"|'s )"
)
"""Notes from before the repository; what they said stands in docs/."""
PAGE = re.compile(r"\bdocs/[\w/.-]*\w\.md\b")
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"}


def test_the_top_level_holds_only_what_the_design_names():
    assert {name.parts[0] for name in files()} <= TOP_LEVEL
    assert {name.name for name in files() if name.parts[0] == ".ci"} == {"run"}


def test_no_function_is_too_long_to_read_at_once():
    too_long = [
        f"{name}:{function.lineno} {function.name}"
        for name in files_ending(".py")
        for function in functions_of(name)
        if (function.end_lineno or 0) - function.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert too_long == []


def test_no_source_file_has_grown_a_second_subject():
    too_long = [
        str(name)
        for name in files_ending(".py", ".js", ".mjs", ".css", ".html", ".sh", ".sql")
        if len((text_of(name) or "").splitlines()) > FILE_LINES_MAX
    ]
    assert too_long == []


def test_every_module_says_what_it_owns():
    trees = {name: tree_of(name) for name in files_ending(".py")}
    silent = [
        str(name) for name, tree in trees.items() if tree.body and not ast.get_docstring(tree)
    ]
    assert silent == []


def test_no_module_has_a_name_that_says_nothing():
    assert [str(name) for name in files_ending(".py") if name.stem in VAGUE_NAMES] == []


def test_no_comment_names_a_page_that_is_not_here():
    assert _found(FOREIGN_PAGE) == []
    named = {page for name in files_ending(".py") for page in PAGE.findall(text_of(name) or "")}
    assert {page for page in named if not (ROOT / page).exists()} == set()


def test_no_file_knows_the_machine_it_was_written_on():
    assert _found(MACHINE_PATH) == []


def test_no_file_names_a_package_registry():
    assert _found(REGISTRY) == []


def _found(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}: {hit.group()}" for name in files() if (hit := pattern.search(text_of(name) or ""))
    ]
