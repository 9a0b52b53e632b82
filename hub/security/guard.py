"""Has the broker follow the device table, cuts off whoever was shut out, and reads its log.

One step function, called several times a second by a thread beside the planner; nothing here waits
longer than a connection on this machine takes. Owns the order: first the lists, then the cut, so
that whoever is cut off finds the door shut.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import structlog

from hub.config import HubConfig
from hub.devices import queries as devices
from hub.devices.acts import AskRenewal, NoteCut
from hub.devices.kinds import OBSERVER
from hub.errors import HubError
from hub.identity import admissions, broker
from hub.journal import Journal
from hub.security import queries
from hub.security.acts import ForgetOld, ReadLog
from hub.security.broker_log import Admitted, BrokerLog
from hub.security.gathering import Gathering
from hub.security.log_tail import new_lines
from hub.security_events import Sight

if TYPE_CHECKING:
    from hub.identity.authority import Authority

LOG: Final = "broker"
FOLLOW_EVERY_MS: Final = 10_000
PIECES_MAX: Final = 64
"""Of a log, in one look: more than a log ever holds (`hub.process.log_files`)."""
HOUR_MS: Final = 3_600_000
DAY_US: Final = 86_400_000_000
ASK_AGAIN_US: Final = DAY_US
KEEP_US: Final = 365 * DAY_US
RandomBytes = Callable[[int], bytes]
_log = structlog.get_logger("guard")


class Guard:
    """One site's guard. One caller at a time."""

    def __init__(
        self, config: HubConfig, journal: Journal, random_bytes: RandomBytes = os.urandom
    ) -> None:
        self._config, self._journal, self._random_bytes = config, journal, random_bytes
        self._site = config.site
        self._path = config.data / "logs" / f"{LOG}.log"
        self._gathering = Gathering()
        self._reader = BrokerLog(self._admitted()._replace(barred=frozenset()))
        """What the log says of before may be of times when everybody came rightly."""
        self._position = queries.mark(self._site, LOG)
        self._authority: Authority | None = None
        self._hourly_at_ms = self._follow_at_ms = 0
        self._followed: tuple[devices.Rows, devices.Rows] | None = None

    def look(self) -> None:
        """Do everything that waits for the guard. Safe to repeat and to kill at any point."""
        if self._config.runs_broker:
            if not self._follow_changes():
                self._note_lines()
            self._cut_intruders()
        self._ask_for_renewals()

    # ── who may connect ──────────────────────────────────────────────────────────────────

    def _follow_changes(self) -> bool:
        """Follow the device table when it changed, or when that was long ago: files may be damaged.

        Returns whether it did. What failed in the middle is done again with the next look.
        """
        now_ms = self._journal.clock.mono_ms()
        rows = devices.who_may_connect(self._journal.database, self._site)
        if rows == self._followed and now_ms < self._follow_at_ms:
            return False
        self._followed = None
        if self._follow():
            self._followed, self._follow_at_ms = rows, now_ms + FOLLOW_EVERY_MS
        return True

    def _follow(self) -> bool:
        """Lists first, then the log of before, then the cuts; returns whether all were made."""
        shut_out = devices.to_cut(self._site)  # read first: the lists are newer than this
        admissions.follow(self._config)
        self._read_log()
        return self._cut_shut_out(shut_out)

    def _cut_shut_out(self, shut_out: dict[str, list[str]]) -> bool:
        """The broker is told once more: whoever wrote its files may have died before saying so."""
        if shut_out:
            broker.reload(self._config)
        made = {device: self._cut(device) for device in shut_out}
        for device in filter(made.__getitem__, made):
            self._do(NoteCut(tuple(shut_out[device])))
        return all(made.values())

    def _admitted(self) -> Admitted:
        known = admissions.identities(self._site)
        return Admitted(
            self._site,
            frozenset(who.name for who in known),
            frozenset(who.name for who in known if who.kind == OBSERVER),
            frozenset(devices.barred(self._site)),
        )

    def _cut_intruders(self) -> None:
        """Somebody was let in on a list that was old at that moment."""
        left = [device for device in self._reader.intruders if not self._cut(device)]
        self._reader.intruders = left

    def _cut(self, device: str) -> bool:
        """Whether no connection of this device lives any more; what failed is tried again."""
        if not self._config.is_encrypted:
            return True  # passwords: mosquitto itself has ended the connection
        from hub.security.cutting import NotCut, cut

        try:
            ours = cut(
                self._signer(), self._broker(), self._site, device, self._journal.clock.now_us(),
                self._random_bytes,
            )  # fmt: skip
        except NotCut as failed:
            _log.warning("not_cut", device=device, reason=failed.reason)
            return False
        if ours is not None:
            self._reader.expect(ours)
        return True

    def _signer(self) -> Authority:
        if self._authority is None:
            from hub.identity.authority import Authority

            self._authority = Authority.open(self._config.tls_folder)
        return self._authority

    def _broker(self) -> tuple[str, int]:
        return self._config.inner_host, self._config.broker_tls_port

    # ── what the broker says ─────────────────────────────────────────────────────────────

    def _read_log(self) -> None:
        """Only who was shut out before these lines and still is came wrongly: others were let in
        rightly before, or have been enrolled since.
        """
        before, now = self._reader.admitted, self._admitted()
        self._reader.admitted = now._replace(barred=before.barred & now.barred)
        self._note_lines()
        self._reader.admitted = now

    def _note_lines(self) -> None:
        """Everything that the log holds by now, so that who came before is told from who comes."""
        for _ in range(PIECES_MAX):
            lines, self._position = new_lines(self._path, self._position)
            if not lines:
                break
            for sight in filter(None, map(self._reader.read, lines)):
                self._gathering.add(sight)
        sights = self._gathering.due(self._journal.clock.mono_ms())
        if sights:
            self._note(sights)

    def _note(self, sights: tuple[Sight, ...]) -> None:
        """Sights and mark together; what could not be written is tried again with what follows."""
        try:
            self._do(ReadLog(LOG, self._position.head, self._position.offset, sights))
        except BaseException:
            for sight in sights:
                self._gathering.add(sight)
            raise

    # ── certificates in time ─────────────────────────────────────────────────────────────

    def _ask_for_renewals(self) -> None:
        now_ms, now_us = self._journal.clock.mono_ms(), self._journal.clock.now_us()
        if now_ms < self._hourly_at_ms:
            return
        self._hourly_at_ms = now_ms + HOUR_MS
        due = devices.due_for_renewal(self._site, now_us, now_us - ASK_AGAIN_US)
        if due:
            self._do(AskRenewal(tuple(due)))
        if queries.mark(self._site, LOG) != self._position and self._config.runs_broker:
            self._note(self._gathering.all(now_ms))
        if queries.has_older(self._site, now_us - KEEP_US):
            self._do(ForgetOld(now_us - KEEP_US))

    def _do(self, command: AskRenewal | ForgetOld | NoteCut | ReadLog) -> bool:
        """Whether it was done; a refusal is logged."""
        try:
            self._journal.carry_out(command, site=self._site, via="timer")
        except HubError as refusal:
            _log.warning("not_done", act=command.ACT, code=refusal.code, **refusal.values())
            return False
        return True
