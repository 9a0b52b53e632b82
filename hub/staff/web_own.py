"""The page You: one's own log-ins, password and keys for programs."""

from __future__ import annotations

import secrets
from typing import Any, Final

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from hub.errors import BadValue
from hub.staff import passwords, queries, service
from hub.staff.acts import (
    AddToken,
    EndSessions,
    RevokeToken,
    SetPassword,
)
from hub.staff.models import Person
from hub.staff.web_log_in import enter
from hub.staff.web_pages import (
    carry_out,
    give_back_try,
    note_wrong,
    pages,
    this_session,
    try_once,
)
from hub.web import forms
from hub.web.context import somebody, web
from hub.web.text import _, n_

TOKEN_PREFIX: Final = "bw_"  # noqa: S105 - by this a leaked key is told from other text


@pages.get("/own")
def own() -> ResponseReturnValue:
    return _own_page()


def _own_page(**more: Any) -> str:
    id = somebody().id
    return render_template(
        "staff/own.html", me=Person.get_by_id(id), tokens=queries.tokens_of(id),
        this_session=this_session(),
        sessions=queries.sessions_of(id, web().now_us()),
        has_second_factor=queries.has_second_factor(id),
        recovery_left=queries.recovery_codes_left(id), **more,
    )  # fmt: skip


@pages.post("/own/sessions/end")
def end_other_sessions() -> ResponseReturnValue:
    """Log out everywhere but here. An open page is no proof: the password is asked for."""
    refuse_stranger(somebody().id)
    ended = carry_out(EndSessions(somebody().id, this_session()), somebody().id)
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
    if who.stands_before != "password":
        refuse_stranger(who.id)
    if new != request.form.get("again", ""):
        raise BadValue("password", "…", "type the same twice")
    service.refuse_weak(new, who.login, who.name)
    _refuse_same(who.id, new)
    carry_out(SetPassword(who.id, passwords.hashed(new), must_change=False), who.id)
    entered = enter(who.id, "/")
    flash(_("Your password is changed."), "done")
    return entered


def refuse_stranger(id: bytes) -> None:
    """An open page is no proof: the present password is asked. Counts like a log-in; BadValue."""
    attempt = try_once(id)
    if not passwords.is_right(request.form.get("current", ""), attempt.password_hash):
        note_wrong(attempt, "locked" if attempt.locked_s else "wrong password, on a page")
        raise BadValue("password", "…", "the present password is not right")
    give_back_try(id)


def _refuse_same(id: bytes, new: str) -> None:
    found = Person.get_or_none(Person.id == id)
    if passwords.is_right(new, found.password_hash if found else ""):
        raise BadValue("password", "…", "choose another than the present one")


@pages.get("/own/tokens")
def tokens() -> ResponseReturnValue:
    return redirect("/own", 303)


@pages.post("/own/tokens")
def add_token() -> ResponseReturnValue:
    """Make a key for the API; it is shown this one time. It outlives every log-in, so the password
    is asked for.
    """
    who, name = somebody(), forms.words("name", signs_max=60)
    refuse_stranger(who.id)
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    carry_out(AddToken(who.id, name, service.token_digest(secret).hex()), who.id)
    return _own_page(secret=secret)


@pages.post("/own/tokens/<token>/revoke")
def revoke_token(token: str) -> ResponseReturnValue:
    who, id = somebody(), forms.id_of("token", token)
    carry_out(RevokeToken(who.id, id), who.id)
    flash(_("The key no longer opens anything."), "done")
    return redirect("/own", 303)
