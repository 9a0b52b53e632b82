"""Somebody can always give rights; and where nobody gets in, the machine's owner does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
from click.testing import CliRunner

from hub import ids
from hub.db import fetch, proxy, writing
from hub.floor_exceptions import FloorException
from hub.journal import Act, JournalRow
from hub.security_events import SecurityEvent
from hub.staff import passwords, queries, second_factor, sessions
from hub.staff import service as staff
from hub.staff.administrators import LastAdministrator, who
from hub.staff.commands import user
from hub.staff.models import ApiToken, Permission, Person, PersonRole, WebSession
from tests.hub.conftest import TestHub

Deed = Callable[[Act, bytes], None]


@pytest.fixture(scope="module")
def password_hash() -> str:
    return passwords.hashed("seven blue lanterns")


@pytest.fixture
def admins(hub: TestHub, password_hash: str) -> list[bytes]:
    """Two of them, with passwords of their own."""
    with hub.act() as act:
        staff.seed_permissions(act)
        return [
            staff.add_person(
                act, hub.company, name, login=name, roles=["admin"], password_hash=password_hash
            )
            for name in ("ana", "bo")
        ]


def change(**changed: object) -> Deed:
    def do(act: Act, person: bytes) -> None:
        known = act.tx.row("SELECT login FROM person WHERE id = ?", (person,))
        login = known[0] if known else None
        facts = {"name": "X", "badge": None, "login": login, "language": "en", "is_active": True}
        staff.change_person(act, person, **{**facts, **changed})  # type: ignore[arg-type]

    return do


def withdrawn(act: Act, person: bytes) -> None:
    staff.withdraw(act, person, "admin", "*", "*")


def other_roles(act: Act, person: bytes) -> None:
    staff.set_roles(act, person, ["supervisor", "office"])


DEEDS = {
    "leaves": staff.leave,
    "is no longer active": change(is_active=False),
    "has no login": change(login=None),
    "loses the role": withdrawn,
    "has other roles": other_roles,
}


@pytest.mark.parametrize("how", DEEDS)
def test_the_last_administrator_stays_one(hub: TestHub, admins: list[bytes], how: str) -> None:
    ana, bo = admins
    with hub.act() as act:
        DEEDS[how](act, ana)
    said = "Make somebody else an administrator first"
    with pytest.raises(LastAdministrator, match=said), hub.act() as act:
        DEEDS[how](act, bo)
    staff.require(bo, "staff", "edit")
    assert Person.get_by_id(bo).login == "bo"


@pytest.mark.parametrize(
    "other",
    [
        {"roles": ["supervisor"], "login": "other"},
        {"roles": ["admin"], "site": "w1", "login": "other"},
        {"roles": ["admin"]},
    ],
    ids=["of another role", "at one site alone", "without a login"],
)
def test_whoever_cannot_give_every_right_on_the_pages_is_no_other_administrator(
    hub: TestHub, admins: list[bytes], password_hash: str, other: dict[str, object]
) -> None:
    ana, bo = admins
    with hub.act() as act:
        staff.add_person(act, hub.company, "Other", password_hash=password_hash, **other)  # type: ignore[arg-type]
        staff.leave(act, ana)
    with pytest.raises(LastAdministrator), hub.act() as act:
        staff.leave(act, bo)


def test_a_right_in_one_division_makes_no_administrator(hub: TestHub, admins: list[bytes]) -> None:
    ana, bo = admins
    with hub.act() as act:
        staff.set_roles(act, ana, [])
        staff.grant(act, ana, "admin", "*", "toys")
    with pytest.raises(LastAdministrator), hub.act() as act:
        staff.leave(act, bo)


def test_a_one_time_password_that_ran_out_opens_nothing_and_so_counts_for_nobody(
    hub: TestHub, admins: list[bytes], password_hash: str
) -> None:
    ana, bo = admins
    with hub.act() as act:
        staff.set_password(act, ana, password_hash, must_change=True)
    hub.clock.advance(us=staff.ONE_TIME_US)
    with pytest.raises(LastAdministrator), hub.act() as act:
        staff.leave(act, bo)


def test_another_company_has_administrators_of_its_own(
    hub: TestHub, admins: list[bytes], password_hash: str
) -> None:
    with hub.act() as act:
        stranger = staff.add_person(
            act, "elsewhere", "Cy", login="cy", roles=["admin"], password_hash=password_hash
        )
        assert who(act, hub.company) == set(admins)
    with pytest.raises(LastAdministrator), hub.act() as act:
        staff.leave(act, stranger)


def test_where_there_was_none_nobody_is_kept(hub: TestHub) -> None:
    with hub.act() as act:
        clerk = staff.add_person(act, hub.company, "Clerk", login="clerk", roles=["office"])
        staff.leave(act, clerk)
    assert not Person.get_by_id(clerk).is_active


# --- at the same moment ---------------------------------------------------------------------------


@contextmanager
def unfinished(hub: TestHub) -> Iterator[Act]:
    """An act whose transaction stays open inside."""
    with writing(hub.database, hub.clock.now_us()) as tx:
        yield Act(tx, "test", site=hub.site, key=ids.new_key(tx.now_us, hub.random), via="page")


def _waits_or_is_done(hub: TestHub, other: Future[None]) -> bool:
    waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
    return other.done() or bool(fetch(hub.database, waiting))


@pytest.mark.postgres
@pytest.mark.parametrize("how", DEEDS)
def test_two_administrators_who_take_each_others_place_at_once_leave_one(
    postgres_hub: TestHub, password_hash: str, how: str
) -> None:
    """The second waits for the first to be done, whatever it is about to see."""
    hub, began = postgres_hub, Event()
    proxy.initialize(hub.database)
    with hub.act() as act:
        staff.seed_permissions(act)
        ana, bo = (
            staff.add_person(
                act, hub.company, name, login=name, roles=["admin"], password_hash=password_hash
            )
            for name in ("ana", "bo")
        )

    def second() -> None:
        with unfinished(hub) as act:
            began.set()
            DEEDS[how](act, ana)

    with ThreadPoolExecutor(1) as pool:
        with unfinished(hub) as act:
            DEEDS[how](act, bo)
            other = pool.submit(second)
            began.wait()
            while not _waits_or_is_done(hub, other):
                pass
        with pytest.raises(LastAdministrator):
            other.result()
    with hub.act() as act:
        assert who(act, hub.company) == {ana}


# --- the way back in ------------------------------------------------------------------------------


def run(hub: TestHub, *words: str) -> str:
    done = CliRunner().invoke(user, ["--database", hub.url, *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    proxy.initialize(hub.database)
    return done.output


def let_in(hub: TestHub, login: str) -> str:
    """The one-time password."""
    return run(hub, "let-in", login).strip().rsplit(" ", 1)[1]


def test_whoever_has_the_machine_lets_an_administrator_in_whatever_was_in_the_way(
    hub: TestHub, admins: list[bytes]
) -> None:
    """All at once: gone, without the role, locked, telephone lost, a stranger logged in."""
    ana = admins[0]
    with hub.act() as act:
        second_factor.begin(act, ana, "JBSWY3DPEHPK3PXP")
        second_factor.confirm(act, ana, 7, [b"d" * 32])
        sessions.open_session(act, ana, b"s" * 32, "::1", is_proven=True)
        staff.add_token(act, ana, "a stranger's", b"k" * 32)
    PersonRole.delete().execute()
    Permission.delete().execute()
    Person.update(is_active=False, failed_logins=9, locked_until=2**60).execute()
    one_time = let_in(hub, "ana")
    found = Person.get_by_id(ana)
    assert passwords.is_right(one_time, found.password_hash)
    assert (found.is_active, found.must_change, found.failed_logins, found.locked_until) == (
        True, True, 0, 0,
    )  # fmt: skip
    assert not queries.has_second_factor(ana)
    assert WebSession.select().count() == 0
    assert ApiToken.get().revoked_at is not None
    with hub.act() as act:
        assert who(act, hub.company) == {ana}


def test_a_login_that_nobody_has_becomes_an_administrator(hub: TestHub) -> None:
    one_time = let_in(hub, "Owner")
    owner = Person.get(Person.login == "owner")
    assert passwords.is_right(one_time, owner.password_hash)
    staff.require(owner.id, "staff", "edit")


def test_letting_in_is_in_the_journal_and_supervisors_hear_of_it(
    hub: TestHub, admins: list[bytes]
) -> None:
    let_in(hub, "bo")
    row = JournalRow.get(JournalRow.act == "staff.let_in")
    assert (row.via, bytes(row.input)) == ("command", f'{{"person":"{admins[1].hex()}"}}'.encode())
    assert SecurityEvent.get().kind == "LET_IN_AT_MACHINE"
    alert = FloorException.get()
    assert (alert.kind, alert.person) == ("SECURITY_ALERT", admins[1])


def test_roles_are_given_and_taken_at_the_machine_but_not_the_last_one(
    hub: TestHub, admins: list[bytes]
) -> None:
    run(hub, "give-role", "bo", "office", "--division", "toys")
    run(hub, "take-role", "ana", "admin")
    for words in (("take-role", "bo", "admin"), ("leave", "bo")):
        with pytest.raises(LastAdministrator):
            run(hub, *words)
    proxy.initialize(hub.database)
    rows = {(r.person, r.role, r.division) for r in PersonRole.select()}
    assert rows == {(admins[1], "admin", "*"), (admins[1], "office", "toys")}
    run(hub, "leave", "ana")
    assert not Person.get_by_id(admins[0]).is_active
