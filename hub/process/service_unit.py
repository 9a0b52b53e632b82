"""`binlight hub-service`: the systemd unit of a hub, so that it starts with the machine.

Owns the unit's text; requirements/service.sh installs it. The hub runs as the user `binlight`, may
write its own folder and nothing else, and is started again when it ends or hangs. What keeps it in
its bounds stands in the device's unit likewise: whoever reads a unit sees all of it in one place.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from hub import config as defaults
from protocols.systemd import quoted

USER: Final = "binlight"
DATA: Final = Path("/var/lib/binlight")
ROOT: Final = Path(__file__).resolve().parents[2]


@click.command("hub-service")
@click.option("--data", type=click.Path(path_type=Path), default=DATA, show_default=True)
@click.option("--listen", default="0.0.0.0", show_default=True)  # noqa: S104 - a hub for a site
@click.option("--port", default=defaults.DEFAULT_PORT, show_default=True)
@click.option("--site", default=defaults.DEFAULT_SITE, show_default=True)
def command(data: Path, listen: str, port: int, site: str) -> None:
    """Print the systemd unit that starts the hub with the machine."""
    data = data.absolute()
    options = (f"--data={data}", f"--listen={listen}", f"--port={port}", f"--site={site}")
    click.echo(unit(options, data), nl=False)


def unit(options: Sequence[str], data: Path) -> str:
    """The unit's text; see systemd.service(5) and systemd.exec(5)."""
    started = (sys.executable, str(ROOT / "binlight.py"), "hub", *options)
    command_line = " ".join(quoted(word) for word in started)
    return f"""[Unit]
Description=Binlight hub
After=network.target time-sync.target
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={command_line}
User={USER}
Restart=always
RestartSec=1
TimeoutStartSec=180
WatchdogSec=30
KillMode=mixed
LimitNOFILE=65536
OOMScoreAdjust=-500
UMask=0077
ReadWritePaths={quoted(str(data))}
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
NoNewPrivileges=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
CapabilityBoundingSet=

[Install]
WantedBy=multi-user.target
"""
