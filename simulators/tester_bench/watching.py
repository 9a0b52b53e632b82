"""What the page shows of a bench, as values. Owns the choice; reads only."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec

from edge.errors import EdgeError
from edge.storage.kept_rows import read_outbox
from hub.db import fetch
from simulators.tester_bench.bars import qr, svg
from simulators.tester_bench.bench import TesterBench
from simulators.tester_bench.codes import fate
from simulators.tester_bench.feed import Topic
from simulators.tester_bench.hardware import Site
from simulators.tester_bench.labels import symbology_of
from simulators.tester_bench.recorder import Recorder
from simulators.tester_bench.wire_tap import WireTap

SELDOM_S: Final = 1.0
NUMBERS_S: Final = 1.5
IDENTITY_S: Final = 0.5
EPOCH_CHARS: Final = 8


def topics(
    bench: TesterBench, recorder: Recorder, tap: WireTap | None, playing: Callable[[], Any]
) -> dict[str, Topic]:
    """Every topic of the page by its name."""
    site = bench.site
    found = {f"device:{name}": Topic(partial(device, bench, name)) for name in site.devices}
    return found | {
        "hub": Topic(lambda: hub(site), SELDOM_S),
        "numbers": Topic(lambda: numbers(site), NUMBERS_S),
        "wire": Topic(lambda: tap.newest() if tap else []),
        "session": Topic(lambda: session(recorder, playing())),
        "papers": Topic(lambda: papers(bench), SELDOM_S),
        "identity": Topic(lambda: identity(site), IDENTITY_S),
    }


def device(bench: TesterBench, name: str) -> dict[str, Any]:
    """One handheld: screen, switches, tones and storage."""
    hardware = bench.site.devices[name]
    kept, tones = hardware.kept(), hardware.tones
    return {
        "rows": hardware.rows(), "switches": hardware.switches,
        "tones": len(tones), "tone": tones[-1] if tones else "",
        "phase": kept.state.phase, "who": kept.state.name,
        "epoch": kept.epoch[:EPOCH_CHARS], "boot": kept.boot, "seq": kept.seq,
        "waiting": kept.waiting, "words": hardware.last_words,
    }  # fmt: skip


def papers(bench: TesterBench) -> list[dict[str, Any]]:
    """What lies in the printer's tray; of labels also how they look."""
    found = bench.tray.newest(bench.site.journal, bench.site.config.site)
    return [
        {**msgspec.structs.asdict(one), "bars": svg(symbology_of(one.code), one.code)}
        if one.code else msgspec.structs.asdict(one)
        for one in found
    ]  # fmt: skip


def identity(site: Site) -> dict[str, Any]:
    """What each device shows its hub, what the hub says of it, and the code on the hub's page."""
    shown = site.shown_code
    return {
        "devices": {
            name: {"proof": device.proof(), "at_hub": site.state_at_hub(name)}
            for name, device in site.devices.items()
        },
        "code": None if shown is None else {
            "device": shown.device, "sort": shown.sort, "text": shown.text,
            "picture": qr(shown.text), "fate": fate(site.config.site, shown.device),
        },
    }  # fmt: skip


def hub(site: Site) -> dict[str, Any]:
    """Whether it runs, and each part's process."""
    return {"is_on": site.is_hub_on, "parts": {part: site.pid_of(part) for part in site.parts}}


def numbers(site: Site) -> dict[str, int]:
    """Sent, waiting, lost and doubled, from the devices' own storage and the hub's tables.

    Lost is what a device was told is safe and the hub does not have; doubled, a key that is there
    twice. `expect_audit` looks deeper.
    """
    rows = fetch(
        site.journal.database,
        "SELECT device, epoch, seq FROM device_event WHERE site = ?", (site.config.site,),
    )  # fmt: skip
    there = [(device, epoch, int(seq)) for device, epoch, seq in rows]
    known = set(there)
    sent = waiting = lost = 0
    for name, device in site.devices.items():
        for row in _rows(device.outbox_file):
            sent += 1
            waiting += not row.is_acknowledged
            lost += row.is_acknowledged and (name, row.epoch, row.seq) not in known
    return {"sent": sent, "waiting": waiting, "lost": lost, "doubled": len(there) - len(known)}


def _rows(file: Any) -> list[Any]:
    try:
        return list(read_outbox(file))
    except EdgeError:
        return []  # the device has never been on


def session(recorder: Recorder, playing: Any) -> dict[str, Any]:
    """What is being written down, and what is being played."""
    return {
        "is_on": recorder.is_on, "count": recorder.count,
        "last": [str(step) for step in recorder.last], "playing": playing,
    }  # fmt: skip
