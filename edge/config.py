"""The configuration file of a device: TOML to checked values. Owns its keys and their defaults.

Reads nothing but the file; drivers check their own options. `edge/handheld/example.toml` shows
every key with its meaning.
"""

from __future__ import annotations

import tomllib
from errno import ENOENT
from pathlib import Path
from typing import Any, Final, TypeVar, get_args, get_type_hints

import msgspec

from edge.errors import ConfigUnreadable, UnknownConfigKey
from protocols.limits import OUTBOX_ROWS_MAX
from protocols.topics import check_name

MQTT_PORT: Final = 1883

T = TypeVar("T", bound=msgspec.Struct)


class DeviceConfig(msgspec.Struct, frozen=True):
    """What an agent's core must know about itself."""

    site: str
    device: str
    kind: str = "handheld"
    version: str = ""
    capabilities: tuple[str, ...] = ()
    aim: bool = False
    """Whether the scanner sends AIM symbology identifiers (`]E0`)."""
    sends_fnc1: bool = False
    """Whether the scanner is known to send FNC1 as GS."""
    can_enrol: bool = False
    """Whether a scanned enrolment code may give it another identity."""


class BrokerConfig(msgspec.Struct, frozen=True):
    """A broker given by hand, with a password. Without it a device is enrolled by a code."""

    host: str
    port: int = MQTT_PORT
    username: str = ""
    """Empty: the device's name."""
    password_file: str = ""
    """One line; readable by the agent's user alone."""
    ca_file: str = ""
    """The hub's CA: with it the connection is encrypted, and the broker must prove itself by it."""


class HubConfig(msgspec.Struct, frozen=True):
    """How an enrolled device finds its hub, beside what the hub said at enrolment."""

    addresses: tuple[str, ...] = ()
    """host:port of the broker, tried when nothing better is known."""
    mdns: bool = True
    """Whether to look around on the network when the known addresses do not answer."""
    interfaces: tuple[str, ...] = ()
    """Names or addresses of the interfaces to look on; none: all."""
    only_these: bool = False
    """Whether nothing but `addresses` is tried, wherever the hub says that it is."""


class DriverConfig(msgspec.Struct, frozen=True):
    """A driver by the name of its entry point, with options that it checks itself."""

    driver: str
    options: dict[str, Any] = {}
    aim: bool = False
    sends_fnc1: bool = False


class ToneConfig(msgspec.Struct, frozen=True):
    driver: str = "terminal"
    options: dict[str, Any] = {}


class ClockConfig(msgspec.Struct, frozen=True):
    driver: str = "system"
    options: dict[str, Any] = {}


class GaugesConfig(msgspec.Struct, frozen=True):
    """Where battery and radio are read, and how often."""

    power_supplies: str = "/sys/class/power_supply"
    wireless: str = "/proc/net/wireless"
    every_s: int = 60


class EdgeConfig(msgspec.Struct, frozen=True):
    """The whole file."""

    site: str = ""
    """Empty: the code's, for a device that is enrolled by one."""
    name: str = ""
    """Likewise. Given, no code for another device is taken."""
    broker: BrokerConfig | None = None
    hub: HubConfig = HubConfig()
    kind: str = "handheld"
    data_dir: str = ""
    """Empty: the folder named by `--data`, or the user's data folder."""
    outbox_rows_max: int = OUTBOX_ROWS_MAX
    scanner: DriverConfig | None = None
    tones: ToneConfig = ToneConfig()
    clock: ClockConfig = ClockConfig()
    gauges: GaugesConfig = GaugesConfig()

    def device(self, version: str) -> DeviceConfig:
        """The core's part."""
        scanner = self.scanner
        return DeviceConfig(
            site=self.site,
            device=self.name,
            kind=self.kind,
            version=version,
            capabilities=("pick",),
            aim=scanner.aim if scanner else False,
            sends_fnc1=scanner.sends_fnc1 if scanner else False,
            can_enrol=self.broker is None,
        )


def read_config(path: Path) -> EdgeConfig:
    """Read and check a file. Raises ConfigUnreadable, UnknownConfigKey, BadName."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigUnreadable(str(path), _why(wrong)) from wrong
    return parse_config(text, str(path))


def parse_config(text: str, path: str = "configuration") -> EdgeConfig:
    """Check a file's text; `path` is for the refusal. Raises as `read_config` does."""
    try:
        table = tomllib.loads(text)
        _refuse_unknown(EdgeConfig, table, path, "")
        config = msgspec.convert(table, EdgeConfig)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
        raise ConfigUnreadable(path, str(wrong)) from wrong
    for name, what in ((config.site, "site"), (config.name, "device")):
        if name or config.broker is not None:
            check_name(name, what)
    return config


def read_password(config: BrokerConfig) -> str | None:
    """The device's password; None when the configuration names no file. Raises ConfigUnreadable."""
    if not config.password_file:
        return None
    try:
        return Path(config.password_file).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigUnreadable(config.password_file, _why(wrong)) from wrong


def _why(wrong: OSError | UnicodeDecodeError) -> str:
    """Without the path, which the refusal names already."""
    if isinstance(wrong, UnicodeDecodeError):
        return "it is no text"
    return "the file is not there" if wrong.errno == ENOENT else (wrong.strerror or str(wrong))


def _refuse_unknown(kind: type[msgspec.Struct], table: Any, path: str, prefix: str) -> None:
    """Name the first key that nobody would read: silence would hide a slip of the finger."""
    if not isinstance(table, dict):
        return
    kinds = get_type_hints(kind)
    for key, value in table.items():
        if key not in kinds:
            raise UnknownConfigKey(path, prefix + key, tuple(prefix + name for name in kinds))
        inner = _struct_in(kinds[key])
        if inner is not None:
            _refuse_unknown(inner, value, path, f"{prefix}{key}.")


def _struct_in(kind: Any) -> type[msgspec.Struct] | None:
    for choice in (kind, *get_args(kind)):
        if isinstance(choice, type) and issubclass(choice, msgspec.Struct):
            return choice
    return None
