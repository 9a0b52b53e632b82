"""Commands: what somebody wants done, as a value that the journal keeps and a replay repeats.

Owns the registry of all commands and how they are written down. A command carries everything that
decides what it does: what was drawn by lot, computed outside (a plan, a hash) or asked of
the clock is one of its fields. It does its work by one call of its capability's service
(docs/decisions/0027-replay.md).
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Generic, TypeVar

import msgspec

from hub.errors import HubError

if TYPE_CHECKING:
    from hub.journal import Act

    Hex = bytes
else:

    class _AnyBytes(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, bytes)

    class Hex(metaclass=_AnyBytes):
        """Bytes that are written as hexadecimal digits, so that people can read and search them.

        In Python they are plain bytes; only msgspec meets this name.
        """


Id = Hex
"""The id of a row, as a field of a command."""

_PERSONAL: Final = {"is_personal": True}
Personal = Annotated[str, msgspec.Meta(extra=_PERSONAL)]
"""A name, an address, a secret's hash: kept outside of the journal, where it can be erased."""
PersonalOrNone = Annotated[str | None, msgspec.Meta(extra=_PERSONAL)]

R_co = TypeVar("R_co", covariant=True)
C = TypeVar("C", bound="type[Command[Any]]")
_encode: Final = msgspec.json.Encoder().encode
_read_object: Final = msgspec.json.Decoder(dict[str, Any]).decode


class UnknownAct(HubError):
    """The journal names a command that this version does not have."""

    code = "UNKNOWN_ACT"

    def __init__(self, act: str) -> None:
        self.act = act
        super().__init__(f"No command is called {act!r} here: was it made by another version?")


class Command(msgspec.Struct, Generic[R_co], frozen=True):
    """Root of all commands. Registered by `@command("capability.act")`."""

    ACT: ClassVar[str] = ""
    """Its name in the journal."""
    NEEDS: ClassVar[tuple[str, str]] = ("", "")
    """The permission (capability, action) that a person needs for it."""
    PERSONAL: ClassVar[dict[str, bool]] = {}
    """Its fields that lie outside of the journal, and whether each may be None."""

    def asked_in(self) -> str:
        """The division whose right is asked; `*` for what belongs to none, or to all of them.

        Raises NotFound. A command about an order overrides it; rows never change their division.
        """
        return "*"

    def refuse_to(self, actor: bytes) -> None:
        """Refuse a person who has the permission, but may not do it to this one. Nothing by itself.

        Asked where a command comes in, and not again by a replay.
        """

    def carry_out(self, act: Act) -> R_co:
        """Do it within `act`, and return what whoever asked wants to know."""
        raise NotImplementedError


COMMANDS: Final[dict[str, type[Command[Any]]]] = {}
"""Every command by its name in the journal."""


def command(act: str, *, needs: str | None = None) -> Callable[[C], C]:
    """Enter a command into the registry. Without `needs` its own name is the permission."""

    def register(kind: C) -> C:
        if act in COMMANDS:
            raise AssertionError(f"{act} is {COMMANDS[act].__name__} already")
        capability, _, action = (needs or act).partition(".")
        kind.ACT, kind.NEEDS = act, (capability, action)
        kind.PERSONAL = _personal_fields(kind)
        COMMANDS[act] = kind
        return kind

    return register


def _personal_fields(kind: type[Command[Any]]) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for field in msgspec.structs.fields(kind):
        hint = msgspec.inspect.type_info(field.type)
        if isinstance(hint, msgspec.inspect.Metadata) and hint.extra == _PERSONAL:
            found[field.name] = isinstance(hint.type, msgspec.inspect.UnionType)
    return found


def written(command: Command[Any]) -> tuple[bytes, bytes]:
    """A command as (what the journal keeps, its personal values: empty if there are none)."""
    values: dict[str, Any] = readable(command)
    personal = {name: values.pop(name) for name in command.PERSONAL}
    return _encode(values), _encode(personal) if personal else b""


def readable(value: Any) -> Any:
    """Any value in terms of JSON; bytes as hexadecimal digits."""
    return _without_bytes(msgspec.to_builtins(value, builtin_types=(bytes,)))


def _without_bytes(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: _without_bytes(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_bytes(one) for one in value]
    return value


def read(act: str, key: str, kept: bytes, personal: bytes) -> Command[Any]:
    """The command of a journal row; what was erased reads as nobody's. Raises UnknownAct."""
    kind = COMMANDS.get(act)
    if kind is None:
        raise UnknownAct(act)
    values = _read_object(kept)
    known = _read_object(personal) if personal else {}
    for name, may_be_none in kind.PERSONAL.items():
        values[name] = known[name] if name in known else _erased(key, may_be_none=may_be_none)
    command: Command[Any] = converted(values, kind)
    return command


def converted(value: Any, kind: Any) -> Any:
    """A value in terms of JSON as what it was before it was made readable."""
    return msgspec.convert(value, kind, dec_hook=_from_hex)


def _from_hex(kind: type, text: Any) -> Any:
    if kind is Hex:
        return bytes.fromhex(text)
    raise NotImplementedError(kind)


def _erased(key: str, *, may_be_none: bool) -> str | None:
    """What stands in for an erased value: nothing, or a word that no two acts share."""
    if may_be_none:
        return None
    return f"erased-{blake2b(key.encode(), digest_size=6).hexdigest()}"
