"""Who gets in, who does not, and what is noted of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from hub.staff import passwords, rules
from hub.staff import service as staff
from hub.staff.models import Denial, Person, WebSession
from hub.staff.sessions import LIFE_US, SESSION_US, digest
from hub.web.security import local_path
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import PASSWORD, Browser
from tests.hub.web.conftest import ONE_TIME


@pytest.fixture
def newcomer(sqlite_hub: TestHub, people: dict[str, bytes]) -> bytes:
    with sqlite_hub.act() as act:
        return staff.add_person(
            act, sqlite_hub.company, "Ana Lopez", login="Ana", password=ONE_TIME,
            roles=["supervisor"], must_change=True,
        )  # fmt: skip


def denials() -> list[str]:
    """What was refused, as often as it was, in the order of its first time."""
    rows = Denial.select().order_by(Denial.at, Denial.id)
    return [row.what for row in rows for _ in range(row.count)]


def test_a_stranger_is_asked_to_log_in_and_comes_back_to_the_page(
    browse: Callable[[str], Browser],
) -> None:
    stranger = browse("")
    asked = stranger.get("/orders?view=late")
    assert asked.status_code == 303
    assert asked.location == "/log-in?next=%2Forders%3Fview%3Dlate"
    stranger.get(asked.location)
    entered = stranger.post(
        "/log-in", {"login": "office", "password": PASSWORD, "next": "/orders?view=late"}
    )
    assert entered.location == "/orders?view=late"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "x"],
)
def test_a_log_in_never_leads_to_another_host(elsewhere: str) -> None:
    assert local_path(elsewhere) == "/"


def test_the_one_time_password_opens_nothing_but_its_own_change(
    newcomer: bytes, browse: Callable[[str], Browser]
) -> None:
    ana = browse("")
    ana.log_in("ana", ONE_TIME)
    for path in ("/", "/orders", "/own", "/people"):
        assert ana.get(path).location == "/own/password"
    ana.get("/own/password")
    changed = ana.post("/own/password", {"new": "green paper boat", "again": "green paper boat"})
    assert changed.status_code == 303
    assert ana.get("/orders").status_code == 200
    assert not Person.get_by_id(newcomer).must_change
    assert browse("").log_in("ana", ONE_TIME).status_code == 401


def test_a_one_time_password_that_nobody_used_in_three_days_opens_nothing(
    sqlite_hub: TestHub, newcomer: bytes, browse: Callable[[str], Browser]
) -> None:
    sqlite_hub.clock.advance(us=staff.ONE_TIME_US - 1_000_000)
    assert browse("").log_in("ana", ONE_TIME).status_code == 303
    sqlite_hub.clock.advance(us=1_000_000)
    assert browse("").log_in("ana", ONE_TIME).status_code == 401
    sqlite_hub.clock.advance(us=staff.ONE_TIME_US)
    assert browse("").log_in("office").status_code == 303, "one of their own has no end"


def test_a_password_counts_to_its_last_sign(
    sqlite_hub: TestHub, people: dict[str, bytes], browse: Callable[[str], Browser]
) -> None:
    longest = "kettle otter violin " * 12 + "sixteen signs ok"
    assert len(longest) == rules.PASSWORD_LENGTH_MAX
    with sqlite_hub.act() as act:
        staff.set_password(act, people["office"], passwords.hashed(longest), must_change=False)
    assert browse("").log_in("office", longest + "x").status_code == 401
    assert browse("").log_in("office", longest[:-1]).status_code == 401
    assert browse("").log_in("office", longest).status_code == 303


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ("short", "at least 12 signs"),
        ("password1234", "first that are tried"),
        ("aaaaaaaaaaaab", "different signs"),
        ("analopez12345", "little more than your name"),
        (ONE_TIME, "another than the present"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(
    newcomer: bytes, browse: Callable[[str], Browser], new: str, said: str
) -> None:
    ana = browse("")
    ana.log_in("ana", ONE_TIME)
    ana.get("/own/password")
    answer = ana.post("/own/password", {"new": new, "again": new})
    assert said in ana.get(answer.location).text
    assert Person.get_by_id(newcomer).must_change


def test_the_session_gets_a_new_secret_at_every_log_in(browse: Callable[[str], Browser]) -> None:
    browser = browse("")
    browser.client.set_cookie("binlight", "planted-by-somebody")
    browser.log_in("office")
    first = browser.cookie
    browser.log_in("office")
    assert first != "planted-by-somebody"
    assert browser.cookie != first
    assert WebSession.get_or_none(WebSession.id == digest(first or "")) is None


def test_logging_out_ends_the_session_on_the_hub(browse: Callable[[str], Browser]) -> None:
    browser = browse("office")
    secret = browser.cookie or ""
    browser.get("/")
    browser.post("/log-out")
    browser.client.set_cookie("binlight", secret)
    assert browser.get("/orders").status_code == 303


def test_a_session_ends_by_itself(sqlite_hub: TestHub, browse: Callable[[str], Browser]) -> None:
    browser = browse("office")
    sqlite_hub.clock.advance(us=SESSION_US - 1_000_000)
    assert browser.get("/orders").status_code == 200, "used in time, it lasts on"
    sqlite_hub.clock.advance(us=SESSION_US - 1_000_000)
    assert browser.get("/orders").status_code == 200
    sqlite_hub.clock.advance(us=SESSION_US + 1_000_000)
    assert browser.get("/orders").status_code == 303


def test_a_session_in_daily_use_still_ends_after_a_week(
    sqlite_hub: TestHub, browse: Callable[[str], Browser]
) -> None:
    browser = browse("office")
    used_for_us = 0
    while used_for_us + SESSION_US < LIFE_US:
        sqlite_hub.clock.advance(us=SESSION_US - 1_000_000)
        used_for_us += SESSION_US - 1_000_000
        assert browser.get("/orders").status_code == 200
    sqlite_hub.clock.advance(us=LIFE_US - used_for_us + 1_000_000)
    assert browser.get("/orders").status_code == 303


def test_somebody_sees_their_log_ins_and_ends_the_others(
    browse: Callable[[str], Browser],
) -> None:
    here, there, other = browse("office"), browse("office"), browse("packer")
    assert "Log out everywhere else" in here.get("/own").text
    here.post("/own/sessions/end", {"current": PASSWORD})
    assert here.get("/orders").status_code == 200
    assert there.get("/orders").status_code == 303
    assert other.get("/own").status_code == 200
    assert "Log out everywhere else" not in here.get("/own").text


def test_an_administrator_ends_all_log_ins_of_somebody(
    people: dict[str, bytes], browse: Callable[[str], Browser]
) -> None:
    office, admin = browse("office"), browse("admin")
    page = f"/people/{people['office'].hex()}"
    admin.get(page)
    assert admin.post(page + "/sessions/end").status_code == 303
    assert office.get("/orders").status_code == 303
    assert admin.get("/orders").status_code == 200


def test_the_cookie_cannot_be_read_by_scripts_or_sent_by_other_pages(
    browse: Callable[[str], Browser],
) -> None:
    headers = browse("").log_in("office").headers.getlist("Set-Cookie")
    cookie = next(header for header in headers if header.startswith("binlight="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("path", ["/log-in", "/items/new", "/log-out", "/own/tokens"])
def test_a_form_without_its_token_is_refused(browse: Callable[[str], Browser], path: str) -> None:
    browser = browse("admin")
    answer = browser.client.post(path, data={"login": "admin", "password": PASSWORD})
    assert answer.status_code == 400
    assert "Open the page again" in answer.text


def test_guessing_locks_the_log_in_for_longer_and_longer(
    sqlite_hub: TestHub, browse: Callable[[str], Browser]
) -> None:
    thief = browse("")
    for _ in range(5):
        assert thief.log_in("office", "guess").status_code == 401
    assert thief.log_in("office", "guess").status_code == 429
    assert thief.log_in("office", PASSWORD).status_code == 429, "the right one does not help"
    sqlite_hub.clock.advance(s=61)
    assert thief.log_in("office", "guess").status_code == 401
    sqlite_hub.clock.advance(s=61)
    assert thief.log_in("office", PASSWORD).status_code == 429, "twice as long"
    sqlite_hub.clock.advance(s=60)
    assert thief.log_in("office", PASSWORD).status_code == 303
    assert Person.get(Person.login == "office").failed_logins == 0
    wrong, locked = "log-in: wrong password", "log-in: locked"
    assert sorted(denials()) == [
        *[locked] * 3, *[wrong] * 4, f"{wrong}; locked for 120 s", f"{wrong}; locked for 60 s"
    ]  # fmt: skip


def test_an_unknown_name_and_a_wrong_password_look_alike(browse: Callable[[str], Browser]) -> None:
    stranger = browse("")
    unknown, wrong = stranger.log_in("nobody", "x" * 12), stranger.log_in("office", "x" * 12)
    assert unknown.status_code == wrong.status_code == 401
    assert "Login or password is wrong" in unknown.text
    assert "Login or password is wrong" in wrong.text


def test_one_address_may_not_try_many_names(sqlite_hub: TestHub, people: dict[str, bytes]) -> None:
    from hub.app import create_app
    from hub.web.context import WebSettings

    app = create_app(WebSettings(sqlite_hub.journal, "w1", "shop", b"k" * 32, log_ins_per_minute=3))
    thief = Browser(app)
    answers = [thief.log_in(f"name{n}", "guess").status_code for n in range(4)]
    assert answers == [401, 401, 401, 429]


def test_a_picker_who_asks_for_a_supervisors_page_is_refused_and_noted(
    people: dict[str, bytes], browse: Callable[[str], Browser]
) -> None:
    answer = browse("picker").get("/orders")
    assert answer.status_code == 403
    row = Denial.get()
    assert row.person == people["picker"]
    assert row.what == "GET /orders orders.read.w1"


def test_an_act_asks_again_even_when_its_page_was_never_seen(
    sqlite_hub: TestHub, browse: Callable[[str], Browser]
) -> None:
    order = builders.order(sqlite_hub, {"LAMP": 3})
    packer = browse("packer")
    packer.get("/")
    answer = packer.post(f"/orders/{order.hex()}/cancel", {"reason": "because"})
    assert answer.status_code == 403
    assert denials() == [f"POST /orders/{order.hex()}/cancel orders.cancel.w1"]


def test_a_supervisor_may_set_a_pin_but_not_make_an_admin(
    people: dict[str, bytes], browse: Callable[[str], Browser]
) -> None:
    supervisor = browse("supervisor")
    page = f"/people/{people['picker'].hex()}"
    supervisor.get(page)
    assert supervisor.post(page + "/pin", {"pin": "4711"}).status_code == 303
    answer = supervisor.post(page, {"name": "Picker", "role": "admin", "language": "en"})
    assert answer.status_code == 403


def test_somebody_who_left_is_out_at_once(
    people: dict[str, bytes], browse: Callable[[str], Browser]
) -> None:
    office, admin = browse("office"), browse("admin")
    page = f"/people/{people['office'].hex()}"
    admin.get(page)
    admin.post(page, {"name": "Office", "login": "office", "language": "en"})
    assert office.get("/orders").status_code == 303
    assert office.log_in("office").status_code == 401


def test_a_new_colleague_gets_a_one_time_password_that_is_shown_once(
    browse: Callable[[str], Browser],
) -> None:
    admin = browse("admin")
    admin.get("/people/new")
    page = admin.post("/people/new", {"name": "Bo", "login": "bo", "role": "office"}).text
    secret = page.split('id="secret">')[1].split("<")[0]
    assert browse("").log_in("bo", secret).location == "/"
    person = Person.get(Person.login == "bo")
    assert secret not in admin.get(f"/people/{person.id.hex()}").text
    assert secret not in admin.get("/audit").text


def test_every_answer_forbids_foreign_scripts_frames_and_storing(
    browse: Callable[[str], Browser],
) -> None:
    browser = browse("admin")
    for path in ("/orders", "/nothing-here", "/static/binlight.css", "/log-in"):
        headers = browser.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
    assert browser.get("/orders").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND"])
def test_methods_that_no_page_has_are_refused(
    browse: Callable[[str], Browser], method: str
) -> None:
    assert browse("admin").client.open("/orders", method=method).status_code == 405


def test_behind_https_cookies_are_secure_and_browsers_are_told_to_stay(
    sqlite_hub: TestHub, people: dict[str, bytes]
) -> None:
    from hub.app import create_app
    from hub.web.context import WebSettings

    app: Flask = create_app(WebSettings(sqlite_hub.journal, "w1", "shop", b"k" * 32, is_https=True))
    answer = app.test_client().get("/log-in", base_url="https://localhost")
    assert "Strict-Transport-Security" in answer.headers
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    assert all("Secure" in cookie and "Path=/" in cookie for cookie in cookies)
    assert all(cookie.startswith("__Host-") and "Domain=" not in cookie for cookie in cookies)


def test_no_template_needs_what_the_policy_forbids() -> None:
    from pathlib import Path

    import hub

    templates = list(Path(hub.__file__).parent.rglob("templates/**/*.html"))
    assert len(templates) > 50
    for path in templates:
        text = path.read_text("utf-8")
        assert " style=" not in text, path
        assert " onclick=" not in text, path
        assert "<script>" not in text, path
        assert "http://" not in text, path
        assert "https://" not in text, path
