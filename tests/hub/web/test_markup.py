"""Text that people, files and scanners bring in stays text on every page that can be reached."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from urllib.parse import urlsplit

from hub.catalog import service as catalog
from hub.devices.models import Device, ParkedEvent, RefusedMessage
from hub.floor_exceptions import open_exception
from hub.staff import service as staff
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.web.browsing import Browser

EVIL = "<evil-tag onload=alert(1)>\"'><script>alert(2)</script>{{7*7}}"
PAGES_MAX = 250
"""More than a small hub has; lists with further rows would go on for ever."""


class Reader(HTMLParser):
    """What a browser would make of a page: its links, and whether any of EVIL became markup."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.evil: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        href = named.get("href") or ""
        is_evil = tag == "evil-tag" or any(name.startswith("on") for name in named)
        is_inline = tag == "script" and not (named.get("src") or named.get("type"))
        if is_evil or is_inline or href.lower().lstrip().startswith("javascript:"):
            self.evil.append(self.get_starttag_text() or tag)
        if tag == "a" and href:
            self.links.append(href)


def furnish(hub: TestHub) -> None:
    """A hub in which every text that somebody else chose tries to be markup."""
    builders.stock(hub, "A-01-01-1", "LAMP", 9)
    builders.order(hub, {"LAMP": 3}, external_id=EVIL)
    at = hub.clock.now_us()
    with hub.act() as act:
        catalog.save_item(act, hub.company, "LAMP", EVIL)
        staff.add_person(act, hub.company, EVIL, badge="X1", pin="4711", roles=["picker"])
        open_exception(act, "HELP", text=EVIL)
        open_exception(act, "UNKNOWN_SKU", code=EVIL, scanned=EVIL)
    Device.create(site=hub.site, name="hh-1", kind="handheld", version=EVIL, place_code=EVIL,
                  created_at=at)  # fmt: skip
    ParkedEvent.create(id=b"p" * 16, site=hub.site, device="hh-1", epoch="e", seq=1, at=at,
                       code="MALFORMED_PAYLOAD", text=EVIL, payload=EVIL.encode())  # fmt: skip
    RefusedMessage.create(id=b"r" * 16, site=hub.site, topic=EVIL, code="UNKNOWN_TOPIC",
                          text=EVIL, sample=EVIL.encode(), first_at=at, last_at=at)  # fmt: skip


def test_nothing_that_others_wrote_becomes_markup(
    sqlite_hub: TestHub, browse: Callable[[str], Browser]
):
    furnish(sqlite_hub)
    admin, seen, shown = browse("admin"), set[str](), 0
    waiting = ["/", "/search?q=" + "%3Cevil-tag%3E", "/items?q=%22%3E%3Cevil-tag%3E"]
    while waiting and len(seen) < PAGES_MAX:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        answer = admin.get(path)
        assert answer.status_code < 500, path
        if answer.mimetype != "text/html":
            continue
        page = Reader()
        page.feed(answer.text)
        assert page.evil == [], path
        shown += answer.text.count("&lt;evil-tag")
        waiting += [link for link in page.links if _is_ours(link)]
    assert len(seen) > 40, "the crawl has seen the application"
    assert shown > 20, "and the texts were on its pages"


def _is_ours(link: str) -> bool:
    parts = urlsplit(link)
    return not parts.netloc and parts.path.startswith("/")


def test_a_refusal_repeats_what_was_typed_as_text(browse: Callable[[str], Browser]):
    admin = browse("admin")
    admin.get("/devices")
    answer = admin.post("/devices", {"name": EVIL, "kind": "handheld"}, follow_redirects=True)
    page = Reader()
    page.feed(answer.text)
    assert page.evil == []
    assert "&lt;evil-tag" in answer.text
