"""Log-in, in one step or two, and log-out.

A session gets a new secret at every step, so what somebody planted or saw before opens nothing
after it.
"""

from __future__ import annotations

import secrets
from urllib.parse import quote

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from hub.command import Command
from hub.staff import passwords, queries, rules, second_factor, sessions, totp
from hub.staff.acts import EnterCode, EnterRecoveryCode, LogIn, LogOut
from hub.staff.sessions import Attempt
from hub.staff.web_pages import (
    address,
    carry_out,
    note_wrong,
    pages,
    this_session,
    try_once,
)
from hub.web import forms, security
from hub.web.context import somebody, web
from hub.web.text import _, n_


@pages.get("/log-in")
def log_in() -> ResponseReturnValue:
    return render_template("staff/log_in.html", next=request.args.get("next", "/"))


@pages.post("/log-in", endpoint="try_log_in")
def try_log_in() -> ResponseReturnValue:
    """Right: a fresh session. Wrong: one sentence that does not say which of the two it was."""
    login = request.form.get("login", "")[: forms.TEXT_MAX]
    known = queries.person_by_login(web().company, login)
    attempt = try_once(known.id if known else None)
    if attempt.locked_s:
        return _refused(attempt, "locked", _locked(attempt.locked_s), 429)
    if not passwords.is_right(_password(), attempt.password_hash) or attempt.person is None:
        what = "wrong password" if attempt.person else "unknown name"
        sentence = _("Login or password is wrong. Try again, or ask for a one-time password.")
        return _refused(attempt, what, sentence, 401)
    return enter(attempt.person, security.local_path(request.form.get("next")))


def _password() -> str:
    """As typed; so long a one was never set, so it is a wrong one as a whole."""
    typed = request.form.get("password", "")
    return typed if len(typed) <= rules.PASSWORD_LENGTH_MAX else ""


def _locked(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return n_(
        "Too many wrong tries. Try again in {n} minute.",
        "Too many wrong tries. Try again in {n} minutes.",
        minutes,
    )


def _refused(
    attempt: Attempt, what: str, sentence: str, status: int, page: str = "staff/log_in.html"
) -> ResponseReturnValue:
    note_wrong(attempt, what)
    wanted = request.form.get("next", "/")
    return render_template(page, next=wanted, refusal=sentence), status


def enter(person: bytes, path: str) -> ResponseReturnValue:
    """Open a session under a secret that nobody knew before; whoever has a second factor is asked
    for it next.
    """
    secret = _new_secret()
    is_open = carry_out(LogIn(person, _digest(secret), address(), this_session()), person)
    onward = path if is_open else f"/log-in/code?next={quote(path, safe='')}"
    return security.carry_session(redirect(onward, 303), secret)


def _new_secret() -> str:
    return secrets.token_urlsafe(sessions.SECRET_BYTES)


def _digest(secret: str) -> str:
    return sessions.digest(secret).hex()


# --- the second step -----------------------------------------------------------------------------


@pages.get("/log-in/code")
def log_in_code() -> ResponseReturnValue:
    return render_template("staff/log_in_code.html", next=request.args.get("next", "/"))


@pages.post("/log-in/code", endpoint="enter_code")
def enter_code() -> ResponseReturnValue:
    """A code of the telephone, or one from paper. Wrong ones count like wrong passwords."""
    who, secret = somebody(), _new_secret()
    attempt = try_once(who.id)
    if attempt.locked_s:
        return _code_refused(attempt, "locked", _locked(attempt.locked_s), 429)
    try:
        carry_out(_entry(who.id, forms.words("code", signs_max=40), secret), who.id)
    except (second_factor.WrongCode, second_factor.CodeUsed) as refusal:
        return _code_refused(attempt, refusal.fact, _(str(refusal)), 401)
    onward = redirect(security.local_path(request.form.get("next")), 303)
    return security.carry_session(onward, secret)


def _code_refused(attempt: Attempt, what: str, sentence: str, status: int) -> ResponseReturnValue:
    return _refused(attempt, what, sentence, status, "staff/log_in_code.html")


def _entry(person: bytes, typed: str, secret: str) -> Command[None]:
    """What the typed code asks for. Raises WrongCode."""
    former, plain = this_session() or "", typed.replace(" ", "")
    if len(plain) > totp.DIGITS:
        digest = second_factor.digest_of(plain)
        return EnterRecoveryCode(person, _digest(secret), former, address(), digest.hex())
    step = step_of(person, plain)
    return EnterCode(person, _digest(secret), former, address(), step)


def step_of(person: bytes, code: str) -> int:
    """The time step of a right code, before it is used up. Raises WrongCode."""
    found = queries.second_factor(person)
    step = totp.step_of(found.secret, code, web().now_us()) if found else None
    if step is None:
        raise second_factor.WrongCode
    return step


@pages.post("/log-out")
def log_out() -> ResponseReturnValue:
    carry_out(LogOut(this_session() or ""), somebody().id)
    return security.drop_session(redirect("/log-in", 303))
