"""How a site begins, as a command: its places, its floor and its roles."""

from __future__ import annotations

from hub.command import Command, command
from hub.inventory import service as inventory
from hub.journal import Act
from hub.staff import second_factor
from hub.staff import service as staff
from hub.warehouse.floor import load_floor


@command("setup.site")
class FoundSite(Command[None], frozen=True):
    """Make the site of the act, with its floor (TOML) and every bin on it. Safe to repeat."""

    company: str
    name: str
    floor: str
    time_zone: str = "UTC"
    currency: str = "GBP"

    def carry_out(self, act: Act) -> None:
        inventory.ensure_site(
            act, act.site, self.company, self.name, floor=self.floor, time_zone=self.time_zone,
            currency=self.currency,
        )  # fmt: skip
        staff.seed_permissions(act)
        second_factor.begin_rules(act)
        inventory.define_bins(act, load_floor(self.floor).bins())
