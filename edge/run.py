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
from edge.day_roots import read_roots
from edge.errors import OutboxUnusable
from edge.handheld.agent import AgentCore
from edge.loop import AgentLoop
from edge.outbox import SqliteOutbox
from edge.scanner_port import ScannerPort
from edge.scanners import scanner_driver
from edge.tones import tone_driver

OUTBOX_FILE = "outbox.sqlite"


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
        kept = read_roots(_folder(config, data_dir) / OUTBOX_FILE)
        click.echo(msgspec.json.encode({"site": config.site, "days": kept}).decode())
        return
    loop = build(config, data_dir)
    if headless:
        from edge.headless import run_headless

        run_headless(loop)
    else:
        from edge.handheld.screen import run_with_screen

        run_with_screen(loop)
    if loop.failure:
        raise click.ClickException(loop.failure)


def build(config: EdgeConfig, data_dir: Path | None) -> AgentLoop:
    """The loop with the configured parts. Raises EdgeError for whatever does not fit."""
    clock, chance = clock_driver(config.clock.driver, config.clock.options), random.SystemRandom()
    scanner = _scanner(config)
    tones = tone_driver(config.tones.driver, config.tones.options)
    outbox = SqliteOutbox(_folder(config, data_dir) / OUTBOX_FILE, chance, config.outbox_rows_max)
    core = AgentCore(config.device(_version()), outbox, clock, chance)
    return AgentLoop(config, core, clock, chance, tones, scanner)


def _scanner(config: EdgeConfig) -> ScannerPort | None:
    if config.scanner is None:
        return None
    return ScannerPort(scanner_driver(config.scanner.driver, config.scanner.options))


def _folder(config: EdgeConfig, data_dir: Path | None) -> Path:
    """The outbox's folder, readable by this user alone: events name people."""
    chosen = data_dir or (Path(config.data_dir).expanduser() if config.data_dir else None)
    folder = chosen or _user_data() / "binlight" / "edge" / config.name
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
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
