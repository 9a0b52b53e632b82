"""What somebody may want done about people, log-ins and keys, as commands.

Secrets come as hashes and digests, made before the act; whatever says who somebody is, or proves
it, is personal and lies outside of the journal.
"""

from __future__ import annotations

from hub.command import Command, Id, Personal, PersonalOrNone, command
from hub.journal import Act
from hub.staff import service, sessions
from hub.staff.sessions import Attempt

EDIT = "staff.edit"


# --- log-ins --------------------------------------------------------------------------------------


@command("staff.try_log_in")
class TryLogIn(Command[Attempt], frozen=True):
    """Take an attempt before the password is looked at. What was typed is kept nowhere."""

    person: Id | None

    def carry_out(self, act: Act) -> Attempt:
        return sessions.take_attempt(act, self.person)


@command("staff.log_in")
class LogIn(Command[None], frozen=True):
    """The password was right: open this session, and close the browser's former one."""

    person: Id
    session: Personal
    """The digest of the cookie's secret, in hexadecimal digits; so is `former`."""
    address: Personal
    former: PersonalOrNone = None

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        if self.former is not None:
            sessions.close_session(act, _digest(self.former))
        sessions.open_session(act, self.person, _digest(self.session), self.address)


@command("staff.log_out")
class LogOut(Command[None], frozen=True):
    session: Personal

    def carry_out(self, act: Act) -> None:
        act.about = act.actor
        sessions.close_session(act, _digest(self.session))


@command("staff.end_sessions", needs=EDIT)
class EndSessions(Command[int], frozen=True):
    """End the log-ins of a person, all or all but the one named; returns how many."""

    person: Id
    but: PersonalOrNone = None

    def carry_out(self, act: Act) -> int:
        act.about = self.person
        return sessions.end_sessions(act, self.person, _digest(self.but or ""))


def _digest(text: str) -> bytes:
    """An erased one is nobody's session."""
    return b"" if text.startswith("erased-") else bytes.fromhex(text)


@command("staff.note_denial")
class NoteDenial(Command[None], frozen=True):
    """Audit what somebody was not allowed to do."""

    person: Id | None
    what: str
    address: Personal

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        service.note_denial(act, self.person, self.what, self.address)


# --- passwords and keys ---------------------------------------------------------------------------


@command("staff.set_password", needs=EDIT)
class SetPassword(Command[None], frozen=True):
    """Store a password's hash; every session of the person ends."""

    person: Id
    password_hash: Personal
    must_change: bool

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        service.set_password(act, self.person, self.password_hash, must_change=self.must_change)


@command("staff.set_pin")
class SetPin(Command[None], frozen=True):
    person: Id
    verifier: Personal

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        service.set_pin(act, self.person, self.verifier)


@command("staff.add_token")
class AddToken(Command[bytes], frozen=True):
    """A personal key for the API, by the digest of its secret; returns its id."""

    person: Id
    name: str
    digest: Personal

    def carry_out(self, act: Act) -> bytes:
        act.about = self.person
        return service.add_token(act, self.person, self.name, _digest(self.digest))


@command("staff.revoke_token")
class RevokeToken(Command[None], frozen=True):
    person: Id
    token: Id

    def carry_out(self, act: Act) -> None:
        service.revoke_token(act, self.person, self.token)


# --- people ---------------------------------------------------------------------------------------


@command("staff.add_person", needs=EDIT)
class AddPerson(Command[bytes], frozen=True):
    """Add somebody; returns the id."""

    company: str
    name: Personal
    badge: PersonalOrNone = None
    verifier: PersonalOrNone = None
    """Of the PIN (`passwords.pin_proof`)."""
    login: PersonalOrNone = None
    password_hash: PersonalOrNone = None
    roles: tuple[str, ...] = ()
    language: str = "en"
    must_change: bool = False

    def carry_out(self, act: Act) -> bytes:
        act.about = service.add_person(
            act, self.company, self.name, badge=self.badge, verifier=self.verifier or "",
            login=self.login, password_hash=self.password_hash or "", roles=self.roles,
            language=self.language, must_change=self.must_change,
        )  # fmt: skip
        return act.about


@command("staff.change_person", needs=EDIT)
class ChangePerson(Command[None], frozen=True):
    """What somebody is called, how they are known, what they may do, whether they are here."""

    person: Id
    name: Personal
    language: str
    is_active: bool
    roles: tuple[str, ...]
    badge: PersonalOrNone = None
    login: PersonalOrNone = None

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        service.change_person(
            act, self.person, name=self.name, badge=self.badge, login=self.login,
            language=self.language, is_active=self.is_active,
        )  # fmt: skip
        service.set_roles(act, self.person, self.roles)
