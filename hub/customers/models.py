"""Tables of customers. Names and addresses are personal values and live only here."""

from __future__ import annotations

import peewee

from hub.db import IdField, MomentField, Table


class Customer(Table):
    """Somebody who orders; `external_id` is the number of the system they came from."""

    id = IdField(primary_key=True)
    company = peewee.TextField()
    external_id = peewee.TextField(null=True)
    name = peewee.TextField(default="")
    email = peewee.TextField(default="")
    country = peewee.TextField(default="")
    created_at = MomentField()

    class Meta:
        table_name = "customer"
        indexes = ((("company", "external_id"), True),)
