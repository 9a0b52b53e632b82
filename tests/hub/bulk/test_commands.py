"""`binlight import`, `export` and `labels` as a person types them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hub.bulk import days
from hub.bulk.commands import export_command, import_command, labels_command
from hub.bulk.errors import ImportRefused
from hub.errors import NotFound
from tests.hub.bulk.files import write


@pytest.fixture
def data(sqlite_template: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "hub data"
    folder.mkdir()
    shutil.copy(sqlite_template, folder / "hub.db")
    return folder


def _import(data: Path, *arguments: object) -> Result:
    return CliRunner().invoke(
        import_command, [*map(str, arguments), "--data", str(data)], catch_exceptions=True
    )


def test_import_says_what_every_row_became(data: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    dry = _import(data, "orders", days.PATH, "--dry-run")
    assert "Nothing was changed" in dry.output
    done = _import(data, "orders", days.PATH, "--shift-to", "2026-07-02", "--report", report)
    assert done.exit_code == 0
    assert "7,586  rows in the file" in done.output
    found = json.loads(report.read_text())
    assert found["adds_up"]
    assert sum(found["counts"].values()) == found["rows"] == 7_586
    assert len(found["notes"]) == found["counts"]["return_unmatched"]
    again = _import(data, "orders", days.PATH)
    assert "imported before; nothing changed" in again.output


def test_import_lists_errors_by_row_and_column_and_takes_nothing(
    data: Path, tmp_path: Path
) -> None:
    path = write(tmp_path / "i.csv", [("", "Lantern"), ("S1", "")], ("sku", "name"))
    refused = _import(data, "items", path, "--report", tmp_path / "errors.txt")
    assert isinstance(refused.exception, ImportRefused)
    assert "row 1, sku" in str(refused.exception)
    listed = (tmp_path / "errors.txt").read_text().splitlines()
    assert [line.split(":")[0] for line in listed] == ["row 1, sku", "row 2, name"]


def test_import_needs_a_hub_and_a_site(data: Path, tmp_path: Path) -> None:
    nowhere = _import(tmp_path / "nowhere", "orders", days.PATH)
    assert isinstance(nowhere.exception, NotFound)
    other = _import(data, "orders", days.PATH, "--site", "w9")
    assert isinstance(other.exception, NotFound)


def test_export_writes_what_import_reads(data: Path, tmp_path: Path) -> None:
    _import(data, "orders", days.PATH)
    out = tmp_path / "items.csv"
    done = CliRunner().invoke(export_command, ["items", "--out", str(out), "--data", str(data)])
    assert done.exit_code == 0
    shown = CliRunner().invoke(export_command, ["items", "--data", str(data)])
    assert shown.output.splitlines() == out.read_text().splitlines()
    assert _import(data, "items", out).exit_code == 0


def test_labels_are_written_as_pdf(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "totes.pdf"
    done = CliRunner().invoke(
        labels_command,
        ["totes", "--codes", "T-01..T-20", "--out", str(out), "--data", str(data)],
    )
    assert done.exit_code == 0
    assert out.read_bytes().startswith(b"%PDF")
