"""Pages of the floor: waves, work, the map, packing, shipments, exceptions."""

from __future__ import annotations

from hub.warehouse import (
    web_exceptions,
    web_floor,
    web_packing,
    web_shipments,
    web_waves,
    web_work,
)
from hub.warehouse.web_pages import pages

VIEWS = (web_exceptions, web_floor, web_packing, web_shipments, web_waves, web_work)
"""Importing them makes their views known to the blueprint."""

__all__ = ["VIEWS", "pages"]
