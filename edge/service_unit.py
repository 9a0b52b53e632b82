"""`binlight edge-service`: the systemd unit of a device, so that it starts with its machine.

Owns the unit's text; requirements/service.sh installs it. With a screen the agent takes the first
console; `--headless` is for stations without one. It runs as the user `binlight`, who may read
scanners, and is started again when it ends or its loop hangs. What keeps it in its bounds stands in
the hub's unit likewise: whoever reads a unit sees all of it in one place.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from edge.config import read_config
from protocols.systemd import quoted

USER: Final = "binlight"
GROUPS: Final = ("input", "dialout", "audio", "tty")
"""Keyboard scanners, serial scanners, tones, the console."""
DATA: Final = Path("/var/lib/binlight-edge")
WATCHDOG_S: Final = 30
"""The loop turns every second. A worn memory card may hold a write up for several."""
ROOT: Final = Path(__file__).resolve().parent.parent
CONFLICT: Final = "Conflicts=getty@tty1.service\n"
CONSOLE: Final = """StandardInput=tty
StandardOutput=tty
StandardError=journal
TTYPath=/dev/tty1
TTYReset=yes
TTYVHangup=yes
Environment=TERM=linux
"""


@click.command("edge-service")
@click.option(
    "--config", "config_file", required=True, type=click.Path(path_type=Path, dir_okay=False),
    help="The device's configuration.",
)  # fmt: skip
@click.option("--data", type=click.Path(path_type=Path), default=DATA, show_default=True)
@click.option("--headless", is_flag=True, help="For a station without a screen.")
def command(config_file: Path, data: Path, headless: bool) -> None:
    """Print the systemd unit that starts a device with its machine."""
    read_config(config_file)  # refuses now rather than at the next start
    click.echo(unit(config_file.absolute(), data.absolute(), headless), nl=False)


def unit(config_file: Path, data: Path, headless: bool) -> str:
    """The unit's text; see systemd.service(5) and systemd.exec(5)."""
    words = [sys.executable, str(ROOT / "binlight.py"), "edge",
             f"--config={config_file}", f"--data={data}"]  # fmt: skip
    words += ["--headless"] if headless else []
    command_line = " ".join(quoted(word) for word in words)
    return f"""[Unit]
Description=Binlight device
After=systemd-user-sessions.service
{"" if headless else CONFLICT}StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={command_line}
User={USER}
SupplementaryGroups={" ".join(GROUPS)}
{"" if headless else CONSOLE}Restart=always
RestartSec=1
TimeoutStartSec=180
WatchdogSec={WATCHDOG_S}
UMask=0077
ReadWritePaths={quoted(str(data))}
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
NoNewPrivileges=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK

[Install]
WantedBy=multi-user.target
"""
