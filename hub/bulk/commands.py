"""`binlight import`, `binlight export`, `binlight labels`: files in, files out, paper.

They open the hub's database beside a running hub; scans go on meanwhile.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from random import SystemRandom
from typing import Final

import click

from hub.bulk.errors import ImportRefused
from hub.bulk.exports import EXPORTS, write_csv
from hub.bulk.kinds.by_name import KINDS
from hub.bulk.posting import Options
from hub.bulk.report import Report
from hub.bulk.service import import_file
from hub.clock import SystemClock
from hub.config import DEFAULT_COMPANY, DEFAULT_SITE, HubConfig, default_data_folder
from hub.errors import NotFound
from hub.inventory.models import Site
from hub.journal import Journal
from hub.migrations import migrate
from hub.opening import open_database

SHOWN_NOTES: Final = 10
_data = click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), default=None,
    help="The hub's data folder (default: the user's).",
)  # fmt: skip
_database = click.option("--database", default="", help="The hub's database, if not in --data.")
_site = click.option("--site", default=DEFAULT_SITE, show_default=True)
_company = click.option("--company", default=DEFAULT_COMPANY, show_default=True)


def _open(data: Path | None, database: str, site: str, company: str) -> Journal:
    """The hub's database, brought up to date; raises NotFound for an unknown site."""
    config = HubConfig(str(data or default_data_folder()), site, company, database_url=database)
    if config.is_sqlite and not database and not (config.data / "hub.db").exists():
        raise NotFound("hub in the folder", str(config.data))
    opened = open_database(config.database)
    migrate(opened)
    if Site.get_or_none((Site.code == site) & (Site.company == company)) is None:
        raise NotFound("site", f"{site} of {company}")
    return Journal(opened, SystemClock(), SystemRandom())


@click.command("import")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen; change nothing.")
@click.option(
    "--report", type=click.Path(path_type=Path), help="Write all counts and notes (JSON)."
)
@click.option("--channel", default="uci", show_default=True, help="Channel of UCI orders.")
@click.option("--time-zone", default="Europe/London", show_default=True, help="Of UCI dates.")
@click.option("--shift-to", type=click.DateTime(["%Y-%m-%d"]), help="Make this the last day.")
@_data
@_database
@_site
@_company
def import_command(
    kind: str, file: Path, dry_run: bool, report: Path | None, channel: str, time_zone: str,
    shift_to: datetime | None, data: Path | None, database: str, site: str, company: str,
) -> None:  # fmt: skip
    """Read items, barcodes, stock, people or orders from FILE (CSV, or CSV in gzip).

    All or nothing: errors are listed by row and column, and then nothing was changed. The same
    file twice changes nothing; a killed import goes on when the same file is given again.
    """
    journal = _open(data, database, site, company)
    options = Options(channel, time_zone, shift_to.date() if shift_to else None)
    try:
        with _Bar() as bar:
            done = import_file(
                journal, site, company, kind, file, options=options, dry_run=dry_run,
                progress=bar.show,
            )  # fmt: skip
    except ImportRefused as refused:
        if report is not None:
            lines = [error.sentence() for error in refused.errors]
            report.write_text("\n".join(lines) + "\n", encoding="utf-8")
        raise
    if report is not None:
        report.write_text(done.as_json() + "\n", encoding="utf-8")
    _say(done)


class _Bar:
    """A progress bar on a terminal, a line for each step elsewhere."""

    def __init__(self) -> None:
        self._step = ""
        self._bar: object = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.render_finish()  # type: ignore[attr-defined]
            self._bar = None

    def show(self, step: str, done: int, total: int) -> None:
        if step != self._step:
            self._end()
            self._step = step
            if total:
                self._bar = click.progressbar(
                    length=total, label=step, file=sys.stderr, update_min_steps=max(total // 200, 1)
                )
        if self._bar is not None:
            self._bar.update(1)  # type: ignore[attr-defined]


def _say(report: Report) -> None:
    if report.was_known:
        click.echo(f"{report.file_name} was imported before; nothing changed.")
    elif report.is_dry_run:
        click.echo(f"{report.file_name} can be imported. Nothing was changed.")
    else:
        click.echo(f"{report.file_name}: imported in {report.seconds:.1f} s.")
    for kind, count in report.counts.items():
        click.echo(f"{count:>9,}  {kind}")
    click.echo(f"{report.rows:>9,}  rows in the file")
    for note in report.notes[:SHOWN_NOTES]:
        click.echo(f"  row {note.row}, {note.kind}: {note.text}")
    if len(report.notes) > SHOWN_NOTES:
        click.echo(f"  and {len(report.notes) - SHOWN_NOTES:,} more notes (--report FILE)")


@click.command("export")
@click.argument("kind", type=click.Choice(list(EXPORTS)))
@click.option("--out", type=click.Path(path_type=Path), help="A file instead of the terminal.")
@_data
@_database
@_site
@_company
def export_command(
    kind: str, out: Path | None, data: Path | None, database: str, site: str, company: str
) -> None:
    """Write items, barcodes, stock, people or open orders as CSV that can be imported again."""
    _open(data, database, site, company)
    if out is None:
        write_csv(kind, company, site, sys.stdout)
        return
    with out.open("w", encoding="utf-8", newline="") as file:
        count = write_csv(kind, company, site, file)
    click.echo(f"{count:,} rows in {out}", err=True)


@click.command("labels")
@click.argument("kind", type=click.Choice(["bins", "totes", "badges", "scanner"]))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The PDF to write.")
@click.option("--codes", help="Only these codes, with commas between; totes: T-0001..T-0040 too.")
@_data
@_database
@_site
@_company
def labels_command(
    kind: str, out: Path, codes: str | None, data: Path | None, database: str, site: str,
    company: str,
) -> None:  # fmt: skip
    """Print labels as PDF: bins, totes, badges, or the check code for new scanners."""
    from hub.bulk.labels import chosen_labels, labels_pdf

    _open(data, database, site, company)
    labels = chosen_labels(kind, company, site, codes)
    out.write_bytes(labels_pdf(labels))
    click.echo(f"{len(labels):,} labels in {out}", err=True)
