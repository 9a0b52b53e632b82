"""What each way to settle an exception does. Owns no table; `exceptions` says which kind has which.

Each function takes the act, the exception and what the person answered, changes the state of the
house in the same act, and returns in a few words what became of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from hub.devices import day_roots, enrolment
from hub.devices import service as devices
from hub.errors import BadValue, WrongState
from hub.inventory import claims
from hub.inventory import service as inventory
from hub.inventory.posting import Goods, Where, free, post, virtual
from hub.journal import Act
from hub.orders import lines
from hub.warehouse import counts, dispatch, kept_work, packing
from hub.warehouse.bin_counts import ASIDE, settle_unexplained
from hub.warehouse.replanning import shrink
from hub.warehouse.states import LINE_OVER

Handlers = Mapping[str, Callable[..., Any]]
"""What each type of event does, for a parked event that is tried again."""

QUANTITY_MAX: Final = 10**9
DIGITS: Final = re.compile("[0-9]{1,10}")
"""Not `isdigit`: it takes ² for a digit, and no number comes of it."""
MINUTE_US: Final = 60 * 1_000_000


class Found(NamedTuple):
    """An open exception, and how events are applied."""

    id: bytes
    kind: str
    place: bytes | None
    item: bytes | None
    order_line: bytes | None
    assignment: bytes | None
    device: str
    quantity: int
    values: dict[str, Any]
    handlers: Handlers


Answers = Mapping[str, str]


def number(answers: Answers, name: str, least: int = 0) -> int:
    """A whole number that a form holds, in base units. Raises BadValue."""
    text = str(answers.get(name, "")).strip()
    if not DIGITS.fullmatch(text) or not least <= int(text) <= QUANTITY_MAX:
        raise BadValue(name, text[:40], f"use a whole number from {least} on")
    return int(text)


def words(answers: Answers, name: str) -> str:
    """A text that a form must hold. Raises BadValue when it is empty or too long."""
    text = str(answers.get(name, "")).strip()
    if not 1 <= len(text) <= 400:
        raise BadValue(name, text[:40], "fill it in, at most 400 signs")
    return text


def _at(found: Found) -> tuple[bytes, bytes]:
    """Place and article of an exception that has both."""
    if found.place is None or found.item is None:
        raise WrongState("exception", found.id.hex(), "without place or article", "one with both")
    return found.place, found.item


def _goods(act: Act, item: bytes) -> Goods:
    return Goods(inventory.site_facts(act).company, item)


def _refuse_locked(act: Act, bin: bytes, code: str) -> None:
    row = act.tx.row("SELECT state FROM place WHERE id = ?", (bin,))
    if row is not None and row[0] in ("BLOCKED_IN", "COUNT_LOCK", "RETIRED"):
        raise WrongState("bin", code, row[0], "an open bin")


def _work(found: Found) -> bytes:
    if found.assignment is None:
        raise WrongState("exception", found.id.hex(), "about no work", "one about work")
    return found.assignment


# --- stock ---------------------------------------------------------------------------------------


def count(act: Act, found: Found, answers: Answers) -> str:
    """Somebody counted, now or `minutes` ago: the books follow once every device has said what it
    did before, and with them every doubt about this article here is settled.
    """
    place, item = _at(found)
    quantity = number(answers, "quantity")
    minutes = number(answers, "minutes") if answers.get("minutes") else 0
    taken = counts.take(
        act, place, item, quantity, exception=found.id, as_of=act.now_us - minutes * MINUTE_US
    )
    if taken.done is None:
        return f"{quantity} counted, waits for {', '.join(taken.waits_for)}"
    return counts.in_words(quantity, taken.done)


def settle_early(act: Act, found: Found, answers: Answers) -> str:
    """Do not wait for the devices that have not said everything yet."""
    return counts.settle_early(act, found.id, words(answers, "text"))


def forget_count(act: Act, found: Found, answers: Answers) -> str:
    """The count is not to be believed; the books stay as they are."""
    return f"{counts.drop(act, found.id)} counted, forgotten"


def correct_late(act: Act, found: Found, answers: Answers) -> str:
    """The early count was right: what was heard of after it had moved before it."""
    place, item = _at(found)
    return counts.undo_late(act, place, item, found.quantity)


def trust_books(act: Act, found: Found, answers: Answers) -> str:
    """The picker was mistaken: what was set aside may be promised again."""
    place, item = _at(found)
    goods, aside = _goods(act, item), Where(place, True, ASIDE)
    units = free(act, goods, aside)
    if units:
        post(act, goods, units, aside, Where(place), "not short")
    return f"{units} released"


def scrap_damaged(act: Act, found: Found, answers: Answers) -> str:
    """What was set aside as damaged leaves stock."""
    place, item = _at(found)
    goods, damaged = _goods(act, item), Where(place, True, "DAMAGED")
    units = free(act, goods, damaged)
    if units:
        post(act, goods, units, damaged, virtual(act.site, "SCRAP"), "damaged")
    return f"{units} scrapped"


def accept_unexplained(act: Act, found: Found, answers: Answers) -> str:
    """The books are right now: the difference is an adjustment."""
    _, item = _at(found)
    settle_unexplained(act, item, found.quantity)
    return f"{found.quantity} accepted as a difference of stock"


class Target(NamedTuple):
    """Where units go that leave a tote, and how that is said."""

    where: Where
    words: str
    reason: str


def target_of(act: Act, way: str, answers: Answers) -> Target:
    """Into the bin that the person names, or out of the books. Raises NotFound, WrongState."""
    if way == "not_there":
        return Target(virtual(act.site, "ADJUSTMENT"), "written off", "not in the tote")
    code = words(answers, "bin").upper()
    bin = inventory.bin_place(act, code)
    _refuse_locked(act, bin, code)
    return Target(Where(bin), f"into {code}", "put back")


def put_back(act: Act, found: Found, answers: Answers) -> str:
    """Somebody put the left-over units into a bin; as many as the tote still has unclaimed."""
    return _out_of_tote(act, found, target_of(act, "put_back", answers))


def not_in_tote(act: Act, found: Found, answers: Answers) -> str:
    """The tote does not hold them: they are gone from the books as well."""
    return _out_of_tote(act, found, target_of(act, "not_there", answers))


def _out_of_tote(act: Act, found: Found, target: Target) -> str:
    tote, item = _at(found)
    units = move_out(act, tote, item, found.quantity, target)
    packing.empty_tote(act, tote)
    _settle_surplus(act, found, item)
    return f"{units} {target.words}"


def move_out(act: Act, tote: bytes, item: bytes, quantity: int, target: Target) -> int:
    """Units leave a tote, as many of them as nobody claims; returns how many."""
    goods = _goods(act, item)
    units = min(quantity, free(act, goods, Where(tote)))
    if units:
        post(act, goods, units, Where(tote), target.where, target.reason)
    return units


def _settle_surplus(act: Act, found: Found, item: bytes) -> None:
    """Units beyond the books came from `unexplained`; that side is a difference of stock."""
    if found.kind == "PACK_DIFFERENCE":
        settle_unexplained(act, item, found.quantity)


def found_again(act: Act, found: Found, answers: Answers) -> str:
    """What was missing at the bench turned up and went into a bin; the rest is lost."""
    _, item = _at(found)
    code, seen = words(answers, "bin").upper(), number(answers, "quantity", 1)
    missing = -found.quantity
    if seen > missing:
        raise BadValue("quantity", seen, f"{missing} were missing")
    bin = inventory.bin_place(act, code)
    _refuse_locked(act, bin, code)
    post(act, _goods(act, item), seen, virtual(act.site, "UNEXPLAINED"), Where(bin), "found again")
    settle_unexplained(act, item, seen - missing)
    return f"{seen} into {code}, {missing - seen} lost"


def lost(act: Act, found: Found, answers: Answers) -> str:
    """What was missing at the bench did not turn up."""
    _, item = _at(found)
    settle_unexplained(act, item, found.quantity)
    return f"{-found.quantity} lost"


def lock_bin(act: Act, found: Found, answers: Answers) -> str:
    """Nobody takes from or puts into a bin until it was counted."""
    code = words(answers, "bin").upper()
    inventory.block_bin(act, code, "COUNT_LOCK")
    return f"{code} waits for a count"


# --- people and devices --------------------------------------------------------------------------


def answer(act: Act, found: Found, answers: Answers) -> str:
    """Put the supervisor's words on the screen of whoever called."""
    text = words(answers, "text")
    devices.show_message(act, found.device, text)
    return f"answered: {text}"


def warn_device(act: Act, found: Found, answers: Answers) -> str:
    """Tell the device that works on somebody else's work to stop."""
    text = "This work is with somebody else now. Stop here and ask your supervisor."
    devices.show_message(act, found.device, text, warns=True)
    return "told to stop"


def noted(act: Act, found: Found, answers: Answers) -> str:
    """Somebody has seen it and taken care of it."""
    return "seen"


def acknowledge(act: Act, found: Found, answers: Answers) -> str:
    """Somebody knows why, and says so; devices get the present roots to keep."""
    reason = words(answers, "text")
    day_roots.keep_now(act)
    return f"acknowledged: {reason}"


def shut_out(act: Act, found: Found, answers: Answers) -> str:
    """The device, or whoever speaks in its name, is let in no more until it gets a new code."""
    enrolment.revoke(act, str(found.values["subject"]))
    return "shut out"


def looked_at(act: Act, found: Found, answers: Answers) -> str:
    """Somebody knows what it was, and says so; the next of its kind is reported anew."""
    return f"looked into it: {words(answers, 'text')}"


def apply_again(act: Act, found: Found, answers: Answers) -> str:
    """Try the parked event once more: its reason may be gone."""
    devices.apply_parked(act, bytes.fromhex(found.values["parked"]), found.handlers)
    return "applied"


def reject(act: Act, found: Found, answers: Answers) -> str:
    """Leave the parked event without effect, for a reason."""
    reason = words(answers, "text")
    devices.reject_parked(act, bytes.fromhex(found.values["parked"]))
    return f"rejected: {reason}"


def forget_refused(act: Act, found: Found, answers: Answers) -> str:
    """Take the refused message off the list; the next of its kind is reported anew."""
    refused = bytes.fromhex(found.values["refused"])
    act.tx.run("DELETE FROM refused_message WHERE id = ? AND site = ?", (refused, act.site))
    return "seen"


# --- work ----------------------------------------------------------------------------------------


def hand_over(act: Act, found: Found, answers: Answers) -> str:
    """Take the work from its holder and give it to whoever asks next."""
    dispatch.hand_over(act, _work(found), "BY_SUPERVISOR")
    return "handed over"


def plan_anew(act: Act, found: Found, answers: Answers) -> str:
    """What nobody has begun of the work is for others; the holder keeps the rest."""
    return "nothing left" if dispatch.plan_anew(act, _work(found)) is None else "planned anew"


def take_back_kept(act: Act, found: Found, answers: Answers) -> str:
    """Nobody waits any longer for the person whose work it is."""
    kept_work.take_back(act, _work(found))
    return "given free"


def keep_longer(act: Act, found: Found, answers: Answers) -> str:
    """They will come: the next reminder after as long once more."""
    kept_work.keep_longer(act, _work(found))
    return "kept longer"


def drop_rest(act: Act, found: Found, answers: Answers) -> str:
    """End the work without its open lines: their units wait for stock again."""
    assignment = _work(found)
    over = ", ".join(f"'{state}'" for state in LINE_OVER)
    rows = act.tx.rows(
        "SELECT id, allocation, order_line, picked FROM work_line "
        f"WHERE assignment = ? AND state NOT IN ({over}) ORDER BY sequence",
        (assignment,),
    )
    units = sum(_drop_line(act, bytes(row[0]), bytes(row[1]), int(row[3])) for row in rows)
    changed = act.tx.run(
        "UPDATE assignment SET state = 'COMPLETED', completed_at = ?, rev = rev + 1 "
        "WHERE id = ? AND state = 'EXCEPTION'",
        (act.now_us, assignment),
    )
    if changed != 1:
        raise WrongState("assignment", assignment.hex(), "not in exception", "EXCEPTION")
    return f"{len(rows)} lines dropped, {units} units wait for stock"


def _drop_line(act: Act, line: bytes, allocation: bytes, picked: int) -> int:
    held = claims.get(act, allocation)
    shrink(act, line, picked, picked)
    if held is None or held.state != "RELEASED":
        return 0
    claims.let_go(act, held, "SHORTED")
    lines.move(act, held.order_line, "released", "backordered", held.quantity, "left unpicked")
    return held.quantity
