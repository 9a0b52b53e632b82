"""`binlight edge` as a command: what ends it at once, and what it prints."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest
from click.testing import CliRunner

from edge.errors import ConfigUnreadable, UnknownDriver
from edge.identity.record import IdentityStore
from edge.run import command
from edge.storage.outbox import SqliteOutbox
from edge.storage.outbox_owner import open_outbox
from tests.edge.certificates import SITE, TestHub

SHORTEST = 'site = "main"\nname = "h1"\n[broker]\nhost = "hub"\n'


def test_a_second_agent_on_one_outbox_ends_in_the_line_that_every_refusal_has(tmp_path, repository):
    (tmp_path / "h1.toml").write_text(SHORTEST)
    path = tmp_path / "outbox.sqlite"
    first = open_outbox(path, "main/h1", random.Random(1), 100)
    second = subprocess.run(
        [sys.executable, "-m", "binlight", "edge", "--headless", f"--data={tmp_path}",
         f"--config={tmp_path / 'h1.toml'}"],
        cwd=repository, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    first.close()
    said = f"binlight: The outbox {path} cannot be used: another agent works with it.\n"
    assert (second.returncode, second.stderr) == (1, said)


def test_the_command_refuses_a_missing_file_and_a_driver_that_is_not_there(tmp_path):
    with pytest.raises(ConfigUnreadable, match=r"no\.toml .+: the file is not there\.$"):
        CliRunner().invoke(command, ["--config", str(tmp_path / "no.toml")], catch_exceptions=False)
    path = tmp_path / "h1.toml"
    path.write_text(SHORTEST + '[scanner]\ndriver = "telepathy"\n')
    with pytest.raises(UnknownDriver, match="telepathy"):
        CliRunner().invoke(
            command,
            ["--config", str(path), "--data", str(tmp_path), "--headless"],
            catch_exceptions=False,
        )


def test_the_roots_of_an_enrolled_device_are_those_of_its_identitys_site(tmp_path):
    (tmp_path / "tls").mkdir()
    IdentityStore(tmp_path).adopt(TestHub(tmp_path / "tls").identity("hub:8883"))
    SqliteOutbox(tmp_path / "outbox.sqlite", random.Random(1)).close()
    config = tmp_path / "handheld.toml"
    config.write_text("")
    said = CliRunner().invoke(
        command, ["--config", str(config), "--data", str(tmp_path), "--roots"]
    )
    assert json.loads(said.output) == {"site": SITE, "days": []}
