"""Pages of people: log-in, one's own password and keys, and the people who work here."""

from __future__ import annotations

import secrets
from typing import Any, Final, TypeVar

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from hub.command import Command
from hub.errors import BadValue, NotFound
from hub.ids import NIL
from hub.staff import passwords, queries, rules, service, sessions
from hub.staff.acts import (
    AddPerson,
    AddToken,
    ChangePerson,
    EndSessions,
    LogIn,
    LogOut,
    RevokeToken,
    SetPassword,
    SetPin,
    TryLogIn,
)
from hub.staff.models import Person
from hub.web import acts, forms, naming, security
from hub.web.context import somebody, web
from hub.web.security import needs
from hub.web.text import _, n_

TOKEN_PREFIX: Final = "bw_"  # noqa: S105 - by this a leaked key is told from other text

T = TypeVar("T")

pages = Blueprint("staff", __name__, template_folder="templates")


def _address() -> str:
    return request.remote_addr or ""


# --- log-in --------------------------------------------------------------------------------------


@pages.get("/log-in")
def log_in() -> ResponseReturnValue:
    return render_template("staff/log_in.html", next=request.args.get("next", "/"))


@pages.post("/log-in", endpoint="try_log_in")
def try_log_in() -> ResponseReturnValue:
    """Right: a fresh session. Wrong: one sentence that does not say which of the two it was."""
    login = request.form.get("login", "")[: forms.TEXT_MAX]
    password = request.form.get("password", "")[: rules.PASSWORD_LENGTH_MAX]
    known = queries.person_by_login(web().company, login)
    attempt = _carry_out(TryLogIn(known.id if known else None))
    if attempt.locked_s:
        return _refused(attempt.person, "log-in: locked", _locked(attempt.locked_s), 429)
    if not passwords.is_right(password, attempt.password_hash) or attempt.person is None:
        what = "log-in: wrong password" if attempt.person else "log-in: unknown name"
        sentence = _("Login or password is wrong. Try again, or ask for a one-time password.")
        return _refused(attempt.person, what, sentence, 401)
    return _enter(attempt.person, security.local_path(request.form.get("next")))


def _carry_out(command: Command[T], actor: bytes = NIL) -> T:
    """What everybody may do for themselves, some of it before they are logged in."""
    parts = web()
    return parts.journal.carry_out(command, site=parts.site, via="page", actor=actor)


def _locked(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return n_(
        "Too many wrong passwords. Try again in {n} minute.",
        "Too many wrong passwords. Try again in {n} minutes.",
        minutes,
    )


def _refused(person: bytes | None, what: str, sentence: str, status: int) -> ResponseReturnValue:
    web().people.note_denial(person, what, _address())
    wanted = request.form.get("next", "/")
    return render_template("staff/log_in.html", next=wanted, refusal=sentence), status


def _enter(person: bytes, path: str) -> ResponseReturnValue:
    """Open a session under a secret that nobody knew before."""
    secret = secrets.token_urlsafe(sessions.SECRET_BYTES)
    former = _this_session()
    session = sessions.digest(secret).hex()
    _carry_out(LogIn(person, session, _address(), former), person)
    return security.carry_session(redirect(path, 303), secret)


def _this_session() -> str | None:
    """The digest of this browser's secret, in hexadecimal digits."""
    secret = security.session_secret()
    return sessions.digest(secret).hex() if secret else None


@pages.post("/log-out")
def log_out() -> ResponseReturnValue:
    _carry_out(LogOut(_this_session() or ""), somebody().id)
    return security.drop_session(redirect("/log-in", 303))


# --- oneself -------------------------------------------------------------------------------------


@pages.get("/own")
def own() -> ResponseReturnValue:
    return _own_page()


def _own_page(**more: Any) -> str:
    id = somebody().id
    return render_template(
        "staff/own.html", tokens=queries.tokens_of(id), this_session=_this_session(),
        sessions=queries.sessions_of(id, web().now_us()), **more,
    )  # fmt: skip


@pages.post("/own/sessions/end")
def end_other_sessions() -> ResponseReturnValue:
    """Log out everywhere but here."""
    ended = _carry_out(EndSessions(somebody().id, _this_session()), somebody().id)
    flash(n_("{n} log-in was ended.", "{n} log-ins were ended.", ended), "done")
    return redirect("/own", 303)


@pages.get("/own/password")
def own_password() -> ResponseReturnValue:
    return render_template("staff/password.html")


@pages.post("/own/password", endpoint="change_own_password")
def change_own_password() -> ResponseReturnValue:
    """Set a password of one's own; every session ends, and this one starts anew."""
    who = somebody()
    new = request.form.get("new", "")
    _refuse_stranger(who.id)
    if new != request.form.get("again", ""):
        raise BadValue("password", "…", "type the same twice")
    service.refuse_weak(new, who.login, who.name)
    _refuse_same(who.id, new)
    _carry_out(SetPassword(who.id, passwords.hashed(new), must_change=False), who.id)
    entered = _enter(who.id, "/")
    flash(_("Your password is changed."), "done")
    return entered


def _stored(id: bytes) -> str:
    found = Person.get_or_none(Person.id == id)
    return found.password_hash if found else ""


def _refuse_stranger(id: bytes) -> None:
    """An open page is no proof: the present password is asked, unless it is the one-time one."""
    if somebody().must_change:
        return
    attempt = _carry_out(TryLogIn(id), id)
    if not passwords.is_right(request.form.get("current", ""), attempt.password_hash):
        raise BadValue("password", "…", "the present password is not right")


def _refuse_same(id: bytes, new: str) -> None:
    if passwords.is_right(new, _stored(id)):
        raise BadValue("password", "…", "choose another than the present one")


@pages.get("/own/tokens")
def tokens() -> ResponseReturnValue:
    return redirect("/own", 303)


@pages.post("/own/tokens")
def add_token() -> ResponseReturnValue:
    """Make a key for the API; it is shown this one time."""
    who, name = somebody(), forms.words("name", signs_max=60)
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    _carry_out(AddToken(who.id, name, service.token_digest(secret).hex()), who.id)
    return _own_page(secret=secret)


@pages.post("/own/tokens/<token>/revoke")
def revoke_token(token: str) -> ResponseReturnValue:
    who, id = somebody(), forms.id_of("token", token)
    _carry_out(RevokeToken(who.id, id), who.id)
    flash(_("The key no longer opens anything."), "done")
    return redirect("/own", 303)


# --- everybody -----------------------------------------------------------------------------------


@pages.get("/people")
@needs("staff", "read")
def people() -> ResponseReturnValue:
    search = request.args.get("q", "").strip()
    return render_template(
        "staff/people.html", people=queries.people(web().company, search), search=search
    )


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
    return render_template(
        "staff/person.html", person=person, roles=list(rules.ROLES), all_roles=rules.ROLES,
        has=queries.roles_of([person.id]).get(person.id, []), **extra,
    )  # fmt: skip


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


@pages.get("/people/<person>/reset")
def after_reset(person: str) -> ResponseReturnValue:
    return redirect(f"/people/{person}", 303)


@pages.post("/people/<person>/reset")
@needs("staff", "edit")
def reset_password(person: str) -> ResponseReturnValue:
    """A new one-time password, shown once; every session of the person ends."""
    found = _person(person)
    if not found.login:
        raise BadValue("login", "", "give the person a login first")
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


def _names(ids: list[bytes]) -> dict[bytes, tuple[str, str]]:
    return {id: (name, f"/people/{id.hex()}") for id, name in queries.names_of(ids).items()}


naming.tell("person", _names)
