"""Pages of customers: the list, one of them, and forgetting who they are."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from hub.customers import queries
from hub.customers.acts import ChangeCustomer, EraseCustomer
from hub.customers.forgetting import forgetting
from hub.customers.models import Customer
from hub.errors import NotFound
from hub.web import acts, forms, naming, paging
from hub.web.context import web
from hub.web.security import needs
from hub.web.text import _

pages = Blueprint("customers", __name__, template_folder="templates")


@pages.get("/customers")
@needs("customers", "read")
def customers() -> ResponseReturnValue:
    search, after = request.args.get("q", "").strip(), "~".join(paging.after())
    rows = queries.customer_page(web().company, text=search, after=after, rows=paging.ROWS + 1)
    page = paging.page_of(rows, lambda row: [row.external_id])
    return render_template("customers/customers.html", page=page, search=search)


def _customer(customer: str) -> Customer:
    id = forms.id_of("customer", customer)
    found = Customer.get_or_none(Customer.company == web().company, Customer.id == id)
    if found is None:
        raise NotFound("customer", customer)
    return found


@pages.get("/customers/<customer>")
@needs("customers", "read")
def customer(customer: str) -> ResponseReturnValue:
    return render_template("customers/customer.html", customer=_customer(customer))


@pages.post("/customers/<customer>")
@needs(*ChangeCustomer.NEEDS)
def change_customer(customer: str) -> ResponseReturnValue:
    """Names and addresses are personal, so the journal only says that they were changed."""
    found = _customer(customer)
    fields: dict[str, Any] = {
        "name": forms.words("name", is_needed=False),
        "email": forms.words("email", is_needed=False),
        "country": forms.words("country", is_needed=False, signs_max=60),
    }
    acts.carry_out(ChangeCustomer(found.id, **fields))
    flash(_("Saved."), "done")
    return redirect(f"/customers/{customer}", 303)


@pages.post("/customers/<customer>/erase")
@needs(*EraseCustomer.NEEDS)
def erase(customer: str) -> ResponseReturnValue:
    for command in forgetting(_customer(customer)):
        acts.carry_out(command)
    flash(_("Nobody can tell any more who this was. Their orders stay."), "done")
    return redirect(f"/customers/{customer}", 303)


def _names(ids: list[bytes]) -> dict[bytes, tuple[str, str]]:
    rows: Any = (
        Customer.select(Customer.id, Customer.name, Customer.external_id)
        .where(Customer.id.in_(ids))
        .tuples()
    )
    return {
        id: (name or external_id or id.hex()[-8:], f"/customers/{id.hex()}")
        for id, name, external_id in rows
    }


naming.tell("customer", _names)
