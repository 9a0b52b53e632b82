"""What a hub is told to use and cannot use is said at its start."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner

from hub.config import HubConfig
from hub.errors import BadValue
from hub.process import start_checks
from hub.process.start_checks import UnusableFolder
from hub.run import command


def config_of(folder: Path, backups: Path | str = "", *announce_on: str) -> HubConfig:
    return HubConfig(
        str(folder), secure=True, backup_folder=str(backups), announce_on=announce_on
    ).check()


def refuse_unusable(config: HubConfig) -> None:
    start_checks.refuse_unusable(config, is_first_start=True)


def test_a_folder_for_backups_is_made_where_its_disk_is(tmp_path: Path):
    refuse_unusable(config_of(tmp_path, tmp_path / "backups"))
    assert list((tmp_path / "backups").iterdir()) == []
    assert (tmp_path / "backups").stat().st_mode & 0o777 == 0o700
    refuse_unusable(config_of(tmp_path, tmp_path / "backups"))


def test_where_its_disk_is_missing_none_is_made(tmp_path: Path):
    with pytest.raises(UnusableFolder, match=r"stick/backups .No such file.*Is its disk there"):
        refuse_unusable(config_of(tmp_path, tmp_path / "stick" / "backups"))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_no_file_is_named_before_the_first_night(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(UnusableFolder, match="file"):
        refuse_unusable(config_of(tmp_path, tmp_path / "file"))
    with pytest.raises(UnusableFolder):
        refuse_unusable(config_of(tmp_path, "/proc/self"))


def test_a_hub_that_has_worked_before_goes_on_without_its_disk_and_says_so(tmp_path: Path):
    config = config_of(tmp_path, tmp_path / "stick" / "backups")
    with structlog.testing.capture_logs() as told:
        start_checks.refuse_unusable(config, is_first_start=False)
    assert [(one["event"], one["folder"]) for one in told] == [
        ("no_backups", str(tmp_path / "stick" / "backups"))
    ]


def test_the_hub_refuses_it_on_its_command_line_and_starts_nothing(tmp_path: Path):
    words = ["--data", str(tmp_path / "data"), "--backups", str(tmp_path / "no" / "stick")]
    with pytest.raises(UnusableFolder):
        CliRunner().invoke(command, words, catch_exceptions=False)
    assert not (tmp_path / "data" / "hub.db").exists()


@pytest.mark.parametrize("address", ["eth0", "", "192.168.1", "192.168.1.5/24", "hub.local"])
def test_what_is_no_address_of_an_interface_is_refused_by_name(tmp_path: Path, address: str):
    with pytest.raises(BadValue, match=r"announce-on: .*address of an interface"):
        config_of(tmp_path, "", address)


@pytest.mark.parametrize(
    "options", [{}, {"secure": True, "broker_url": "mqtts://u:p@broker.example"}]
)
def test_an_interface_to_announce_on_is_refused_where_nothing_is_announced(
    tmp_path: Path, options: dict[str, object]
):
    with pytest.raises(BadValue, match="--listen beyond this machine or --secure"):
        HubConfig(str(tmp_path), announce_on=("127.0.0.1",), **options).check()  # type: ignore[arg-type]


def test_an_interface_that_is_not_there_yet_is_told_of_and_stops_nothing(tmp_path: Path):
    with structlog.testing.capture_logs() as told:
        refuse_unusable(config_of(tmp_path, "", "198.51.100.77", "127.0.0.1"))
    assert [(one["event"], one["address"]) for one in told] == [("not_announced", "198.51.100.77")]
