"""Keys, certificates, lists and passwords as hub and device write them, and as they must not.

Options: seed, acts, is_careful. A careless process writes and renames without a flush, or over the
old content: the control, whose files must come out old, empty or torn.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, Final

from edge.identity.record import Identity, IdentityStore, KeyPair
from hub.clock import FixedClock
from hub.config import HubConfig
from hub.identity.broker import hub_password
from hub.identity.private_files import make_private_folder, write_private
from hub.identity.tls import ensure_certificates, ensure_listed
from protocols.enrolment import Address
from simulators.campaigns.crash_images.saying import Saying

LEFT_OVER: Final = ".new"
"""Ending of files that nobody has been promised."""
BROKER: Final = "broker"


class PrivateFilesWork:
    """A hub's and a device's private files, changed again and again."""

    def __init__(self, folder: Path, said: str, options: dict[str, Any]) -> None:
        self._folder, self._options = folder, options
        self._chance = Random(options["seed"])
        self._config = HubConfig(folder=str(folder / "hub"))
        self._say = Saying(said)
        self._revoked: list[str] = []

    def work(self) -> None:
        acts = self._careful_acts() if self._options["is_careful"] else [self._careless]
        self._do(*([self._hub_begins, self._device_begins] if len(acts) > 1 else []))
        for _ in range(self._options["acts"]):
            self._do(self._chance.choice(acts))

    def _careful_acts(self) -> list[Callable[[], None]]:
        return [self._passwords, self._revoke, self._device_renews, self._device_remembers]

    def _do(self, *acts: Callable[[], None]) -> None:
        for act in acts:
            act()
            self._say(files=digests(self._folder), flushed=True)

    # ── the hub ──────────────────────────────────────────────────────────────────────────

    def _hub_begins(self) -> None:
        hub_password(self._config)
        ensure_certificates(self._config.tls_folder, FixedClock(), "127.0.0.1")
        make_private_folder(self._folder / BROKER)

    def _passwords(self) -> None:
        write_private(self._folder / BROKER / "passwords", self._content())

    def _revoke(self) -> None:
        self._revoked.append(str(self._chance.getrandbits(100)))
        ensure_listed(self._config.tls_folder, self._revoked)

    # ── the device ───────────────────────────────────────────────────────────────────────

    def _device_begins(self) -> None:
        self._store = IdentityStore(self._folder / "device")
        pair = KeyPair(self._text(), self._text())
        self._store.adopt(
            Identity(site="w1", device="h1", kind="handheld", hub_id="0" * 32,
                     authority=self._text(), brokers=("127.0.0.1:8883",), pair=pair)
        )  # fmt: skip

    def _device_renews(self) -> None:
        self._store.begin_renewal()
        self._say(files=digests(self._folder), flushed=True)
        self._store.take_next(self._text())
        self._say(files=digests(self._folder), flushed=True)
        self._store.promote()

    def _device_remembers(self) -> None:
        self._store.remember(Address("10.0.0.1", self._chance.randint(1, 65_535)))

    # ── as it must not be done ───────────────────────────────────────────────────────────

    def _careless(self) -> None:
        path = self._folder / "passwords"
        if self._chance.random() < 0.5:
            path.write_bytes(self._content())
        else:
            beside = path.with_suffix(LEFT_OVER)
            beside.write_bytes(self._content())
            beside.replace(path)

    # ── contents ─────────────────────────────────────────────────────────────────────────

    def _content(self) -> bytes:
        return self._chance.randbytes(self._chance.choice((60, 700, 3_000, 9_000))).hex().encode()

    def _text(self) -> str:
        return self._content().decode()


def digests(folder: Path) -> dict[str, str]:
    """What is in each file that anybody may rely on."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()[:32]
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(LEFT_OVER)
    }


def main(folder: str, said: str, options: str) -> None:
    PrivateFilesWork(Path(folder), said, json.loads(options)).work()


if __name__ == "__main__":
    main(*sys.argv[1:])
