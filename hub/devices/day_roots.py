"""The day's roots: where each ledger ended, kept on the devices too, so that a cut tail shows.

Owns `day_root`. Once in a site's day the ends of its ledgers go to every enrolled device, which
keeps them and says the newest in its births. A hub that lacks a row which a device knows of, or has
another one there, was set back or changed (docs/decisions/0012-roots-on-devices.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import structlog

from hub import outbox
from hub.command import Command, command
from hub.db import Insert, fetch
from hub.devices.models import DayRoot
from hub.floor_exceptions import open_exception
from hub.journal import Act, Journal
from hub.ledger import Ledger
from protocols.messages.commands import KeepRoots
from protocols.messages.presence import Birth
from protocols.messages.roots import DayRoots, LedgerRoot

Rows = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
"""Reads with `?` marks, in or out of a transaction."""

_insert: Final = Insert(DayRoot, or_ignore=True)
_log = structlog.get_logger("ledgers")


class Cut(NamedTuple):
    """A root that the hub's own ledger does not bear out."""

    root: LedgerRoot
    code: str
    """MISSING: the ledger ends before it. DIFFERENT: another row stands there. UNKNOWN: no such
    ledger.
    """


def keep_if_due(journal: Journal, site: str) -> bool:
    """Give today's roots to the devices that have none, once in the site's day to each; True when
    that was now.
    """
    rows = fetch(journal.database, "SELECT time_zone FROM site WHERE code = ?", (site,))
    if not rows:
        return False
    day = day_of(journal.clock.now_us(), rows[0][0])
    due = "SELECT 1 FROM device WHERE site = ? AND state = 'ENROLLED' AND roots_day <> ?"
    if not fetch(journal.database, due, (site, day)):
        return False
    journal.carry_out(KeepDay(day), site=site, via="timer")
    return True


def day_of(now_us: int, time_zone: str) -> str:
    """The date at the site."""
    moment = datetime.fromtimestamp(now_us // 1_000_000, UTC)
    return moment.astimezone(ZoneInfo(time_zone)).date().isoformat()


def keep_now(act: Act) -> int:
    """Give every device the present roots to keep; returns how many devices."""
    row = act.tx.row("SELECT time_zone FROM site WHERE code = ?", (act.site,))
    act.tx.run("UPDATE device SET roots_day = '' WHERE site = ?", (act.site,))
    return keep(act, day_of(act.now_us, row[0] if row else "UTC"))


def keep(act: Act, day: str) -> int:
    """Note where every ledger ends, and send that to every enrolled device that has no roots of
    this day; returns how many.
    """
    heads = act.tx.rows(
        "SELECT ledger, position, hash FROM ledger_head WHERE site = ? ORDER BY ledger", (act.site,)
    )
    for ledger, position, last in heads:
        act.tx.add(_insert, (act.site, day, ledger, position, bytes(last), act.now_us))
    roots = tuple(LedgerRoot(ledger, int(at), bytes(last).hex()) for ledger, at, last in heads)
    names = act.tx.rows(
        "SELECT name FROM device WHERE site = ? AND state = 'ENROLLED' AND roots_day <> ? "
        "ORDER BY name",
        (act.site, day),
    )
    for (name,) in names:
        outbox.send(act, name, KeepRoots(day, roots))
    act.tx.run(
        "UPDATE device SET roots_day = ? WHERE site = ? AND state = 'ENROLLED'", (day, act.site)
    )
    return len(names)


def cuts(rows: Rows, site: str, kept: DayRoots, ledgers: Iterable[Ledger]) -> list[Cut]:
    """The roots of a day that this hub's ledgers do not bear out."""
    known = {ledger.name: ledger for ledger in ledgers}
    found: list[Cut] = []
    for root in kept.roots:
        code = _judge(rows, site, root, known.get(root.ledger))
        if code:
            found.append(Cut(root, code))
    return found


def _judge(rows: Rows, site: str, root: LedgerRoot, ledger: Ledger | None) -> str:
    if ledger is None:
        return "UNKNOWN"
    if root.position == 0:
        return ""
    there = rows(
        f'SELECT hash FROM "{ledger.table}" WHERE site = ? AND position = ?',
        (site, root.position),
    )
    if not there:
        return "MISSING"
    return "" if bytes(there[0][0]).hex() == root.hash else "DIFFERENT"


def compare(act: Act, birth: Birth, ledgers: Iterable[Ledger]) -> bool:
    """Hold what a device keeps against the ledgers; opens one exception for each root that does
    not fit, however many devices know of it, each as an act of its own: False.
    """
    if birth.roots is not None:
        for cut in cuts(act.tx.rows, act.site, birth.roots, ledgers):
            _tell(act, birth, birth.roots.day, cut)
    return False


def _tell(act: Act, birth: Birth, day: str, cut: Cut) -> None:
    root = cut.root
    key = f"cut/{day}/{root.ledger}/{root.position}/{root.hash}"
    act.tx.flush()
    known = "SELECT 1 FROM floor_exception WHERE site = ? AND cause = ?"
    if act.tx.row(known, (act.site, key)) is not None:
        return
    _log.error("ledger_cut", device=birth.dev, day=day, ledger=root.ledger, position=root.position,
               code=cut.code)  # fmt: skip
    told = Act(act.tx, TellOfCut.ACT, site=act.site, key=key, via="device", device=birth.dev)
    told.carry_out(TellOfCut(day, root.ledger, root.position, cut.code))


# --- as commands ----------------------------------------------------------------------------------


@command("devices.keep_roots")
class KeepDay(Command[int], frozen=True):
    """Give the roots of this day to the devices that have none."""

    day: str

    def carry_out(self, act: Act) -> int:
        return keep(act, self.day)


@command("devices.find_cut")
class TellOfCut(Command[None], frozen=True):
    """A device keeps a root that the ledger does not bear out."""

    day: str
    ledger: str
    position: int
    code: str

    def carry_out(self, act: Act) -> None:
        open_exception(
            act, "LEDGER_CUT", day=self.day, ledger=self.ledger, position=self.position,
            code=self.code,
        )  # fmt: skip
