"""The table of GS1 application identifiers, read from GS1's own syntax dictionary.

`gs1-syntax-dictionary.txt` beside this file is GS1's, unchanged (Apache-2.0): lengths, character
sets, linters and which identifiers belong together come from there, so an update is a new file.
Owns the reading of that format; the meaning of linter names is in `linters`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from importlib import resources

import msgspec

_RANGE = re.compile(r"(\d+)(?:-(\d+))?")
_COMPONENT = re.compile(r"(\[)?([NXYZ])(\.\.)?(\d+)\]?((?:,\w+)*)")


class Component(msgspec.Struct, frozen=True):
    """One part of a value: its character set (N, X, Y, Z), its length and its linters."""

    charset: str
    length_min: int
    length_max: int
    is_optional: bool
    linters: tuple[str, ...]


class AiDefinition(msgspec.Struct, frozen=True):
    """What the dictionary says of one application identifier."""

    ai: str
    title: str
    needs_fnc1: bool
    is_link_attribute: bool
    components: tuple[Component, ...]
    requires: tuple[tuple[tuple[str, ...], ...], ...]
    excludes: tuple[str, ...]
    link_qualifiers: tuple[tuple[str, ...], ...] | None

    @property
    def length_min(self) -> int:
        return sum(part.length_min for part in self.components if not part.is_optional)

    @property
    def length_max(self) -> int:
        return sum(part.length_max for part in self.components)

    @property
    def is_self_checking(self) -> bool:
        """Whether random digits would seldom pass: a check digit or a date."""
        return any(
            name in ("csum", "yymmd0", "yymmdd")
            for part in self.components
            for name in part.linters
        )


@functools.cache
def definitions() -> dict[str, AiDefinition]:
    """Every application identifier, by its digits."""
    return {entry.ai: entry for entry in _read(_dictionary_text())}


@functools.lru_cache(maxsize=4096)
def definition_at(text: str) -> AiDefinition | None:
    """The identifier that these first four characters begin with; none is a prefix of another."""
    table = definitions()
    return next((table[text[:n]] for n in (2, 3, 4) if text[:n] in table), None)


def _dictionary_text() -> str:
    source = resources.files("protocols.barcodes") / "gs1-syntax-dictionary.txt"
    return source.read_text(encoding="utf-8")


def _read(text: str) -> Iterator[AiDefinition]:
    for line in text.splitlines():
        fields, _, title = line.partition("#")
        if fields.strip():
            yield from _read_line(fields.split(), title.strip())


def _read_line(fields: list[str], title: str) -> Iterator[AiDefinition]:
    numbers, rest = fields[0], fields[1:]
    flags = rest.pop(0) if not _COMPONENT.fullmatch(rest[0]) else ""
    parts = [match for match in map(_COMPONENT.fullmatch, rest) if match]
    attributes = [field for field in rest if not _COMPONENT.fullmatch(field)]
    for ai in _expand(numbers):
        yield AiDefinition(
            ai=ai,
            title=title,
            needs_fnc1="*" not in flags,
            is_link_attribute="?" in flags,
            components=tuple(_component(match) for match in parts),
            requires=tuple(_alternatives(value) for value in _values(attributes, "req")),
            excludes=tuple(ai for value in _values(attributes, "ex") for ai in value.split(",")),
            link_qualifiers=_qualifiers(attributes),
        )


def _expand(numbers: str) -> Iterator[str]:
    match = _RANGE.fullmatch(numbers)
    if match is None:
        raise ValueError(f"the syntax dictionary names no identifier in {numbers!r}")
    first, last = match[1], match[2] or match[1]
    for number in range(int(first), int(last) + 1):
        yield f"{number:0{len(first)}d}"


def _component(match: re.Match[str]) -> Component:
    length = int(match[4])
    return Component(
        charset=match[2],
        length_min=1 if match[3] else length,
        length_max=length,
        is_optional=match[1] is not None,
        linters=tuple(name for name in match[5].split(",") if name),
    )


def _values(attributes: list[str], key: str) -> list[str]:
    return [field[len(key) + 1 :] for field in attributes if field.startswith(key + "=")]


def _alternatives(value: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(group.split("+")) for group in value.split(","))


def _qualifiers(attributes: list[str]) -> tuple[tuple[str, ...], ...] | None:
    if "dlpkey" in attributes:
        return ((),)
    found = _values(attributes, "dlpkey")
    if not found:
        return None
    return tuple(tuple(sequence.split(",")) for sequence in found[0].split("|"))
