"""The address of the live stream: `/live?topic=waves&topic=order:0123…`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, request

from hub.errors import BadValue
from hub.web import live, security, text
from hub.web.context import somebody, web

KEY_MAX: Final = 64
pages = Blueprint("live", __name__)


@pages.get("/live")
def stream() -> Response:
    """Server-sent events of the topics that the person may see; 401, 403, 404, 503 otherwise."""
    subjects = [_subject(address) for address in request.args.getlist("topic")]
    if not 1 <= len(subjects) <= live.TOPICS_MAX:
        raise BadValue("topic", len(subjects), f"name 1 to {live.TOPICS_MAX}")
    feed = web().feed
    try:
        watch = feed.open(subjects, request.headers.get("Last-Event-ID", ""), _may_go_on())
    except live.TooManyStreams as full:
        return Response(str(full), 503, {"Retry-After": "15"})
    feed.ensure_reader()
    response = Response(feed.stream(watch, _is_gone()), mimetype="text/event-stream")
    response.call_on_close(lambda: feed.close(watch))
    response.headers["X-Accel-Buffering"] = "no"
    return response


@pages.get("/health")
def health() -> Response:
    """200 while the pages can read their books; for whoever watches over the process."""
    web().database.execute_sql("SELECT 1")  # type: ignore[no-untyped-call]
    return Response("ok\n", mimetype="text/plain")


def _subject(address: str) -> live.Subject:
    topic, _, key = address.partition(":")
    known = live.provider(topic)
    if known is None or len(key) > KEY_MAX or (key and not key.replace("-", "").isalnum()):
        raise BadValue("topic", address, "use a topic of the page")
    web().people.require(somebody(), *known.needs, known.division(key))
    return live.Subject(topic, key, text.language())


def _may_go_on() -> Callable[[], bool]:
    """Whether this log-in is open still, and its person may do what they might at the beginning.

    Otherwise the browser comes again by itself, and is asked like everybody.
    """
    people, secret, allowed = web().people, security.session_secret(), somebody().allowed

    def ask() -> bool:
        who = people.look_up(secret)
        return who is not None and not who.stands_before and who.allowed == allowed

    return ask


def _is_gone() -> Callable[[], bool]:
    """Whether the browser has hung up, where the server can tell."""
    told: Callable[[], bool] | None = request.environ.get("waitress.client_disconnected")
    return told or (lambda: False)
