"""Which bins to take goods from, and why. Owns the choice alone: it reads and writes nothing.

Order of preference: one bin for everything before several (a stop costs more than metres); a bin
of whose free units nothing stays; the lowest level (forward pick before reserve); what has lain
longest; the nearest; the code, so that the same question always has the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

ReasonCode = Literal[
    "ONLY_BIN",
    "ONLY_ENOUGH",
    "EMPTIES_BIN",
    "FORWARD_PICK",
    "LONGEST_THERE",
    "NEAREST",
    "LARGEST_FIRST",
]


class BinStock(NamedTuple):
    """Units of one item in one bin that may be taken."""

    balance: bytes
    place: bytes
    code: str
    free: int
    """Neither claimed nor held."""
    level: int = 1
    since: int = 0
    """Since when these goods lie there, if known; 0 else."""
    distance_cm: int = 0
    """The walk from where tours begin."""


class Pick(NamedTuple):
    """So many units from one bin, and why from there."""

    bin: BinStock
    quantity: int
    code: ReasonCode
    values: dict[str, int | str]


class Choice(NamedTuple):
    """Where the units come from, and how many nobody has."""

    picks: tuple[Pick, ...]
    missing: int


def choose_bins(demand: int, candidates: Sequence[BinStock]) -> Choice:
    """Choose bins for `demand` units of one item out of bins that hold it."""
    left = [bin for bin in candidates if bin.free > 0]
    offered = len(left)
    picks: list[Pick] = []
    while demand > 0 and left:
        pick = _next_pick(demand, left, offered)
        picks.append(pick)
        left.remove(pick.bin)
        demand -= pick.quantity
    return Choice(tuple(picks), demand)


def _next_pick(demand: int, bins: Sequence[BinStock], offered: int) -> Pick:
    enough = [bin for bin in bins if bin.free >= demand]
    if not enough:
        largest = min(bins, key=lambda bin: (-bin.free, *_order(bin)))
        return Pick(largest, largest.free, "LARGEST_FIRST", {"left_to_find": demand - largest.free})
    best = min(enough, key=lambda bin: (bin.free != demand, *_order(bin)))
    code, values = _why(demand, best, [bin for bin in enough if bin is not best], offered)
    return Pick(best, demand, code, values)


def _order(bin: BinStock) -> tuple[int, int, int, str]:
    return bin.level, bin.since, bin.distance_cm, bin.code


def _why(
    demand: int, best: BinStock, others: Sequence[BinStock], offered: int
) -> tuple[ReasonCode, dict[str, int | str]]:
    """The first preference in which the chosen bin beats every other."""
    if offered == 1:
        return "ONLY_BIN", {"free": best.free}
    if best.free == demand:
        return "EMPTIES_BIN", {"emptied": demand}
    if not others:
        return "ONLY_ENOUGH", {"free": best.free, "bins": offered}
    rivals = [bin for bin in others if bin.free != demand]
    if all(bin.level > best.level for bin in rivals):
        return "FORWARD_PICK", {"level": best.level, "bins_with_enough": len(rivals) + 1}
    rivals = [bin for bin in rivals if bin.level == best.level]
    if all(bin.since > best.since for bin in rivals):
        return "LONGEST_THERE", {"since": best.since}
    return "NEAREST", {"distance_cm": best.distance_cm, "bins_with_enough": len(others) + 1}
