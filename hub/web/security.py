"""Who is at the page: session cookie, permission of a view, headers, limits.

Owns the cookie and the headers. People, passwords and permissions are `hub.staff`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, NamedTuple, TypeVar, cast
from urllib.parse import quote, urlsplit

from flask import Flask, Response, g, redirect, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from werkzeug.wrappers import Response as AnyResponse

from hub.web.context import Visitor, of_app, somebody, visitor, web

COOKIE: Final = "binlight"
FORM_COOKIE: Final = "binlight_form"
FLASHES: Final = "_flashes"
"""Flask's own name in the session."""
MESSAGES_MAX: Final = 4
MESSAGE_SIGNS_MAX: Final = 300
HOST_PREFIX: Final = "__Host-"
"""Behind HTTPS: browsers take such a cookie from this very host alone (RFC 6265bis)."""
COOKIE_MAX_S: Final = 7 * 24 * 3_600
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
OPEN_ENDPOINTS: Final = frozenset({"staff.log_in", "staff.try_log_in", "static", "live.health"})
_ALWAYS: Final = OPEN_ENDPOINTS | {"staff.log_out"}


class Step(NamedTuple):
    """What stands between a log-in and the pages: where it is done, and what is open till then."""

    path: str
    endpoints: frozenset[str]


STEPS: Final = {
    "code": Step("/log-in/code", _ALWAYS | {"staff.log_in_code", "staff.enter_code"}),
    "password": Step(
        "/own/password", _ALWAYS | {"staff.own_password", "staff.change_own_password"}
    ),
    "factor": Step(
        "/own/second-factor",
        _ALWAYS
        | {
            "staff.own_second_factor",
            "staff.begin_second_factor",
            "staff.confirm_second_factor",
            "staff.second_factor_again",
        },
    ),
}
"""By what `Visitor.stands_before` says, in this order."""

csrf = CSRFProtect()
View = TypeVar("View", bound=Callable[..., Any])


def protect(app: Flask) -> Limiter:
    """Put log-in, form tokens, limits and headers around every page of the application.

    Returns the limiter, so that whoever joins the pages can name the ones it bounds.
    """
    settings = of_app(app).settings
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME=_cookie_name(FORM_COOKIE, is_https=settings.is_https),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        WTF_CSRF_TIME_LIMIT=None,
    )
    csrf.init_app(app)
    limiter = Limiter(
        get_remote_address, app=app, storage_uri="memory://", strategy="moving-window"
    )
    app.before_request(_let_in)
    app.after_request(_add_headers)
    app.after_request(_keep_few_messages)
    return limiter


def _let_in() -> AnyResponse | None:
    """Pages need a log-in; the API answers for itself."""
    g.is_api = request.path.startswith("/api/")
    if g.is_api or request.endpoint in OPEN_ENDPOINTS:
        return None
    g.visitor = _from_cookie()
    if visitor() is None:
        return _ask_for_log_in()
    step = STEPS.get(somebody().stands_before)
    if step is not None and request.endpoint not in step.endpoints:
        return redirect(step.path, 303)
    return None


def _cookie_name(name: str, *, is_https: bool) -> str:
    return HOST_PREFIX + name if is_https else name


def _session_cookie() -> str:
    return _cookie_name(COOKIE, is_https=web().settings.is_https)


def session_secret() -> str:
    """What this browser says to be known by; empty for a stranger."""
    return request.cookies.get(_session_cookie(), "")


def _from_cookie() -> Visitor | None:
    secret = session_secret()
    return web().people.of_session(secret) if secret else None


def _ask_for_log_in() -> AnyResponse:
    if request.path == "/live":
        return Response("log in first", 401)
    wanted = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(f"/log-in?next={quote(wanted, safe='')}", 303)


def local_path(wanted: str | None) -> str:
    """A path of ours to go on to after a log-in; anything else becomes the first page."""
    parts = urlsplit(wanted or "/")
    is_ours = not parts.scheme and not parts.netloc and parts.path.startswith("/")
    if not is_ours or parts.path.startswith("//") or "\\" in (wanted or ""):
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def carry_session(response: AnyResponse, secret: str) -> AnyResponse:
    """Give the browser a fresh secret after a log-in; form tokens of before end too."""
    session.clear()
    response.set_cookie(
        _session_cookie(), secret, max_age=COOKIE_MAX_S, httponly=True, samesite="Lax",
        secure=web().settings.is_https,
    )  # fmt: skip
    return response


def drop_session(response: AnyResponse) -> AnyResponse:
    session.clear()
    response.delete_cookie(
        _session_cookie(), httponly=True, samesite="Lax", secure=web().settings.is_https
    )
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if web().settings.is_https:
        response.headers.setdefault(
            "Strict-Transport-Security", "max-age=31536000; includeSubDomains"
        )
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _keep_few_messages(response: Response) -> Response:
    """Messages wait for the next page in a cookie, and browsers drop one beyond 4,093 bytes whole:
    of a browser that never looks at a page only the newest are kept.
    """
    waiting = session.get(FLASHES, [])
    if len(waiting) > MESSAGES_MAX or any(len(text) > MESSAGE_SIGNS_MAX for _, text in waiting):
        newest = waiting[-MESSAGES_MAX:]
        session[FLASHES] = [(kind, text[:MESSAGE_SIGNS_MAX]) for kind, text in newest]
    return response


def needs(capability: str, action: str) -> Callable[[View], View]:
    """A view only for whoever may do this here; others get Denied, which is audited."""
    return _asking(lambda: web().people.require(somebody(), capability, action))


def needs_somewhere(capability: str, action: str) -> Callable[[View], View]:
    """As `needs`, for whoever may do it in some division at least: the view, or the act that it
    carries out, asks with the division of what it is about.
    """
    return _asking(lambda: web().people.require_somewhere(somebody(), capability, action))


def _asking(ask: Callable[[], None]) -> Callable[[View], View]:
    def around(view: View) -> View:
        @wraps(view)
        def asked(*args: Any, **kwargs: Any) -> Any:
            ask()
            return view(*args, **kwargs)

        return cast("View", asked)

    return around
