"""The one command: it lists without loading, refuses in a sentence, and is documented."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import binlight
from binlight import COMMANDS, CommandEntry, LazyGroup
from tests.tidy.repository import ROOT

HEAVY = {"flask", "peewee", "textual", "evdev", "paho", "protocols", "edge", "hub", "simulators"}
README = ROOT / "README.md"

Invoke = Callable[[str], Result]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Runs a command whose module is written for the occasion."""
    monkeypatch.syspath_prepend(tmp_path)

    def write_and_run(source: str) -> Result:
        module = f"occasion_{tmp_path.name}"
        (tmp_path / f"{module}.py").write_text("import click\n" + source)
        entry = CommandEntry(f"{module}:command", "For the occasion.", "hub")
        return CliRunner().invoke(LazyGroup({"occasion": entry}, "binlight", ""), ["occasion"])

    return write_and_run


def modules_after_help() -> set[str]:
    program = (
        "import sys, binlight\n"
        "binlight.cli(['--help'], standalone_mode=False)\n"
        "print('modules:', *{name.partition('.')[0] for name in sys.modules})\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return set(shown.rpartition("modules:")[2].split())


def test_help_lists_every_command_and_loads_none():
    listed = CliRunner().invoke(binlight.cli, ["--help"]).output
    for name, entry in COMMANDS.items():
        assert re.search(rf"^  {name} +\S", listed, re.MULTILINE), name
        assert entry.help.split()[0] in listed
    assert "click" in modules_after_help()
    assert not HEAVY & modules_after_help()


def test_a_part_that_is_not_installed_is_named_with_its_remedy(invoke: Invoke):
    result = invoke("import a_package_nobody_has\n")
    assert result.exit_code == 1
    assert "a_package_nobody_has" in result.output
    assert "binlight[hub]" in result.output
    assert "Traceback" not in result.output


def test_a_command_missing_from_this_installation_is_refused_in_a_sentence(invoke: Invoke):
    result = invoke("import hub.of_a_later_version\n")
    assert result.exit_code == 1
    assert "hub.of_a_later_version" in result.output


def test_a_command_is_found_and_run(invoke: Invoke):
    result = invoke("@click.command()\ndef command():\n    click.echo('here')\n")
    assert (result.exit_code, result.output) == (0, "here\n")


def run_alone(body: str) -> subprocess.CompletedProcess[str]:
    """Runs `body` as the one command of a group, in a process of its own."""
    program = (
        "import binlight, click\n"
        "@click.group()\ndef group(): pass\n"
        f"@group.command()\ndef act():\n    {body}\n"
        "import sys; sys.argv[1:] = ['act']\n"
        "binlight.run(group)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_one_of_our_own_errors_ends_in_one_line_and_status_one():
    ended = run_alone("from protocols.errors import UnknownTopic; raise UnknownTopic('bw/9')")
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert re.fullmatch(r"binlight: .*bw/9.*\n", ended.stderr)


def test_a_path_that_cannot_be_written_ends_in_one_line(tmp_path: Path):
    (tmp_path / "file").touch()
    ended = run_alone(f"open({str(tmp_path / 'file' / 'below.pdf')!r}, 'w')")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert re.fullmatch(r"binlight: .*Not a directory.*below\.pdf.*\n", ended.stderr)


def test_a_defect_keeps_its_traceback():
    ended = run_alone("raise ZeroDivisionError('a defect')")
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr


@pytest.mark.skipif(not README.exists(), reason="README.md is not written yet")
@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_documented(name: str):
    pages = [README, *(ROOT / "docs").rglob("*.md")]
    assert any(f"binlight {name}" in page.read_text() for page in pages)
