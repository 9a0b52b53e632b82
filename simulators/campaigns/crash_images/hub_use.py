"""A hub's database after a power cut, as the hub finds it: started, verified, and worked with."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, Final

import peewee

from hub.clock import FixedClock
from hub.db import fetch
from hub.errors import HubError
from hub.opening import open_database
from hub.verify.command import verify
from simulators.campaigns.bare_hub import BareHub
from simulators.campaigns.crash_images.workloads.hub import FILE

LATER_S: Final = 86_400


def use_hub(folder: Path) -> str:
    """Start it, let a device speak, and verify all; returns what is wrong, or nothing."""
    clock = FixedClock()
    clock.advance(s=LATER_S)
    hub = BareHub(folder, Random(1), clock)
    try:
        hub.open()
        with closing(hub):
            is_answered = all(hub.hear(hub.birth(name, "e1")) for name in _devices(hub))
            report = verify(hub.journal.database)
    except (HubError, peewee.PeeweeException) as wrong:
        return f"{type(wrong).__name__}: {wrong}"
    if not is_answered:
        return "the device's birth was not answered"
    return "; ".join(f"{found.where}: {found.what}" for found in report.findings[:3])


def _devices(hub: BareHub) -> list[str]:
    """Those that are enrolled so far: a site may still have been in the making."""
    return [name for (name,) in fetch(hub.journal.database, "SELECT name FROM device")]


def missing_in_hub(folder: Path, promised: Mapping[str, Any]) -> str:
    """Which acknowledged events and which acts of a promise are not there."""
    if not (folder / FILE).exists():
        return "there is no database"
    database = open_database(f"sqlite:///{folder / FILE}")
    try:
        acts = fetch(database, "SELECT COUNT(*) FROM journal")[0][0]
        epochs = fetch(database, "SELECT device, epoch, upto FROM device_epoch")
    except peewee.PeeweeException as wrong:
        return str(wrong)
    finally:
        database.close()
    upto = {f"{device}/{epoch}": last for device, epoch, last in epochs}
    lacking = [
        f"{key}: {upto.get(key, 0)} of {said} events"
        for key, said in promised["upto"].items()
        if upto.get(key, 0) < said
    ]
    if acts < promised["acts"]:
        lacking.append(f"{acts} of {promised['acts']} acts")
    return "; ".join(lacking)
