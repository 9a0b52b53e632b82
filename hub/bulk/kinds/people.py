"""Files of people: who works here, with badge and PIN or login and password, and their roles.

PINs and passwords are hashed as soon as the file is found good: what is staged holds no secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Final

from hub.bulk.kinds.row_file import RowFile, Values, encode, refuse_doubles
from hub.bulk.posting import Context
from hub.bulk.reading import Errors, one_of
from hub.journal import Act
from hub.staff import passwords
from hub.staff import rules as staff_rules
from hub.staff import service as staff
from hub.staff.models import Person
from protocols.pin_verifier import PIN_DIGITS_MAX, PIN_DIGITS_MIN

NAME_CHARS_MAX: Final = 100
_ROLE: Final = re.compile(r"([a-z_]+)(?:@([A-Za-z0-9_*-]+))?")


def roles(text: str) -> list[tuple[str, str]]:
    """`picker supervisor@w1` → (role, site); without a site it holds at every one."""
    found = []
    for word in text.split():
        match = _ROLE.fullmatch(word)
        if match is None or match[1] not in staff_rules.ROLES:
            raise ValueError(f"use roles of {', '.join(staff_rules.ROLES)}, each ROLE or ROLE@SITE")
        found.append((match[1], match[2] or "*"))
    return found


def person_name(text: str) -> str:
    """A name with single spaces. Raises ValueError when it is empty or too long."""
    tidy = " ".join(text.split())
    if not 1 <= len(tidy) <= NAME_CHARS_MAX:
        raise ValueError(f"a name has 1 to {NAME_CHARS_MAX} characters")
    return tidy


def _without_secrets(values: Values) -> Values:
    """The same person by what proves their PIN and password."""
    kept = {**values}
    pin, password = kept.pop("pin"), kept.pop("password")
    kept["verifier"] = passwords.pin_proof(pin) if pin else ""
    kept["password_hash"] = passwords.hashed(password) if password else ""
    return kept


class PersonFile(RowFile):
    """People are added; who is here already under the same badge or login is left as they are."""

    name = "people"
    needed = ("name",)
    readers: ClassVar[Mapping[str, Callable[[str], Any]]] = {
        "name": person_name, "badge": str, "pin": str, "login": str.casefold, "password": str,
        "roles": roles, "language": lambda text: text or "en",
        "must_change": lambda text: one_of("", "no", "yes")(text) == "yes",
    }  # fmt: skip

    def check(self, context: Context, rows: list[tuple[int, Values]], errors: Errors) -> None:
        for column in ("badge", "login"):
            given = [(n, values) for n, values in rows if values[column]]
            refuse_doubles(given, column, str, errors)
        query = Person.select(Person.name, Person.badge, Person.login)
        known = [(p.name, p.badge, p.login) for p in query.where(Person.company == context.company)]
        for n, values in rows:
            for column, place in (("badge", 1), ("login", 2)):
                holder = next(
                    (p for p in known if values[column] and p[place] == values[column]), None
                )
                if holder is not None and holder[0] != values["name"]:
                    text = f"{values[column]} is somebody else's already"
                    errors.add(n, column, f"{column.upper()}_TAKEN", text)
            self._check_secrets(n, values, errors)

    @staticmethod
    def _check_secrets(n: int, values: Values, errors: Errors) -> None:
        pin = values["pin"]
        is_number = pin.isascii() and pin.isdecimal()
        if pin and not (is_number and PIN_DIGITS_MIN <= len(pin) <= PIN_DIGITS_MAX):
            digits = f"{PIN_DIGITS_MIN} to {PIN_DIGITS_MAX} digits"
            errors.add(n, "pin", "BAD_PIN", f"a PIN has {digits} and nothing else")
        if pin and not values["badge"]:
            errors.add(n, "badge", "NO_BADGE", "a PIN is no use without a badge")
        if values["password"] and not values["login"]:
            errors.add(n, "login", "NO_LOGIN", "a password is no use without a login")
        if values["password"] and not values["must_change"]:
            try:
                staff.refuse_weak(values["password"], values["login"], values["name"])
            except staff.WeakPassword as wrong:
                errors.add(n, "password", wrong.code, str(wrong))

    def _slices(self, rows: list[tuple[int, Values]]) -> Iterator[bytes]:
        """Some 30 ms of hashing for each secret, outside of any transaction."""
        for start in range(0, len(rows), self.rows_in_slice):
            some = rows[start : start + self.rows_in_slice]
            yield encode([(n, _without_secrets(values)) for n, values in some])

    def post_row(self, act: Act, context: Context, values: Values) -> str:
        company = context.company
        for column in ("badge", "login"):
            sql = f"SELECT 1 FROM person WHERE company = ? AND {column} = ?"
            if values[column] and act.tx.row(sql, (company, values[column])):
                return "known"
        person = staff.add_person(
            act, company, values["name"], badge=values["badge"] or None,
            verifier=values["verifier"], login=values["login"] or None,
            password_hash=values["password_hash"], language=values["language"],
            must_change=values["must_change"],
        )  # fmt: skip
        for site in sorted({site for _, site in values["roles"]}):
            staff.set_roles(act, person, [r for r, s in values["roles"] if s == site], site)
        return "person"
