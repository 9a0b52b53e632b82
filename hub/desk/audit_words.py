"""A row of the journal as people read it: what was done, on what, from what to what.

Owns how names of acts and fields become words. It reads nothing but the row; the names of the
things that it is about are looked up by whoever draws it (`hub.web.naming`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from markupsafe import Markup

from hub.command import COMMANDS, read
from hub.errors import HubError
from hub.journal import JournalRow
from hub.web import naming
from hub.web.text import _, moment, money_micros, number, words

TEXT_MAX: Final = 120
SOON_US: Final = 60 * 1_000_000
LISTED_MAX: Final = 6
NAMED: Final = {
    "order": "order", "line": "order line", "order_line": "order line", "item": "item",
    "customer": "customer", "person": "person", "wave": "wave", "place": "place",
    "claim": "claim", "orders": "order",
}  # fmt: skip
"""Fields that hold ids, and what is called by them."""
PAGES: Final = {
    "shipment": "/shipments/{}", "exception": "/exceptions/{}", "assignment": "/work/{}",
    "device": "/devices/{}", "balance": "/stock/balance/{}",
}  # fmt: skip
"""Fields that lead to a page, which says by itself what it is called."""
CHANGES: Final = (("before", "after"), ("from_status", "to_status"), ("from_bin", "to_tote"))
"""Two fields that say one thing."""
UNSAID: Final = frozenset(
    {"seen", "v", "dev", "epoch", "boot", "mono_ms", "at_quality", "rev", "seq"}
)
"""What the wire and a replay need, and nobody else."""
_EMPTY: Final[tuple[Any, ...]] = (None, "", [], {}, ())
_ID: Final = re.compile(r"[0-9a-f]{32}\Z")
_INSIDE_WORD: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Field(NamedTuple):
    """One thing that is said of an act; `kind` says what the value is called by, if it is an id."""

    label: str
    value: Any
    kind: str = ""


class Told(NamedTuple):
    """One act in words."""

    what: str
    on: Field | None
    """What it is about; the first thing that has a name."""
    more: list[Field]
    apart: list[str]
    """Personal fields, which are kept outside of the journal."""


def tell(row: JournalRow) -> Told:
    """What a row says. Whatever stands in it, there is something to read."""
    values = _command_of(row) or _unlike_the_row(row, _read(bytes(row.input)))
    fields = list(_fields(values))
    on = next((field for field in fields if field.kind), None)
    kind = COMMANDS.get(row.act)
    return Told(
        title(row.act), on, [field for field in fields if field is not on],
        [_label(name) for name in kind.PERSONAL] if kind else [],
    )  # fmt: skip


def title(act: str) -> str:
    """`orders.set_priority` → Orders: set priority; `PickConfirmed` → Pick confirmed."""
    capability, dot, action = act.rpartition(".")
    said = words(_INSIDE_WORD.sub("_", action))
    return f"{words(capability)}: {said[:1].lower()}{said[1:]}" if dot else said


def _command_of(row: JournalRow) -> dict[str, Any] | None:
    """The fields of a command of this version, by their names all the way down."""
    try:
        command = read(row.act, row.key or "", bytes(row.input), b"")
    except (HubError, msgspec.MsgspecError, ValueError, TypeError):
        return None
    names = [name for name in command.__struct_fields__ if name not in command.PERSONAL]
    values = {name: _named(getattr(command, name)) for name in names}
    only = next(iter(values.values()), None)
    return only if len(values) == 1 and isinstance(only, dict) else values


def _named(value: Any) -> Any:
    """As JSON would have it, but what has named parts keeps their names."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _named(part) for name, part in value._asdict().items() if part not in _EMPTY}
    if isinstance(value, msgspec.Struct):
        return {name: _named(part) for name, part in msgspec.structs.asdict(value).items()}
    return [_named(part) for part in value] if isinstance(value, list | tuple) else value


def _read(raw: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError:
        return {"input": raw.decode("utf-8", "replace")}
    return found if isinstance(found, dict) else {"input": found}


def _unlike_the_row(row: JournalRow, values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what an event says once more: what it is, who caused it on which device, and when, if
    it was heard of at once.
    """
    told = {"type": row.act, "actor": bytes(row.actor or b"").hex(), "device": row.device}
    found = {name: value for name, value in values.items() if told.get(name) != value}
    at = found.get("at")
    if isinstance(at, int) and abs(at - (row.now_us or 0)) < SOON_US:
        del found["at"]
    return found


def _fields(values: Mapping[str, Any]) -> Iterable[Field]:
    """The fields of a command, or of a device's event, whose own lie one level below."""
    inner = values.get("data")
    flat = dict(values)
    if isinstance(inner, dict):
        del flat["data"]
        flat = {**inner, **flat, **inner}
    for before, after in CHANGES:
        if before in flat and after in flat:
            was = flat.pop(before)
            yield Field(_label(after), f"{_plain(after, was)} → {_plain(after, flat.pop(after))}")
    for name, value in flat.items():
        if name not in UNSAID and value not in _EMPTY:
            yield Field(_label(name), value, _kind(name, value))


def _label(name: str) -> str:
    return words(name.removesuffix("_us").removesuffix("_micros"))


def _kind(name: str, value: Any) -> str:
    if isinstance(value, str) and (name in PAGES or (name in NAMED and _ID.match(value))):
        return name
    return ""


def prepare(many: Iterable[Told]) -> None:
    """Look up the names of everything on a list at once."""
    wanted: dict[str, list[bytes]] = {}
    for told in many:
        for field in [told.on, *told.more]:
            if field is not None and field.kind in NAMED:
                wanted.setdefault(NAMED[field.kind], []).append(bytes.fromhex(field.value))
    for kind, ids in wanted.items():
        naming.prepare(kind, ids)


def shown(field: Field) -> Markup | str:
    """The value of a field, as a link where there is a page for it."""
    if field.kind in NAMED:
        return naming.named(NAMED[field.kind], bytes.fromhex(field.value))
    if field.kind:
        path = PAGES[field.kind].format(field.value)
        return Markup('<a href="{}">{}</a>').format(path, _plain(field.kind, field.value))
    return _plain(field.label, field.value)


def _plain(name: str, value: Any) -> Markup | str:
    lower = name.lower()
    match value:
        case None:
            return "–"
        case bool():
            return _("yes") if value else _("no")
        case int() if lower.endswith(("_at", " at")) or lower == "at" or value > 10**15:
            return moment(value)
        case int():
            return money_micros(value) if lower.startswith("price") else number(value)
        case dict():
            return _joined(f"{_label(key)} {_plain(key, part)}" for key, part in value.items())
        case list():
            return _joined(str(_plain(name, part)) for part in value)
        case _:
            return _text(str(value))


def _text(value: str) -> str:
    """Ids and digests by their last signs, as everywhere; states in words."""
    if re.fullmatch(r"[0-9a-f]{32,}", value):
        return f"…{value[-8:]}"
    if value == "*":
        return _("all")
    if value.isupper() and "_" in value:
        return words(value)
    return value if len(value) <= TEXT_MAX else value[:TEXT_MAX] + "…"


def _joined(parts: Iterable[str]) -> str:
    every = list(parts)
    more = len(every) - LISTED_MAX
    said = ", ".join(every[:LISTED_MAX])
    return f"{said}, … (+{more})" if more > 0 else said
