"""The bench's page: what is shown, what can be clicked, and who may. Owns addresses and guards.

Every POST carries the page's key in a header that no foreign page can send; the Host must be ours,
so no name from elsewhere can be turned into this machine's. Beyond loopback every request needs the
key. There is no log-in: the bench drives test hardware, and whoever has the key may.
"""

from __future__ import annotations

import hmac
import secrets
from importlib import resources
from typing import Any, Final

from flask import Flask, Response, abort, jsonify, render_template, request, send_file
from werkzeug.exceptions import HTTPException

from edge.tones import PATTERNS
from hub.errors import HubError
from simulators.errors import SimulatorsError
from simulators.tester_bench import codes, papers, watching
from simulators.tester_bench.acts import ACTS
from simulators.tester_bench.bars import svg
from simulators.tester_bench.bench import TesterBench
from simulators.tester_bench.damage import DAMAGES
from simulators.tester_bench.feed import Feed, TooManyPages
from simulators.tester_bench.labels import FOUND_MAX, KINDS, Label
from simulators.tester_bench.playing_here import PlayingHere
from simulators.tester_bench.recorder import Recorder
from simulators.tester_bench.remote import KEY_HEADER
from simulators.tester_bench.scenario import parse_scenario, write_scenario
from simulators.tester_bench.weather import AIRS
from simulators.tester_bench.wire_tap import WireTap

KEY_COOKIE: Final = "binlight_bench"
BODY_BYTES_MAX: Final = 1_048_576
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HUB_LOOK: Final = ("binlight.css", "mark.svg")


class BenchPage:
    """What the views work with."""

    def __init__(
        self, bench: TesterBench, recorder: Recorder, tap: WireTap | None, *,
        hosts: frozenset[str], needs_key: bool, hub_page: str = "",
    ) -> None:  # fmt: skip
        self.bench, self.recorder, self.hub_page = bench, recorder, hub_page
        self.playing = PlayingHere(bench)
        self.hosts, self.needs_key = hosts, needs_key
        self.key = secrets.token_urlsafe(24)
        bench.on_act = recorder.note
        self.feed = Feed(watching.topics(bench, recorder, tap, self.playing.told))

    def is_key(self, said: str | None) -> bool:
        return said is not None and hmac.compare_digest(said.encode(), self.key.encode())

    def close(self) -> None:
        self.feed.close()


def create_app(page: BenchPage) -> Flask:
    """The application; `page.close` ends what it has begun."""
    app = Flask(__name__, static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX
    app.before_request(lambda: _guard(page))
    app.after_request(_add_headers)
    app.register_error_handler(SimulatorsError, _refused)
    app.register_error_handler(HubError, _refused)
    _add_page(app, page)
    _add_acts(app, page)
    _add_session(app, page)
    _add_papers(app, page)
    return app


def _guard(page: BenchPage) -> None:
    host = request.host.rpartition(":")[0] or request.host
    if host not in page.hosts:
        abort(421)
    keys = (request.headers.get(KEY_HEADER), request.cookies.get(KEY_COOKIE))
    if page.needs_key and not any(map(page.is_key, (*keys, request.args.get("key")))):
        abort(403)
    if request.method not in {"GET", "HEAD"} and not page.is_key(keys[0]):
        abort(403)
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.host_url.rstrip("/"):
        abort(403)


def _add_headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    return response


def _refused(wrong: SimulatorsError | HubError) -> tuple[Response, int]:
    return jsonify(code=wrong.code, sentence=str(wrong)), 422


# ── the page ────────────────────────────────────────────────────────────────────────────────


def _add_page(app: Flask, page: BenchPage) -> None:
    @app.get("/")
    def bench() -> Response:
        response = Response(
            render_template("bench.html", page=page, start=_start(page), key=page.key)
        )
        if page.needs_key:
            response.set_cookie(KEY_COOKIE, page.key, httponly=True, samesite="Strict")
        return response

    @app.get("/look/<name>")
    def look(name: str) -> Response:
        if name not in HUB_LOOK:
            abort(404)
        with resources.as_file(resources.files("hub.web") / "static" / name) as file:
            return send_file(file)

    @app.get("/live")
    def live() -> Response:
        try:
            return Response(page.feed.stream(), mimetype="text/event-stream")
        except TooManyPages:
            abort(503)


def _start(page: BenchPage) -> dict[str, Any]:
    """What the script must know beside what is live."""
    return {
        "devices": list(page.bench.site.devices), "parts": page.bench.site.parts,
        "airs": {name: air.sentence for name, air in AIRS.items()},
        "damages": {name: damage.sentence for name, damage in DAMAGES.items()},
        "kinds": KINDS, "printable": papers.PRINTABLE, "codes": codes.CODES,
        "secure": page.bench.site.config.secure, "hub_page": page.hub_page,
        "expectations": [act.name for act in ACTS.values() if act.is_expectation],
        "tones": {tone: [list(beep) for beep in beeps] for tone, beeps in PATTERNS.items()},
    }  # fmt: skip


# ── acts ────────────────────────────────────────────────────────────────────────────────────


def _add_acts(app: Flask, page: BenchPage) -> None:
    @app.post("/act")
    def act() -> Response:
        asked = _json()
        given = dict(asked.get("given", {}))
        heard = page.bench.act_and_listen(str(asked.get("act", "")), given)
        return jsonify(heard=heard)

    @app.get("/labels")
    def labels() -> Response:
        words, kind = request.args.get("q", ""), request.args.get("kind", "")
        found = page.bench.site.labels.find(words, kind, FOUND_MAX)
        return jsonify([_label(label) for label in found])


def _label(label: Label) -> dict[str, str]:
    return {
        "kind": label.kind, "code": label.code, "title": label.title, "note": label.note,
        "bars": svg(label.symbology, label.code),
    }  # fmt: skip


def _json() -> dict[str, Any]:
    try:
        asked = request.get_json()
    except HTTPException:
        asked = None
    if not isinstance(asked, dict) or not isinstance(asked.get("given", {}), dict):
        abort(400)
    return asked


# ── sessions ────────────────────────────────────────────────────────────────────────────────


def _add_session(app: Flask, page: BenchPage) -> None:
    @app.post("/recording/start")
    def start() -> tuple[str, int]:
        page.recorder.start()
        return "", 204

    @app.post("/recording/stop")
    def stop() -> tuple[str, int]:
        page.recorder.stop()
        return "", 204

    @app.get("/session.toml")
    def session() -> Response:
        title = request.args.get("title") or "A session on the bench"
        return _file(
            write_scenario(page.recorder.scenario(title)), "application/toml", "session.toml"
        )

    @app.post("/play")
    def play() -> tuple[str, int]:
        page.playing.start(parse_scenario(request.get_data(as_text=True), "the file"))
        return "", 202


# ── papers ──────────────────────────────────────────────────────────────────────────────────


def _add_papers(app: Flask, page: BenchPage) -> None:
    @app.get("/label.pdf")
    def label() -> Response:
        label = page.bench.site.labels.of(request.args.get("code", ""))
        return _file(papers.label_pdf(label), "application/pdf", "label.pdf")

    @app.get("/slip/<parcel>.pdf")
    def slip(parcel: str) -> Response:
        try:
            bytes.fromhex(parcel)
        except ValueError:
            abort(404)
        return _file(
            papers.slip_pdf(parcel, page.bench.site.config.site), "application/pdf", "slip.pdf"
        )


def _file(body: str | bytes, mimetype: str, name: str) -> Response:
    disposition = "attachment" if mimetype != "application/pdf" else "inline"
    headers = {"Content-Disposition": f'{disposition}; filename="{name}"'}
    return Response(body, mimetype=mimetype, headers=headers)
