"""The roots that a device keeps, against the ledgers: shows an end that was cut off."""

from __future__ import annotations

from typing import Final

import msgspec
import peewee

from hub.db import fetch
from hub.devices.day_roots import cuts
from hub.errors import BadValue
from hub.verify.chains import LEDGERS
from hub.verify.findings import Report
from protocols.messages.roots import DayRoots


class KeptRoots(msgspec.Struct, frozen=True):
    """What `binlight edge --roots` prints."""

    site: str
    days: tuple[DayRoots, ...]


_decode: Final = msgspec.json.Decoder(KeptRoots).decode


def check_roots(database: peewee.Database, text: bytes, report: Report) -> None:
    """Every root of every day that one device keeps. Raises BadValue for what is no such list."""
    try:
        kept = _decode(text)
    except msgspec.DecodeError as wrong:
        raise BadValue("roots", str(wrong), "use what binlight edge --roots prints") from wrong
    for day in kept.days:
        report.count("root", len(day.roots))
        for root, code in cuts(
            lambda sql, params: fetch(database, sql, params), kept.site, day, LEDGERS
        ):
            report.add(
                "root", f"{root.ledger} {kept.site}/{root.position}",
                f"a device keeps the root of {day.day}; here it is {code.lower()}",
            )  # fmt: skip
