"""Refusals of the hub. Owns the root; each capability defines its own below it.

The class name is the fact, `code` travels, `values()` fill a text in any language.
"""

from __future__ import annotations

from typing import ClassVar


class HubError(Exception):
    """A command that cannot be carried out, or a configuration that cannot be used."""

    code: ClassVar[str] = "HUB_ERROR"

    def values(self) -> dict[str, object]:
        return dict(vars(self))


class NotFound(HubError):
    code = "NOT_FOUND"

    def __init__(self, what: str, name: str) -> None:
        self.what, self.name = what, name
        super().__init__(f"There is no {what} {name!r}.")


class WrongState(HubError):
    """It is in a state from which no such step leads."""

    code = "WRONG_STATE"

    def __init__(self, what: str, name: str, state: str, wanted: str) -> None:
        self.what, self.name, self.state, self.wanted = what, name, state, wanted
        super().__init__(f"The {what} {name} is {state}; only {wanted} allows this.")


class BadValue(HubError):
    code = "BAD_VALUE"

    def __init__(self, field: str, value: object, wanted: str) -> None:
        self.field, self.value, self.wanted = field, value, wanted
        super().__init__(f"{field}: {value!r} is not allowed; {wanted}.")


class AlreadyDone(HubError):
    """The same command key was carried out before; nothing was done now."""

    code = "ALREADY_DONE"

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(f"The command {key!r} was carried out before; nothing changed now.")


class SecondHub(HubError):
    code = "SECOND_HUB"

    def __init__(self, data: str, holder: str) -> None:
        self.data, self.holder = data, holder
        super().__init__(
            f"Another hub works on {data} ({holder}). Stop it first, or choose another --data."
        )


class DiskFailed(HubError):
    code = "DISK_FAILED"
