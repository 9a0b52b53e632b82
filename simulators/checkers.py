"""Was anything lost, doubled, or different from the world? Pure reads over the databases of devices
and hub, and over the world's own truth. Owns what the report's numbers mean (docs/simulator.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import peewee

from edge.storage.kept_rows import KeptRow, read_outbox
from hub.db import fetch
from hub.verify.command import verify
from hub.warehouse.queries import floor_of
from hub.warehouse.tours import s_shape
from hub.warehouse.walkways import Spot as FloorSpot
from protocols.envelope import decode_data, decode_event
from protocols.messages.events import PickConfirmed, PickShorted
from simulators.truth import CUSTOMER, Spot, Truth

Key = tuple[str, str, int]
"""Device, epoch, sequence number."""
SLOTS: Final = 6
LINES_MAX: Final = 120


# ── events ──────────────────────────────────────────────────────────────────────────────────


class Delivered(NamedTuple):
    """`sent`: events in the devices' own outboxes. `lost`: those that the hub does not have.
    `doubled`: those whose effects exist more than once.
    """

    sent: int
    lost: int
    doubled: int


def sent_by_files(files: Iterable[tuple[str, Path]]) -> Iterator[Key]:
    """Every event that the devices' files hold."""
    for device, file in files:
        yield from _keys(device, read_outbox(file))


def _keys(device: str, rows: Iterable[KeptRow]) -> Iterator[Key]:
    for row in rows:
        yield device, row.epoch, row.seq


def sent_by_cores(devices: Iterable[Any]) -> list[Key]:
    """Every event that switched-on devices have given out, acknowledged or not."""
    keys: list[Key] = []
    for device in devices:
        outbox = device.core.outbox
        for epoch in outbox.epochs:
            last = outbox.last_seq if epoch == outbox.epoch else outbox.acked_upto(epoch)
            keys += [(device.name, epoch, seq) for seq in range(1, last + 1)]
    return keys


def check_events(database: peewee.Database, site: str, sent: Iterable[Key]) -> Delivered:
    """Compare what devices gave out with what the hub has, and count effects by their cause."""
    given = set(sent)
    rows = fetch(database, "SELECT device, epoch, seq FROM device_event WHERE site = ?", (site,))
    there = Counter((device, epoch, int(seq)) for device, epoch, seq in rows)
    lost = sum(key not in there for key in given)
    twice = sum(count > 1 for count in there.values())
    return Delivered(len(given), lost, twice + _doubled_effects(database, site))


def _doubled_effects(database: peewee.Database, site: str) -> int:
    """Events that moved more, or were journalled more often, than once.

    A pick moves into totes exactly what its event says: more would be the same event twice.
    """
    journalled = fetch(
        database,
        "SELECT COUNT(*) FROM (SELECT key FROM journal WHERE site = ? GROUP BY key "
        "HAVING COUNT(*) > 1) AS twice",
        (site,),
    )[0][0]
    rows = fetch(
        database,
        "SELECT j.key, j.input, COALESCE(SUM(m.quantity), 0) FROM journal j "
        "LEFT JOIN movement m ON m.site = j.site AND m.cause = j.key AND m.to_place IN "
        "(SELECT id FROM place WHERE kind = 'TOTE') "
        "WHERE j.site = ? AND j.act IN ('PickConfirmed', 'PickShorted') GROUP BY j.key, j.input",
        (site,),
    )
    return int(journalled) + sum(int(moved) > _said(bytes(body)) for _, body, moved in rows)


def _said(payload: bytes) -> int:
    """How many units an event says went into a tote."""
    event = decode_event(payload)
    said = decode_data(event)
    return said.quantity if isinstance(said, PickConfirmed | PickShorted) else 0


# ── the world ───────────────────────────────────────────────────────────────────────────────


class WorldCheck(NamedTuple):
    """`mismatches`: (place, article) pairs whose truth is not the ledger's, and which nothing at
    the hub says are doubtful. `undiscovered`: differences of the beginning that work has left
    exactly as they were and that nobody could notice. `open`: named by an open exception.
    """

    mismatches: int
    undiscovered: int
    open: int
    lost_pieces: int
    details: tuple[str, ...] = ()


def compare_world(database: peewee.Database, site: str, truth: Truth) -> WorldCheck:
    """The ledger's places against what is really in them."""
    books, named = _books(database, site), _named(database, site)
    really = {(spot, item): count for spot, item, count in truth.everything()}
    found: Counter[str] = Counter()
    details: list[str] = []
    for key in sorted(books.keys() | really.keys()):
        more = really.get(key, 0) - books.get(key, 0)
        if not more:
            continue
        kind = _judge(key, more, named, truth)
        found[kind] += 1
        if kind == "mismatch":
            (place, code), item = key
            details.append(f"{place} {code}: {more:+d} of {item.hex()}")
    lost = truth.lost_pieces()
    return WorldCheck(
        found["mismatch"] + lost, found["undiscovered"], found["open"], lost, tuple(details)
    )


def _judge(key: tuple[Spot, bytes], more: int, named: set[tuple[Spot, bytes]], truth: Truth) -> str:
    if key in named:
        return "open"
    return "undiscovered" if truth.seeded.get(key) == more else "mismatch"


def _books(database: peewee.Database, site: str) -> dict[tuple[Spot, bytes], int]:
    rows = fetch(
        database,
        "SELECT p.kind, p.code, b.item, SUM(b.on_hand) FROM balance b "
        "JOIN place p ON p.id = b.place WHERE b.site = ? AND (b.is_real OR p.kind = 'CUSTOMER') "
        "GROUP BY p.kind, p.code, b.item",
        (site,),
    )
    return {
        (CUSTOMER if kind == "CUSTOMER" else (kind, code), bytes(item)): int(count)
        for kind, code, item, count in rows
        if count
    }


def _named(database: peewee.Database, site: str) -> set[tuple[Spot, bytes]]:
    """What the hub itself says is doubtful: open exceptions, and stock on HOLD."""
    rows = fetch(
        database,
        "SELECT p.kind, p.code, e.item FROM floor_exception e JOIN place p ON p.id = e.place "
        "WHERE e.site = ? AND e.state <> 'RESOLVED' AND e.item IS NOT NULL "
        "UNION SELECT p.kind, p.code, b.item FROM balance b JOIN place p ON p.id = b.place "
        "WHERE b.site = ? AND b.status = 'HOLD' AND b.on_hand > 0",
        (site, site),
    )
    return {((kind, code), bytes(item)) for kind, code, item in rows}


# ── the work ────────────────────────────────────────────────────────────────────────────────


class Counts(NamedTuple):
    """`orders_shipped`: orders with at least one parcel that left. `lines_picked`: order lines of
    which something was picked. `lines_short`: order lines that did not get all they asked for.
    """

    orders_shipped: int
    lines_picked: int
    lines_short: int


def count_work(database: peewee.Database, site: str) -> Counts:
    """What the hub's own tables say was done."""
    shipped = fetch(
        database,
        "SELECT COUNT(DISTINCT s.order_id) FROM shipment s JOIN parcel p ON p.shipment = s.id "
        "WHERE s.site = ? AND p.state = 'SHIPPED'",
        (site,),
    )[0][0]
    picked, short = fetch(
        database,
        "SELECT SUM(CASE WHEN l.picked + l.packed + l.shipped > 0 THEN 1 ELSE 0 END), "
        "SUM(CASE WHEN l.picked + l.packed + l.shipped + l.cancelled < l.ordered THEN 1 ELSE 0 "
        "END) FROM order_line l JOIN sales_order o ON o.id = l.order_id WHERE o.site = ?",
        (site,),
    )[0]
    return Counts(int(shipped), int(picked or 0), int(short or 0))


def still_to_ship(database: peewee.Database, site: str) -> int:
    """Units that are somewhere between a bin and a parcel that left: 0 when the work is done."""
    rows = fetch(
        database,
        "SELECT SUM(l.allocated + l.released + l.picked + l.packed) FROM order_line l "
        "JOIN sales_order o ON o.id = l.order_id WHERE o.site = ?",
        (site,),
    )
    return int(rows[0][0] or 0)


def baseline_cm(
    database: peewee.Database, site: str, slots: int = SLOTS, lines_max: int = LINES_MAX
) -> int:
    """How far the same picks would be without planning: orders on carts as they came, every tour in
    S-shape from the start to the bench, and back to the start for the next.
    """
    floor = floor_of(site)
    total = 0
    for stops in _carts(_stops(database, site), slots, lines_max):
        tour = s_shape(floor.walkways, stops, start=floor.start, end=floor.bench)
        total += tour.length_cm + floor.distance_cm(floor.bench, floor.start)
    return total


def _stops(database: peewee.Database, site: str) -> list[list[FloorSpot]]:
    """The bins that somebody went to, by order, in the order in which orders came."""
    floor = floor_of(site)
    rows = fetch(
        database,
        "SELECT o.id, p.code FROM work_line w JOIN sales_order o ON o.id = w.order_id "
        "JOIN place p ON p.id = w.place WHERE o.site = ? AND w.state IN ('DONE', 'SHORT') "
        "ORDER BY o.due_at, o.number, w.id",
        (site,),
    )
    stops: dict[bytes, list[FloorSpot]] = {}
    for order, code in rows:
        bin = floor.bin(code)
        stops.setdefault(bytes(order), []).append(FloorSpot(bin.aisle, bin.y_cm))
    return list(stops.values())


def _carts(
    orders: Sequence[list[FloorSpot]], slots: int, lines_max: int
) -> Iterator[list[FloorSpot]]:
    cart: list[FloorSpot] = []
    count = 0
    for stops in orders:
        if cart and (count == slots or len(cart) + len(stops) > lines_max):
            yield cart
            cart, count = [], 0
        cart = cart + stops
        count += 1
    if cart:
        yield cart


def verified(database: peewee.Database) -> str:
    """`ok`, or the first thing that is off."""
    report = verify(database)
    if report.ok:
        return "ok"
    first = report.findings[0]
    return f"{first.where}: {first.what}"
