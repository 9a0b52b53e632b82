"""Checks of what is derived: balances, line stages, claims and delivered events against ledgers."""

from __future__ import annotations

from typing import Final

import peewee

from hub.db import fetch
from hub.inventory.models import REAL_KINDS
from hub.inventory.posting import key_id
from hub.orders.models import STAGES
from hub.streaming import stream
from hub.verify.findings import Report

_KEY: Final = "company, site, place, lpn, owner, item, lot, status"

_REBUILT: Final = f"""
    SELECT {_KEY}, SUM(quantity) AS on_hand FROM (
        SELECT company, site, to_place AS place, to_lpn AS lpn, owner, item, lot,
               to_status AS status, quantity FROM movement
        UNION ALL
        SELECT company, site, from_place, from_lpn, owner, item, lot, from_status, -quantity
        FROM movement
    ) AS sides GROUP BY {_KEY}
"""
_HELD: Final = (
    "SELECT balance, SUM(quantity) AS quantity FROM allocation "
    "WHERE state IN ('ALLOCATED', 'RELEASED', 'PICKED') GROUP BY balance"
)
_BALANCES: Final = (
    "SELECT b.id, b.is_real, b.on_hand, b.allocated, COALESCE(h.quantity, 0), p.kind, "
    f"{', '.join(f'b.{column}' for column in _KEY.split(', '))} FROM balance b "
    f"LEFT JOIN ({_HELD}) AS h ON h.balance = b.id LEFT JOIN place p ON p.id = b.place"
)
_HELD_OF_NOTHING: Final = (
    f"SELECT h.balance, h.quantity FROM ({_HELD}) AS h LEFT JOIN balance b ON b.id = h.balance "
    "WHERE b.id IS NULL"
)
_SAME_KEY: Final = " AND ".join(f"b.{column} = r.{column}" for column in _KEY.split(", "))


def check_balances(database: peewee.Database, report: Report) -> None:
    """Rebuild every balance from the movements, and every claim count from the allocations."""
    for place, item, found, expected in fetch(
        database,
        f"SELECT r.place, r.item, b.on_hand, r.on_hand FROM ({_REBUILT}) AS r "
        f"LEFT JOIN balance b ON {_SAME_KEY} WHERE b.on_hand IS NULL OR b.on_hand <> r.on_hand",
    ):
        report.add(
            "balance", _name(database, place, item),
            f"on hand is {found}, the movements make it {expected}",
        )  # fmt: skip
    for place, item, found in fetch(
        database,
        f"SELECT b.place, b.item, b.on_hand FROM balance b LEFT JOIN ({_REBUILT}) AS r "
        f"ON {_SAME_KEY} WHERE r.on_hand IS NULL AND (b.on_hand <> 0 OR b.allocated <> 0)",
    ):
        report.add(
            "balance", _name(database, place, item), f"on hand is {found} without any movement"
        )
    _check_balance_rows(database, report)


def _check_balance_rows(database: peewee.Database, report: Report) -> None:
    for id, is_real, on_hand, allocated, expected, kind, *key in stream(database, _BALANCES):
        report.count("balance")
        wrong = []
        if key_id(*key) != id:
            wrong.append("the id is not that of the key columns: one was changed")
        if allocated != expected:
            wrong.append(f"allocated is {allocated}, the claims are {expected}")
        if is_real not in (0, 1) or bool(is_real) != (kind in REAL_KINDS):
            wrong.append(f"is_real is {is_real}, the place is {kind}")
        elif is_real and on_hand < 0:
            wrong.append(f"a real place holds {on_hand}")
        for what in wrong:
            report.add("balance", _name(database, key[2], key[5]), what)
    for balance, quantity in fetch(database, _HELD_OF_NOTHING):
        report.add("balance", f"balance {_hex(balance)}", f"{quantity} claimed of no balance")


def check_conservation(database: peewee.Database, report: Report) -> None:
    """Whatever left one place is in another: over all places every article sums up to nothing."""
    for item, total in fetch(
        database,
        "SELECT item, SUM(on_hand) FROM balance GROUP BY company, item, lot, owner "
        "HAVING SUM(on_hand) <> 0",
    ):
        report.add("conservation", f"item {_hex(item)}", f"all places together hold {total}")


def check_lines(database: peewee.Database, report: Report) -> None:
    """The stages of each line, rebuilt from its ledger, add up to what was ordered."""
    stages = (*STAGES, "returned")
    sums = ", ".join(
        f"SUM(CASE WHEN to_stage = '{s}' THEN quantity WHEN from_stage = '{s}' THEN -quantity "
        f'ELSE 0 END) AS "{s}"'
        for s in stages
    )
    differs = " OR ".join(f'l."{s}" <> COALESCE(m."{s}", 0)' for s in stages)
    total = " + ".join(f'l."{s}"' for s in STAGES)
    for (line,) in fetch(
        database,
        f"SELECT l.id FROM order_line l LEFT JOIN (SELECT order_line, {sums} FROM line_move "
        f"GROUP BY order_line) AS m ON m.order_line = l.id WHERE {differs} OR {total} <> l.ordered",
    ):
        report.add(
            "order line", f"order_line {_hex(line)}", "the stages are not those of its moves"
        )
    report.count("order_line", _count(database, "order_line"))


def check_claims(database: peewee.Database, report: Report) -> None:
    """What lines say is allocated, released, picked or packed is what their claims hold."""
    rows = fetch(
        database,
        "SELECT l.id, l.allocated, l.released, l.picked + l.packed, "
        "COALESCE(c.allocated, 0), COALESCE(c.released, 0), COALESCE(c.picked, 0) "
        "FROM order_line l LEFT JOIN (SELECT order_line, "
        "SUM(CASE WHEN state = 'ALLOCATED' THEN quantity ELSE 0 END) AS allocated, "
        "SUM(CASE WHEN state = 'RELEASED' THEN quantity ELSE 0 END) AS released, "
        "SUM(CASE WHEN state = 'PICKED' THEN quantity ELSE 0 END) AS picked "
        "FROM allocation GROUP BY order_line) AS c ON c.order_line = l.id "
        "WHERE l.allocated <> COALESCE(c.allocated, 0) OR l.released <> COALESCE(c.released, 0) "
        "OR l.picked + l.packed <> COALESCE(c.picked, 0)",
    )
    for line, *found in rows:
        report.add(
            "claims", f"order_line {_hex(line)}",
            "allocated, released, picked + packed are {} {} {} on the line, {} {} {} in its "
            "claims".format(*found),
        )  # fmt: skip
    report.count("allocation", _count(database, "allocation"))


def check_events(database: peewee.Database, report: Report) -> None:
    """Every event counted as delivered is there, once, with its journal row."""
    for device, epoch, upto, pruned, there in fetch(
        database,
        "SELECT e.device, e.epoch, e.upto, e.pruned_upto, COUNT(v.seq) FROM device_epoch e "
        "LEFT JOIN device_event v ON v.site = e.site AND v.device = e.device "
        "AND v.epoch = e.epoch GROUP BY e.site, e.device, e.epoch, e.upto, e.pruned_upto",
    ):
        if not upto - pruned <= there <= upto:
            report.add("events", f"{device}/{epoch}", f"{there} events are kept, upto is {upto}")
    for device, epoch, seq in fetch(
        database,
        "SELECT v.device, v.epoch, v.seq FROM device_event v LEFT JOIN journal j "
        "ON j.site = v.site AND j.key = v.device || '/' || v.epoch || '/' || v.seq "
        "WHERE j.key IS NULL",
    ):
        report.add("events", f"{device}/{epoch}/{seq}", "the event has no journal row")
    report.count("device_event", _count(database, "device_event"))


def _count(database: peewee.Database, table: str) -> int:
    return int(fetch(database, f'SELECT COUNT(*) FROM "{table}"')[0][0])


def _name(database: peewee.Database, place: object, item: object) -> str:
    """A balance as people know it: bin and SKU, ids where the names are gone."""
    at = fetch(database, "SELECT kind, code FROM place WHERE id = ?", (place,))
    of = fetch(database, "SELECT sku FROM item WHERE id = ?", (item,))
    return f"{' '.join(at[0]) if at else _hex(place)} · {of[0][0] if of else _hex(item)}"


def _hex(id: object) -> str:
    return bytes(id).hex() if isinstance(id, bytes | memoryview) else repr(id)
