"""Battery, radio and disk as the kernel shows them, or not."""

from __future__ import annotations

import shutil

import pytest

from edge.gauges import battery_percent, disk_free_mb, radio_dbm


def test_battery_and_radio_are_read_where_the_kernel_shows_them(tmp_path):
    (tmp_path / "AC").mkdir()
    (tmp_path / "BAT0").mkdir()
    (tmp_path / "BAT0" / "capacity").write_text("82\n")
    wireless = tmp_path / "wireless"
    wireless.write_text("Inter-| sta\n face | tus\n wlan0: 0000   52.  -58.  -256   0 0 0 0 0 0\n")
    assert (battery_percent(tmp_path), radio_dbm(wireless)) == (82, -58)


def test_no_battery_and_no_radio_are_no_error(tmp_path):
    (tmp_path / "BAT0").mkdir()
    (tmp_path / "BAT0" / "capacity").write_text("full")
    (tmp_path / "wireless").write_text("a\nb\n wlan0: 0000 x y z\nodd\n")
    assert battery_percent(tmp_path) is None
    (tmp_path / "lost").write_text("a\nb\n wlan0: 0000   0.  -256.  -256   0 0 0 0 0 0\n")
    assert radio_dbm(tmp_path / "lost") is None
    assert radio_dbm(tmp_path / "wireless") is None
    assert radio_dbm(tmp_path / "none") is None


@pytest.mark.parametrize(("kernel", "shown"), [("103", 100), ("-1", 0), ("0", 0)])
def test_a_battery_that_measures_badly_is_never_fuller_than_full_nor_less_than_empty(
    tmp_path, kernel, shown
):
    (tmp_path / "BAT0").mkdir()
    (tmp_path / "BAT0" / "capacity").write_text(kernel)
    assert battery_percent(tmp_path) == shown


def test_the_room_on_the_disk_is_told_and_a_folder_that_is_gone_is_no_error(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=3 * 2**20 + 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    assert disk_free_mb(tmp_path) == 3
    monkeypatch.undo()
    assert disk_free_mb(tmp_path / "none") is None
