"""`binlight verify`: every check, in order, over one database."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click
import peewee

from hub.config import HubConfig, default_data_folder
from hub.db import reading
from hub.errors import NotFound
from hub.opening import open_database
from hub.verify.chains import check_chains
from hub.verify.findings import Report
from hub.verify.projections import (
    check_balances,
    check_claims,
    check_conservation,
    check_events,
    check_lines,
)
from hub.verify.roots import check_roots
from hub.verify.storage import check_event_rows, check_file, check_places, check_readable

Check = Callable[[peewee.Database, Report], None]
CHECKS: Final[tuple[Check, ...]] = (
    check_file, check_chains, check_balances, check_conservation, check_lines, check_claims,
    check_events, check_event_rows, check_places, check_readable,
)  # fmt: skip


def verify(database: peewee.Database) -> Report:
    """Run every check in one read transaction, so scans may go on meanwhile."""
    report = Report()
    with reading(database):
        for check in CHECKS:
            _carry_out(check, database, report)
    return report


def _carry_out(check: Check, database: peewee.Database, report: Report) -> None:
    """A check that falls over a broken page or a value of another kind has found something."""
    try:
        check(database, report)
    except Exception as wrong:  # noqa: BLE001 - whatever it is, the rows are not as they were
        report.add("storage", check.__name__, f"cannot be carried out: {wrong!r}")


@click.command()
@click.option("--data", default=None, help="The hub's folder (default: the user's data folder).")
@click.option("--database", default=None, help="sqlite:///FILE or postgresql://USER@HOST/NAME.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--roots",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What a device keeps (binlight edge --roots): shows a ledger whose end was cut off.",
)
def command(data: str | None, database: str | None, as_json: bool, roots: tuple[Path, ...]) -> None:
    """Rebuild balances, check chains, conservation and lines; exit 1 if anything is off."""
    opened = _open(data, database)
    report = verify(opened)
    for file in roots:
        check_roots(opened, file.read_bytes(), report)
    click.echo(report.as_json().decode() if as_json else _text(report))
    sys.exit(0 if report.ok else 1)


def _open(data: str | None, url: str | None) -> peewee.Database:
    """The hub's database; raises NotFound instead of making an empty one."""
    config = HubConfig(folder=data or str(default_data_folder()), database_url=url or "")
    file = Path(config.database.removeprefix("sqlite:///"))
    if config.is_sqlite and not file.exists():
        raise NotFound("database", str(file))
    return open_database(config.database)


def _text(report: Report) -> str:
    counted = " · ".join(f"{count:,} {what}" for what, count in report.checked.items())
    if report.ok:
        return f"All true: {counted}.\n" + "\n".join(
            f"  {chain}: {root}" for chain, root in sorted(report.roots.items())
        )
    found = "\n".join(f"  {f.where}: {f.what}" for f in report.findings)
    more = f"\n  and {report.left_out} more" if report.left_out else ""
    return f"Something is off ({counted}):\n{found}{more}"
