"""`binlight edge`: one device, from its configuration file. Owns building the parts and the end."""

from __future__ import annotations

import os
import random
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
import msgspec

from edge.clock_choice import clock_driver
from edge.config import EdgeConfig, read_config
from edge.device import OUTBOX_FILE, Device
from edge.errors import DeviceStopped, OutboxUnusable
from edge.identity.record import IdentityStore
from edge.link.day_roots import read_roots
from edge.scanner_port import ScannerPort
from edge.scanners import scanner_driver
from edge.storage.durable_file import REAL
from edge.tones import tone_driver


@click.command()
@click.option(
    "--config",
    "config_file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The device's configuration; edge/handheld/example.toml shows every key.",
)
@click.option("--data", "data_dir", type=click.Path(path_type=Path), help="Where the outbox lives.")
@click.option(
    "--headless",
    is_flag=True,
    help="Without a screen: it logs what it would show; keys are lines on the standard input.",
)
@click.option("--roots", is_flag=True, help="Print the ledger roots that this device keeps.")
def command(config_file: Path, data_dir: Path | None, headless: bool, roots: bool) -> None:
    """Run a device: its scanner, its screen, and its link to the hub."""
    config = read_config(config_file)
    if roots:
        folder = _folder(config, data_dir)
        kept = {"site": _site(config, folder), "days": read_roots(folder / OUTBOX_FILE)}
        click.echo(msgspec.json.encode(kept).decode())
        return
    device = build(config, data_dir)
    if headless:
        from edge.headless import run_headless

        run_headless(device)
    else:
        from edge.handheld.screen import run_with_screen

        run_with_screen(device)
    if device.failure:
        raise DeviceStopped(device.failure)


def build(config: EdgeConfig, data_dir: Path | None) -> Device:
    """The device with the configured parts. Raises EdgeError for whatever does not fit."""
    clock, chance = clock_driver(config.clock.driver, config.clock.options), random.SystemRandom()
    tones = tone_driver(config.tones.driver, config.tones.options)
    scanner, folder = _scanner(config), _folder(config, data_dir)
    return Device(config, folder, _version(), clock, chance, tones, scanner)


def _site(config: EdgeConfig, folder: Path) -> str:
    identity = IdentityStore(folder).identity
    return identity.site if identity is not None and config.broker is None else config.site


def _scanner(config: EdgeConfig) -> ScannerPort | None:
    if config.scanner is None:
        return None
    return ScannerPort(scanner_driver(config.scanner.driver, config.scanner.options))


def _folder(config: EdgeConfig, data_dir: Path | None) -> Path:
    """The outbox's folder, readable by this user alone: events name people."""
    chosen = data_dir or (Path(config.data_dir).expanduser() if config.data_dir else None)
    folder = chosen or _user_data() / "binlight" / "edge" / (config.name or "device")
    try:
        REAL.make_folder(folder)
    except OSError as wrong:
        raise OutboxUnusable(str(folder), wrong.strerror or str(wrong)) from wrong
    return folder


def _user_data() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def _version() -> str:
    try:
        return version("binlight")
    except PackageNotFoundError:
        return "unknown"
