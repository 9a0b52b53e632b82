"""Who may connect to the broker, as the device table says: brings the broker's files up to date.

Called by the guard several times a second, and by commands at once; safe to repeat and to call from
several processes. Owns the order: revoked certificates are listed before anybody is told.
"""

from __future__ import annotations

from typing import Final

from hub.config import HubConfig
from hub.devices import queries
from hub.identity import broker
from hub.identity.broker import Identity
from hub.identity.private_files import one_writer, write_private

LOCK: Final = "broker.lock"
PLAIN_LIST: Final = "revoked"


def follow(config: HubConfig) -> bool:
    """Write what changed and have a running broker read it; returns whether anything did.

    Rows are read inside of the lock, so whoever comes last writes the newest.
    """
    if not config.runs_broker or not broker.runtime_folder(config).exists():
        return False
    with one_writer(config.data / LOCK):
        has_changed = _list_revoked(config)
        has_changed |= broker.write_identities(
            config, identities(config.site), queries.barred(config.site)
        )
        if has_changed:
            broker.reload(config)
    return has_changed


def identities(site: str) -> list[Identity]:
    return [Identity(*row) for row in queries.identities(site)]


def _list_revoked(config: HubConfig) -> bool:
    """Signing is dear to load, so what stands on the list is also kept as plain text beside it."""
    if not (config.tls_folder / "ca.key").exists():
        return False
    serials = queries.revoked_serials(config.site)
    text = "\n".join(serials).encode()
    plain = config.tls_folder / PLAIN_LIST
    if not plain.exists() or plain.read_bytes() != text:
        from hub.identity.tls import ensure_listed

        ensure_listed(config.tls_folder, serials)
        write_private(plain, text)
    return broker.write_revoked(config)
