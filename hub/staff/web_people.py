"""Pages of the people who work here: the list, one of them, what each role has to do."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from hub.errors import BadValue, NotFound
from hub.staff import passwords, queries, reviewing, rules
from hub.staff.acts import (
    AddPerson,
    ChangePerson,
    EndReview,
    EndSessions,
    GrantRole,
    ResetSecondFactor,
    SetPassword,
    SetPin,
    SetRoleRule,
    WithdrawRole,
)
from hub.staff.models import Person, PersonRole
from hub.staff.web_own import refuse_stranger
from hub.staff.web_pages import pages
from hub.web import acts, forms, naming
from hub.web.context import somebody, web
from hub.web.security import needs
from hub.web.text import _, n_


@pages.get("/people")
@needs("staff", "read")
def people() -> ResponseReturnValue:
    search = request.args.get("q", "").strip()
    return render_template(
        "staff/people.html", people=queries.people(web().company, search), search=search,
        to_review=reviewing.waiting(),
    )  # fmt: skip


@pages.post("/people/review")
@needs(*EndReview.NEEDS)
def end_review() -> ResponseReturnValue:
    """Somebody has looked at what a restored backup changed."""
    acts.carry_out(EndReview())
    flash(_("Saved."), "done")
    return redirect("/people", 303)


@pages.get("/people/new")
@needs("staff", "edit")
def new_person() -> ResponseReturnValue:
    return render_template("staff/new_person.html", roles=list(rules.ROLES))


@pages.post("/people/new", endpoint="add_person")
@needs("staff", "edit")
def add_person() -> ResponseReturnValue:
    """Add somebody; with a login they get a one-time password, shown once."""
    login, pin = forms.optional("login"), forms.optional("pin")
    one_time = passwords.one_time() if login else None
    id = acts.carry_out(
        AddPerson(
            web().company, forms.words("name", signs_max=100), badge=forms.optional("badge"),
            verifier=passwords.pin_proof(pin) if pin else None, login=login,
            password_hash=passwords.hashed(one_time) if one_time else None,
            roles=tuple(request.form.getlist("role")), must_change=bool(login),
        )
    )  # fmt: skip
    if one_time is None:
        return redirect(f"/people/{id.hex()}", 303)
    return _person_page(_person(id.hex()), one_time=one_time)


def _person(person: str) -> Person:
    found = queries.person(web().company, forms.id_of("person", person))
    if found is None:
        raise NotFound("person", person)
    return found


def _person_page(person: Person, **extra: Any) -> str:
    grants = queries.grants_of(person.id)
    return render_template(
        "staff/person.html", person=person, roles=list(rules.ROLES),
        all_roles=queries.permissions_by_role(), has={g.role for g in grants if _is_for_all(g)},
        limited=[grant for grant in grants if not _is_for_all(grant)],
        divisions=queries.known_divisions(), sites=[rules.ANY, web().site],
        has_second_factor=queries.has_second_factor(person.id), **extra,
    )  # fmt: skip


def _is_for_all(grant: PersonRole) -> bool:
    return bool(grant.site == rules.ANY and grant.division == rules.ANY)


@pages.get("/people/<person>")
@needs("staff", "read")
def person(person: str) -> ResponseReturnValue:
    return _person_page(_person(person))


@pages.post("/people/<person>")
@needs("staff", "edit")
def change_person(person: str) -> ResponseReturnValue:
    id = _person(person).id
    if id == somebody().id and not forms.is_ticked("is_active"):
        raise BadValue("active", "no", "nobody shuts out themselves; ask a colleague")
    acts.carry_out(
        ChangePerson(
            id, forms.words("name", signs_max=100), forms.words("language", signs_max=8),
            forms.is_ticked("is_active"), tuple(request.form.getlist("role")),
            badge=forms.optional("badge"), login=forms.optional("login"),
        )
    )  # fmt: skip
    flash(_("Saved."), "done")
    return redirect(f"/people/{person}", 303)


@pages.post("/people/<person>/pin")
@needs(*SetPin.NEEDS)
def set_pin(person: str) -> ResponseReturnValue:
    id, pin = _person(person).id, forms.words("pin", signs_max=12)
    acts.carry_out(SetPin(id, passwords.pin_proof(pin)))
    flash(_("The new PIN is on the devices in a moment."), "done")
    return redirect(f"/people/{person}", 303)


@pages.post("/people/<person>/roles")
@needs(*GrantRole.NEEDS)
def grant_role(person: str) -> ResponseReturnValue:
    """A role in one division, or at one site, alone."""
    id, at = _person(person).id, forms.words("at", signs_max=40)
    role = forms.words("role", signs_max=40)
    division = forms.words("division", is_needed=False, signs_max=rules.DIVISION_SIGNS_MAX)
    acts.carry_out(GrantRole(id, role, division or rules.ANY, at))
    flash(_("Saved."), "done")
    return redirect(f"/people/{person}", 303)


@pages.post("/people/<person>/roles/withdraw")
@needs(*WithdrawRole.NEEDS)
def withdraw_role(person: str) -> ResponseReturnValue:
    id, at = _person(person).id, forms.words("at", signs_max=40)
    role = forms.words("role", signs_max=40)
    division = forms.words("division", signs_max=rules.DIVISION_SIGNS_MAX)
    acts.carry_out(WithdrawRole(id, role, division, at))
    flash(_("Saved."), "done")
    return redirect(f"/people/{person}", 303)


@pages.get("/people/<person>/reset")
def after_reset(person: str) -> ResponseReturnValue:
    return redirect(f"/people/{person}", 303)


@pages.post("/people/<person>/reset")
@needs("staff", "edit")
def reset_password(person: str) -> ResponseReturnValue:
    """A new one-time password, shown once; every session of the person ends.

    Whoever sees it gets in as that person, so the password of whoever asks is asked for.
    """
    found = _person(person)
    if not found.login:
        raise BadValue("login", "", "give the person a login first")
    refuse_stranger(somebody().id)
    one_time = passwords.one_time()
    acts.carry_out(SetPassword(found.id, passwords.hashed(one_time), must_change=True))
    return _person_page(found, one_time=one_time)


@pages.post("/people/<person>/sessions/end")
@needs(*EndSessions.NEEDS)
def end_sessions(person: str) -> ResponseReturnValue:
    """Log somebody out everywhere."""
    ended = acts.carry_out(EndSessions(_person(person).id))
    flash(n_("{n} log-in was ended.", "{n} log-ins were ended.", ended), "done")
    return redirect(f"/people/{person}", 303)


@pages.post("/people/<person>/second-factor/reset")
@needs(*ResetSecondFactor.NEEDS)
def reset_second_factor(person: str) -> ResponseReturnValue:
    """Somebody lost their telephone and has no recovery code left. Asks for one's own password."""
    id = _person(person).id
    if id == somebody().id:
        raise BadValue("person", "you", "a code on your own page turns it off; or ask a colleague")
    refuse_stranger(somebody().id)
    acts.carry_out(ResetSecondFactor(id))
    flash(_("The next log-in asks for no code. All their log-ins have ended."), "done")
    return redirect(f"/people/{person}", 303)


@pages.get("/people/roles")
@needs("staff", "read")
def roles() -> ResponseReturnValue:
    """What each role may do, and whether whoever has it needs a second factor."""
    return render_template(
        "staff/roles.html", roles=list(rules.ROLES), permissions=queries.permissions_by_role(),
        with_rule=queries.roles_with_rule(),
    )  # fmt: skip


@pages.post("/people/roles/<role>")
@needs(*SetRoleRule.NEEDS)
def set_role_rule(role: str) -> ResponseReturnValue:
    acts.carry_out(SetRoleRule(role, forms.is_ticked("needs_second_factor")))
    flash(_("Saved."), "done")
    return redirect("/people/roles", 303)


def _names(ids: list[bytes]) -> dict[bytes, tuple[str, str]]:
    return {id: (name, f"/people/{id.hex()}") for id, name in queries.names_of(ids).items()}


naming.tell("person", _names)
