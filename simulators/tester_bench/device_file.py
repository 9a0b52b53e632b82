"""What a person with an editor leaves on a handheld: its configuration, and perhaps a password.

Owns the text. The hardware around the device is named in it, each part by its driver.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from edge.identity.record import FILE_NAME
from simulators.campaigns.faults.proxy import Link

CONFIGURATION: Final = "device.toml"
SECRET: Final = "password"  # noqa: S105 - a file's name
SCANNER, TONES, CLOCK = "scanner", "tones", "clock"
"""The scanner's port, the tones' pipe, and how wrong the clock is."""
POWER, WIRELESS = "power", "wireless"
IDENTITY: Final = FILE_NAME


class Ways(NamedTuple):
    """How a device reaches its hub: through air of its own."""

    broker: Link
    pages: Link | None = None
    """Where it enrols; None at a hub that gives no certificates."""


def write_device_file(folder: Path, site: str, name: str, ways: Ways, password: str) -> None:
    """Everything anew: ports are others at each start."""
    known = _by_password(folder, ways, password) if ways.pages is None else _by_certificate(ways)
    (folder / CONFIGURATION).write_text(
        f'site = "{site}"\nname = "{name}"\n\n{known}'
        f'[scanner]\ndriver = "serial"\naim = true\noptions.port = "{folder / SCANNER}"\n\n'
        f'[tones]\ndriver = "told"\noptions.path = "{folder / TONES}"\n\n'
        f'[clock]\ndriver = "shifted"\noptions.path = "{folder / CLOCK}"\n\n'
        f'[gauges]\npower_supplies = "{folder / POWER}"\n'
        f'wireless = "{folder / WIRELESS}"\nevery_s = 1\n'
    )


def _by_password(folder: Path, ways: Ways, password: str) -> str:
    secret = folder / SECRET
    secret.touch(0o600)
    secret.write_text(password + "\n")
    return (
        f'[broker]\nhost = "127.0.0.1"\nport = {ways.broker.port}\npassword_file = "{secret}"\n\n'
    )


def _by_certificate(ways: Ways) -> str:
    """What the hub says of its own address would lead around the air."""
    return f'[hub]\naddresses = ["127.0.0.1:{ways.broker.port}"]\nonly_these = true\n\n'
