"""The forms of pages as a browser would send them: where they go, and what stands in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.hub.web.browsing import Browser

ALIKE_MAX = 9
"""Pages that differ by nothing but the id in their address: so many show all that they have."""
ID = re.compile("[0-9a-f]{32}")
READ_ONLY = ("/audit", "/export", "/static", "/labels")
LEADS_ELSEWHERE = ("/log-out", "/own/sessions", "/own/password", "/own/second-factor")
"""What would end the visit of whoever looks."""


class PageForm(NamedTuple):
    """One form that posts, with what it has in its fields."""

    page: str
    action: str
    fields: dict[str, str]


class FormReader(HTMLParser):
    """What one page holds: its links and its forms."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.links: list[str] = []
        self.forms: list[PageForm] = []
        self._open: PageForm | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "a" and named.get("href"):
            self.links.append(named["href"])
        if tag == "form" and named.get("method", "").lower() == "post":
            self._open = PageForm(self.page, named.get("action") or self.page, {})
            self.forms.append(self._open)
        if self._open is not None:
            self._read_field(tag, named)

    def _read_field(self, tag: str, named: dict[str, str]) -> None:
        assert self._open is not None
        name, fields = named.get("name", ""), self._open.fields
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in named or self._select not in fields:
                fields[self._select] = named.get("value", "")
        elif name and tag in {"input", "textarea", "button"}:
            fields.setdefault(name, named.get("value") or _typed(named))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        if tag == "select":
            self._select = ""


def _typed(named: dict[str, str]) -> str:
    """What a person would type into an empty field."""
    return "1" if named.get("type") == "number" else "a word"


def forms_of(browser: Browser, starts: list[str], but: tuple[str, ...]) -> Iterator[PageForm]:
    """Every kind of form that can be reached by links from these pages, but those whose address
    has one of these parts."""
    seen, kinds, waiting = set[str](), Counter[str](), list(starts)
    sent = set[str]()
    while waiting:
        path = waiting.pop(0)
        kinds[ID.sub("", path)] += path not in seen
        if path in seen or kinds[ID.sub("", path)] > ALIKE_MAX:
            continue
        seen.add(path)
        reader = _read(browser, path)
        waiting += [link for link in reader.links if _is_page(link)]
        for form in reader.forms:
            key = f"{ID.sub('', form.action)} {sorted(form.fields)}"
            is_out = any(part in form.action for part in (*LEADS_ELSEWHERE, *but))
            if key not in sent and not is_out:
                sent.add(key)
                yield form


def _read(browser: Browser, path: str) -> FormReader:
    answer, reader = browser.get(path), FormReader(path)
    assert answer.status_code < 500, path
    if answer.mimetype == "text/html":
        reader.feed(answer.text)
    return reader


def _is_page(link: str) -> bool:
    parts = urlsplit(link)
    is_ours = not parts.netloc and parts.path.startswith("/")
    return is_ours and not parts.path.startswith(READ_ONLY) and not parts.path.endswith(".pdf")
