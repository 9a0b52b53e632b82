"""Decisions about people: which password is good enough, how long wrong ones lock a log-in, and
what each role may do when a hub is set up. Pure: no database, no clock, no dice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from hub.staff import often_used

PASSWORD_LENGTH_MIN: Final = 12
PASSWORD_LENGTH_MAX: Final = 256
DIFFERENT_SIGNS_MIN: Final = 5
FREE_ATTEMPTS: Final = 4
LOCK_FIRST_S: Final = 60
LOCK_LONGEST_S: Final = 3_600
ANY: Final = "*"
DIVISION_SIGNS_MAX: Final = 60


def password_fault(password: str, login: str, name: str) -> str | None:
    """Why a new password is refused, as a code; None when it is good enough."""
    plain = password.casefold()
    if len(password) < PASSWORD_LENGTH_MIN:
        return "TOO_SHORT"
    if len(password) > PASSWORD_LENGTH_MAX:
        return "TOO_LONG"
    if len(set(plain)) < DIFFERENT_SIGNS_MIN:
        return "TOO_UNIFORM"
    if _is_little_more_than(plain, login, name):
        return "IS_THE_NAME"
    return "OFTEN_USED" if often_used.is_soon_guessed(password, login, name) else None


def _is_little_more_than(plain: str, *names: str) -> bool:
    """Whether the password is a name with a digit or two about it."""
    known = (name.casefold().replace(" ", "") for name in names if len(name) >= 4)
    return any(name in plain and len(plain) - len(name) < 6 for name in known)


def lock_s(failed: int) -> int:
    """Seconds for which a log-in stays shut after so many wrong passwords in a row."""
    if failed <= FREE_ATTEMPTS:
        return 0
    return min(LOCK_FIRST_S << min(failed - FREE_ATTEMPTS - 1, 16), LOCK_LONGEST_S)


ROLES: Final[dict[str, tuple[str, ...]]] = {
    "picker": ("warehouse.pick",),
    "receiver": ("catalog.read", "inventory.read", "inventory.receive"),
    "packer": (
        "catalog.read", "orders.read", "warehouse.read", "warehouse.pack", "shipping.*",
    ),
    "supervisor": (
        "catalog.*", "customers.read", "orders.*", "inventory.*", "warehouse.*", "shipping.*",
        "devices.*", "bulk.*", "audit.read", "staff.read", "staff.set_pin", "status.read",
    ),
    "office": (
        "catalog.*", "customers.*", "orders.*", "inventory.read", "warehouse.read",
        "shipping.read", "bulk.*", "status.read",
    ),
    "finance": (
        "catalog.read", "customers.read", "orders.read", "inventory.read", "shipping.read",
        "audit.read",
    ),
    "admin": ("*.*",),
}  # fmt: skip
"""What a new hub starts with; afterwards the `permission` table alone decides."""


SHARED_READS: Final = frozenset({("catalog", "read"), ("inventory", "read")})
"""What all divisions share: whoever may read it in one of them may read it. Changing it concerns
every division, and so does reading anything else that belongs to none.
"""


PICK: Final = ("warehouse", "pick")
"""Asked of whoever logs in on a device."""


def may(allowed: frozenset[tuple[str, str]], capability: str, action: str) -> bool:
    """Whether permissions, of which `*` stands for every one, cover an act."""
    asked = ((capability, action), (capability, ANY), (ANY, ANY))
    return not allowed.isdisjoint(asked)


class Right(NamedTuple):
    """What somebody may do, and where; `*` stands for every one."""

    capability: str
    action: str
    site: str = ANY
    division: str = ANY

    def covers(self, other: Right) -> bool:
        return all(mine in (ANY, its) for mine, its in zip(self, other, strict=True))


def first_beyond(held: Collection[Right], asked: Iterable[Right]) -> Right | None:
    """The first right asked that none of those held covers; None when there is no such."""
    beyond = (right for right in sorted(asked) if not any(mine.covers(right) for mine in held))
    return next(beyond, None)


@dataclass(frozen=True)
class Reach:
    """In which divisions somebody may do something: in every one, or in those named."""

    is_everywhere: bool
    divisions: frozenset[str] = frozenset()

    def __contains__(self, division: object) -> bool:
        return self.is_everywhere or division in self.divisions

    def __bool__(self) -> bool:
        """Whether there is any at all."""
        return self.is_everywhere or bool(self.divisions)


def reach(allowed: Mapping[str, frozenset[tuple[str, str]]], capability: str, action: str) -> Reach:
    """Where permissions by division (ANY: those for every one) cover an act."""
    inside = {place for place, pairs in allowed.items() if may(pairs, capability, action)}
    if ANY in inside or (inside and (capability, action) in SHARED_READS):
        return Reach(True)
    return Reach(False, frozenset(inside))
