"""What docs/security-asvs.md says of the pages as a whole, asked of the pages as a whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

import hub
from hub.journal import JournalRow
from hub.staff import passwords, second_factor
from hub.staff.models import Denial
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import PASSWORD, Browser
from tests.hub.web.test_permission_matrix import addresses

Browse = Callable[[str], Browser]
TEMPLATES = sorted(Path(hub.__file__).parent.rglob("templates/**/*.html"))
SCRIPTS = sorted(Path(hub.__file__).parent.rglob("static/*.js"))
PASSWORD_FIELD = re.compile(r'<input[^>]*name="(?:current|password|new|again)"[^>]*>')
FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
SECRETS = re.compile(r'type="password"|field\("(?:code|pin)"')


@pytest.fixture
def admin(browse: Browse) -> Browser:
    return browse("admin")


def pages_of(app: Flask) -> list[str]:
    """Every page that somebody can look at; the live stream has no end."""
    every = (a for a in addresses(app) if a.method == "GET" and a.endpoint != "live.stream")
    return [a.path for a in every if not a.is_api]


# --- addresses ------------------------------------------------------------------------------------


def test_looking_changes_nothing(app: Flask, admin: Browser) -> None:
    """Whatever a link or a picture of somebody else's page leads to: no act comes of it."""
    before = JournalRow.select().count()
    every = [a.path for a in addresses(app) if a.method == "GET" and a.endpoint != "live.stream"]
    for path in every:
        admin.client.get(path)
        assert JournalRow.select().count() == before, path
    assert len(every) > 60


def test_every_page_offers_to_log_out(app: Flask, admin: Browser) -> None:
    seen = 0
    for path in pages_of(app):
        answer = admin.get(path)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            assert 'action="/log-out"' in answer.text, path
            seen += 1
    assert seen > 20


@pytest.mark.parametrize(
    "path",
    [
        "/.git/config", "/static/", "/static", "/static/../app.py", "/static/%2e%2e/app.py",
        "/static/..%2f..%2fconfig.py", "/hub.db", "/tls/ca.key", "/secrets/web-key", "/backup",
        "/static//etc/passwd", "/.env", "/WEB-INF/web.xml",
    ],
)  # fmt: skip
def test_nothing_is_served_but_pages_and_their_own_files(admin: Browser, path: str) -> None:
    answer = admin.client.get(path)
    assert answer.status_code in {308, 404}
    assert "Index of" not in answer.text


def test_the_application_runs_without_its_debugger(app: Flask, admin: Browser) -> None:
    assert not app.debug
    assert admin.client.get("/console").status_code == 404


def test_a_page_that_fails_tells_no_stranger_why(app: Flask, browse: Browse) -> None:
    def fails() -> str:
        raise ZeroDivisionError("secret of the house")

    admin = browse("admin")
    app.view_functions["staff.people"] = fails
    app.testing = False
    answer = admin.client.get("/people")
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.text
    for word in ("secret of the house", "ZeroDivisionError", "Traceback", "werkzeug", ".py"):
        assert word not in answer.text


# --- headers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/orders", "/log-in", "/nowhere", "/api/1/health", "/health"])
def test_no_other_site_may_read_an_answer_or_learn_where_somebody_was(
    admin: Browser, path: str
) -> None:
    answer = admin.client.get(path, headers={"Origin": "https://evil.example"})
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")]
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    asked = admin.client.options(path, headers={
        "Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})  # fmt: skip
    assert "Access-Control-Allow-Origin" not in asked.headers


def test_the_program_behind_an_answer_is_not_named(admin: Browser) -> None:
    for path in ("/orders", "/nowhere", "/api/1/orders"):
        told = str(admin.client.get(path).headers).lower()
        assert not re.search(r"werkzeug|waitress|flask|python|x-powered-by", told), path


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP"],
)
def test_nobody_names_another_address_as_their_own(browse: Browse, header: str) -> None:
    stranger = browse("")
    stranger.get("/log-in")
    stranger.client.post(
        "/log-in",
        data={"csrf_token": stranger.token(), "login": "nobody", "password": "x" * 12},
        headers={header: "203.0.113.9"},
    )
    assert Denial.get().address == "127.0.0.1"


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override"])
def test_no_header_makes_another_method_of_a_request(admin: Browser, header: str) -> None:
    before = JournalRow.select().count()
    answer = admin.client.get("/people/new", headers={header: "POST"})
    assert answer.status_code == 200
    assert JournalRow.select().count() == before


def test_a_session_opens_the_pages_and_nothing_of_the_api(admin: Browser) -> None:
    """A browser sends its cookie by itself; a program's key it does not."""
    assert admin.client.get("/api/1/orders").status_code == 401
    assert admin.client.post("/api/1/orders", json={}).status_code == 401


def test_logging_out_has_the_browser_forget_what_it_kept(admin: Browser) -> None:
    admin.get("/own")
    answer = admin.post("/log-out")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert "binlight=; Expires=Thu, 01 Jan 1970" in answer.headers["Set-Cookie"]


# --- passwords and secrets ------------------------------------------------------------------------


def test_passwords_are_hashed_as_is_asked_today() -> None:
    assert passwords.hashed(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_secrets_have_as_many_random_bits_as_is_said() -> None:
    """32 signs are 5 bits each."""
    shapes = {passwords.recovery_code: (5, 5), passwords.one_time: (4, 4)}
    for make, (groups, signs) in shapes.items():
        made = {make() for _ in range(200)}
        assert len(made) == 200
        assert all([len(part) for part in one.split("-")] == [signs] * groups for one in made)
        used = set("".join(made)) - {"-"}
        assert len(used) == 32
    assert len({second_factor.digest_of(code) for code in ("AAAAA", "aaa-aa", "AA AAA")}) == 1


def test_a_session_is_256_random_bits(browse: Browse) -> None:
    made = {browse("office").cookie or "" for _ in range(3)}
    assert len(made) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", one) for one in made)


def test_a_password_is_good_for_years_and_in_its_own_case_alone(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    sqlite_hub.clock.advance(s=5 * 365 * 86_400)
    assert browse("").log_in("office", PASSWORD.upper()).status_code == 401
    assert browse("").log_in("office", PASSWORD + " ").status_code == 401
    assert browse("").log_in("office", PASSWORD).location == "/"


def test_each_field_for_a_password_hides_it_and_lets_it_be_pasted() -> None:
    shown = 0
    for path in TEMPLATES:
        text = path.read_text("utf-8")
        for field in re.findall(r'field\("(?:current|password|new|again)"[^}]*}}', text):
            assert 'type="password"' in field, path
            shown += 1
        for field in PASSWORD_FIELD.findall(text):
            assert 'type="password"' in field, path
            shown += 1
        assert not re.search(r"onpaste|readonly|autocomplete=\"off\"[^>]*type=\"password", text)
    assert shown >= 8
    assert not [path for path in SCRIPTS if "paste" in path.read_text("utf-8")]


def test_no_secret_travels_in_an_address() -> None:
    asked = 0
    for path in TEMPLATES:
        for attributes, inside in FORM.findall(path.read_text("utf-8")):
            if SECRETS.search(inside):
                assert 'method="post"' in attributes, path
                asked += 1
    assert asked >= 8


def test_scripts_build_no_page_of_what_they_were_told_and_keep_no_secret() -> None:
    """Text goes in as text; `innerHTML` only of what the hub has escaped; nothing is evaluated."""
    for path in SCRIPTS:
        text = path.read_text("utf-8")
        forbidden = (
            r"\beval\(|new Function|document\.write|insertAdjacentHTML|postMessage|__proto__"
        )
        assert not re.search(forbidden, text), path
        assert not re.search(r"localStorage|indexedDB|document\.cookie", text), path
    assert len(SCRIPTS) > 5
