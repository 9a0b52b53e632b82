"""The web application of a hub: `create_app` joins the pages, `serve` runs them.

Owns which blueprints there are and how the parts of `hub.web` reach people; no page is drawn here.
"""

from __future__ import annotations

import importlib
import secrets
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Any, Final

import peewee
from apiflask import APIFlask, HTTPError
from flask import Blueprint, Flask, g
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter

from hub.bulk import web as imports
from hub.clock import SystemClock
from hub.config import HubConfig
from hub.db import is_postgresql
from hub.identity import admissions
from hub.identity.announced import identity_of
from hub.inventory.models import Site
from hub.journal import Journal, LedgerHead
from hub.opening import open_database, write_log_anew
from hub.staff import denials, sessions
from hub.staff import queries as staff_queries
from hub.staff import rules as staff_rules
from hub.staff import service as staff
from hub.web import errors, incoming, navigation, security, text
from hub.web.context import (
    EXTENSION,
    Visitor,
    Web,
    WebSettings,
    may,
    may_somewhere,
    of_app,
    visitor,
)
from hub.web.live import Feed
from hub.web.naming import label, named
from hub.web.server import make_server
from hub.web.tls_front import TlsFront, server_context
from protocols.errors import ProtocolsError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PAGES: Final = (
    "hub.web.live_pages:pages",
    "hub.staff.web:pages",
    "hub.catalog.web:pages",
    "hub.customers.web:pages",
    "hub.inventory.web:pages",
    "hub.orders.web:pages",
    "hub.bulk.web:pages",
    "hub.devices.web:pages",
    "hub.security.web:pages",
    "hub.warehouse.web:pages",
    "hub.desk.web:pages",
    "hub.health.web:pages",
    "hub.api:pages",
)
"""Blueprints, left to right as capabilities are ordered."""
SPARE_THREADS: Final = 8
"""Threads beyond those that open streams may hold."""
INSIDE: Final = "127.0.0.1"


class StaffPeople:
    """What `hub.web` asks about people, answered by the staff capability."""

    def __init__(self, settings: WebSettings) -> None:
        self._journal = settings.journal
        self._site = settings.site

    def of_session(self, secret: str) -> Visitor | None:
        found, now_us = self.look_up(secret), self._journal.clock.now_us()
        if found is None or found.awaits_code:
            return found
        if now_us - found.seen_at > sessions.TOUCH_US:
            sessions.touch(self._journal.database, sessions.digest(secret), now_us)
        return found

    def look_up(self, secret: str) -> staff_queries.Visitor | None:
        now_us = self._journal.clock.now_us()
        return staff_queries.of_session(sessions.digest(secret), self._site, now_us)

    def of_token(self, secret: str) -> Visitor | None:
        return staff_queries.of_token(staff.token_digest(secret), self._site)

    def require(
        self, visitor: Visitor, capability: str, action: str, division: str = staff_rules.ANY
    ) -> None:
        staff.require_of(visitor.allowed, capability, action, self._site, division)

    def require_somewhere(self, visitor: Visitor, capability: str, action: str) -> None:
        if not self.reach(visitor, capability, action):
            raise staff.Denied(capability, action, self._site)

    def reach(self, visitor: Visitor, capability: str, action: str) -> staff_rules.Reach:
        return staff_rules.reach(visitor.allowed, capability, action)

    def note_denial(self, person: bytes | None, what: str, address: str) -> None:
        denials.note_beside(self._journal, self._site, person, what, address)


def create_app(settings: WebSettings) -> Flask:
    """The whole application over an open database; nothing is started."""
    app = APIFlask(
        "hub.web", title="Binlight", version="1", spec_path="/api/openapi.json", docs_path=None,
        json_errors=False, static_folder="static", template_folder="templates",
    )  # fmt: skip
    feed = _feed(app, settings)
    app.extensions[EXTENSION] = Web(settings, StaffPeople(settings), feed)
    incoming.install(app)
    limiter = security.protect(app)
    text.install(app)
    errors.install(app, staff.Denied, (ProtocolsError,))
    app.jinja_env.globals.update(
        visitor=visitor, may=may, may_somewhere=may_somewhere, navigation=navigation.entries,
        named=named, label=label, settings=settings, now_us=settings.journal.clock.now_us,
    )  # fmt: skip
    _describe_api(app)
    app.teardown_request(_tidy_connection(settings.journal.database))
    for blueprint in _blueprints(PAGES):
        app.register_blueprint(blueprint)
    for endpoint in ("staff.try_log_in", "staff.enter_code"):
        _bound(app, limiter, endpoint, f"{settings.log_ins_per_minute} per minute")
    for endpoint in ("api.enrol_device", "api.show_authority"):
        _bound(app, limiter, endpoint, f"{settings.enrolments_per_minute} per minute")
    return app


def _bound(app: Flask, limiter: Limiter, endpoint: str, limit: str) -> None:
    """At most so many requests from one address to a page that guesses could be tried on."""
    views: dict[str, Any] = app.view_functions
    views[endpoint] = limiter.limit(limit)(views[endpoint])


def _describe_api(app: APIFlask) -> None:
    """OpenAPI 3.1, and every refusal of one shape."""
    from hub.api.schemas import Problem

    app.config.update(
        OPENAPI_VERSION="3.1.0",
        HTTP_ERROR_SCHEMA=Problem,
        VALIDATION_ERROR_SCHEMA=Problem,
        VALIDATION_ERROR_DESCRIPTION="A value is not allowed",
        AUTO_404_RESPONSE=False,
        AUTO_OPERATION_ID=True,
        INFO={"description": "Orders, stock and work of one site. Quantities are base units, "
              "moments microseconds UTC, prices millionths of the major unit."},
    )  # fmt: skip
    app.register_error_handler(HTTPError, _refuse_request)
    app.spec_processor(_with_required_bodies)


def _with_required_bodies(spec: Any) -> Any:
    """OpenAPI takes a body as optional unless it says otherwise; APIFlask does not say it."""
    shapes = spec["components"]["schemas"]
    bodies = [
        operation["requestBody"]
        for path in spec["paths"].values()
        for operation in path.values()
        if "requestBody" in operation
    ]
    for body in bodies:
        shape = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        body["required"] = "required" in shapes[shape]
    return spec


def _refuse_request(error: HTTPError) -> ResponseReturnValue:
    """What APIFlask found wrong before our code saw the request."""
    names = {400: "BAD_REQUEST", 401: "NO_VALID_TOKEN", 422: "BAD_VALUE"}
    code = names.get(error.status_code, "REFUSED")
    body, status = errors.answer(
        error.status_code, code, str(error.message), {"detail": error.detail}
    )
    return body, status, error.headers or {}


def _feed(app: Flask, settings: WebSettings) -> Feed:
    @contextmanager
    def in_language(language: str) -> Iterator[None]:
        with app.app_context():
            g.language = language
            yield

    journal = settings.journal

    def mono_ms() -> int:
        return journal.clock.mono_ms()

    return Feed(
        lambda: _journal_head(settings.site), mono_ms, secrets.token_hex(4),
        in_language, settings.streams_max, journal.database.close,
    )  # fmt: skip


def _journal_head(site: str) -> int:
    query = LedgerHead.select(LedgerHead.position).where(
        LedgerHead.site == site, LedgerHead.ledger == "journal"
    )
    return int(query.scalar() or 0)


def _tidy_connection(database: peewee.Database) -> Callable[[BaseException | None], None]:
    """SQLite's connections end with the request (each may keep 16 MB of pages); PostgreSQL's stay
    with their thread unless they broke."""
    keeps = is_postgresql(database)

    def tidy(error: BaseException | None) -> None:
        if not keeps or isinstance(error, peewee.OperationalError | peewee.InterfaceError):
            database.close()

    return tidy


def _blueprints(names: Iterable[str]) -> Iterator[Blueprint]:
    """Those that this installation has; a module that is there but broken still fails."""
    for name in names:
        module_name, _, attribute = name.partition(":")
        try:
            module = importlib.import_module(module_name)
        except ModuleNotFoundError as missing:
            if missing.name is None or not module_name.startswith(missing.name):
                raise
            continue
        yield getattr(module, attribute)


# --- running it ----------------------------------------------------------------------------------


def settings_of(config: HubConfig, journal: Journal) -> WebSettings:
    """The pages' settings for a hub that was set up; the site says its time zone and currency."""
    site = Site.get_or_none(Site.code == config.site)
    return WebSettings(
        journal=journal,
        site=config.site,
        company=config.company,
        secret_key=_secret_key(config.secrets_folder),
        title=site.name if site else config.site,
        time_zone=site.time_zone if site else "UTC",
        currency=site.currency if site else "GBP",
        is_https=config.is_encrypted,
        identity=identity_of(config),
        tell_broker=lambda: admissions.follow(config),
        data=config.data,
    )


def _secret_key(folder: Path) -> bytes:
    """The key that signs forms: made once, for its owner's eyes only."""
    path = folder / "web-key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(32))
    return path.read_bytes()


def app_of(config: HubConfig) -> Flask:
    """The application of a hub that was set up, with the files that are half taken on their way."""
    journal = Journal(open_database(config.database), SystemClock(), SystemRandom())
    write_log_anew(journal.database)
    app = create_app(settings_of(config, journal))
    imports.go_on(app)
    return app


def serve(config: HubConfig) -> None:
    """Answer requests until the process ends; by HTTPS where the hub encrypts.

    Raises DiskFailed.
    """
    app = app_of(config)
    if not config.is_encrypted:
        serving(app, config.listen, config.port)[0].run()
        return
    folder = config.tls_folder
    serving_https(app, config.listen, config.port, folder / "server.crt", folder / "server.key")[
        0
    ].run()


def serving(app: Flask, host: str, port: int) -> tuple[Any, int]:
    """A server that has yet to `run`, and its port (0 asks for a free one). Plain HTTP."""
    listener = socket_at(host, port)
    return _server(app, app, listener, "http"), listener.getsockname()[1]


def serving_https(
    app: Flask, host: str, port: int, certificate: Path, key: Path
) -> tuple[Any, int]:
    """As `serving`, behind TLS: the front listens already when this returns."""
    inside = socket_at(INSIDE, 0)
    behind_at = (INSIDE, inside.getsockname()[1])
    front = TlsFront(host, port, server_context(certificate, key), behind_at)
    server = _server(app, behind(front, app), inside, "https")
    front.start()
    return server, front.port


def socket_at(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.bind((host, port))
    return opened


def _server(app: Flask, wsgi: WSGIApplication, listener: socket.socket, scheme: str) -> Any:
    threads = of_app(app).settings.streams_max + SPARE_THREADS
    return make_server(
        wsgi, listener, threads=threads, body_bytes_max=app.config["MAX_CONTENT_LENGTH"],
        scheme=scheme,
    )  # fmt: skip


def behind(front: TlsFront, app: WSGIApplication) -> WSGIApplication:
    """Gives requests the browser's own address; what did not come through the front is refused."""

    def told(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        peer = front.peer(environ.get("REMOTE_PORT"))
        if peer is None:
            start_response("421 Misdirected Request", [("Content-Type", "text/plain")])
            return [b"Use https.\n"]
        environ["REMOTE_ADDR"] = peer
        return app(environ, start_response)

    return told
