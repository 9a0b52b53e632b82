"""One's own second factor: set up by a picture, recovery codes, turned off."""

from __future__ import annotations

import secrets
from typing import Any

from flask import flash, redirect, render_template
from flask.typing import ResponseReturnValue

from hub.command import Command
from hub.staff import passwords, queries, second_factor, totp
from hub.staff.acts import (
    BeginSecondFactor,
    ConfirmSecondFactor,
    RenewRecoveryCodes,
    TurnOffSecondFactor,
)
from hub.staff.web_log_in import step_of
from hub.staff.web_own import refuse_stranger
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
from hub.web.qr import qr_picture
from hub.web.text import _


@pages.get("/own/second-factor")
def own_second_factor() -> ResponseReturnValue:
    return _page()


def _page(**more: Any) -> str:
    who = somebody()
    found, rule = queries.second_factor(who.id), queries.rule_on(who.id)
    return render_template(
        "staff/second_factor.html", is_on=queries.has_second_factor(who.id), found=found,
        recovery_left=queries.recovery_codes_left(who.id), role=rule and rule.role,
        **more,
    )  # fmt: skip


@pages.post("/own/second-factor/begin")
def begin_second_factor() -> ResponseReturnValue:
    """Show the picture that the telephone scans; only after the password, and only now."""
    who = somebody()
    refuse_stranger(who.id)
    secret = totp.new_secret(secrets.token_bytes(totp.SECRET_BYTES))
    carry_out(BeginSecondFactor(who.id, secret), who.id)
    return _picture_page(secret)


def _picture_page(secret: str, **more: Any) -> str:
    told = totp.address(secret, somebody().login, f"Binlight {web().settings.title}")
    return _page(picture=qr_picture(told), secret=totp.grouped(secret), **more)


@pages.post("/own/second-factor/confirm")
def confirm_second_factor() -> ResponseReturnValue:
    """The telephone shows the right code: it is asked for from now on."""
    who, found = somebody(), queries.second_factor(somebody().id)
    if found is None or found.confirmed_at is not None:
        raise second_factor.NoSecondFactor
    try:
        step = step_of(who.id, _code())
    except second_factor.WrongCode as refusal:
        return _picture_page(found.secret, refusal=_(str(refusal))), 422
    fresh = [passwords.recovery_code() for _n in range(second_factor.RECOVERY_CODES)]
    carry_out(ConfirmSecondFactor(who.id, step, _digests(fresh), this_session() or ""), who.id)
    return _page(recovery=fresh)


def _code() -> str:
    return forms.words("code", signs_max=40).replace(" ", "")


def _digests(codes: list[str]) -> str:
    return " ".join(second_factor.digest_of(code).hex() for code in codes)


@pages.post("/own/second-factor/recovery")
def renew_recovery_codes() -> ResponseReturnValue:
    """Recovery codes anew, shown this one time."""
    fresh = [passwords.recovery_code() for _n in range(second_factor.RECOVERY_CODES)]
    who = somebody()
    _proven(RenewRecoveryCodes(who.id, _guessed_step(), _digests(fresh)))
    return _page(recovery=fresh)


@pages.post("/own/second-factor/off")
def turn_off_second_factor() -> ResponseReturnValue:
    """Go without; asks for the password and a code."""
    refuse_stranger(somebody().id)
    _proven(TurnOffSecondFactor(somebody().id, _guessed_step()))
    flash(_("From now on the password alone opens these pages."), "done")
    return redirect("/own", 303)


def _guessed_step() -> int:
    """Of the code in the form. Only a wrong one counts, like a wrong password. Raises WrongCode."""
    who = somebody()
    attempt = try_once(who.id)
    if attempt.locked_s:
        note_wrong(attempt, "locked")
        raise second_factor.WrongCode
    try:
        step = step_of(who.id, _code())
    except second_factor.WrongCode as refusal:
        note_wrong(attempt, f"{refusal.fact}, on a page")
        raise
    give_back_try(who.id)
    return step


def _proven(command: Command[None]) -> None:
    carry_out(command, somebody().id)


@pages.get("/own/second-factor/begin")
@pages.get("/own/second-factor/confirm")
@pages.get("/own/second-factor/recovery")
def second_factor_again() -> ResponseReturnValue:
    """Somebody reloaded a page that shows its secret once."""
    return redirect("/own/second-factor", 303)
