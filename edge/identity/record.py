"""Who this device is: its keys, its certificate, the hub's authority and where the hub was.

Owns one file, `identity.json`, which is replaced whole at each step. Being one file, a key and its
certificate can never be of different times: a power cut leaves the step before or the step after.
Decides nothing about when a step is due; `enrolment.py` and `renewal.py` do.

| step | what is in the file |
|---|---|
| `begin` | the key that enrolment will ask a certificate for: asked again, it is the same |
| `adopt` | the identity that the hub granted |
| `begin_renewal` | also the next key; the present pair is in use |
| `take_next` | also the next key's certificate; both pairs are tried, the next one first |
| `promote`, `drop_next` | one pair again |
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from edge.errors import IdentityUnusable
from edge.identity.keys import make_key
from edge.storage.durable_file import REAL, Disk, replace_durably
from protocols.enrolment import Address, EnrolmentCode, read_address, write_address

FILE_NAME: Final = "identity.json"
FORMAT: Final = 1


class KeyPair(msgspec.Struct, frozen=True):
    """A private key and its certificate, both PEM."""

    key: str
    certificate: str

    def __repr__(self) -> str:
        """Without the key: values end in logs."""
        return "KeyPair(…)"


class Identity(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the hub granted."""

    site: str
    device: str
    kind: str
    hub_id: str
    authority: str
    """The hub's CA certificate in PEM. Its key is pinned: only it speaks for the hub."""
    brokers: tuple[str, ...]
    """host:port, as the hub said at enrolment."""
    pair: KeyPair
    next_key: str = ""
    """Made for a renewal that has not ended."""
    next_certificate: str = ""
    """Granted for `next_key`, and not used yet."""
    last_good: str = ""
    """host:port of the last connection that worked."""

    def __repr__(self) -> str:
        """Without keys."""
        return f"Identity({self.site}/{self.device})"

    @property
    def next_pair(self) -> KeyPair | None:
        """The renewed pair, while it waits for its first connection."""
        if not self.next_certificate:
            return None
        return KeyPair(self.next_key, self.next_certificate)

    @property
    def owner(self) -> str:
        """Whose events an outbox on this device holds."""
        return f"{self.site}/{self.device}"


class Pending(msgspec.Struct, frozen=True):
    """A code that was scanned, and the key that was made for it."""

    site: str
    device: str
    secret: str
    key: str

    def __repr__(self) -> str:
        """Without secrets."""
        return f"Pending({self.site}/{self.device})"


class _Stored(msgspec.Struct, frozen=True, omit_defaults=True):
    """The file."""

    v: int = FORMAT
    identity: Identity | None = None
    pending: Pending | None = None


class IdentityStore:
    """The file and its steps. Each step is durable when it returns; raises IdentityUnusable."""

    def __init__(self, folder: Path, disk: Disk = REAL) -> None:
        """Read what is there."""
        self._path, self._disk = folder / FILE_NAME, disk
        self._stored = self._read()

    @property
    def identity(self) -> Identity | None:
        """Who we are; None for a device that nobody has enrolled."""
        return self._stored.identity

    # ── enrolment ────────────────────────────────────────────────────────────────────────

    def begin(self, code: EnrolmentCode) -> str:
        """The key to ask with. The same code gets the same one: a reply may have been lost."""
        secret = code.secret.hex()
        pending = self._stored.pending
        wanted = (code.site, code.device, secret)
        if pending is None or (pending.site, pending.device, pending.secret) != wanted:
            pending = Pending(*wanted, key=make_key())
            self._write(replace(self._stored, pending=pending))
        return pending.key

    def adopt(self, identity: Identity) -> None:
        """From now on the device is this."""
        self._write(_Stored(identity=identity))

    # ── renewal ──────────────────────────────────────────────────────────────────────────

    def begin_renewal(self) -> None:
        """Make the next key, unless one is waiting already."""
        identity = self._known()
        if not identity.next_key:
            self._keep(replace(identity, next_key=make_key()))

    def take_next(self, certificate: str) -> None:
        """The next key's certificate has come."""
        self._keep(replace(self._known(), next_certificate=certificate))

    def promote(self) -> None:
        """The next pair has connected: the one before it is gone."""
        identity = self._known()
        if identity.next_pair is not None:
            promoted = replace(identity, pair=identity.next_pair)
            self._keep(replace(promoted, next_key="", next_certificate=""))

    def drop_next(self) -> None:
        """The next pair is of no use: the present one stays."""
        identity = self._known()
        if identity.next_key:
            self._keep(replace(identity, next_key="", next_certificate=""))

    # ── where the hub is ─────────────────────────────────────────────────────────────────

    def remember(self, address: Address) -> None:
        """A connection worked there."""
        identity, text = self._known(), write_address(address)
        if identity.last_good != text:
            self._keep(replace(identity, last_good=text))

    # ── inside ───────────────────────────────────────────────────────────────────────────

    def _known(self) -> Identity:
        if self._stored.identity is None:
            raise IdentityUnusable(str(self._path), "nobody has enrolled this device")
        return self._stored.identity

    def _keep(self, identity: Identity) -> None:
        self._write(replace(self._stored, identity=identity))

    def _read(self) -> _Stored:
        try:
            content = self._disk.read(self._path)
            stored = msgspec.json.decode(content, type=_Stored) if content is not None else None
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as wrong:
            raise IdentityUnusable(str(self._path), str(wrong)) from wrong
        if stored is not None and stored.v != FORMAT:
            raise IdentityUnusable(str(self._path), f"its format {stored.v} is another version's")
        return stored or _Stored()

    def _write(self, stored: _Stored) -> None:
        try:
            replace_durably(self._path, msgspec.json.encode(stored), self._disk)
        except OSError as wrong:
            raise IdentityUnusable(str(self._path), wrong.strerror or str(wrong)) from wrong
        self._stored = stored


def open_or_set_aside(folder: Path) -> IdentityStore:
    """The store; a file that cannot be used is moved out of the way, for whoever wants to know why.

    The device is then nobody and can be enrolled anew. Raises IdentityUnusable when the disk fails.
    """
    try:
        return IdentityStore(folder)
    except IdentityUnusable as unusable:
        path = folder / FILE_NAME
        try:
            path.replace(path.with_suffix(".unusable"))
        except OSError as wrong:
            raise unusable from wrong
    return IdentityStore(folder)


def read_addresses(texts: tuple[str, ...]) -> tuple[Address, ...]:
    """The brokers of an identity as values. Raises BadAddress."""
    return tuple(map(read_address, texts))
