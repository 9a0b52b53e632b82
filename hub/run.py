"""`binlight hub`: runs what one site needs. Owns the command line and the order of starting.

Without `--only` this process supervises the broker, the gateway, the pages and the planner; with
it, this process is that part. Parts are imported where they are run.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
import msgspec
import structlog

from hub import config as defaults
from hub.clock import SystemClock
from hub.config import PARTS, HubConfig, Part
from hub.errors import HubError
from hub.identity import broker, broker_folders
from hub.identity.private_files import make_lasting_folder
from hub.prepared import Prepared
from hub.process import ports, start_checks
from hub.process.caretaker import Caretaker
from hub.process.lock import data_lock
from hub.process.stop_signal import stop_signal
from hub.process.supervise import ChildPlan, python_command, say_ready, supervise

LOGS: Final = "logs"
SUPERVISED: Final = "BINLIGHT_SUPERVISED"
ROOT: Final = Path(__file__).resolve().parent.parent
_log = structlog.get_logger("hub")


class NotPrepared(HubError):
    """The set-up failed; it has said why on the standard error output."""

    code = "NOT_PREPARED"

    def __init__(self, data: str) -> None:
        self.data = data
        super().__init__(f"The hub in {data} cannot be set up; the reason stands above.")


@click.command("hub")
@click.option("--data", type=click.Path(path_type=Path), help="Folder for everything it keeps.")
@click.option("--listen", default="127.0.0.1", show_default=True, help="Address of the pages.")
@click.option("--port", default=defaults.DEFAULT_PORT, show_default=True, help="Port of the pages.")
@click.option("--broker", "broker_url", default="", help="Somebody else's broker: mqtt[s]://…")
@click.option("--broker-port", default=defaults.DEFAULT_BROKER_PORT, show_default=True)
@click.option("--broker-tls-port", default=defaults.DEFAULT_TLS_BROKER_PORT, show_default=True)
@click.option("--database", "database_url", default="", help="postgresql://USER@HOST/NAME")
@click.option("--site", default=defaults.DEFAULT_SITE, show_default=True, help="Its short name.")
@click.option("--company", default=defaults.DEFAULT_COMPANY, show_default=True)
@click.option("--name", "names", multiple=True, help="Further host name of this machine.")
@click.option("--secure", is_flag=True, help="Encrypt on this machine alone too: for trials.")
@click.option("--announce-on", multiple=True, help="Address of an interface for mDNS.")
@click.option(
    "--backups",
    "backups_in",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the nightly backups.",
)
@click.option("--night", "night_hour", default=2, show_default=True, help="Hour of that work.")
@click.option("--only", type=click.Choice(PARTS), help="Run one part, for larger sites.")
def command(data: Path | None, only: Part | None, backups_in: Path | None, **options: Any) -> None:
    """Run a site's hub: its broker, gateway, pages and planner."""
    folder = (data or defaults.default_data_folder()).expanduser().absolute()
    backups = str(backups_in.expanduser().absolute()) if backups_in else ""
    config = HubConfig(folder=str(folder), backup_folder=backups, **options).check()
    log_as_json()
    if only is not None:
        run_part(config, only)
    else:
        run_all(config)


def log_as_json() -> None:
    """One JSON object a line on the standard error output."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


# --- one part -------------------------------------------------------------------------------------


def run_part(config: HubConfig, part: Part) -> None:
    """Be one part until SIGTERM, or until the disk fails under its database (EX_IOERR).

    On its own, without a supervisor, it sets up what is missing.
    """
    runners: dict[Part, Callable[[HubConfig, Callable[[], None]], None]] = {
        "gateway": _run_gateway, "web": _run_web, "planner": _run_planner,
    }  # fmt: skip
    if SUPERVISED not in os.environ:
        _prepare(config)
    from hub.process.disk_failure import end_when_disk_fails

    end_when_disk_fails()
    runners[part](config, say_ready)


def _run_gateway(config: HubConfig, on_ready: Callable[[], None]) -> None:
    from hub.device_gateway.process import run_gateway

    run_gateway(config, on_ready)


def _run_web(config: HubConfig, _on_ready: Callable[[], None]) -> None:
    from hub.app import serve

    serve(config)


def _run_planner(config: HubConfig, on_ready: Callable[[], None]) -> None:
    from hub.backup.watch import nights
    from hub.security.process import guarding
    from hub.warehouse.planner import run_planner

    with guarding(config), nights(config):
        on_ready()
        run_planner(config)


# --- all of them ----------------------------------------------------------------------------------


def run_all(config: HubConfig) -> None:
    """Set up what is missing, then supervise all parts until SIGTERM. May refuse.

    Raises SecondHub, NotOurAddress, PortTaken, NotPrepared.
    """
    make_lasting_folder(config.data)
    with data_lock(config.data, "hub"), stop_signal() as stop_fd:
        ports.refuse_foreign(config.listen)
        is_first_start = not (config.data / LOGS).exists()
        start_checks.refuse_unusable(config, is_first_start=is_first_start)
        for port in _ports(config):
            ports.refuse_taken(port)
        prepared = _prepare(config)
        logs = config.data / LOGS
        logs.mkdir(exist_ok=True)
        caretaker = Caretaker(config.data, logs, SystemClock())
        supervise(
            plans(config, prepared.broker_configuration), SystemClock(), stop_fd,
            lambda: _say_ready(config, prepared.password, caretaker), logs, caretaker.look,
        )  # fmt: skip
        caretaker.stopping()
        broker_folders.remove(broker.runtime_folder(config))


def plans(config: HubConfig, broker_configuration: str) -> list[ChildPlan]:
    """The processes of a hub, in the order of starting."""
    parts = [
        ChildPlan(part, _command(config, part), _port(config, part), config.inner_host,
                  environment={SUPERVISED: "1", "PYTHONPATH": _python_path()})
        for part in PARTS
    ]  # fmt: skip
    if not config.runs_broker:
        return parts
    command = (broker.program(), "-c", broker_configuration)
    return [ChildPlan("broker", command, config.broker_port, user=broker.runs_as()), *parts]


def _command(config: HubConfig, part: str) -> tuple[str, ...]:
    options = {
        "data": config.folder, "listen": config.listen, "port": config.port,
        "broker": config.broker_url, "broker-port": config.broker_port,
        "broker-tls-port": config.broker_tls_port, "database": config.database_url,
        "site": config.site, "company": config.company, "only": part,
        "backups": config.backup_folder, "night": config.night_hour,
    }  # fmt: skip
    given = [f"--{name}={value}" for name, value in options.items() if value != ""]
    given += [f"--name={name}" for name in config.names]
    given += [f"--announce-on={address}" for address in config.announce_on]
    given += ["--secure"] if config.secure else []
    return python_command("hub.run", *given)


def _port(config: HubConfig, part: str) -> int:
    return config.port if part == "web" else 0


def _ports(config: HubConfig) -> list[int]:
    own = [config.port]
    if config.runs_broker:
        own.append(config.broker_port)
        own += [config.broker_tls_port] if config.is_encrypted else []
    return own


def _python_path() -> str:
    return os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))


def _prepare(config: HubConfig) -> Prepared:
    """Set-up needs much that the supervisor never needs again: it runs in a process of its own."""
    done = subprocess.run(
        python_command("hub.setup"), input=msgspec.json.encode(config), stdout=subprocess.PIPE,
        check=False, env={**os.environ, "PYTHONPATH": _python_path()},
    )  # fmt: skip
    if done.returncode != 0:
        raise NotPrepared(str(config.data))
    return msgspec.json.decode(done.stdout, type=Prepared)


def _say_ready(config: HubConfig, password: str | None, caretaker: Caretaker) -> None:
    caretaker.ready(_shown_url(config))
    click.echo(f"Binlight is ready: {_shown_url(config)}")
    if password is not None:
        click.echo(f"First log-in: user admin, one-time password {password}")
    if config.runs_broker:
        click.echo(f"Devices connect to port {_device_port(config)}.")
    sys.stdout.flush()


def _shown_url(config: HubConfig) -> str:
    """The pages' address as others would type it."""
    if config.listen not in ports.EVERYWHERE:
        return config.page_url
    found = ports.own_addresses()
    return msgspec.structs.replace(config, listen=found[0] if found else "localhost").page_url


def _device_port(config: HubConfig) -> int:
    return config.broker_tls_port if config.is_encrypted else config.broker_port


if __name__ == "__main__":
    command()
