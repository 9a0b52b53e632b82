"""Acts on people, on both databases."""

from __future__ import annotations

import pytest

from hub.errors import BadValue
from hub.staff import passwords, queries, sessions
from hub.staff import service as staff
from hub.staff.models import Permission, Person, PersonRole
from protocols import pin_verifier
from tests.hub.conftest import TestHub


def add(hub: TestHub, name: str, **facts: object) -> bytes:
    with hub.act() as act:
        staff.seed_permissions(act)
        return staff.add_person(act, hub.company, name, **facts)  # type: ignore[arg-type]


def test_a_badge_and_a_login_belong_to_one_person(hub: TestHub) -> None:
    add(hub, "Ana", badge="A1", login="Ana")
    with pytest.raises(staff.BadgeTaken):
        add(hub, "Bo", badge="A1")
    with pytest.raises(staff.LoginTaken):
        add(hub, "Bo", login="ANA")
    assert Person.select().count() == 1


def test_an_unknown_role_is_refused_by_name(hub: TestHub) -> None:
    with pytest.raises(BadValue, match="wizard"):
        add(hub, "Ana", roles=["wizard"])


def test_permissions_are_asked_by_role_and_site(hub: TestHub) -> None:
    ana = add(hub, "Ana", roles=["supervisor"], site="w2")
    staff.require(ana, "orders", "cancel", "w2")
    with pytest.raises(staff.Denied):
        staff.require(ana, "orders", "cancel", "w1")
    with pytest.raises(staff.Denied):
        staff.require(bytes(16), "orders", "read", "w2")


def test_permissions_that_somebody_changed_stay_changed(hub: TestHub) -> None:
    add(hub, "Ana")
    with hub.act() as act:
        act.tx.run("DELETE FROM permission WHERE role = 'office' AND capability = 'bulk'")
        staff.seed_permissions(act)
    assert (
        not Permission.select()
        .where(Permission.role == "office", Permission.capability == "bulk")
        .exists()
    )


def test_who_left_has_no_permission_and_is_in_no_shift(hub: TestHub) -> None:
    ana = add(hub, "Ana", badge="A1", pin="4711", login="ana", roles=["admin"])
    with hub.act() as act:
        staff.change_person(
            act, ana, name="Ana", badge="A1", login="ana", language="en", is_active=False
        )
    with pytest.raises(staff.Denied):
        staff.require(ana, "orders", "read")
    assert queries.shift_people(hub.company, hub.site) == []


def test_the_shift_is_who_has_badge_pin_and_the_right_to_pick_here(hub: TestHub) -> None:
    add(hub, "Ana", badge="A1", pin="4711", roles=["picker", "packer"])
    add(hub, "Bo", badge="B1", pin="4712", roles=["picker"], site="w2")
    add(hub, "Ed", badge="E1", pin="4714", roles=["office", "packer", "receiver", "finance"])
    add(hub, "Cy", badge="C1", roles=["picker"])
    add(hub, "Di", badge="D1", pin="4713")
    (only,) = queries.shift_people(hub.company, hub.site)
    assert (only.name, only.badge) == ("Ana", "A1")
    assert pin_verifier.is_right("4711", only.verifier)
    assert not pin_verifier.is_right("4712", only.verifier)


@pytest.mark.parametrize(
    ("role", "division", "comes"),
    [
        ("picker", "*", True),
        ("supervisor", "*", True),
        ("admin", "*", True),
        ("picker", "toys", False),
        ("admin", "toys", False),
        ("picker", "", False),
    ],
)
def test_a_right_in_one_division_opens_no_device(
    hub: TestHub, role: str, division: str, comes: bool
) -> None:
    """A tour picks for orders of every division, so it takes the right in every one."""
    ana = add(hub, "Ana", badge="A1", pin="4711")
    with hub.act() as act:
        act.tx.run("INSERT INTO person_role VALUES (?, ?, ?, ?)", (ana, role, "*", division))
    assert bool(queries.shift_people(hub.company, hub.site)) is comes


def test_the_same_pin_gives_two_people_different_verifiers(hub: TestHub) -> None:
    add(hub, "Ana", badge="A1", pin="4711", roles=["picker"])
    add(hub, "Bo", badge="B1", pin="4711", roles=["picker"])
    ana, bo = queries.shift_people(hub.company, hub.site)
    assert ana.verifier != bo.verifier


def test_guesses_at_once_cost_as_many_attempts(hub: TestHub) -> None:
    ana = add(hub, "Ana", login="ana")
    for _ in range(4):
        with hub.act() as act:
            assert sessions.take_attempt(act, ana).locked_s == 0
    with hub.act() as act:
        assert sessions.take_attempt(act, ana).locked_s == 0
        assert sessions.take_attempt(act, ana).locked_s > 0
    with hub.act() as act:
        sessions.open_session(act, ana, sessions.digest("secret"), "::1")
    with hub.act() as act:
        assert sessions.take_attempt(act, ana).locked_s == 0


def test_a_new_password_ends_every_session(hub: TestHub) -> None:
    ana = add(hub, "Ana", login="ana", roles=["office"])
    with hub.act() as act:
        sessions.open_session(act, ana, sessions.digest("secret"), "::1")
    found = queries.of_session(sessions.digest("secret"), hub.site, hub.clock.now_us())
    assert found is not None
    assert found.name == "Ana"
    with hub.act() as act:
        staff.set_password(act, ana, passwords.hashed("seven blue lanterns"), must_change=False)
    assert queries.of_session(sessions.digest("secret"), hub.site, hub.clock.now_us()) is None


def test_roles_are_replaced_at_one_site_only(hub: TestHub) -> None:
    ana = add(hub, "Ana", roles=["picker"], site="w2")
    with hub.act() as act:
        staff.set_roles(act, ana, ["office", "packer"])
    with hub.act() as act:
        staff.set_roles(act, ana, ["finance"])
    rows = {(r.role, r.site) for r in PersonRole.select().where(PersonRole.person == ana)}
    assert rows == {("picker", "w2"), ("finance", "*")}


def test_a_hash_of_nobody_is_right_for_no_password() -> None:
    assert not passwords.is_right("", "")
    assert not passwords.is_right("anything", "")
    assert not passwords.is_right("anything", "no hash at all")
    assert passwords.is_right("Zw8!kd93-aaQ", passwords.hashed("Zw8!kd93-aaQ"))


def test_one_time_passwords_pass_the_policy_and_differ() -> None:
    made = {passwords.one_time() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        staff.refuse_weak(password, "ana", "Ana")
