"""Tables of people: who they are, what they may do, and how they prove it.

`person.name` is the erasable personal value; journal and ledgers name people by id.
"""

from __future__ import annotations

import peewee

from hub.db import BytesField, CountField, IdField, MomentField, Table


class Person(Table):
    """Somebody who works here. A picker has badge and PIN, an office user login and password."""

    id = IdField(primary_key=True)
    company = peewee.TextField()
    name = peewee.TextField()
    badge = peewee.TextField(null=True)
    pin_verifier = peewee.TextField(default="")
    pin_set_at = MomentField(null=True)
    pin_set_by = IdField(null=True)
    """Its person sees both: a PIN that somebody else set lets them work in this name."""
    login = peewee.TextField(null=True)
    password_hash = peewee.TextField(default="")
    must_change = peewee.BooleanField(default=False)
    password_until = MomentField(null=True)
    """A one-time password opens nothing after this; one of their own has no end."""
    failed_logins = CountField(default=0)
    locked_until = MomentField(default=0)
    language = peewee.TextField(default="en")
    is_active = peewee.BooleanField(default=True)
    created_at = MomentField()

    class Meta:
        table_name = "person"
        indexes = ((("company", "badge"), True), (("company", "login"), True))


class PersonRole(Table):
    """A person has a role at a site and in a division; `*` stands for every one."""

    person = IdField()
    role = peewee.TextField()
    site = peewee.TextField(default="*")
    division = peewee.TextField(default="*")

    class Meta:
        table_name = "person_role"
        primary_key = peewee.CompositeKey("person", "role", "site", "division")


class RightToReview(Table):
    """A role that came back, or went, when a backup was restored, until somebody has looked."""

    person = IdField()
    role = peewee.TextField()
    site = peewee.TextField()
    division = peewee.TextField()
    change = peewee.TextField()

    class Meta:
        table_name = "right_to_review"
        primary_key = peewee.CompositeKey("person", "role", "site", "division")


class Permission(Table):
    """What a role may do: data, asked in services."""

    role = peewee.TextField()
    capability = peewee.TextField()
    action = peewee.TextField()

    class Meta:
        table_name = "permission"
        primary_key = peewee.CompositeKey("role", "capability", "action")


class RoleRule(Table):
    """What everybody of a role has to do. A role without a row has no rule."""

    role = peewee.TextField(primary_key=True)
    needs_second_factor = peewee.BooleanField(default=False)
    put_off_until = MomentField(null=True)
    """Of a rule that the hub began with and nobody has set since: until then it can be put off, and
    it never holds for keys of programs, which nobody would see stop.
    """

    class Meta:
        table_name = "role_rule"


class SecondFactor(Table):
    """What a person's telephone shares with the hub (RFC 6238). Counts from `confirmed_at` on."""

    person = IdField(primary_key=True)
    secret = peewee.TextField()
    """In base 32: it has to be readable to be compared, so it is as secret as the database."""
    made_at = MomentField()
    confirmed_at = MomentField(null=True)
    last_step = CountField(default=0)
    """The time step of the last code that was taken: no code of it or before opens anything."""

    class Meta:
        table_name = "second_factor"


class RecoveryCode(Table):
    """One way in without the telephone, once. Of the code itself only a digest is kept."""

    digest = BytesField(primary_key=True)
    person = IdField(index=True)
    used_at = MomentField(null=True)

    class Meta:
        table_name = "recovery_code"


class WebSession(Table):
    """A log-in on the pages; the id is a digest of the cookie's secret."""

    id = BytesField(primary_key=True)
    person = IdField(index=True)
    created_at = MomentField()
    seen_at = MomentField()
    expires_at = MomentField()
    address = peewee.TextField(default="")
    awaits_code = peewee.BooleanField(default=False)
    """The password was right; it opens nothing but the question for the second factor."""

    class Meta:
        table_name = "web_session"


class Denial(Table):
    """What somebody was not allowed to do, or a failed log-in, `count` times in one minute."""

    id = IdField(primary_key=True)
    at = MomentField(index=True)
    last_at = MomentField(index=True)
    person = IdField(null=True)
    what = peewee.TextField()
    address = peewee.TextField(default="")
    count = CountField(default=1)

    class Meta:
        table_name = "denial"


class ApiToken(Table):
    """A personal key for the HTTP API: acts as its person until it is revoked."""

    id = IdField(primary_key=True)
    digest = BytesField(unique=True)
    """SHA-256 of the secret; the secret itself is kept nowhere."""
    person = IdField(index=True)
    name = peewee.TextField()
    created_at = MomentField()
    revoked_at = MomentField(null=True)

    class Meta:
        table_name = "api_token"
