"""`binlight device` finds the hub that was meant, or none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from hub.config import HubConfig
from hub.device_commands import NoSuchHub, device
from hub.devices.models import Device
from hub.inventory.models import Site
from hub.setup import prepare_schema
from hub.wiring import open_journal


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Of a hub that was started once, for the site main."""
    config = HubConfig(str(tmp_path / "hub"), "main")
    config.data.mkdir()
    journal = open_journal(config)
    prepare_schema(config, journal)
    yield config.data
    journal.database.close()


def add(data: Path, site: str) -> str:
    words = ["add", "h1", "--kind", "handheld", "--data", str(data), "--site", site]
    return CliRunner().invoke(device, words, catch_exceptions=False).output


def test_a_device_is_added_to_the_site_that_is_named(folder: Path) -> None:
    assert "Password of h1" in add(folder, "main")
    assert [(row.site, row.name) for row in Device.select()] == [("main", "h1")]


def test_a_site_that_this_hub_does_not_have_is_not_founded_by_the_way(folder: Path) -> None:
    with pytest.raises(NoSuchHub, match="no site 'nope'; say --site main"):
        add(folder, "nope")
    assert [row.code for row in Site.select()] == ["main"]
    assert not Device.select().exists()


def test_a_mistyped_folder_makes_no_hub(tmp_path: Path) -> None:
    with pytest.raises(NoSuchHub, match="hbu: start it first"):
        add(tmp_path / "hbu", "main")
    assert list(tmp_path.iterdir()) == []


def test_options_stand_before_the_name_of_a_command_or_after_it(tmp_path: Path) -> None:
    here, there = str(tmp_path / "here"), str(tmp_path / "there")
    for words in (["--data", there, "list"], ["list", "--data", there],
                  ["--data", here, "list", "--data", there]):  # fmt: skip
        with pytest.raises(NoSuchHub, match="there"):
            CliRunner().invoke(device, words, catch_exceptions=False)


def test_a_list_of_none_says_so_and_how_to_add_one(folder: Path) -> None:
    words = ["list", "--data", str(folder), "--site", "main"]
    said = CliRunner().invoke(device, words, catch_exceptions=False).output
    assert said == "No device yet at main. Add one: binlight device add NAME --kind KIND\n"
    add(folder, "main")
    assert "No device yet" not in CliRunner().invoke(device, words).output
