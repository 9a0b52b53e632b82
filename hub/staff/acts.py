"""What somebody may want done about people, log-ins and keys, as commands.

Secrets come as hashes and digests, made before the act; whatever says who somebody is, or proves
it, is personal and lies outside of the journal. A log-in that fails is no act (`sessions`).
"""

from __future__ import annotations

from hub.command import Command, Id, Personal, PersonalOrNone, command
from hub.journal import Act
from hub.staff import giving, letting_in, reviewing, second_factor, service, sessions

EDIT = "staff.edit"


# --- log-ins --------------------------------------------------------------------------------------


@command("staff.log_in")
class LogIn(Command[bool], frozen=True):
    """The password was right: open this session, and close the browser's former one.

    Returns whether it is open: to whoever has a second factor it waits for `staff.enter_code`.
    """

    person: Id
    session: Personal
    """The digest of the cookie's secret, in hexadecimal digits; so is `former`."""
    address: Personal
    former: PersonalOrNone = None

    def carry_out(self, act: Act) -> bool:
        act.about = self.person
        if self.former is not None:
            sessions.close_session(act, _digest(self.former))
        return sessions.open_session(act, self.person, _digest(self.session), self.address)


@command("staff.enter_code")
class EnterCode(Command[None], frozen=True):
    """The second factor was right, too: this session takes the place of the one that waited."""

    person: Id
    session: Personal
    former: Personal
    address: Personal
    step: int
    """Whose code was typed; no code of it or before is taken again."""

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        second_factor.take_step(act, self.person, self.step)
        sessions.prove(act, self.person, _digest(self.former), _digest(self.session), self.address)


@command("staff.enter_recovery_code")
class EnterRecoveryCode(Command[None], frozen=True):
    """As `staff.enter_code`, by a code from paper, which is used up."""

    person: Id
    session: Personal
    former: Personal
    address: Personal
    recovery: Personal
    """Its digest, in hexadecimal digits."""

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        second_factor.take_recovery(act, self.person, _digest(self.recovery))
        sessions.prove(act, self.person, _digest(self.former), _digest(self.session), self.address)


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

    def refuse_to(self, actor: bytes) -> None:
        giving.refuse_to_touch(actor, self.person)

    def carry_out(self, act: Act) -> int:
        act.about = self.person
        return sessions.end_sessions(act, self.person, _digest(self.but or ""))


def _digest(text: str) -> bytes:
    """An erased one is nobody's session."""
    return b"" if text.startswith("erased-") else bytes.fromhex(text)


# --- passwords and keys ---------------------------------------------------------------------------


@command("staff.set_password", needs=EDIT)
class SetPassword(Command[None], frozen=True):
    """Store a password's hash; every session of the person ends."""

    person: Id
    password_hash: Personal
    must_change: bool

    def refuse_to(self, actor: bytes) -> None:
        giving.refuse_to_touch(actor, self.person)

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        service.set_password(act, self.person, self.password_hash, must_change=self.must_change)


@command("staff.set_pin")
class SetPin(Command[None], frozen=True):
    """Store what proves a PIN. Whoever set it works in that person's name on devices."""

    person: Id
    verifier: Personal

    def refuse_to(self, actor: bytes) -> None:
        giving.refuse_to_touch(actor, self.person)

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


# --- the second factor ----------------------------------------------------------------------------


@command("staff.begin_second_factor")
class BeginSecondFactor(Command[None], frozen=True):
    """Set up a telephone: nothing is asked of it before its first code was right."""

    person: Id
    secret: Personal

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        second_factor.begin(act, self.person, self.secret)


@command("staff.confirm_second_factor")
class ConfirmSecondFactor(Command[int], frozen=True):
    """The first code was right: it is asked for from now on. Every other log-in ends; returns how
    many.
    """

    person: Id
    step: int
    recovery: Personal
    """The digests of fresh recovery codes, in hexadecimal digits, with blanks between them."""
    session: Personal
    """The one that stays."""

    def carry_out(self, act: Act) -> int:
        act.about = self.person
        second_factor.confirm(act, self.person, self.step, _digests(self.recovery))
        return sessions.end_sessions(act, self.person, _digest(self.session))


@command("staff.renew_recovery_codes")
class RenewRecoveryCodes(Command[None], frozen=True):
    """Give out recovery codes anew, for whoever proved to be there by a code of this step."""

    person: Id
    step: int
    recovery: Personal

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        second_factor.take_step(act, self.person, self.step)
        second_factor.renew_recovery(act, self.person, _digests(self.recovery))


@command("staff.turn_off_second_factor")
class TurnOffSecondFactor(Command[None], frozen=True):
    """Go without, where no role of theirs forbids it."""

    person: Id
    step: int

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        second_factor.take_step(act, self.person, self.step)
        second_factor.turn_off(act, self.person)


@command("staff.reset_second_factor", needs=EDIT)
class ResetSecondFactor(Command[None], frozen=True):
    """Somebody lost their telephone: take the factor away, and end every log-in."""

    person: Id

    def refuse_to(self, actor: bytes) -> None:
        giving.refuse_to_touch(actor, self.person)

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        second_factor.reset(act, self.person)


@command("staff.set_role_rule", needs=EDIT)
class SetRoleRule(Command[None], frozen=True):
    """Say whether everybody of a role needs a second factor."""

    role: str
    needs_second_factor: bool

    def refuse_to(self, actor: bytes) -> None:
        """It holds at every site: whoever may not all that the role may, opens no door to it."""
        giving.refuse_to_give(actor, (self.role,))

    def carry_out(self, act: Act) -> None:
        second_factor.set_rule(act, self.role, needs_second_factor=self.needs_second_factor)


def _digests(text: str) -> list[bytes]:
    return [found for found in map(_digest, text.split()) if found]


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

    def refuse_to(self, actor: bytes) -> None:
        giving.refuse_to_give(actor, self.roles)

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

    def refuse_to(self, actor: bytes) -> None:
        giving.refuse_to_touch(actor, self.person)
        giving.refuse_to_give(actor, self.roles)

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        service.change_person(
            act, self.person, name=self.name, badge=self.badge, login=self.login,
            language=self.language, is_active=self.is_active,
        )  # fmt: skip
        service.set_roles(act, self.person, self.roles)


@command("staff.leave", needs=EDIT)
class Leave(Command[None], frozen=True):
    """Somebody works here no more."""

    person: Id

    def refuse_to(self, actor: bytes) -> None:
        giving.refuse_to_touch(actor, self.person)

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        service.leave(act, self.person)


@command("staff.let_in")
class LetIn(Command[None], frozen=True):
    """Make somebody an administrator at the hub's machine, where nobody gets in any more.

    No page carries it out.
    """

    person: Id
    password_hash: Personal

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        letting_in.let_in(act, self.person, self.password_hash)


@command("staff.end_review", needs=EDIT)
class EndReview(Command[int], frozen=True):
    """Somebody has looked at what a restored backup changed of rights; returns how many waited."""

    def carry_out(self, act: Act) -> int:
        return reviewing.done(act)


@command("staff.grant_role", needs=EDIT)
class GrantRole(Command[None], frozen=True):
    """Give somebody a role in one division (`*`: in every one), at one site or at all."""

    person: Id
    role: str
    division: str
    at: str = "*"
    """The site."""

    def refuse_to(self, actor: bytes) -> None:
        giving.refuse_to_give(actor, (self.role,), self.at, self.division)

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        service.grant(act, self.person, self.role, self.at, self.division)


@command("staff.withdraw_role", needs=EDIT)
class WithdrawRole(Command[None], frozen=True):
    person: Id
    role: str
    division: str
    at: str = "*"

    def refuse_to(self, actor: bytes) -> None:
        giving.refuse_to_touch(actor, self.person)

    def carry_out(self, act: Act) -> None:
        act.about = self.person
        service.withdraw(act, self.person, self.role, self.at, self.division)
