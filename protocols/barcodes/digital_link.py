"""GS1 Digital Link URIs, as QR codes carry them: URI to elements and elements to URI.

Owns which element is the key, which qualify it on the path, and which are attributes. No network:
the link is read, never followed.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote, unquote

from protocols.barcodes.dictionary import definitions
from protocols.barcodes.element_strings import check_element
from protocols.barcodes.elements import Element
from protocols.barcodes.errors import BadDigitalLink

CANONICAL_STEM = "https://id.gs1.org"
_SCHEMES = ("http://", "https://", "HTTP://", "HTTPS://")
_URI_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_DOMAIN = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?")
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})|%00")
_DIGITS_ONLY = re.compile(r"\d+")


def is_web_address(text: str) -> bool:
    return text.startswith(_SCHEMES)


def is_digital_link(text: str) -> bool:
    """Whether the address names a GS1 key on its path; it may still be a bad link."""
    if not is_web_address(text):
        return False
    segments = _path_segments(text)
    return any(
        _is_key(segment) and _DIGITS_ONLY.match(value)
        for segment, value in itertools.pairwise(segments)
    )


def read_digital_link(uri: str) -> tuple[Element, ...]:
    """Key, qualifiers, then attributes in the order of the URI.

    Refuses BadDigitalLink, and BadElement and its kinds for values that are wrong.
    """
    _check_form(uri)
    path = _path_elements(uri)
    if path is None:
        raise BadDigitalLink(uri, "names no GS1 key with its qualifiers on its path")
    attributes = tuple(_attributes(uri))
    _check_attributes(uri, path, attributes)
    elements = path + attributes
    for ai, value in elements:
        check_element(ai, value)
    return elements


def digital_link(elements: Iterable[Element], stem: str | None = None) -> str:
    """The URI with the first key found as its key; repeated elements are written once.

    `stem` is scheme, domain and path prefix; the canonical one is GS1's. Refuses BadDigitalLink
    when there is no key or an element cannot stand in a link.
    """
    distinct = list(dict.fromkeys(elements))
    hri = "".join(f"({ai}){value}" for ai, value in distinct)
    key = next(((ai, value) for ai, value in distinct if _is_key(ai)), None)
    if key is None:
        raise BadDigitalLink(hri, "names no GS1 key")
    qualifiers = _best_qualifiers(key[0], dict(distinct))
    path = [key, *((ai, dict(distinct)[ai]) for ai in qualifiers)]
    attributes = _in_link_order([element for element in distinct if element not in path])
    _check_attributes(hri, path, attributes)
    base = (stem or CANONICAL_STEM).rstrip("/")
    query = "&".join(f"{ai}={quote(value, safe='')}" for ai, value in attributes)
    steps = "".join(f"/{ai}/{quote(value, safe='')}" for ai, value in path)
    return f"{base}{steps}?{query}" if query else base + steps


def _check_form(uri: str) -> None:
    if not is_web_address(uri):
        raise BadDigitalLink(uri, "does not begin with http:// or https://")
    if not _URI_CHARACTERS.fullmatch(uri) or _BAD_PERCENT.search(uri):
        raise BadDigitalLink(uri, "holds characters that no web address may hold")
    if not _DOMAIN.fullmatch(_after_scheme(uri).partition("/")[0]):
        raise BadDigitalLink(uri, "has no domain name that can be right")


def _after_scheme(uri: str) -> str:
    return re.split(r"[?#]", uri.partition("://")[2], maxsplit=1)[0]


def _path_segments(uri: str) -> list[str]:
    return _after_scheme(uri).split("/")[1:]


def _is_key(ai: str) -> bool:
    definition = definitions().get(ai)
    return definition is not None and definition.link_qualifiers is not None


def _path_elements(uri: str) -> tuple[Element, ...] | None:
    """The rightmost key on the path such that all behind it are its qualifiers in order."""
    segments = _path_segments(uri)
    for start in range(len(segments) - 2, -1, -2):
        names, values = segments[start::2], segments[start + 1 :: 2]
        if _is_key(names[0]) and _fits(names[0], names[1:]) and all(values):
            return tuple(zip(names, map(unquote, values), strict=True))
    return None


def _fits(key: str, names: Sequence[str]) -> bool:
    """Whether the qualifiers are, in order, a selection from one of the key's sequences."""
    sequences = definitions()[key].link_qualifiers or ()
    return any(_is_selection(names, sequence) for sequence in sequences)


def _is_selection(names: Sequence[str], sequence: Sequence[str]) -> bool:
    remaining = iter(sequence)
    return all(name in remaining for name in names)


def _attributes(uri: str) -> Iterator[Element]:
    query = uri.partition("#")[0].partition("?")[2]
    for part in re.split(r"[&;]", query):
        name, equals, value = part.partition("=")
        if _DIGITS_ONLY.fullmatch(name):
            if not equals or not value:
                raise BadDigitalLink(uri, f"gives ({name}) no value")
            if "+" in value:
                raise BadDigitalLink(uri, f"has an unescaped + in ({name})")
            yield name, unquote(value)


def _check_attributes(uri: str, path: Sequence[Element], attributes: Sequence[Element]) -> None:
    key, names = path[0][0], [ai for ai, _ in path[1:]]
    seen = {ai for ai, _ in path}
    for ai, _ in attributes:
        definition = definitions().get(ai)
        if definition is None or not _may_be_attribute(ai):
            raise BadDigitalLink(uri, f"has ({ai}), which is no attribute")
        if ai in seen:
            raise BadDigitalLink(uri, f"has ({ai}) twice")
        if any(_fits(key, [*names[:at], ai, *names[at:]]) for at in range(len(names) + 1)):
            raise BadDigitalLink(uri, f"has ({ai}) as an attribute; it belongs on the path")
        seen.add(ai)


def _may_be_attribute(ai: str) -> bool:
    return definitions()[ai].is_link_attribute


def _best_qualifiers(key: str, values: dict[str, str]) -> list[str]:
    sequences = definitions()[key].link_qualifiers or ((),)
    present = [[ai for ai in sequence if ai in values] for sequence in sequences]
    return max(present, key=len)


def _in_link_order(attributes: list[Element]) -> list[Element]:
    """Elements of predefined length first, as GS1's engine writes them; else as given."""
    return sorted(attributes, key=lambda element: definitions()[element[0]].needs_fnc1)
