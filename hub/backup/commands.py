"""`binlight backup` and `binlight restore`: for whoever looks after the hub."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from random import SystemRandom
from typing import Final

import click
import peewee

from hub.backup.by_hand import note_backup
from hub.backup.drill import Drilled, drill
from hub.backup.restoring import Restored, restore
from hub.backup.shut_out import Seen
from hub.backup.taking import Taken, take
from hub.clock import SystemClock
from hub.config import DEFAULT_COMPANY, DEFAULT_SITE, HubConfig, default_data_folder
from hub.verify.findings import Report
from protocols.limits import OUTBOX_KEEP_DAYS

_data: Final = click.option(
    "--data", type=click.Path(path_type=Path, file_okay=False), default=None,
    help="The hub's data folder (default: the user's).",
)  # fmt: skip


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@_data
@click.option("--site", default=DEFAULT_SITE, show_default=True)
@click.option("--company", default=DEFAULT_COMPANY, show_default=True)
@click.option("--database", default="", help="The hub's database, if not in --data.")
def backup(target: Path, data: Path | None, site: str, company: str, database: str) -> None:
    """Back the hub up into TARGET, a file or a folder, while it works; exit 1 if its books are
    not true. Whoever has the file can be the hub: keep it like a key.
    """
    folder = (data or default_data_folder()).expanduser().absolute()
    config = HubConfig(str(folder), site, company, database_url=database)
    clock = SystemClock()
    taken = take(config, target.expanduser().absolute(), clock.now_us(), _say)
    click.echo(_about(taken))
    _note(config, clock, taken)
    sys.exit(0 if taken.report.ok else 1)


def _note(config: HubConfig, clock: SystemClock, taken: Taken) -> None:
    """The backup is good, whether or not the hub can be told of it."""
    try:
        note_backup(config, clock, taken)
    except peewee.OperationalError as wrong:
        click.echo(f"The hub's status page does not know of it: {wrong}.", err=True)


def _say(left: int, total: int) -> None:
    if total:
        click.echo(f"\r{100 * (total - left) // total} % copied", nl=left == 0, err=True)


def _about(taken: Taken) -> str:
    size = taken.path.stat().st_size
    said = f"{taken.path}: {size:,} bytes, {len(taken.manifest.files)} files."
    return f"{said}\n{_truth(taken.report)}"


def _truth(report: Report) -> str:
    if report.ok:
        return f"Its books are true: {sum(report.checked.values()):,} rows."
    found = "\n".join(f"  {f.where}: {f.what}" for f in report.findings)
    return f"Its books are not true; see docs/backup.md.\n{found}"


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_data
@click.option("--force", is_flag=True, help="Keep what is in the folder beside it.")
@click.option("--drill", "is_drill", is_flag=True, help="Only try it out, where nobody sees it.")
@click.option(
    "--older", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=None,
    help="With --drill: replay from this backup, not from nothing.",
)  # fmt: skip
def restore_command(
    file: Path, data: Path | None, force: bool, is_drill: bool, older: Path | None
) -> None:
    """Make the hub again from the backup FILE; refused while one works in the folder."""
    if is_drill:
        done = drill(file, older)
        click.echo(_about_drill(done))
        sys.exit(0 if done.ok else 1)
    folder = (data or default_data_folder()).expanduser().absolute()
    restored = restore(file, folder, SystemClock(), SystemRandom(), force=force)
    click.echo(_about_restored(restored, folder))
    sys.exit(0 if restored.report.ok else 1)


def _about_drill(done: Drilled) -> str:
    wrong = done.replayed.difference
    made = f"Made again from its journal: {done.replayed.acts:,} acts came out the same."
    if wrong is not None:
        made += f" Then one did not: {wrong.act} at {wrong.position}: {wrong.what}"
    return f"A backup of {_moment(done.manifest.made_at)}.\n{_truth(done.report)}\n{made}"


def _about_restored(restored: Restored, folder: Path) -> str:
    since = _moment(restored.manifest.made_at)
    parts = [f"The hub in {folder} is as it was at {since}.", _truth(restored.report)]
    if restored.kept_beside is not None:
        parts.append(f"What was there before is in {restored.kept_beside}.")
    parts.append(
        "Start it. Devices send again what they did since: they keep it for "
        f"{OUTBOX_KEEP_DAYS} days."
        if restored.is_within_devices_memory
        else f"Devices keep what they did for {OUTBOX_KEEP_DAYS} days, and this backup is older: "
        "what is missing of theirs becomes an exception (LOST_RANGE). Count the bins concerned."
    )
    parts.append(
        "What came in since by pages, API and imports is lost: orders, cancellations, receipts, "
        "counts, packing and shipments after that moment have to be entered again."
    )
    parts.append(_about_kept_out(restored.kept_out))
    parts.append(_about_rights(restored))
    return "\n".join(parts)


def _about_kept_out(seen: Seen) -> str:
    """Who is still out, and what somebody has to see to before the hub is started."""
    passwords = "Passwords and PINs are as they were, and whoever was logged in has to do so again."
    if not seen.is_whole:
        return (
            "Devices and people that were shut out after that moment are let in again: shut out "
            "what was lost or stolen before you start it (binlight device revoke). " + passwords
        )
    out = seen.out
    return (
        f"Whoever was shut out stays out: {len(out.devices)} devices, {len(out.certificates)} "
        f"certificates, {len(out.people)} people, {len(out.tokens)} API keys. {passwords}"
    )


def _about_rights(restored: Restored) -> str:
    """What to look at before others do."""
    said = {
        change: sum(right.change == change for right in restored.rights)
        for change in ("GIVEN_BACK", "TAKEN_BACK", "UNKNOWN")
    }
    if said["UNKNOWN"]:
        told = "Roles are as they were then: whoever lost one since has it again."
    elif restored.rights:
        told = (
            f"Roles are as they were then: {said['GIVEN_BACK']} that were taken away since are "
            f"there again, {said['TAKEN_BACK']} that were given since are gone."
        )
    else:
        return "Roles are as they were just before." + _about_nobody(restored)
    return f"{told} The page People asks an administrator to look." + _about_nobody(restored)


def _about_nobody(restored: Restored) -> str:
    if restored.has_administrator:
        return ""
    return "\nNo administrator of then can get in: make one by `binlight user let-in LOGIN`."


def _moment(at_us: int) -> str:
    return f"{datetime.fromtimestamp(at_us // 1_000_000, UTC):%Y-%m-%d %H:%M:%S} UTC"
