"""Nobody gives a right that they do not have themselves, or takes over somebody who has more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hub.staff import giving, queries, reviewing
from hub.staff import service as staff
from hub.staff.models import ApiToken, Denial, Permission, Person, PersonRole, RoleRule, WebSession
from hub.staff.reviewing import ChangedRight
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import PASSWORD, Browser
from tests.hub.web.test_imports import send

Browse = Callable[[str], Browser]
HERE, THERE = "w1", "w2"


@pytest.fixture
def head(sqlite_hub: TestHub, people: dict[str, bytes], browse: Browse) -> Browser:
    """The picker runs this site: may do everything here, and nothing elsewhere."""
    with sqlite_hub.act() as act:
        staff.set_roles(act, people["picker"], [])
        staff.grant(act, people["picker"], "admin", HERE, "*")
    return browse("picker")


@pytest.fixture
def clerk(sqlite_hub: TestHub, people: dict[str, bytes], browse: Browse) -> Browser:
    """The finance person looks after people, everywhere, but may do little else."""
    Permission.insert(role="finance", capability="staff", action="*").execute()
    return browse("finance")


@pytest.fixture
def newcomer(sqlite_hub: TestHub) -> bytes:
    with sqlite_hub.act() as act:
        return staff.add_person(act, sqlite_hub.company, "Newcomer", login="new")


def ask(browser: Browser, person: bytes, what: str, **fields: Any) -> int:
    page = f"/people/{person.hex()}"
    assert browser.get(page).status_code == 200
    return browser.post(page + what, {"current": PASSWORD, **fields}).status_code


def grants(person: bytes) -> set[tuple[str, str, str]]:
    rows = PersonRole.select().where(PersonRole.person == person)
    return {(row.role, row.site, row.division) for row in rows}


def test_whoever_runs_one_site_gives_roles_there_and_nowhere_else(
    head: Browser, newcomer: bytes
) -> None:
    for at in ("*", THERE):
        assert ask(head, newcomer, "/roles", role="picker", at=at, division="*") == 403
    assert grants(newcomer) == set()
    assert ask(head, newcomer, "/roles", role="admin", at=HERE) == 303
    assert ask(head, newcomer, "/roles", role="office", at=HERE, division="toys") == 303
    assert grants(newcomer) == {("admin", HERE, "*"), ("office", HERE, "toys")}


def test_the_form_of_a_person_gives_roles_at_every_site_and_so_asks_for_them(
    head: Browser, newcomer: bytes
) -> None:
    asked = {"name": "New", "language": "en", "is_active": "on", "login": "new"}
    assert ask(head, newcomer, "", **asked, role="picker") == 403
    assert Person.get_by_id(newcomer).name == "Newcomer"
    assert ask(head, newcomer, "", **asked) == 303
    assert Person.get_by_id(newcomer).name == "New"
    head.get("/people/new")
    assert head.post("/people/new", {"name": "X", "role": "admin"}).status_code == 403
    assert not Person.select().where(Person.name == "X").exists()


def test_looking_after_people_gives_no_role_that_is_mightier(
    clerk: Browser, newcomer: bytes, people: dict[str, bytes]
) -> None:
    for person in (newcomer, people["finance"]):
        before = grants(person)
        assert ask(clerk, person, "/roles", role="admin", at="*") == 403
        assert grants(person) == before
    assert ask(clerk, newcomer, "/roles", role="finance", at="*") == 303


def test_the_right_to_edit_people_in_one_division_opens_no_page_of_people(
    sqlite_hub: TestHub, people: dict[str, bytes], newcomer: bytes, browse: Browse
) -> None:
    with sqlite_hub.act() as act:
        staff.grant(act, people["picker"], "admin", "*", "toys")
    picker = browse("picker")
    assert picker.get(f"/people/{newcomer.hex()}").status_code == 403
    picker.page = "/own"
    sent = {"role": "admin", "at": "*", "division": "toys"}
    assert picker.post(f"/people/{newcomer.hex()}/roles", sent).status_code == 403
    assert grants(newcomer) == set()


@pytest.mark.parametrize(
    ("what", "fields"),
    [
        ("", {"name": "Taken", "login": "mine", "language": "en", "is_active": "on"}),
        ("", {"name": "Admin", "login": "admin", "language": "en"}),
        ("/reset", {}),
        ("/second-factor/reset", {}),
        ("/sessions/end", {}),
        ("/roles/withdraw", {"role": "admin", "at": "*", "division": "*"}),
    ],
)
@pytest.mark.parametrize("who", ["head", "clerk"])
def test_nobody_touches_how_a_mightier_person_gets_in(
    request: pytest.FixtureRequest, people: dict[str, bytes], browse: Browse,
    who: str, what: str, fields: dict[str, str],
) -> None:  # fmt: skip
    browser: Browser = request.getfixturevalue(who)
    browse("admin")
    mighty = people["admin"]
    before = Person.select().where(Person.id == mighty).dicts().get()
    assert ask(browser, mighty, what, **fields) == 403
    assert Person.select().where(Person.id == mighty).dicts().get() == before
    assert grants(mighty) == {("admin", "*", "*")}
    assert WebSession.select().where(WebSession.person == mighty).count() == 1
    noted = Denial.select().order_by(Denial.at.desc(), Denial.id.desc()).get()
    assert noted.what.startswith(f"POST /people/{mighty.hex()}{what} ")


def test_whoever_was_mighty_and_left_is_not_called_back_by_a_lesser_one(
    sqlite_hub: TestHub, clerk: Browser, people: dict[str, bytes]
) -> None:
    Person.update(is_active=False).where(Person.id == people["admin"]).execute()
    asked = {"name": "Admin", "language": "en", "is_active": "on", "login": "admin"}
    assert ask(clerk, people["admin"], "", **asked) == 403
    assert not Person.get_by_id(people["admin"]).is_active


def test_no_lesser_person_lifts_the_rule_of_a_second_factor_for_a_mightier_role(
    head: Browser, clerk: Browser, browse: Browse
) -> None:
    admin = browse("admin")
    admin.get("/people/roles")
    assert admin.post("/people/roles/supervisor", {"needs_second_factor": "on"}).status_code == 303
    for lesser in (head, clerk):
        lesser.get("/own")
        assert lesser.post("/people/roles/supervisor").status_code == 403
    assert RoleRule.get_by_id("supervisor").needs_second_factor


def test_a_file_of_people_may_give_any_role_and_so_takes_all_of_them(
    clerk: Browser, head: Browser
) -> None:
    before = Person.select().count()
    for lesser in (clerk, head):
        Permission.insert(
            role="finance", capability="bulk", action="*"
        ).on_conflict_ignore().execute()
        assert send(lesser, "name,badge,roles\nEve,E1,admin\n", "take", "people")[0] == 403
    assert Person.select().count() == before


def test_the_refusal_names_the_right_and_its_place(
    sqlite_hub: TestHub, people: dict[str, bytes]
) -> None:
    with pytest.raises(giving.BeyondOwnRights) as refused:
        giving.refuse_to_give(people["packer"], ["packer", "picker"], HERE, "toys")
    assert "(warehouse.pick at w1, division toys)" in str(refused.value)
    assert refused.value.values()["division"] == "toys"


def test_everybody_may_give_what_they_have(people: dict[str, bytes]) -> None:
    """Whatever the roles hold: each person covers their own, at each site and division."""
    for role, person in people.items():
        giving.refuse_to_give(person, [role])
        giving.refuse_to_give(person, [role], THERE, "toys")
        giving.refuse_to_touch(person, person)
    assert queries.rights_of(people["admin"]) > frozenset()


@pytest.mark.parametrize("who", ["head", "clerk"])
def test_nobody_sets_the_pin_of_a_mightier_person(
    request: pytest.FixtureRequest, people: dict[str, bytes], who: str
) -> None:
    """With badge and PIN one works in that person's name."""
    browser: Browser = request.getfixturevalue(who)
    assert ask(browser, people["admin"], "/pin", pin="4711") == 403
    assert Person.get_by_id(people["admin"]).pin_verifier == ""


def test_a_supervisor_sets_the_pins_of_pickers_and_no_others(
    browse: Browse, people: dict[str, bytes]
) -> None:
    supervisor = browse("supervisor")
    for role, status in {"picker": 303, "packer": 303, "supervisor": 303, "office": 403}.items():
        assert ask(supervisor, people[role], "/pin", pin="4711") == status, role


def test_whose_pin_was_set_sees_when_and_by_whom(browse: Browse, people: dict[str, bytes]) -> None:
    supervisor, packer = browse("supervisor"), browse("packer")
    assert "PIN for devices" not in packer.get("/own").text
    ask(supervisor, people["packer"], "/pin", pin="4711")
    for page in (packer.get("/own"), supervisor.get(f"/people/{people['packer'].hex()}")):
        assert ">Supervisor</a>." in page.text
    found = Person.get_by_id(people["packer"])
    assert found.pin_set_by == people["supervisor"]


# --- the password of whoever asks ----------------------------------------------------------------


@pytest.mark.parametrize("what", ["/reset", "/second-factor/reset"])
def test_an_open_page_alone_lets_nobody_take_over_a_colleague(
    browse: Browse, people: dict[str, bytes], what: str
) -> None:
    admin, office = browse("admin"), browse("office")
    before = Person.get_by_id(people["office"]).password_hash
    assert ask(admin, people["office"], what, current="guess") == 303
    assert Person.get_by_id(people["office"]).password_hash == before
    assert office.get("/orders").status_code == 200
    assert ask(admin, people["office"], what) in (200, 303)
    assert office.get("/orders").status_code == 303


def test_a_key_for_programs_takes_the_password_and_a_right_one_uses_no_try_up(
    browse: Browse, people: dict[str, bytes]
) -> None:
    office = browse("office")
    office.get("/own")
    office.post("/own/tokens", {"name": "till", "current": "guess"})
    assert ApiToken.select().count() == 0
    for n in range(6):
        page = office.post("/own/tokens", {"name": f"till {n}", "current": PASSWORD})
        assert 'id="secret"' in page.text
    assert ApiToken.select().count() == 6
    assert Person.get_by_id(people["office"]).failed_logins == 1, "the wrong one still counts"


def test_guesses_at_an_open_page_lock_like_a_log_in(
    browse: Browse, people: dict[str, bytes]
) -> None:
    office = browse("office")
    office.get("/own")
    for guess in range(5):
        office.post("/own/tokens", {"name": "till", "current": f"guess {guess}"})
    office.post("/own/tokens", {"name": "till", "current": PASSWORD})
    assert ApiToken.select().count() == 0
    assert Person.get_by_id(people["office"]).failed_logins == 5


# --- after a restore -----------------------------------------------------------------------------


def test_what_a_restored_backup_changed_of_rights_stands_on_two_pages_until_somebody_looked(
    sqlite_hub: TestHub, people: dict[str, bytes], browse: Browse
) -> None:
    changed = ChangedRight("GIVEN_BACK", people["office"], "admin", "*", "toys")
    with sqlite_hub.act() as act:
        reviewing.ask(act, [changed])
    admin, supervisor = browse("admin"), browse("supervisor")
    assert "has it again" in admin.get("/people").text
    assert "A backup was restored, and with it who may do what" in admin.get("/status").text
    assert "has it again" not in supervisor.get("/people").text
    assert supervisor.post("/people/review").status_code == 403
    admin.get("/people")
    assert admin.post("/people/review").status_code == 303
    assert "has it again" not in admin.get("/people").text
