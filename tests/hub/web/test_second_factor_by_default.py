"""What a new hub demands by itself of whoever may give rights, and when."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hub.founding import FoundSite
from hub.setup import demo_floor_text
from hub.staff import queries, sessions
from hub.staff import service as staff
from hub.staff.models import RoleRule
from hub.staff.second_factor import PUT_OFF_US
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import Browser
from tests.hub.web.test_second_factor import set_up

Browse = Callable[[str], Browser]
BANNER = "the password alone opens that"


@pytest.fixture
def new_rule(sqlite_hub: TestHub, people: dict[str, bytes]) -> None:
    """As if the hub had been founded just now."""
    ends = sqlite_hub.clock.now_us() + PUT_OFF_US
    RoleRule.create(role="admin", needs_second_factor=True, put_off_until=ends)


def found(hub: TestHub, site: str) -> None:
    command = FoundSite(hub.company, "Shop", demo_floor_text())
    hub.journal.carry_out(command, site=site, via="setup")


def test_a_new_hub_demands_it_of_administrators_from_its_fifteenth_day_on(hub: TestHub) -> None:
    found(hub, "w7")
    ends = hub.clock.now_us() + PUT_OFF_US
    assert queries.roles_with_rule() == {"admin": ends}
    hub.clock.advance(s=3_600)
    found(hub, "w8")
    assert queries.roles_with_rule() == {"admin": ends}, "another site begins nothing anew"


def test_where_people_work_already_another_site_demands_nothing_new(hub: TestHub) -> None:
    with hub.act() as act:
        staff.add_person(act, hub.company, "Ana", login="ana")
    found(hub, "w7")
    assert queries.roles_with_rule() == {}


def test_until_then_it_is_recalled_where_a_day_begins_and_not_amid_work(
    sqlite_hub: TestHub, new_rule: None, browse: Browse
) -> None:
    sqlite_hub.clock.advance(us=PUT_OFF_US - 1)
    admin = browse("admin")
    reminding = {"/", "/people", "/status", "/own"}
    for path in (*reminding, "/orders", "/packing", "/floor", "/own/second-factor"):
        page = admin.get(path)
        assert page.status_code == 200, path
        assert (BANNER in page.text) == (path in reminding), path
    assert BANNER not in browse("supervisor").get("/").text


def test_from_then_on_a_log_in_leads_to_setting_it_up(
    sqlite_hub: TestHub, new_rule: None, browse: Browse
) -> None:
    sqlite_hub.clock.advance(us=PUT_OFF_US)
    admin, supervisor = browse("admin"), browse("supervisor")
    assert admin.get("/people").location == "/own/second-factor"
    page = admin.get("/own/second-factor").text
    assert "Set it up to go on" in page
    assert "binlight user require-second-factor admin --off" in page
    assert supervisor.get("/orders").status_code == 200
    set_up(sqlite_hub, admin)
    assert admin.get("/people").status_code == 200


def test_whoever_has_one_is_reminded_of_nothing(
    sqlite_hub: TestHub, new_rule: None, browse: Browse
) -> None:
    admin = browse("admin")
    set_up(sqlite_hub, admin)
    assert BANNER not in admin.get("/").text


def _asked_by_key(admin: Browser, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    return admin.client.get("/api/1/orders", headers=headers).status_code


def test_no_program_stops_by_a_rule_that_nobody_has_set(
    sqlite_hub: TestHub, people: dict[str, bytes], new_rule: None, browse: Browse
) -> None:
    """Orders of a shop come by a key: it ends with a person's decision, not in the night."""
    with sqlite_hub.act() as act:
        staff.add_token(act, people["admin"], "shop", staff.token_digest("bw_key"))
    sqlite_hub.clock.advance(us=PUT_OFF_US)
    admin = browse("admin")
    assert _asked_by_key(admin, "bw_key") == 200
    set_up(sqlite_hub, admin)
    admin.get("/people/roles")
    assert admin.post("/people/roles/admin", {"needs_second_factor": "on"}).status_code == 303
    assert _asked_by_key(admin, "bw_key") == 200, "its person has one"
    with sqlite_hub.act() as act:
        act.tx.run("DELETE FROM second_factor")
    assert _asked_by_key(admin, "bw_key") == 401


@pytest.mark.parametrize(("form", "rules"), [({}, {}), ({"needs_second_factor": "on"}, None)])
def test_what_an_administrator_says_takes_the_place_of_what_the_hub_began_with(
    new_rule: None, browse: Browse, form: dict[str, str], rules: dict[str, None] | None
) -> None:
    admin = browse("admin")
    assert "must have one, from" in admin.get("/people/roles").text
    admin.post("/people/roles/admin", form)
    assert queries.roles_with_rule() == ({"admin": None} if rules is None else rules)
    assert BANNER not in admin.get("/own").text


def test_a_clock_that_is_set_takes_no_days_away(sqlite_hub: TestHub, new_rule: None) -> None:
    before = RoleRule.get().put_off_until
    with sqlite_hub.act() as act:
        sessions.move_moments(act, 400 * 86_400_000_000)
    assert RoleRule.get().put_off_until == before + 400 * 86_400_000_000


def test_the_status_page_names_who_gives_rights_by_a_password_alone(
    sqlite_hub: TestHub, people: dict[str, bytes], browse: Browse
) -> None:
    with sqlite_hub.act() as act:
        staff.add_person(act, sqlite_hub.company, "Not In Yet", login="new", roles=["admin"])
        staff.grant(act, people["office"], "admin", "*", "toys")
    assert queries.rights_without_second_factor(sqlite_hub.company) == ["Admin", "Office"]
    admin = browse("admin")
    assert "have no second factor: Admin, Office." in admin.get("/status").text
    set_up(sqlite_hub, admin)
    assert queries.rights_without_second_factor(sqlite_hub.company) == ["Office"]
    assert queries.rights_without_second_factor("elsewhere") == []
