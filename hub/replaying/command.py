"""`binlight replay`: the journal carried out again on a fresh database, and the two compared."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import msgspec
import peewee

from hub.config import HubConfig, default_data_folder
from hub.db import fetch
from hub.errors import BadValue, NotFound
from hub.opening import open_beside, open_scratch
from hub.replaying.replay import Outcome, day_end, replay


@click.command()
@click.option("--data", default=None, help="The hub's folder (default: the user's data folder).")
@click.option("--database", default="", help="sqlite:///FILE or postgresql://USER@HOST/NAME.")
@click.option("--from", "backup", default=None, type=click.Path(exists=True, path_type=Path),
              help="Begin with this backup instead of nothing.")  # fmt: skip
@click.option("--day", default=None, help="Stop after this day of the site (YYYY-MM-DD).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    data: str | None, database: str, backup: Path | None, day: str | None, as_json: bool
) -> None:
    """Make the books again from the journal alone; exit 1 at the first thing that differs.

    The hub may be at work meanwhile: only a scratch database is written.
    """
    real = _open(data, database)
    until_us = None if day is None else _end_of(real, day)
    with tempfile.TemporaryDirectory(prefix="binlight-replay-") as folder:
        scratch = open_scratch(_begin(Path(folder), backup))
        outcome = replay(real, scratch, until_us=until_us, progress=_say)
        scratch.close()
    real.close()
    click.echo(msgspec.json.encode(outcome).decode() if as_json else _text(outcome))
    sys.exit(0 if outcome.ok else 1)


def _open(data: str | None, url: str) -> peewee.Database:
    """The hub's database; raises NotFound instead of making an empty one."""
    config = HubConfig(folder=data or str(default_data_folder()), database_url=url)
    file = Path(config.database.removeprefix("sqlite:///"))
    if config.is_sqlite and not file.exists():
        raise NotFound("database", str(file))
    return open_beside(config.database)


def _begin(folder: Path, backup: Path | None) -> Path:
    """The scratch database's file: not there yet, or as it was in a backup."""
    file = folder / "hub.db"
    if backup is not None:
        from hub.backup.archive import take_database

        take_database(backup, file)
    return file


def _end_of(real: peewee.Database, day: str) -> int:
    zones = fetch(real, "SELECT time_zone FROM site ORDER BY code")
    try:
        return day_end(day, ZoneInfo(zones[0][0] if zones else "UTC"))
    except ValueError as wrong:
        raise BadValue("day", day, "use a date such as 2026-11-21") from wrong


def _say(done: int, total: int) -> None:
    click.echo(f"\r{done:,} of {total:,} acts", nl=done == total, err=True)


def _text(outcome: Outcome) -> str:
    wrong = outcome.difference
    if wrong is not None:
        at = (
            f"act {wrong.act} ({wrong.key}) at {wrong.site}/{wrong.position}: " if wrong.act else ""
        )
        return f"{outcome.acts:,} acts came out the same, then one did not.\n  {at}{wrong.what}"
    rows = sum(outcome.compared.values())
    counted = f", {rows:,} rows of {len(outcome.compared)} tables" if outcome.compared else ""
    chains = "\n".join(f"  {chain}: {head}" for chain, head in outcome.heads.items())
    return f"The same books: {outcome.acts:,} acts{counted}.\n{chains}"
