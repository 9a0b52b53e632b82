"""Counts as of a moment: what somebody saw is compared with the books of then, not of now.

Owns `bin_count`. A count settles once everything up to its moment has arrived from every
device (`hub.devices.queries.behind`); until then it waits, unless a supervisor settles it early
with a reason. What devices still report of before an early count is a new discrepancy. What the
books become is `bin_counts`' business (docs/counts.md).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from hub import outbox
from hub.db import Insert
from hub.devices import queries as devices
from hub.devices.queries import Mark
from hub.errors import BadValue, WrongState
from hub.floor_exceptions import open_exception
from hub.inventory import facts
from hub.inventory import service as inventory
from hub.inventory.posting import AVAILABLE, Goods, Where, virtual
from hub.journal import Act
from hub.warehouse.bin_counts import (
    ASIDE,
    REASON,
    Counted,
    settle_balance,
    settle_count,
    settle_unexplained,
)
from hub.warehouse.count_models import BinCount
from protocols.limits import OUTBOX_KEEP_DAYS
from protocols.messages.commands import ReportNow

SILENT_US: Final = OUTBOX_KEEP_DAYS * 24 * 3600 * 1_000_000
"""Nobody waits for a device that was silent for so long before the count; its events are watched
for like after an early settlement."""
ASK_EVERY_US: Final = 10 * 1_000_000
"""How often devices that are on line are asked how far they are, while a count waits for them."""

_insert: Final = Insert(BinCount)
_READ: Final = (
    "SELECT id, place, item, balance, counted, as_of, reason, state, exception, person, "
    "settled_upto FROM bin_count WHERE {} AND site = ?"
)


class Taken(NamedTuple):
    """What became of a count: settled (`done`), or waiting for these devices."""

    id: bytes
    waits_for: tuple[str, ...]
    done: Counted | None


class Count(NamedTuple):
    """A row of the table, as decisions need it."""

    id: bytes
    place: bytes
    item: bytes
    balance: bytes | None
    counted: int
    as_of: int
    reason: str
    state: str
    exception: bytes | None
    person: bytes
    settled_upto: int


def take(
    act: Act, place: bytes, item: bytes, counted: int, *, reason: str = REASON,
    balance: bytes | None = None, exception: bytes | None = None, as_of: int | None = None,
) -> Taken:  # fmt: skip
    """Somebody counted an article in a place, now or at `as_of`; settles it at once if it can be.

    `balance`: only that one was counted. A count that waits stands on the page of exceptions, by
    `exception` or by one of its own. Raises BadValue, and WrongState when somebody counted later.
    """
    if counted < 0:
        raise BadValue("quantity", counted, "a count is 0 or more")
    moment = act.now_us if as_of is None else as_of
    if not 0 <= moment <= act.now_us:
        raise BadValue("as_of", moment, "a count is of now or of before")
    _replace_older(act, place, item, balance, moment)
    count = Count(act.new_id(), place, item, balance, counted, moment, reason, "WAITING",
                  exception, act.actor, 0)  # fmt: skip
    waits_for = devices.behind(_marks(act), moment, moment - SILENT_US)
    if waits_for and count.exception is None:
        own = open_exception(act, "COUNT_WAITING", place=place, item=item, quantity=counted,
                             reason=reason)  # fmt: skip
        count = count._replace(exception=own)
    _write(act, count)
    if not waits_for:
        return Taken(count.id, (), _settle(act, count))
    act.tx.flush()
    act.tx.run("UPDATE floor_exception SET state = 'WAITING' WHERE id = ?", (count.exception,))
    _ask(act, waits_for)
    return Taken(count.id, tuple(mark.device for mark in waits_for), None)


def waiting_for(site: str, as_of: int) -> list[Mark]:
    """The devices from which something of before `as_of` may still come."""
    return devices.behind(devices.marks(site), as_of, as_of - SILENT_US)


def _marks(act: Act) -> list[Mark]:
    """How far the devices are, as the act sees them: no journal row tells."""
    return act.see(list[Mark], lambda: devices.marks(act.site))


def settle_early(act: Act, exception: bytes, reason: str) -> str:
    """Settle a waiting count with what has arrived; returns what it changed. Raises WrongState."""
    count = _of_exception(act, exception)
    done = _settle(act, count, early_reason=reason)
    return f"{in_words(count.counted, done)}; early: {reason}"


def drop(act: Act, exception: bytes) -> int:
    """Forget a waiting count: the books stay as they are. Returns what was counted."""
    count = _of_exception(act, exception)
    act.tx.run("UPDATE bin_count SET state = 'DROPPED' WHERE id = ?", (count.id,))
    return count.counted


def undo_late(act: Act, place: bytes, item: bytes, late: int) -> str:
    """Take units that moved before an early count out of the books once more (`late` < 0: left)."""
    row = act.tx.row(
        "SELECT COALESCE(SUM(on_hand), 0) FROM balance WHERE place = ? AND item = ? "
        "AND status IN (?, ?)",
        (place, item, AVAILABLE, ASIDE),
    )
    booked = int(row[0]) if row else 0
    settle_count(act, place, item, max(0, booked - late), keeps_aside=True)
    return f"{-late:+d} units booked back"


def in_words(counted: int, done: Counted) -> str:
    return (
        f"{counted} counted: {done.found_again} found again, {done.lost} lost, "
        f"{done.surplus} more than booked"
    )


def of_exception(exception: bytes) -> BinCount | None:
    """The count that an exception waits with; reads only."""
    found: BinCount | None = BinCount.get_or_none(
        (BinCount.exception == exception) & (BinCount.state == "WAITING")
    )
    return found


def _of_exception(act: Act, exception: bytes) -> Count:
    found = _read(act, "state = 'WAITING' AND exception = ?", exception)
    if not found:
        raise WrongState("count", exception.hex(), "settled", "WAITING")
    return found[0]


def _read(act: Act, where: str, *params: Any) -> list[Count]:
    rows = act.tx.rows(_READ.format(where), (*params, act.site))
    return [Count(*row) for row in rows]


def _write(act: Act, count: Count) -> None:
    values = {**count._asdict(), "site": act.site, "taken_at": act.now_us, "asked_at": act.now_us,
              "settled_at": None, "early_reason": ""}  # fmt: skip
    act.tx.run(_insert.sql, [values[column] for column in _insert.columns])


def _replace_older(act: Act, place: bytes, item: bytes, balance: bytes | None, moment: int) -> None:
    """Of several counts of the same stock the one as of the latest moment counts."""
    same, values = "place = ? AND item = ?", [place, item]
    if balance is not None:
        same, values = f"{same} AND (balance IS NULL OR balance = ?)", [*values, balance]
    newer = act.tx.row(
        f"SELECT as_of FROM bin_count WHERE {same} AND as_of > ? AND state <> 'DROPPED'",
        (*values, moment),
    )
    if newer is not None:
        raise WrongState("count", place.hex()[-8:], "older than another", "the latest count")
    same = same.replace("balance IS NULL OR ", "")
    act.tx.run(
        "UPDATE floor_exception SET state = 'RESOLVED', resolved_at = ?, resolution = "
        "'COUNTED_AGAIN' WHERE kind = 'COUNT_WAITING' AND state = 'WAITING' AND id IN "
        f"(SELECT exception FROM bin_count WHERE {same} AND state = 'WAITING')",
        (act.now_us, *values),
    )
    act.tx.run(
        f"UPDATE bin_count SET state = 'DROPPED' WHERE {same} AND state IN ('WAITING', 'EARLY')",
        values,
    )


# --- settling ------------------------------------------------------------------------------------


def _settle(act: Act, count: Count, early_reason: str = "") -> Counted:
    """Make the books true as of then, and carry what really moved since over to now."""
    inventory.hold_stock(act, count.place, count.item)
    since = "occurred_at > ? AND reason <> ?"
    due = count.counted + _moved(act, count, since, count.as_of, facts.BEYOND)
    keeps_aside = count.balance is None and _answer_doubts(act, count)
    if due < 0:
        goods = Goods(inventory.site_facts(act).company, count.item)
        facts.explain(act, goods, -due, Where(count.place))
        due = 0
    if count.balance is None:
        done = settle_count(act, count.place, count.item, due, keeps_aside=keeps_aside)
    else:
        done = settle_balance(act, count.balance, due, count.reason)
    _close(act, count, early_reason)
    return done


def _close(act: Act, count: Count, early_reason: str) -> None:
    head = act.tx.row(
        "SELECT position FROM ledger_head WHERE site = ? AND ledger = 'stock'", (act.site,)
    )
    is_watched = devices.behind(_marks(act), count.as_of)
    act.tx.run(
        "UPDATE bin_count SET state = ?, settled_at = ?, settled_upto = ?, early_reason = ? "
        "WHERE id = ?",
        ("EARLY" if is_watched else "SETTLED", act.now_us, head[0] if head else 0, early_reason,
         count.id),
    )  # fmt: skip


def _moved(act: Act, count: Count, when: str, *params: Any) -> int:
    """Units that came into the counted stock less those that left it; adjustments moved nothing."""
    into = _moved_side(act, count, "to", "from", when, params)
    return into - _moved_side(act, count, "from", "to", when, params)


def _moved_side(
    act: Act, count: Count, side: str, other: str, when: str, params: tuple[Any, ...]
) -> int:
    there, values = f"{side}_status IN (?, ?)", [AVAILABLE, ASIDE]
    if count.balance is not None:
        there = f"{side}_status = ? AND lot = ? AND owner = ? AND {side}_lpn = ?"
        values = list(
            act.tx.row("SELECT status, lot, owner, lpn FROM balance WHERE id = ?", (count.balance,))
            or ("", "", "", "")
        )
    row = act.tx.row(
        f"SELECT COALESCE(SUM(quantity), 0) FROM movement WHERE site = ? AND {side}_place = ? "
        f"AND item = ? AND {other}_place <> ? AND {there} AND {when}",
        (act.site, count.place, count.item, virtual(act.site, "ADJUSTMENT").place, *values,
         *params),
    )  # fmt: skip
    return int(row[0]) if row else 0


def _answer_doubts(act: Act, count: Count) -> bool:
    """The count answers who doubted the same stock; True when somebody doubted it later.

    Units beyond the books are a difference of stock now, whenever they were taken: if the count
    does not explain them, settling says so anew.
    """
    act.tx.flush()
    where = "site = ? AND place = ? AND item = ? AND state <> 'RESOLVED' AND id <> ?"
    own = count.exception or b""
    same = (act.site, count.place, count.item, own)
    row = act.tx.row(
        "SELECT SUM(quantity) FROM floor_exception WHERE site = ? AND place = ? AND item = ? "
        "AND state <> 'RESOLVED' AND kind = 'UNEXPLAINED_STOCK'",
        same[:3],
    )
    settle_unexplained(act, count.item, int(row[0] or 0) if row else 0)
    act.tx.run(
        "UPDATE floor_exception SET state = 'RESOLVED', resolved_at = ?, resolved_by = ?, "
        f"resolution = 'counted with another' WHERE {where} AND (kind = 'UNEXPLAINED_STOCK' "
        "OR kind IN ('SHORT_PICK', 'COUNT_WAITING', 'LATE_MOVES') AND occurred_at <= ?)",
        (act.now_us, count.person, *same, count.as_of),
    )
    later = act.tx.row(
        f"SELECT 1 FROM floor_exception WHERE {where} AND kind = 'SHORT_PICK' AND occurred_at > ?",
        (*same, count.as_of),
    )
    return later is not None


# --- the planner's part --------------------------------------------------------------------------


def ready(site: str) -> list[bytes]:
    """Counts that wait or are watched, and for which every device has said enough by now."""
    query: Any = (
        BinCount.select(BinCount.id, BinCount.as_of, BinCount.state)
        .where(BinCount.site == site, BinCount.state.in_(("WAITING", "EARLY")))
        .order_by(BinCount.as_of, BinCount.id)
        .tuples()
    )
    rows = list(query)
    marks = devices.marks(site) if rows else []
    return [id for id, as_of, state in rows if not _behind(marks, as_of, state)]


def _behind(marks: list[Mark], as_of: int, state: str) -> list[Mark]:
    return devices.behind(marks, as_of, as_of - SILENT_US if state == "WAITING" else 0)


def settle_ready(act: Act, id: bytes) -> bool:
    """Settle one that waits, or end the watch over one settled early. Safe to repeat."""
    act.tx.run("UPDATE bin_count SET state = state WHERE id = ?", (id,))
    found = _read(act, "state IN ('WAITING', 'EARLY') AND id = ?", id)
    if not found or _behind(_marks(act), found[0].as_of, found[0].state):
        return False
    count = found[0]
    if count.state == "EARLY":
        _end_watch(act, count)
        return True
    act.actor = count.person
    said = in_words(count.counted, _settle(act, count))
    act.tx.run(
        "UPDATE floor_exception SET state = 'RESOLVED', resolved_at = ?, resolved_by = ?, "
        "resolution = ? WHERE id = ? AND state = 'WAITING'",
        (act.now_us, count.person, said, count.exception),
    )
    return True


def _end_watch(act: Act, count: Count) -> None:
    """What moved before the count and was heard of after it is in the books twice."""
    late = _moved(act, count, "occurred_at <= ? AND position > ?", count.as_of, count.settled_upto)
    act.tx.run("UPDATE bin_count SET state = 'SETTLED' WHERE id = ?", (count.id,))
    if late:
        open_exception(
            act, "LATE_MOVES", place=count.place, item=count.item, quantity=late,
            counted=count.counted,
        )  # fmt: skip


def ask_again(act: Act) -> int:
    """Ask devices that are on line, and that counts wait for, how far they are; returns how many
    counts wait.
    """
    rows = act.tx.rows(
        "SELECT MAX(as_of), COUNT(*) FROM bin_count WHERE site = ? AND state = 'WAITING'",
        (act.site,),
    )
    latest, count = rows[0]
    if count:
        act.tx.run(
            "UPDATE bin_count SET asked_at = ? WHERE site = ? AND state = 'WAITING'",
            (act.now_us, act.site),
        )
        _ask(act, devices.behind(_marks(act), int(latest), int(latest) - SILENT_US))
    return int(count)


def is_time_to_ask(site: str, now_us: int) -> bool:
    waits = (BinCount.site == site) & (BinCount.state == "WAITING")
    return bool(BinCount.select().where(waits & (BinCount.asked_at <= now_us - ASK_EVERY_US)))


def _ask(act: Act, behind: list[Mark]) -> None:
    for mark in behind:
        asked = act.tx.row(
            "SELECT 1 FROM outbox_message WHERE site = ? AND device = ? AND type = 'ReportNow' "
            "AND state IN ('UNSENT', 'SENT')",
            (act.site, mark.device),
        )
        if mark.presence == "ONLINE" and asked is None:
            outbox.send(act, mark.device, ReportNow())
