"""What other parts call: import a file from Python, settle a listed adjustment."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from hub.bulk import engine
from hub.bulk.engine import Progress, run_import
from hub.bulk.kinds.by_name import kind_named
from hub.bulk.models import ImportRun
from hub.bulk.posting import Options
from hub.bulk.report import Report
from hub.errors import NotFound, WrongState
from hub.inventory import service as inventory
from hub.journal import Act, Journal


def import_file(
    journal: Journal, site: str, company: str, kind: str, path: Path, *,
    options: Options | None = None, dry_run: bool = False, progress: Progress | None = None,
    rest: Callable[[float], None] = time.sleep,
) -> Report:  # fmt: skip
    """Import a file of this kind (items, barcodes, stock, people, orders); safe to repeat.

    Raises ImportRefused, WrongColumns, UnreadableFile, BadValue, and has then changed nothing.
    `rest` is called with seconds between slices, so that others can write.
    """
    return run_import(
        journal, kind_named(kind), path, company=company, site=site, options=options,
        dry_run=dry_run, progress=progress, rest=rest,
    )  # fmt: skip


def go_on(
    journal: Journal, run: bytes, *, progress: Progress | None = None,
    rest: Callable[[float], None] = time.sleep,
) -> Report:  # fmt: skip
    """Take what is left of a file that was found good when its process ended; needs no file."""
    kind = kind_named(ImportRun.get_by_id(run).kind)
    return engine.go_on(journal, kind, run, progress=progress, rest=rest)


def import_orders(
    journal: Journal, site: str, company: str, path: Path, *, options: Options | None = None,
    dry_run: bool = False, progress: Progress | None = None,
    rest: Callable[[float], None] = time.sleep,
) -> Report:  # fmt: skip
    """Import orders: UCI Online Retail or our plain CSV. As `import_file`."""
    return import_file(
        journal, site, company, "orders", path, options=options, dry_run=dry_run,
        progress=progress, rest=rest,
    )  # fmt: skip


def post_adjustment(act: Act, adjustment: bytes, bin_code: str) -> None:
    """Carry out a listed adjustment in this bin. Raises NotFound, WrongState, NotEnoughStock."""
    row = act.tx.row(
        "SELECT item, quantity, note FROM listed_adjustment WHERE id = ?", (adjustment,)
    )
    if row is None:
        raise NotFound("adjustment", adjustment.hex())
    place = inventory.bin_place(act, bin_code)
    _settle(act, adjustment, "POSTED", place)
    inventory.adjust(act, place, bytes(row[0]), row[1], row[2] or "imported adjustment")


def reject_adjustment(act: Act, adjustment: bytes) -> None:
    """Decide that a listed adjustment changes nothing here. Raises WrongState."""
    _settle(act, adjustment, "REJECTED", None)


def _settle(act: Act, adjustment: bytes, state: str, place: bytes | None) -> None:
    changed = act.tx.run(
        "UPDATE listed_adjustment SET state = ?, place = ?, settled_at = ?, settled_by = ? "
        "WHERE id = ? AND state = 'DRAFT'",
        (state, place, act.now_us, act.actor, adjustment),
    )
    if changed != 1:
        raise WrongState("adjustment", adjustment.hex(), "settled or unknown", "DRAFT")
