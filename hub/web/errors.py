"""What a page says when something is wrong: one sentence, what to do, and the way back."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, flash, g, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from hub.errors import AlreadyDone, BadValue, HubError, NotFound
from hub.web import text
from hub.web.context import visitor, web
from hub.web.text import _

_log = structlog.get_logger("web")
_STATUS: Final[tuple[tuple[type[HubError], int], ...]] = (
    (NotFound, 404), (BadValue, 422), (AlreadyDone, 409),
)  # fmt: skip
CONFLICT: Final = 409


def status_of(error: HubError) -> int:
    """404 for what is not there, 422 for a value, 409 for what the books do not allow now."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), CONFLICT)


def install(
    app: Flask, denied: type[HubError], refused_elsewhere: tuple[type[Exception], ...]
) -> None:
    """`denied` is the refusal for a missing permission; the others are refusals of our other
    packages, shown like the hub's own."""
    app.register_error_handler(denied, forbidden)
    app.register_error_handler(HubError, refused)
    for kind in refused_elsewhere:
        app.register_error_handler(kind, refused)
    app.register_error_handler(CSRFError, stale_form)
    app.register_error_handler(HTTPException, plain)
    app.register_error_handler(500, broken)


def forbidden(error: HubError) -> ResponseReturnValue:
    """403, noted in the audit."""
    note_denied(error)
    return answer(403, error.code, text.refusal(error), error.values())


def note_denied(error: HubError) -> None:
    """Audit a missing right, for a view that goes on with the rest of what it was asked."""
    who = visitor()
    what = f"{request.method} {request.path} {'.'.join(map(str, error.values().values()))}"
    web().people.note_denial(who.id if who else None, what, request.remote_addr or "")


def refused(error: Exception) -> ResponseReturnValue:
    """A form goes back to its page with the sentence; everything else gets a page with it."""
    code = str(getattr(error, "code", "REFUSED"))
    values = error.values() if hasattr(error, "values") else {}
    sentence = text.refusal(error) if isinstance(error, HubError) else str(error)
    status = status_of(error) if isinstance(error, HubError) else 422
    back = _page_before()
    if request.method == "POST" and back and not _wants_json():
        flash(sentence, "refusal")
        return redirect(back, 303)
    return answer(status, code, sentence, values)


def _page_before() -> str | None:
    """Where the form was, if that is a page of ours."""
    before = urlsplit(request.referrer or "")
    if before.netloc != request.host:
        return None
    return f"{before.path}?{before.query}" if before.query else before.path


def stale_form(error: CSRFError) -> ResponseReturnValue:
    _log.warning("form_refused", path=request.path, reason=error.description)
    back = _page_before()
    if back and visitor() is not None and not _wants_json():
        flash(_("That page was open for too long. Here it is anew: please repeat it."), "refusal")
        return redirect(back, 303)
    sentence = _("This form is too old or was not ours. Open the page again and repeat it.")
    return answer(400, "FORM_REFUSED", sentence, {})


_SENTENCES: Final = {
    404: "There is no such page.",
    405: "This address does not take that kind of request.",
    413: "The file is too large. Split it, or import it on the command line.",
    429: "Too many tries. Wait a minute, then try again.",
}


def plain(error: HTTPException) -> ResponseReturnValue:
    if error.response:
        return error.response
    status = error.code or 500
    sentence = _(_SENTENCES.get(status, error.description or error.name))
    body, status = answer(status, error.name.upper().replace(" ", "_"), sentence, {})
    return body, status, _told_by_header(error)


def _told_by_header(error: HTTPException) -> dict[str, str]:
    """Which methods an address takes (RFC 9110, 15.5.6)."""
    allowed = getattr(error, "valid_methods", None)
    return {"Allow": ", ".join(sorted(allowed))} if allowed else {}


def broken(error: Exception) -> ResponseReturnValue:
    _log.error(
        "page_failed", path=request.path, error=repr(getattr(error, "original_exception", error))
    )
    sentence = _("Something went wrong here. Look whether it was done before you try it again.")
    return answer(500, "BROKEN", sentence, {})


def answer(
    status: int, code: str, sentence: str, values: dict[str, object]
) -> tuple[Response | str, int]:
    """The same facts as a page, or as JSON for programs."""
    if _wants_json():
        return jsonify({"code": code, "text": sentence, "values": values}), status
    return render_template("error.html", status=status, code=code, sentence=sentence), status


def _wants_json() -> bool:
    if g.get("is_api"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json"
