"""GS1 element strings: text with FNC1 separators, or bracketed, to elements and back.

Owns where one element ends and the next begins, and the search for a separator that is missing.
Lengths, characters and contents come from `dictionary` and `linters`. Whether elements may stand
together is `associations`, which a scan is not held to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import msgspec

from protocols.barcodes.dictionary import AiDefinition, Component, definition_at, definitions
from protocols.barcodes.elements import GS, Element
from protocols.barcodes.errors import (
    BadElement,
    BadElementCheckDigit,
    BarcodeError,
    ElementTooLong,
    ElementTooShort,
    EmptyScan,
    MissingFnc1,
    NotBracketed,
    UnknownAi,
)
from protocols.barcodes.linters import CHARSETS, LINTERS

AI_CHARS_MAX = 4
FNC1_SEARCH_CHARS_MAX = 256
"""Longer values are only called too long; the longest that GS1 allows has 90 characters."""
_BRACKETED = re.compile(r"\(([^()]*)\)((?:\\\(|[^(])*)", re.DOTALL)
_CHECK_DIGIT_LINTS = ("INCORRECT_CHECK_DIGIT", "INCORRECT_CHECK_PAIR", "INCORRECT_IBAN_CHECKSUM")


class Reading(msgspec.Struct, frozen=True):
    """Elements in the order read; `doubt` as in `ItemCode`."""

    elements: tuple[Element, ...]
    doubt: str | None = None


def read_element_string(data: str, *, sends_fnc1: bool = False) -> Reading:
    """The elements of a message whose FNC1 separators are GS characters.

    `sends_fnc1` says that this scanner is known to pass separators on, as its check code proves; a
    message with a separator in it proves the same. Otherwise a last value of open length that also
    reads as further elements with a right check digit or date is refused.

    Refuses EmptyScan, UnknownAi, MissingFnc1, BadElement and its kinds.
    """
    message = data.removeprefix(GS)
    if not message:
        raise EmptyScan
    elements = tuple(_read(message))
    if sends_fnc1 or GS in message:
        return Reading(elements)
    return Reading(elements, doubt=_doubt(*elements[-1]))


def read_bracketed(text: str) -> tuple[Element, ...]:
    r"""The elements of a hand-typed "(01)...(10)..."; "\(" is a bracket inside a value.

    Refuses NotBracketed, UnknownAi, BadElement and its kinds.
    """
    elements = []
    at = 0
    for match in _BRACKETED.finditer(text):
        if match.start() != at:
            break
        at = match.end()
        elements.append((match[1], match[2].replace("\\(", "(")))
    if not elements or at != len(text):
        raise NotBracketed(text)
    for ai, value in elements:
        check_element(ai, value)
    return tuple(elements)


def element_string(elements: Iterable[Element]) -> str:
    """The message to encode behind the symbol's leading FNC1, with GS where FNC1 belongs.

    Refuses UnknownAi, BadElement and its kinds.
    """
    parts: list[str] = []
    for ai, value in elements:
        parts += [check_element(ai, value).ai, value, GS if definitions()[ai].needs_fnc1 else ""]
    return "".join(parts).removesuffix(GS)


def bracketed(elements: Iterable[Element]) -> str:
    """The human-readable form; `read_bracketed` reads it back."""
    return "".join(f"({ai})" + value.replace("(", "\\(") for ai, value in elements)


def check_element(ai: str, value: str) -> AiDefinition:
    """The definition, if the value is one that it allows. Refuses UnknownAi, BadElement."""
    definition = definitions().get(ai)
    if definition is None:
        raise UnknownAi(ai)
    _check_length(definition, value)
    at = 0
    for component in definition.components:
        text = value[at : at + component.length_max]
        at += len(text)
        _check_component(definition.ai, value, component, text)
    return definition


def _check_length(definition: AiDefinition, value: str) -> None:
    if len(value) < definition.length_min:
        raise ElementTooShort(
            definition.ai, value, "TOO_SHORT", f"the value needs {definition.length_min} characters"
        )
    if len(value) > definition.length_max:
        raise ElementTooLong(
            definition.ai,
            value,
            "TOO_LONG",
            f"the value may have {definition.length_max} characters at most",
        )


def _check_component(ai: str, value: str, component: Component, text: str) -> None:
    if component.is_optional and not text:
        return
    if len(text) < component.length_min:
        reason = f"its last part has {len(text)} of {component.length_min} characters"
        raise ElementTooShort(ai, value, "TOO_SHORT", reason)
    checks = (CHARSETS[component.charset], *(LINTERS[name] for name in component.linters))
    for check in checks:
        lint = check(text)
        if lint:
            kind = BadElementCheckDigit if lint in _CHECK_DIGIT_LINTS else BadElement
            raise kind(ai, value, lint, lint.replace("_", " ").lower())


def _read(message: str) -> Iterator[Element]:
    rest = message
    while rest:
        definition = definition_at(rest[:AI_CHARS_MAX])
        if definition is None:
            raise UnknownAi(rest[:AI_CHARS_MAX])
        rest = rest[len(definition.ai) :]
        value = _value(definition, rest)
        _check_or_name_missing_fnc1(definition, value)
        yield definition.ai, value
        rest = rest[len(value) :].removeprefix(GS)


def _value(definition: AiDefinition, rest: str) -> str:
    """The value up to the separator; a predefined length ends by itself."""
    value = rest.partition(GS)[0]
    return value if definition.needs_fnc1 else value[: definition.length_max]


def _check_or_name_missing_fnc1(definition: AiDefinition, value: str) -> None:
    try:
        check_element(definition.ai, value)
    except BarcodeError:
        hidden = _hidden(definition, value) if definition.needs_fnc1 else []
        if hidden:
            raise MissingFnc1(definition.ai, value, hidden[0].ai) from None
        raise


def _doubt(ai: str, value: str) -> str | None:
    """What may hide in a last value of open length; certain enough, it is refused."""
    definition = definitions()[ai]
    hidden = _hidden(definition, value) if definition.needs_fnc1 else []
    proven = next((found for found in hidden if found.is_self_checking), None)
    if proven:
        raise MissingFnc1(ai, value, proven.ai)
    return hidden[0].ai if hidden else None


def _hidden(definition: AiDefinition, value: str) -> list[AiDefinition]:
    """The identifiers at which the value can be cut so that both pieces are right."""
    if len(value) > FNC1_SEARCH_CHARS_MAX:
        return []
    cuts = range(definition.length_min, min(len(value), definition.length_max + 1))
    starts = _starts(value) if cuts else {}
    return [starts[at] for at in cuts if at in starts and _is_value(definition.ai, value[:at])]


def _starts(value: str) -> dict[int, AiDefinition]:
    """Where elements could begin that fill the value to its end, more separators missing or not."""
    found: dict[int, AiDefinition] = {}
    for at in range(len(value) - 1, 0, -1):
        definition = definition_at(value[at : at + AI_CHARS_MAX])
        if definition and any(_ends(definition, value, at + len(definition.ai), found)):
            found[at] = definition
    return found


def _ends(
    definition: AiDefinition, value: str, begin: int, starts: dict[int, AiDefinition]
) -> Iterator[bool]:
    for end in range(begin + definition.length_min, begin + definition.length_max + 1):
        if end == len(value) or end in starts:
            yield _is_value(definition.ai, value[begin:end])


def _is_value(ai: str, value: str) -> bool:
    try:
        check_element(ai, value)
    except BarcodeError:
        return False
    return True
