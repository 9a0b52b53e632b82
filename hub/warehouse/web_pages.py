"""The blueprint of this capability's pages; the views are in the other `web_…` modules."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

pages: Final = Blueprint("warehouse", __name__, template_folder="templates")
PLAN: Final = ("warehouse", "plan")
ASSIGN: Final = ("warehouse", "assign")
PACK: Final = ("warehouse", "pack")
SHIP: Final = ("shipping", "ship")
