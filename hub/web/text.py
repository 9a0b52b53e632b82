"""Texts and figures for people: gettext, moments in the site's time zone, numbers, money, states.

English is what the code says; a language is one `translations/<code>/LC_MESSAGES/binlight.po`.
"""

from __future__ import annotations

import gettext
import json
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Flask, g, has_request_context, request
from markupsafe import Markup

from hub.errors import HubError
from hub.web.context import visitor, web

TRANSLATIONS: Final = Path(__file__).parent / "translations"
LANGUAGES: Final = {"en": "English"}
ABBREVIATIONS: Final = frozenset({"QC"})
MINUTE_US: Final = 60 * 1_000_000
MOMENT_MAX: Final = 2**52
"""Microseconds, the year 2112; what a device or a file may say beyond is shown as a number."""


@cache
def _catalog(language: str) -> gettext.NullTranslations:
    return gettext.translation("binlight", TRANSLATIONS, [language], fallback=True)


def language() -> str:
    """The reader's language: the person's own, else what the browser asks for."""
    chosen = g.get("language")
    if chosen:
        return str(chosen)
    who = visitor()
    if who is not None and who.language in LANGUAGES:
        return who.language
    if has_request_context():
        return request.accept_languages.best_match(list(LANGUAGES)) or "en"
    return "en"


def _(text: str, **values: object) -> str:
    """The text in the reader's language, its {names} filled in."""
    translated = _catalog(language()).gettext(text)
    return translated.format(**values) if values else translated


def n_(one: str, many: str, n: int, **values: object) -> str:
    """Singular or plural; `{n}` is the number."""
    return _catalog(language()).ngettext(one, many, n).format(n=number(n), **values)


def refusal(error: HubError) -> str:
    """A refusal as a sentence: by its code where a translation has one, else in its own words."""
    translated = _catalog(language()).gettext(error.code)
    return str(error) if translated == error.code else translated.format(**error.values())


def number(value: int | None) -> str:
    """1,234,567 with thin gaps that do not break: 1 234 567."""
    return "–" if value is None else f"{value:,}".replace(",", "\u202f")


def money_micros(value: int | None, currency: str = "") -> str:
    """A unit price of 1/1,000,000: at least two decimals, more where there are some."""
    if value is None:
        return "–"
    sign, whole, part = "-" if value < 0 else "", abs(value) // 1_000_000, abs(value) % 1_000_000
    decimals = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{number(whole)}.{decimals} {currency}".strip()


def money_minor(value: int, currency: str = "") -> str:
    sign, whole, part = "-" if value < 0 else "", abs(value) // 100, abs(value) % 100
    return f"{sign}{number(whole)}.{part:02d} {currency}".strip()


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local_time(at_us: int) -> datetime:
    zone = _zone(web().settings.time_zone)
    return datetime.fromtimestamp(at_us / 1_000_000, zone)


def moment(at_us: int | None) -> Markup | str:
    """Date and time at the site; the title says it to the second, in UTC as well."""
    if not at_us:
        return "–"
    if not -MOMENT_MAX <= at_us <= MOMENT_MAX:
        return number(at_us)
    here = local_time(at_us)
    is_today = here.date() == local_time(web().now_us()).date()
    short = here.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M")
    exact = here.strftime("%Y-%m-%d %H:%M:%S %Z")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        here.isoformat(timespec="seconds"), exact, short
    )


def day_bounds(at_us: int) -> tuple[int, int]:
    """The first moment of the site's day, and of the next, in UTC."""
    start = local_time(at_us).replace(hour=0, minute=0, second=0, microsecond=0)
    end = (start + timedelta(days=1)).replace(hour=0)
    return int(start.timestamp()) * 1_000_000, int(end.timestamp()) * 1_000_000


def ago(at_us: int | None) -> str:
    """How long since: 12 s, 4 min, 3 h, 2 d."""
    if not at_us:
        return _("never")
    seconds = max(0, web().now_us() - at_us) // 1_000_000
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def words(state: str) -> str:
    """PARTIALLY_SHIPPED → Partially shipped."""
    if state in ABBREVIATIONS:
        return state
    return _(state.replace("_", " ").capitalize()) if state else "–"


def because(reason: str) -> str:
    """A decision's stored reason, {"code": …, values} or plain words, as people read it."""
    try:
        values = json.loads(reason) if reason.startswith("{") else {"code": reason}
    except ValueError:
        return reason
    said = words(str(values.pop("code", "")))
    more = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())
    return f"{said} ({more})" if more else said


def hexed(id: bytes | None) -> str:
    return id.hex() if id else ""


def install(app: Flask) -> None:
    """Make texts and formats known to the templates."""
    env: Any = app.jinja_env
    env.add_extension("jinja2.ext.i18n")
    env.install_gettext_callables(  # the templates' own _() and ngettext()
        lambda text: _catalog(language()).gettext(text),
        lambda one, many, n: _catalog(language()).ngettext(one, many, n),
        newstyle=True,
    )
    env.filters.update(
        number=number, money=money_micros, money_minor=money_minor, moment=moment, ago=ago,
        words=words, hex=hexed, because=because,
    )  # fmt: skip
    env.globals.update(language=language)
    env.trim_blocks = env.lstrip_blocks = True
