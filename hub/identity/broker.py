"""mosquitto as the hub's own child: its configuration, passwords, rights and certificates.

Owns those files. Passwords, rights and the list of revoked certificates follow the device table
(`admissions`); mosquitto reads them again on SIGHUP. Two listeners: one on loopback for the hub
itself and for passwords, and one with TLS where a certificate is the only way in
(docs/decisions/0020-identity.md). Nothing here waits for a network.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

from hub.config import BROKER_HUB_USER, BrokerAddress, HubConfig, broker_address
from hub.devices.kinds import OBSERVER
from hub.devices.secrets import PASSWORD_BYTES, SALT_BYTES, hashed, written
from hub.errors import HubError
from hub.identity import broker_folders
from hub.identity.private_files import make_private_folder, write_private
from protocols.limits import PAYLOAD_BYTES_MAX
from protocols.topics import DOWN_CHANNELS, ROOT, UP_CHANNELS

USER: Final = "mosquitto"
PACKET_BYTES_MAX: Final = 4 * PAYLOAD_BYTES_MAX
"""Beyond this the broker cuts the sender off; up to it the hub refuses by name and lists it."""
LOGGED: Final = ("error", "warning", "notice", "subscribe")
"""What `hub.security` reads in its log: refused, cut off, and subscribed to."""
CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2, as for the pages."""
TLS_FILES: Final = {
    "cafile": "ca.crt", "crlfile": "crl.pem", "certfile": "server.crt", "keyfile": "server.key",
}  # fmt: skip
"""Settings of the TLS listener, and the files that they name."""
PROGRAMS: Final = (
    "/usr/sbin/mosquitto",
    "/usr/local/sbin/mosquitto",
    "/opt/homebrew/sbin/mosquitto",
)


class BrokerMissing(HubError):
    code = "BROKER_MISSING"

    def __init__(self) -> None:
        super().__init__(
            "mosquitto is not installed: run 'apt install mosquitto', or name another broker "
            "with --broker."
        )


class Identity(NamedTuple):
    """Somebody who may connect: a device, or an observer."""

    name: str
    kind: str
    secret_hash: str


def program() -> str:
    """mosquitto's path; raises BrokerMissing."""
    for path in PROGRAMS:
        if Path(path).exists():
            return path
    found = shutil.which("mosquitto")
    if found is None:
        raise BrokerMissing
    return found


# --- where its files are --------------------------------------------------------------------------


def runs_as() -> str | None:
    """The unprivileged user for a hub that runs as root; None for one that does not."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(USER).pw_name
    except KeyError:
        return "nobody"


def runtime_folder(config: HubConfig) -> Path:
    """Where the broker's files are: below root's home another user could not read them."""
    if runs_as() is None:
        return config.broker_folder
    return broker_folders.folder_of(config.data)


def local_address(config: HubConfig) -> BrokerAddress:
    """How the hub's own processes reach the broker."""
    if config.broker_url:
        return broker_address(config.broker_url)
    password = hub_password(config)
    return BrokerAddress("127.0.0.1", config.broker_port, False, BROKER_HUB_USER, password)


def hub_password(config: HubConfig) -> str:
    """The hub's own secret at its broker, made at the first start."""
    path = config.secrets_folder / "broker-password"
    if not path.exists():
        make_private_folder(config.secrets_folder)
        write_private(path, written(secrets.token_bytes(PASSWORD_BYTES)).encode())
    return path.read_text()


# --- what is in them ------------------------------------------------------------------------------


def configuration(config: HubConfig, folder: Path) -> str:
    """The text of mosquitto.conf.

    What waits has no limit: with mosquitto's own, acknowledged events were dropped without a word
    [measured]. Nothing is kept over a restart: devices send again what the hub has not committed.
    """
    lines = [
        "per_listener_settings false",
        "allow_anonymous false",
        f"password_file {folder / 'passwords'}",
        f"acl_file {folder / 'rights'}",
        "persistence false",
        "max_inflight_messages 0",
        "max_queued_messages 0",
        f"max_packet_size {PACKET_BYTES_MAX}",
        "set_tcp_nodelay true",
        "sys_interval 0",
        "log_dest stderr",
        *(f"log_type {kind}" for kind in LOGGED),
        "connection_messages true",
        f"pid_file {folder / broker_folders.PID_FILE}",
        f"listener {config.broker_port} 127.0.0.1",
        "use_username_as_clientid true",
    ]
    if config.is_encrypted:
        lines += _tls_listener(config, folder)
    return "\n".join(lines) + "\n"


def _tls_listener(config: HubConfig, folder: Path) -> list[str]:
    """A certificate of the hub's authority is the only way in; its name is user and client id."""
    return [
        f"listener {config.broker_tls_port} {config.listen}",
        "require_certificate true",
        "use_identity_as_username true",
        "use_username_as_clientid true",
        *(f"{setting} {folder / name}" for setting, name in TLS_FILES.items()),
        "tls_version tlsv1.2",
        f"ciphers {CIPHERS}",
    ]


def rights(site: str, identities: Iterable[Identity], barred: Iterable[str] = ()) -> str:
    """The text of the rights file: a device speaks and hears on its own topics alone.

    Whoever is barred neither hears nor says anything, even on a connection that still lives.
    """
    own = f"{ROOT}/{site}/dev/%u"
    lines = [f"user {BROKER_HUB_USER}", f"topic readwrite {ROOT}/{site}/#"]
    for identity in identities:
        heard = "#" if identity.kind == OBSERVER else "hub/state"
        lines += [f"user {identity.name}", f"topic read {ROOT}/{site}/{heard}"]
    for name in barred:
        lines += [f"user {name}", f"topic deny {ROOT}/{site}/#"]
    lines += [f"pattern write {own}/{channel}" for channel in UP_CHANNELS]
    lines += [f"pattern read {own}/{channel}" for channel in DOWN_CHANNELS]
    return "\n".join(lines) + "\n"


def passwords(hub_secret: str, identities: Iterable[Identity]) -> str:
    """The text of the password file."""
    own = hashed(hub_secret, blake2b(hub_secret.encode(), digest_size=SALT_BYTES).digest())
    lines = [f"{BROKER_HUB_USER}:{own}"]
    lines += [f"{who.name}:{who.secret_hash}" for who in identities if who.secret_hash]
    return "\n".join(lines) + "\n"


# --- writing and telling --------------------------------------------------------------------------


def write_all(
    config: HubConfig, identities: Iterable[Identity], barred: Iterable[str] = ()
) -> Path:
    """Write everything that mosquitto reads; returns its configuration file."""
    folder, owner = runtime_folder(config), runs_as()
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    if owner is not None:
        shutil.chown(folder, owner)
    folder.chmod(0o700)
    broker_folders.claim(folder, config.data)
    write_identities(config, identities, barred)
    if config.is_encrypted:
        for name in TLS_FILES.values():
            write_private(folder / name, (config.tls_folder / name).read_bytes(), owner)
    path = folder / "mosquitto.conf"
    write_private(path, configuration(config, folder).encode(), owner)
    return path


def write_identities(
    config: HubConfig, identities: Iterable[Identity], barred: Iterable[str] = ()
) -> bool:
    """Write passwords and rights; returns whether they changed."""
    known = tuple(identities)
    changed = [
        _write_changed(config, "passwords", passwords(hub_password(config), known).encode()),
        _write_changed(config, "rights", rights(config.site, known, barred).encode()),
    ]
    return any(changed)


def write_revoked(config: HubConfig) -> bool:
    """Give the broker the hub's list of revoked certificates; returns whether it changed."""
    source = config.tls_folder / TLS_FILES["crlfile"]
    return source.exists() and _write_changed(config, source.name, source.read_bytes())


def _write_changed(config: HubConfig, name: str, content: bytes) -> bool:
    path = runtime_folder(config) / name
    if path.exists() and path.read_bytes() == content:
        return False
    write_private(path, content, runs_as())
    return True


def reload(config: HubConfig) -> bool:
    """Have the running broker read its files again; False when none runs.

    It closes connections whose password changed or went by itself. Those made by certificate live
    on: `hub.security.cutting` ends them.
    """
    pid = broker_folders.broker_pid(runtime_folder(config))
    if pid is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGHUP)
    return True
