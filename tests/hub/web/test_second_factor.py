"""The second factor on the pages: set up, asked for, guessed at, lost, demanded of a role."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from hub.journal import JournalRow
from hub.staff import service as staff
from hub.staff import totp
from hub.staff.models import ApiToken, Denial, Person, RecoveryCode, SecondFactor, WebSession
from hub.staff.rules import FREE_ATTEMPTS
from hub.staff.sessions import CODE_WAIT_US, digest
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import PASSWORD, Browser

Browse = Callable[[str], Browser]
SECRET = re.compile(r'id="secret">([A-Z2-7 ]+)<')
RECOVERY = re.compile(r'<li class="secret">([A-Z2-9-]+)</li>')


def code_now(hub: TestHub, secret: str) -> str:
    return totp.code_at(secret, totp.step_at(hub.clock.now_us()))


def next_code(hub: TestHub, secret: str) -> str:
    """A code that was not used yet."""
    hub.clock.advance(s=totp.STEP_S)
    return code_now(hub, secret)


def set_up(hub: TestHub, browser: Browser) -> tuple[str, list[str]]:
    """Enrol whoever is logged in; (secret, recovery codes)."""
    browser.get("/own/second-factor")
    shown = browser.post("/own/second-factor/begin", {"current": PASSWORD}).text
    found = SECRET.search(shown)
    assert found, shown
    secret = found.group(1).replace(" ", "")
    done = browser.post("/own/second-factor/confirm", {"code": code_now(hub, secret)}).text
    return secret, RECOVERY.findall(done)


@pytest.fixture
def enrolled(sqlite_hub: TestHub, browse: Browse) -> tuple[str, list[str]]:
    """The office has a telephone; its browser is closed again."""
    return set_up(sqlite_hub, browse("office"))


def denials() -> list[str]:
    """What was refused, as often as it was, in the order of its first time."""
    rows = Denial.select().order_by(Denial.at, Denial.id)
    return [row.what for row in rows for _ in range(row.count)]


def at_the_second_step(browse: Browse, login: str = "office") -> Browser:
    browser = browse("")
    asked = browser.log_in(login)
    assert asked.location == "/log-in/code?next=%2F"
    browser.get(asked.location)
    return browser


def test_setting_up_shows_a_picture_and_eight_recovery_codes_once(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    office = browse("office")
    secret, recovery = set_up(sqlite_hub, office)
    assert len(set(recovery)) == 8
    assert SecondFactor.get().secret == secret
    page = office.get("/own/second-factor").text
    assert secret not in page
    assert "8 recovery codes are left" in page
    assert not any(code in page for code in recovery)
    assert "On: after the password" in office.get("/own").text


def test_the_picture_is_shown_after_the_password_only(browse: Browse) -> None:
    office = browse("office")
    office.get("/own/second-factor")
    refused = office.post("/own/second-factor/begin", {"current": "guess"})
    assert "the present password is not right" in office.get(refused.location).text
    assert SecondFactor.select().count() == 0


def test_a_wrong_first_code_switches_nothing_on(sqlite_hub: TestHub, browse: Browse) -> None:
    office = browse("office")
    office.get("/own/second-factor")
    office.post("/own/second-factor/begin", {"current": PASSWORD})
    wrong = office.post("/own/second-factor/confirm", {"code": "000000"})
    assert wrong.status_code == 422
    assert "not right" in wrong.text
    assert "qr" in wrong.text
    assert browse("").log_in("office").location == "/"


def test_a_picture_that_was_forgotten_cannot_be_confirmed_later(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    office = browse("office")
    office.get("/own/second-factor")
    shown = office.post("/own/second-factor/begin", {"current": PASSWORD}).text
    secret = SECRET.findall(shown)[0].replace(" ", "")
    sqlite_hub.clock.advance(s=16 * 60)
    answer = office.post("/own/second-factor/confirm", {"code": code_now(sqlite_hub, secret)})
    assert "Begin again" in office.get(answer.location).text
    assert SecondFactor.get().confirmed_at is None


def test_setting_up_ends_every_other_log_in(sqlite_hub: TestHub, browse: Browse) -> None:
    elsewhere, here = browse("office"), browse("office")
    set_up(sqlite_hub, here)
    assert elsewhere.get("/orders").status_code == 303
    assert here.get("/orders").status_code == 200


def test_the_password_alone_opens_nothing_any_more(
    enrolled: tuple[str, list[str]], browse: Browse
) -> None:
    half = at_the_second_step(browse)
    for path in ("/", "/orders", "/own", "/own/second-factor", "/own/password", "/search?q=1"):
        assert half.get(path).location == "/log-in/code", path
    half.page = "/log-in/code"
    assert half.post("/own/tokens", {"name": "x"}).location == "/log-in/code"
    assert half.post("/own/second-factor/off", {"current": PASSWORD}).location == "/log-in/code"
    assert half.get("/live?topic=orders").status_code in (303, 401)
    assert ApiToken.select().count() == 0


def test_the_code_leads_to_the_page_that_was_asked_for(
    sqlite_hub: TestHub, enrolled: tuple[str, list[str]], browse: Browse
) -> None:
    browser = browse("")
    browser.get("/log-in")
    asked = browser.post(
        "/log-in", {"login": "office", "password": PASSWORD, "next": "/orders?view=late"}
    )
    assert asked.location == "/log-in/code?next=%2Forders%3Fview%3Dlate"
    page = browser.get(asked.location)
    assert 'value="/orders?view=late"' in page.text
    code = next_code(sqlite_hub, enrolled[0])
    entered = browser.post("/log-in/code", {"code": code, "next": "/orders?view=late"})
    assert entered.location == "/orders?view=late"
    assert browser.get("/orders").status_code == 200


def test_the_second_step_never_leads_to_another_host(
    sqlite_hub: TestHub, enrolled: tuple[str, list[str]], browse: Browse
) -> None:
    half = at_the_second_step(browse)
    sent = {"code": next_code(sqlite_hub, enrolled[0]), "next": "//evil.example"}
    assert half.post("/log-in/code", sent).location == "/"


def test_a_code_opens_the_door_once(
    sqlite_hub: TestHub, enrolled: tuple[str, list[str]], browse: Browse
) -> None:
    code = next_code(sqlite_hub, enrolled[0])
    assert at_the_second_step(browse).post("/log-in/code", {"code": code}).status_code == 303
    thief = at_the_second_step(browse)
    again = thief.post("/log-in/code", {"code": code})
    assert again.status_code == 401
    assert "was used before" in again.text
    assert denials() == ["log-in: a code that was used before"]
    assert thief.get("/orders").location == "/log-in/code"


def test_the_code_that_switched_it_on_is_used_up_too(
    sqlite_hub: TestHub, enrolled: tuple[str, list[str]], browse: Browse
) -> None:
    half = at_the_second_step(browse)
    used = code_now(sqlite_hub, enrolled[0])
    assert half.post("/log-in/code", {"code": used}).status_code == 401


def test_an_earlier_code_is_not_taken_after_a_later_one(
    sqlite_hub: TestHub, enrolled: tuple[str, list[str]], browse: Browse
) -> None:
    sqlite_hub.clock.advance(s=10 * totp.STEP_S)
    late = code_now(sqlite_hub, enrolled[0])
    newer = next_code(sqlite_hub, enrolled[0])
    assert at_the_second_step(browse).post("/log-in/code", {"code": newer}).status_code == 303
    assert at_the_second_step(browse).post("/log-in/code", {"code": late}).status_code == 401


def test_the_session_gets_a_new_secret_at_each_step(
    sqlite_hub: TestHub, enrolled: tuple[str, list[str]], browse: Browse
) -> None:
    half = browse("")
    half.client.set_cookie("binlight", "planted-by-somebody")
    half.log_in("office")
    waiting = half.cookie or ""
    assert waiting != "planted-by-somebody"
    half.get("/log-in/code")
    half.post("/log-in/code", {"code": next_code(sqlite_hub, enrolled[0])})
    assert half.cookie not in {waiting, "planted-by-somebody", None}
    assert WebSession.get_or_none(WebSession.id == digest(waiting)) is None
    thief = browse("")
    thief.client.set_cookie("binlight", waiting)
    assert thief.get("/orders").location.startswith("/log-in?"), "what was seen before is nobody's"


def test_a_code_of_ones_own_does_not_finish_a_log_in_of_somebody_else(
    sqlite_hub: TestHub, enrolled: tuple[str, list[str]], browse: Browse
) -> None:
    mine, _codes = set_up(sqlite_hub, browse("supervisor"))
    half = at_the_second_step(browse)
    assert half.post("/log-in/code", {"code": next_code(sqlite_hub, mine)}).status_code == 401
    assert half.get("/orders").location == "/log-in/code"


def test_a_right_password_does_not_wait_for_ever(
    sqlite_hub: TestHub, enrolled: tuple[str, list[str]], browse: Browse
) -> None:
    half = at_the_second_step(browse)
    sqlite_hub.clock.advance(us=CODE_WAIT_US + 1)
    answer = half.client.get("/log-in/code")
    assert answer.location.startswith("/log-in?")


def test_guessing_codes_locks_the_log_in_like_guessing_passwords(
    sqlite_hub: TestHub, enrolled: tuple[str, list[str]], browse: Browse
) -> None:
    thief = at_the_second_step(browse)
    answers = [thief.post("/log-in/code", {"code": "000000"}).status_code for _ in range(5)]
    assert answers == [401, 401, 401, 401, 429]
    right = next_code(sqlite_hub, enrolled[0])
    assert thief.post("/log-in/code", {"code": right}).status_code == 429, "the right one neither"
    assert browse("").log_in("office").status_code == 429, "nor does the password begin anew"
    assert denials().count("log-in: wrong code") == 3
    assert denials().count("log-in: wrong code; locked for 60 s") == 1
    sqlite_hub.clock.advance(s=61)
    half = at_the_second_step(browse)
    assert Person.get(Person.login == "office").failed_logins == 6, "a right password forgives none"
    sqlite_hub.clock.advance(s=121)
    right = next_code(sqlite_hub, enrolled[0])
    assert half.post("/log-in/code", {"code": right}).status_code == 303
    assert Person.get(Person.login == "office").failed_logins == 0


def test_a_recovery_code_opens_the_door_once(
    enrolled: tuple[str, list[str]], browse: Browse
) -> None:
    _secret, recovery = enrolled
    typed = recovery[0].lower().replace("-", " ")
    assert at_the_second_step(browse).post("/log-in/code", {"code": typed}).status_code == 303
    thief = at_the_second_step(browse)
    assert thief.post("/log-in/code", {"code": recovery[0]}).status_code == 401
    assert thief.post("/log-in/code", {"code": "AAAAA-" * 4 + "AAAAA"}).status_code == 401
    assert thief.post("/log-in/code", {"code": recovery[1]}).status_code == 303
    assert "6 recovery codes are left" in thief.get("/own").text


def test_new_recovery_codes_end_the_old_ones_and_want_a_code(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    office = browse("office")
    secret, old = set_up(sqlite_hub, office)
    office.get("/own/second-factor")
    office.post("/own/second-factor/recovery", {"code": "000000"})
    assert RecoveryCode.select().count() == 8
    code = next_code(sqlite_hub, secret)
    fresh = RECOVERY.findall(office.post("/own/second-factor/recovery", {"code": code}).text)
    assert len(fresh) == 8
    half = at_the_second_step(browse)
    assert half.post("/log-in/code", {"code": old[0]}).status_code == 401
    assert half.post("/log-in/code", {"code": fresh[0]}).status_code == 303


def test_right_codes_on_the_page_are_no_tries(sqlite_hub: TestHub, browse: Browse) -> None:
    office = browse("office")
    secret, _recovery = set_up(sqlite_hub, office)
    for _n in range(FREE_ATTEMPTS + 1):
        done = office.post("/own/second-factor/recovery", {"code": next_code(sqlite_hub, secret)})
        assert len(RECOVERY.findall(done.text)) == 8
    assert Person.get(Person.login == "office").failed_logins == 0


def test_turning_it_off_wants_the_password_and_a_code(sqlite_hub: TestHub, browse: Browse) -> None:
    office = browse("office")
    secret, _recovery = set_up(sqlite_hub, office)
    office.get("/own/second-factor")
    code = next_code(sqlite_hub, secret)
    office.post("/own/second-factor/off", {"current": "guess", "code": code})
    office.post("/own/second-factor/off", {"current": PASSWORD, "code": "000000"})
    assert SecondFactor.select().count() == 1
    office.post("/own/second-factor/off", {"current": PASSWORD, "code": code})
    assert SecondFactor.select().count() == RecoveryCode.select().count() == 0
    assert browse("").log_in("office").location == "/"


def test_a_second_telephone_cannot_be_set_up_beside_the_first(
    sqlite_hub: TestHub, browse: Browse
) -> None:
    office = browse("office")
    secret, _recovery = set_up(sqlite_hub, office)
    answer = office.post("/own/second-factor/begin", {"current": PASSWORD})
    assert "set up already" in office.get(answer.location).text
    assert SecondFactor.get().secret == secret


def test_a_role_that_needs_one_lets_nobody_on_without(sqlite_hub: TestHub, browse: Browse) -> None:
    admin = browse("admin")
    admin.get("/people/roles")
    admin.post("/people/roles/office", {"needs_second_factor": "on"})
    office = browse("office")
    for path in ("/", "/orders", "/own", "/own/password"):
        assert office.get(path).location == "/own/second-factor", path
    assert "Whoever is office needs a second factor" in office.get("/own/second-factor").text
    secret, _recovery = set_up(sqlite_hub, office)
    assert office.get("/orders").status_code == 200
    sent = {"current": PASSWORD, "code": next_code(sqlite_hub, secret)}
    answer = office.post("/own/second-factor/off", sent)
    assert "cannot be turned off" in office.get(answer.location).text
    assert SecondFactor.select().count() == 1
    assert browse("supervisor").get("/orders").status_code == 200, "other roles as they like"


def test_a_key_for_programs_waits_for_the_second_factor_too(
    sqlite_hub: TestHub, people: dict[str, bytes], browse: Browse
) -> None:
    with sqlite_hub.act() as act:
        staff.add_token(act, people["office"], "shop", staff.token_digest("bw_x"))
    admin = browse("admin")
    headers = {"Authorization": "Bearer bw_x"}
    assert admin.client.get("/api/1/orders", headers=headers).status_code == 200
    admin.get("/people/roles")
    admin.post("/people/roles/office", {"needs_second_factor": "on"})
    assert admin.client.get("/api/1/orders", headers=headers).status_code == 401
    set_up(sqlite_hub, browse("office"))
    assert admin.client.get("/api/1/orders", headers=headers).status_code == 200


def test_only_who_looks_after_people_sets_what_a_role_needs(browse: Browse) -> None:
    supervisor = browse("supervisor")
    supervisor.get("/people/roles")
    assert "Demand it" not in supervisor.get("/people/roles").text
    supervisor.page = "/own"
    answer = supervisor.post("/people/roles/admin", {"needs_second_factor": "on"})
    assert answer.status_code == 403


def test_an_administrator_resets_a_lost_telephone_and_the_journal_says_so(
    sqlite_hub: TestHub, enrolled: tuple[str, list[str]], people: dict[str, bytes], browse: Browse
) -> None:
    office = at_the_second_step(browse)
    office.post("/log-in/code", {"code": next_code(sqlite_hub, enrolled[0])})
    admin = browse("admin")
    page = f"/people/{people['office'].hex()}"
    assert "Reset the second factor" in admin.get(page).text
    assert admin.post(page + "/second-factor/reset", {"current": PASSWORD}).status_code == 303
    assert office.get("/orders").status_code == 303, "every log-in has ended"
    assert browse("").log_in("office").location == "/"
    row = JournalRow.get(JournalRow.act == "staff.reset_second_factor")
    assert bytes(row.actor) == people["admin"]
    assert people["office"].hex() in bytes(row.input).decode()
    assert "Reset the second factor" not in admin.get(page).text


def test_nobody_resets_their_own_without_a_code(
    sqlite_hub: TestHub, people: dict[str, bytes], browse: Browse
) -> None:
    admin = browse("admin")
    set_up(sqlite_hub, admin)
    page = f"/people/{people['admin'].hex()}"
    admin.get(page)
    admin.post(page + "/second-factor/reset", {"current": PASSWORD})
    assert SecondFactor.select().count() == 1


def test_neither_secret_nor_codes_are_in_journal_or_audit(
    sqlite_hub: TestHub, enrolled: tuple[str, list[str]], browse: Browse
) -> None:
    secret, recovery = enrolled
    half = at_the_second_step(browse)
    half.post("/log-in/code", {"code": recovery[0]})
    half = at_the_second_step(browse)
    half.post("/log-in/code", {"code": recovery[1] + "X"})
    written = b"".join(bytes(row.input) for row in JournalRow.select()).decode()
    noted = " ".join(denials())
    for hidden in (secret, *recovery, recovery[0].replace("-", "")):
        assert hidden not in written
        assert hidden not in noted
    admin = browse("admin")
    for row in list(JournalRow.select()):
        page = admin.get(f"/audit/{row.position}").text
        assert secret not in page
