"""Picks of work that this hub does not know: it was set back to a copy of before the wave.

Owns what the books make of them.

The goods moved all the same, and bin, article and tote are named, so they are in the tote by the
books too. No order waits for them any more: whoever packs or puts away finds them there.
"""

from __future__ import annotations

from typing import Final

from hub.db import Insert
from hub.errors import NotFound
from hub.floor_exceptions import open_exception
from hub.inventory import facts
from hub.inventory import service as inventory
from hub.inventory.posting import Goods, Where, free, place_id, post
from hub.journal import Act
from hub.warehouse import dispatch
from hub.warehouse.models import LineAct

STRAY_PICK: Final = "StrayPick"
_insert_act: Final = Insert(LineAct)


def move(act: Act, line: str, item: str, bin: str, quantity: int, tote: str) -> None:
    """Bin → tote, as it happened; raises NotFound for an article that is unknown as well."""
    goods = _goods(act, bytes.fromhex(item))
    source = Where(place_id(act.site, "BIN", bin))
    target = Where(inventory.ensure_place(act, "TOTE", tote))
    gave_way = facts.take(act, goods, quantity, source, target, "pick of unknown work")
    act.tx.add(
        _insert_act,
        (act.site, act.key, 1, bytes.fromhex(line), STRAY_PICK, 0, source.place, target.place, None,
         quantity, "", 0, 0, None),
    )  # fmt: skip
    open_exception(
        act, "PUT_BACK", place=target.place, item=goods.item, quantity=quantity, reason=STRAY_PICK
    )
    dispatch.replan_displaced(act, gave_way)


def put_back(act: Act, cause: str, bin: bytes, tote: bytes, quantity: int) -> None:
    """The opposite, as far as the units are still in the tote."""
    row = act.tx.row(
        "SELECT item FROM movement WHERE site = ? AND cause = ? AND to_place = ?",
        (act.site, cause, tote),
    )
    if row is None:
        raise NotFound("movement of", cause)
    goods = _goods(act, bytes(row[0]))
    units = min(quantity, free(act, goods, Where(tote)))
    if units:
        post(act, goods, units, Where(tote), Where(bin), "undo")


def _goods(act: Act, item: bytes) -> Goods:
    company = inventory.site_facts(act).company
    if act.tx.row("SELECT 1 FROM item WHERE id = ? AND company = ?", (item, company)) is None:
        raise NotFound("article", item.hex())
    return Goods(company, item)
