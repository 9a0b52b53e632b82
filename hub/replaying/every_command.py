"""Every module that registers commands: imported here, so that any journal row can be read.

A tidy test looks for modules that are missing from the list.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

MODULES: Final = (
    "hub.backup.acts",
    "hub.backup.rights_since",
    "hub.backup.shut_out",
    "hub.bulk.acts",
    "hub.catalog.acts",
    "hub.customers.acts",
    "hub.desk.acts",
    "hub.device_gateway.acts",
    "hub.devices.acts",
    "hub.devices.day_roots",
    "hub.founding",
    "hub.health.disk_room",
    "hub.inventory.acts",
    "hub.orders.acts",
    "hub.security.acts",
    "hub.security_events",
    "hub.shipping.acts",
    "hub.staff.acts",
    "hub.warehouse.acts",
    "hub.warehouse.clock_jumps",
    "hub.warehouse.pack_acts",
)


def load() -> None:
    """Fill the registry (`hub.command.COMMANDS`). Safe to repeat."""
    for name in MODULES:
        import_module(name)
