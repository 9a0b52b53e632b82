"""Nobody gives what they do not have: neither by a role, nor by taking over a mightier person.

Owns what is asked, beyond the permission itself, of whoever gives roles or changes how somebody
gets in. It is asked where a command comes in (`Command.refuse_to`), and so of no replay.
"""

from __future__ import annotations

from collections.abc import Iterable

from hub.staff import queries, rules
from hub.staff.rules import Right
from hub.staff.service import Denied


class BeyondOwnRights(Denied):
    """What is asked gives, or opens, a right that whoever asks has not; it is named."""

    code = "BEYOND_OWN_RIGHTS"

    def __init__(self, right: Right) -> None:
        super().__init__(*right)

    def _sentence(self) -> str:
        site = "every site" if self.site == rules.ANY else self.site
        inside = "" if self.division == rules.ANY else f", division {self.division}"
        return (
            f"This takes a right that you do not have yourself ({self.capability}.{self.action} "
            f"at {site}{inside}). Ask somebody who has it."
        )


def refuse_to_give(
    actor: bytes, roles: Iterable[str], site: str = rules.ANY, division: str = rules.ANY
) -> None:
    """Raises BeyondOwnRights unless `actor` may do all that the roles allow, there themselves."""
    _refuse(actor, queries.rights_of_roles(roles, site, division))


def refuse_to_touch(actor: bytes, person: bytes) -> None:
    """Raises BeyondOwnRights when `person` may do something that `actor` may not.

    Whoever has left counts like before: they may come back.
    """
    _refuse(actor, queries.rights_of(person))


def _refuse(actor: bytes, asked: Iterable[Right]) -> None:
    beyond = rules.first_beyond(queries.rights_of(actor), asked)
    if beyond is not None:
        raise BeyondOwnRights(beyond)
