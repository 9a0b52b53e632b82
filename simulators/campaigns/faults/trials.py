"""One fault at a time, each with its own small world: what a live run cannot have.

Owns the rows of faults that concern a whole storage, a card, a configuration or the air. Each trial
returns what was seen; `is_good` says whether it was what must be seen.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from edge.config import parse_config
from edge.errors import EdgeError
from edge.storage.kept_rows import read_outbox
from hub.db import fetch
from protocols.errors import ProtocolsError
from simulators.bench.light_devices import Fleet, TookTooLong
from simulators.campaigns.faults import cards
from simulators.campaigns.faults.air import CLEAR, Air, Room, can_have_air
from simulators.campaigns.faults.failing_disks import Ended, Failing, fail_under
from simulators.campaigns.faults.picking_site import SETTLE_S, PickingSite, picking_site
from simulators.campaigns.faults.processes import can_trace
from simulators.campaigns.faults.proxy import Network
from simulators.campaigns.faults.scans import scan
from simulators.campaigns.faults.setups import killed_at
from simulators.campaigns.faults.wrong_clocks import (
    DAY_US,
    can_have_own_time,
    shift_with_jumps,
    start_on,
)
from simulators.errors import SimulatorsError
from simulators.live.hub import ROOT

SCALE_MIN: Final = 0.1
"""A smaller one would leave some trials without a single event."""
DRAINED: Final = 5_000
DRAINING_DEVICES: Final = 20
AIR_EVENTS: Final = 400
PARKED_S: Final = 10.0
"""What is on its way when a device believes itself done arrives within this."""
FAILURES: Final = 5
"""Of the disk, under each part of the hub."""
SETUPS: Final = 20
SETUP_SYNCS: Final = 24
"""So often the first start makes something durable."""


class Seen(NamedTuple):
    """How a trial ended."""

    is_good: bool
    recovered_s: float
    facts: dict[str, Any]


class Trial(NamedTuple):
    """One row. `number` is that of the list in docs/faults.md."""

    name: str
    number: int
    run: Callable[[Path, int, float], Seen]
    """Folder, seed, scale."""
    is_possible: Callable[[], bool] = lambda: True


def run_trials(
    trials: Sequence[Trial], seed: int, scale: float, say: Callable[[str], None]
) -> dict[str, dict[str, Any]]:
    """Each in a folder of its own; what is not possible here says so."""
    found: dict[str, dict[str, Any]] = {}
    for trial in trials:
        if not trial.is_possible():
            found[trial.name] = {"number": str(trial.number), "impossible_here": True}
            continue
        seen = _run(trial, seed, max(scale, SCALE_MIN))
        say(f"{trial.name}: {'as it must be' if seen.is_good else 'WRONG'} {seen.facts}")
        found[trial.name] = {
            "number": str(trial.number), "good": seen.is_good,
            "recovered_s_max": round(seen.recovered_s, 2), **seen.facts,
        }  # fmt: skip
    return found


def _run(trial: Trial, seed: int, scale: float) -> Seen:
    """What never came to its end was not good either."""
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="binlight-trial-") as folder:
        try:
            return trial.run(Path(folder), seed, scale)
        except SimulatorsError as wrong:
            return Seen(False, time.monotonic() - began_s, {"failed": str(wrong)})


def _judged(site: PickingSite, began_s: float, **facts: Any) -> Seen:
    """All that was promised arrived once, and the books balance."""
    found, wrong = site.audit(), site.findings()
    facts |= {
        "events": found.sent, "lost": found.lost, "doubled": found.doubled, "parked": found.parked,
        "verify": wrong[0] if wrong else "ok",
    }  # fmt: skip
    return Seen(found.is_clean and not wrong, time.monotonic() - began_s, facts)


# ── the hub's storage, and devices' ──────────────────────────────────────────────────────────


def older_backup(folder: Path, seed: int, scale: float) -> Seen:
    """The hub is restored from a copy while its devices are ahead."""
    with picking_site(folder, seed=seed) as site:
        site.site.start("gateway")
        site.release(round(60 * scale))
        site.pick(round(20 * scale))
        site.settle()
        site.back_up(folder / "copy.db")
        site.pick(round(30 * scale))
        site.settle()
        ahead = site.acts_since(folder / "copy.db")
        site.restore(folder / "copy.db")
        began_s = time.monotonic()
        site.pick(round(10 * scale))
        site.settle()
        seen = _judged(site, began_s, devices_ahead=ahead)
        return seen._replace(is_good=seen.is_good and ahead > 0)


def cloned_card(folder: Path, seed: int, scale: float) -> Seen:
    """Two devices work with copies of one card, at the same time and with the same name."""
    with picking_site(folder, devices=2, seed=seed) as site:
        site.site.start("gateway")
        site.pick(5)
        site.settle()
        original = site.fleet.devices[0]
        (folder / "clone").mkdir()
        shutil.copy(folder / "h1.db", folder / "clone")
        for suffix in ("-wal", "-shm"):
            if (folder / f"h1.db{suffix}").exists():
                shutil.copy(folder / f"h1.db{suffix}", folder / "clone")
        clone = site.device("h1", seed, folder / "clone")
        both = Fleet([original, clone])
        count = round(20 * scale)
        site.release(2 * count)
        for _ in range(count):
            site.promise(original)
            site.promise(clone)
        began_s = time.monotonic()
        both.run_until("both cards are through", lambda: both.waiting == 0, SETTLE_S)
        with suppress(TookTooLong):
            both.run_until("all copies are parked", lambda: _cloned(site) == count, PARKED_S)
        took_s = time.monotonic() - began_s
        clone.cut()
        clone.outbox.close()
        missing = _unheard(site, [folder / "h1.db", folder / "clone" / "h1.db"])
        parked = _cloned(site)
        wrong = site.findings()
        facts = {"events": 2 * count, "unheard": missing, "parked_as_cloned": parked,
                 "verify": wrong[0] if wrong else "ok"}  # fmt: skip
        return Seen(not missing and not wrong and parked == count, took_s, facts)


def _unheard(site: PickingSite, files: Sequence[Path]) -> int:
    """Payloads on cards that the hub has neither applied nor kept for a supervisor."""
    heard = {bytes(row[0]) for row in fetch(site.site.journal.database, _HEARD)}
    return sum(row.payload not in heard for file in files for row in read_outbox(file))


_HEARD: Final = (
    "SELECT input FROM journal WHERE input IS NOT NULL UNION SELECT payload FROM parked_event"
)


def _cloned(site: PickingSite) -> int:
    sql = "SELECT COUNT(*) FROM parked_event WHERE code = 'CLONED_KEY'"
    return int(fetch(site.site.journal.database, sql)[0][0])


def long_queue(folder: Path, seed: int, scale: float) -> Seen:
    """Twenty devices come back at once, each with hours of work."""
    each = max(1, round(DRAINED * scale) // DRAINING_DEVICES)
    with picking_site(folder, DRAINING_DEVICES, seed) as site:
        site.pick(each)
        began_s = time.monotonic()
        site.site.start("gateway")
        site.settle()
        took_s = time.monotonic() - began_s
        rate = round(each * DRAINING_DEVICES / took_s)
        return _judged(site, began_s, waiting=each * DRAINING_DEVICES, events_per_s_max=rate)


def disk_fails(part: Failing, folder: Path, seed: int, scale: float) -> Seen:
    """Flushes and writes of one part fail: it ends, and the next one does what was left."""
    with picking_site(folder, 2, seed) as site:
        site.pick(2)
        for name in dict.fromkeys(("gateway", part)):
            site.site.start(name)
        site.settle()
        began_s = time.monotonic()
        ends = [fail_under(site, part) for _ in range(max(1, round(FAILURES * scale)))]
        site.settle()
        seen = _judged(site, began_s, times=len(ends), ended_by_itself=sum(map(_knew, ends)))
        is_good = seen.is_good and all(map(_knew, ends))
        return Seen(is_good, max(end.back_s for end in ends), seen.facts)


def _knew(end: Ended) -> bool:
    return end.said and end.status == os.EX_IOERR


# ── the hub's clock ──────────────────────────────────────────────────────────────────────────


def hub_clock_jumps(folder: Path, seed: int, scale: float) -> Seen:
    """400 days back, a day ahead, right again, and leaps of the monotonic clock, in mid-shift."""
    began_s = time.monotonic()
    found = shift_with_jumps(folder, seed, scale)
    return Seen(found.is_clean, time.monotonic() - began_s, found.facts)


def hub_starts_wrong(
    books_ahead_us: int, is_told: bool, later: bool, folder: Path, seed: int, _scale: float
) -> Seen:
    """The hub's clock is another at this start than it was when its books were written."""
    with picking_site(folder, 3, seed) as site:
        facts = start_on(site, books_ahead_us, later=later)
        seen = _judged(site, time.monotonic(), **facts)
        is_good = not facts["unanswered"] and bool(facts["jumps_told"]) == is_told
        return seen._replace(
            is_good=seen.is_good and is_good, recovered_s=facts["answered_s_max"]
        )  # fmt: skip


# ── the air ──────────────────────────────────────────────────────────────────────────────────


def bad_air(air: Air, folder: Path, seed: int, scale: float) -> Seen:
    """Devices behind bad radio: real TCP over packets that are lost, late or few."""
    chance = Random(seed)
    with picking_site(folder, 4, seed) as site, Room(chance) as room:
        host, port = site.site.address.host, site.site.address.port
        with Network(host, port, chance, room.hub_address) as network:
            link = network.add("room")
            address = site.site.address._replace(host=room.hub_address, port=link.port)
            site.site.start("gateway")
            for device in site.fleet.devices:
                device.move_to(address)
            with room.inside():
                site.pick(1)
                site.settle()
                room.air = air
                _work_in(site, room, max(1, round(AIR_EVENTS * scale) // 8))
                at_end = site.fleet.waiting
                room.air = CLEAR
                began_s = time.monotonic()
                site.settle()
            return _judged(
                site, began_s, waiting_at_its_end=at_end, packets=room.carried,
                packets_lost=room.lost, packets_doubled=room.doubled,
                packets_overtaken=room.overtaken, packets_held_up=room.held_up,
            )  # fmt: skip


def _work_in(site: PickingSite, room: Room, rounds: int) -> None:
    """So many rounds, and on until the air has done what it is there for."""
    until_s = time.monotonic() + SETTLE_S
    while rounds > 0 or not room.has_done_harm:
        site.pick(2)
        site.fleet.step()
        rounds -= 1
        if time.monotonic() > until_s:
            raise TookTooLong("the air does harm", SETTLE_S)


# ── cards ────────────────────────────────────────────────────────────────────────────────────


def card_full(_folder: Path, _seed: int, scale: float) -> Seen:
    """A card fills up; the agent refuses and says why, and goes on once there is room."""
    with cards.tmpfs_card() as card:
        file = card.folder / "outbox.sqlite"
        before = scan(file, 20)
        card.fill()
        during = scan(file, round(200 * scale))
        card.empty()
        return _card_judged(file, max(before.promised, during.promised), during.refused)


def no_inodes(_folder: Path, _seed: int, scale: float) -> Seen:
    """A card on which no file can be made: the agent refuses to begin."""
    with cards.ext4_card() as card:
        file = card.folder / "outbox.sqlite"
        before = scan(file, 20)
        file.with_name("outbox.sqlite-shm").unlink(missing_ok=True)
        empty = card.use_up_inodes()
        during = scan(file, round(20 * scale))
        for path in empty:
            path.unlink()
        return _card_judged(file, max(before.promised, during.promised), during.refused)


def read_only(_folder: Path, _seed: int, scale: float) -> Seen:
    """A card damages itself and takes no more writes; a restart checks and mounts it again."""
    with cards.ext4_card() as card:
        file = card.folder / "outbox.sqlite"
        before = scan(file, 20)
        card.damage()
        during = scan(file, round(20 * scale))
        card.repair()
        return _card_judged(file, max(before.promised, during.promised), during.refused)


def _card_judged(file: Path, promised: int, refused: str) -> Seen:
    """It refused and said why; afterwards all that was promised is there, and work goes on."""
    began_s = time.monotonic()
    kept = len(list(read_outbox(file)))
    after = scan(file, 5)
    facts = {"promised": promised, "kept": kept, "said": refused.rpartition(": ")[2]}
    is_good = bool(refused) and kept == promised and after.promised == promised + 5
    return Seen(is_good, time.monotonic() - began_s, facts)


# ── configuration ────────────────────────────────────────────────────────────────────────────


def half_a_configuration(_folder: Path, _seed: int, _scale: float) -> Seen:
    """Every beginning of a configuration file is either a whole one or refused by name."""
    text = (ROOT / "edge" / "handheld" / "example.toml").read_text(encoding="utf-8")
    began_s = time.monotonic()
    refused, taken, fell_over = 0, 0, []
    for upto in range(len(text) + 1):
        try:
            parse_config(text[:upto])
            taken += 1
        except (EdgeError, ProtocolsError):
            refused += 1
        except Exception as wrong:  # noqa: BLE001 - which is what must not happen
            fell_over.append(f"{upto}: {wrong!r}")
    facts = {"tried": len(text) + 1, "refused": refused, "taken": taken, "fell_over": fell_over[:3]}
    return Seen(not fell_over and refused > 0, time.monotonic() - began_s, facts)


# ── the first start ──────────────────────────────────────────────────────────────────────────


def killed_migration(folder: Path, seed: int, scale: float) -> Seen:
    """The set-up of a new hub dies at some of its syncs, and is started again."""
    chance = Random(seed)
    tries = max(2, round(SETUPS * scale))
    began_s = time.monotonic()
    found = [
        killed_at(folder / str(n), sync)
        for n, sync in enumerate(sorted(chance.sample(range(1, SETUP_SYNCS + 1), tries)))
    ]
    killed = [one for one in found if one.was_killed]
    facts = {
        "tried": tries, "killed": len(killed), "whole": sum(one.is_whole for one in found),
        "password_never_said": sum(not one.is_password_known for one in found),
    }  # fmt: skip
    is_good = bool(killed) and all(one.is_whole for one in found)
    return Seen(is_good, time.monotonic() - began_s, facts)


TRIALS: Final[tuple[Trial, ...]] = (
    Trial("the disk fails under the gateway", 4, partial(disk_fails, "gateway"), can_trace),
    Trial("the disk fails under the pages", 4, partial(disk_fails, "web"), can_trace),
    Trial("the disk fails under the planner", 4, partial(disk_fails, "planner"), can_trace),
    Trial("disk full: a device's card", 5, card_full, cards.can_mount),
    Trial("card goes read-only", 6, read_only, cards.can_loop),
    Trial("no inodes", 7, no_inodes, cards.can_loop),
    Trial("half-written configuration", 14, half_a_configuration),
    Trial("no air for a while", 17, partial(bad_air, Air(lost=1.0)), can_have_air),
    Trial("no air upwards", 17, partial(bad_air, Air(is_silent_up=True)), can_have_air),
    Trial("10 % of packets lost", 19, partial(bad_air, Air(lost=0.1)), can_have_air),
    Trial("30 % of packets lost", 19, partial(bad_air, Air(lost=0.3)), can_have_air),
    Trial("64 kbit/s", 20, partial(bad_air, Air(bytes_per_s=8_000)), can_have_air),
    Trial("packets late, doubled, in disorder", 21,
          partial(bad_air, Air(delay_s=0.05, jitter_s=0.2, twice=0.1)), can_have_air),
    Trial("the hub's clock is set in mid-shift", 22, hub_clock_jumps),
    Trial("the hub starts 400 days back", 22,
          partial(hub_starts_wrong, 400 * DAY_US, True, False)),
    Trial("the hub starts a day ahead", 22, partial(hub_starts_wrong, -DAY_US, False, False)),
    Trial("the hub's monotonic clock is ten days ahead", 22,
          partial(hub_starts_wrong, 0, False, True), can_have_own_time),
    Trial("hub restored from an older backup", 24, older_backup),
    Trial("two devices with one card", 25, cloned_card),
    Trial("killed in the middle of a migration", 27, killed_migration, can_trace),
    Trial("a long queue, twenty devices at once", 26, long_queue),
)  # fmt: skip
