"""How ids are shown: each capability tells the label and the page of its rows, anybody may ask.

So a page of one capability links to rows of another without importing it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from flask import g
from markupsafe import Markup

from hub.ids import NIL

Lookup = Callable[[list[bytes]], dict[bytes, tuple[str, str]]]
"""ids → (label, path of its page or '')."""

_lookups: Final[dict[str, Lookup]] = {}


def tell(kind: str, lookup: Lookup) -> None:
    """Say how ids of a kind are shown; the last one to say so counts."""
    _lookups[kind] = lookup


def prepare(kind: str, ids: Iterable[bytes | None]) -> None:
    """Look up many at once before a list is drawn."""
    known = g.setdefault("named", {})
    missing = {id for id in ids if id and id != NIL and (kind, id) not in known}
    if missing and kind in _lookups:
        found = _lookups[kind](sorted(missing))
        known.update({(kind, id): found.get(id) for id in missing})


def label(kind: str, id: bytes | None) -> str:
    """The name alone; eight digits of the id when nobody knows it."""
    found = _found(kind, id)
    return found[0] if found else ("" if not id or id == NIL else id.hex()[-8:])


def named(kind: str, id: bytes | None) -> Markup:
    """The name as a link to its page."""
    found = _found(kind, id)
    if found and found[1]:
        return Markup('<a href="{}">{}</a>').format(found[1], found[0])
    return Markup("{}").format(label(kind, id))


def _found(kind: str, id: bytes | None) -> tuple[str, str] | None:
    if not id or id == NIL:
        return None
    prepare(kind, [id])
    found: tuple[str, str] | None = g.get("named", {}).get((kind, id))
    return found


def path(kind: str, id: bytes) -> str:
    """The address of its page; empty when it has none."""
    found = _found(kind, id)
    return found[1] if found else ""
