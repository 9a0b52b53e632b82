"""`binlight bench reconnect`: a floor of devices loses its broker; how soon the hub has all back.

Twice over each transport, by password and by certificate: the broker killed and started again at
once, and after so long that every device has come to its longest pauses. "Back" is what the hub's
own table shows: ONLINE, in the session of the new connection. Then presence: how soon the hub
shows a device that left, one that was killed, and one whose radio is dead.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from edge.config import BrokerConfig
from edge.config import HubConfig as HubSearch
from edge.identity.record import IdentityStore
from edge.link.certificate_access import CertificateAccess
from edge.link.hub_access import HubAccess, PasswordAccess
from hub.devices.models import Device
from hub.identity.announced import HubIdentity, identity_of
from simulators.bench.returning_devices import ReturningDevice, ReturningFleet
from simulators.bench.small_site import SmallSite
from simulators.enrolment import enrol
from simulators.errors import SimulatorsError

DEVICES: Final = 200
AWAY_S: Final = 15.0
"""Long enough for the pauses to have grown to their bound."""
DEADLINE_S: Final = 120.0
SEED: Final = 17


class NoCertificates(SimulatorsError):
    code = "NO_CERTIFICATES"

    def __init__(self) -> None:
        super().__init__("This site encrypts nothing, so its devices get no certificates.")


def measure(say: Callable[[str], None], scale: float = 1.0) -> dict[str, Any]:
    """Both transports one after the other, and presence over TLS."""
    count = max(3, int(DEVICES * scale))
    names = [f"d{n}" for n in range(count)]
    plain = _measure_transport(say, names, is_tls=False)
    tls = _measure_transport(say, names, is_tls=True)
    return {
        "bench": "reconnect", "devices": count, "away_s": AWAY_S,
        "plain": plain, "tls": tls, **tls.pop("presence"),
    }  # fmt: skip


def _measure_transport(
    say: Callable[[str], None], names: Sequence[str], *, is_tls: bool
) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory(prefix="binlight-reconnect-") as folder,
        SmallSite(Path(folder) / "hub", secure=is_tls) as site,
    ):
        site.start("broker")
        site.start("gateway")
        make = by_certificate if is_tls else by_password
        fleet = ReturningFleet(site.config.site, make(site, names, Path(folder)), Random(SEED))
        try:
            return _measure_fleet(say, site, fleet, is_tls=is_tls)
        finally:
            fleet.close()


def _measure_fleet(
    say: Callable[[str], None], site: SmallSite, fleet: ReturningFleet, *, is_tls: bool
) -> dict[str, Any]:
    kind = "TLS" if is_tls else "plain"
    first_s = fleet.run_until("all on line", lambda: all_back(fleet), DEADLINE_S)
    say(f"{kind}: {len(fleet.devices)} devices on line after {first_s:.1f} s")
    found: dict[str, Any] = {"first_s": round(first_s, 2)}
    for name, away_s in (("at_once", 0.0), ("after_long", AWAY_S)):
        found[name] = _restart(site, fleet, away_s)
        say(f"{kind}, broker away for {away_s:g} s: all back after {found[name]['all_back_s']} s")
    if is_tls:
        found["presence"] = _presence(say, fleet)
    return found


# ── a restart ───────────────────────────────────────────────────────────────────────────────


def _restart(site: SmallSite, fleet: ReturningFleet, away_s: float) -> dict[str, Any]:
    """Kill the broker, start it again, and wait until the hub shows everybody."""
    site.end("broker")
    fleet.run_until("all noticed", lambda: _none_is_connected(fleet), DEADLINE_S)
    fleet.run_for(away_s)
    before_s = site.cpu_s("gateway")
    site.start("broker")
    began_ms = fleet.clock.now().mono_ms
    seconds = fleet.run_until("all back", lambda: all_back(fleet), DEADLINE_S)
    back_at_ms = [device.connected_at_ms[-1] for device in fleet.devices]
    return {
        "all_back_s": round(seconds, 2),
        "last_connected_s": round((max(back_at_ms) - began_ms) / 1_000, 2),
        "connects_peak_per_s": _peak_per_s(back_at_ms),
        "tries_peak_per_s": _peak_per_s([at for at in fleet.tried_at_ms if at >= began_ms]),
        "broker_cpu_s": round(site.cpu_s("broker"), 2),
        "gateway_cpu_s": round(site.cpu_s("gateway") - before_s, 2),
    }


def _none_is_connected(fleet: ReturningFleet) -> bool:
    return not any(device.core.is_connected for device in fleet.devices)


def all_back(fleet: ReturningFleet) -> bool:
    """Whether the hub shows every device on line, in its present session."""
    if not all(device.core.is_connected for device in fleet.devices):
        return False
    query = Device.select(Device.name, Device.session).where(Device.presence == "ONLINE")
    rows: Any = query.tuples()
    shown: dict[str, str] = dict(rows)
    return all(shown.get(device.name) == device.core.session for device in fleet.devices)


def _peak_per_s(moments_ms: Sequence[int]) -> int:
    """The most within one second, on a grid of seconds."""
    return max(Counter(at // 1_000 for at in moments_ms).values(), default=0)


# ── presence ────────────────────────────────────────────────────────────────────────────────


def _presence(say: Callable[[str], None], fleet: ReturningFleet) -> dict[str, float]:
    leaving, killed, silent = fleet.devices[:3]
    leaving.leave()
    left_s = until_shown(fleet, leaving, "LEFT")
    killed.die()
    killed_s = until_shown(fleet, killed, "OFFLINE")
    silent.is_frozen = True
    silent_s = until_shown(fleet, silent, "OFFLINE")
    say(f"left after {left_s:.2f} s, killed {killed_s:.2f} s, silent {silent_s:.1f} s")
    return {
        "left_after_s": round(left_s, 2),
        "killed_after_s": round(killed_s, 2),
        "offline_after_s": round(silent_s, 1),
    }


def until_shown(fleet: ReturningFleet, device: ReturningDevice, presence: str) -> float:
    """Seconds until the hub's table shows a device so. Raises TookTooLong."""
    query = Device.select().where(Device.name == device.name, Device.presence == presence)
    return fleet.run_until(f"{device.name} {presence}", lambda: bool(query.exists()), DEADLINE_S)


# ── who they are ────────────────────────────────────────────────────────────────────────────


def by_password(site: SmallSite, names: Sequence[str], folder: Path) -> list[tuple[str, HubAccess]]:
    """Devices with passwords in files, and how each reaches the broker."""
    found: list[tuple[str, HubAccess]] = []
    for name, password in site.add_devices(list(names)).items():
        path = folder / f"{name}.password"
        path.write_text(password)
        address = site.address
        broker = BrokerConfig(address.host, address.port, password_file=str(path))
        found.append((name, PasswordAccess(broker, name)))
    return found


def by_certificate(
    site: SmallSite, names: Sequence[str], folder: Path
) -> list[tuple[str, HubAccess]]:
    """Enrolled devices, each with its identity in a folder. Raises NoCertificates."""
    identity = identity_of(site.config)
    if identity is None:
        raise NoCertificates
    site.add_devices(list(names))
    search = HubSearch(mdns=False)
    return [
        (name, CertificateAccess(enrolled(site, identity, name, folder), search)) for name in names
    ]


def enrolled(site: SmallSite, identity: HubIdentity, name: str, folder: Path) -> IdentityStore:
    """A device with a fresh code's certificate in `folder`/`name`; all but the way over HTTPS."""
    store = IdentityStore(folder / name)
    enrol(site.journal, identity, name, store)
    return store
