"""What a device is to be like, and who may log in on it: retained on `cfg`."""

from __future__ import annotations

from typing import Literal

import msgspec

from protocols.messages.fields import Code, Id, Text


class ShiftPerson(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody who may log in on the device: `verifier` is a salted scrypt of the PIN."""

    id: Id
    badge: Code
    name: Text
    verifier: str
    language: str = "en"


class Config(msgspec.Struct, frozen=True, omit_defaults=True):
    """Desired configuration, retained; the device echoes `hash` in its birth."""

    v: int
    hash: str
    time_zone: str = "UTC"
    people: tuple[ShiftPerson, ...] = ()
    slots: int = 1
    cart_kind: Literal["SINGLE", "CLUSTER"] = "CLUSTER"
