"""Messages that wait for the next page: bounded, so that no browser drops their cookie."""

from __future__ import annotations

from collections.abc import Callable

from tests.hub.web.conftest import Browser

COOKIE_BYTES_MAX = 4_093
"""What browsers keep at least (RFC 6265, section 6.1, less what stands around the value)."""


def test_a_browser_that_looks_at_no_page_keeps_the_newest_messages(
    browse: Callable[[str], Browser],
) -> None:
    admin = browse("admin")
    admin.get("/devices")
    for n in range(60):
        answer = admin.post("/devices", {"name": f"{n} " + "ü" * 38, "kind": "handheld"})
        assert answer.status_code == 303
        cookie = answer.headers.get("Set-Cookie", "")
        assert len(cookie.split(";")[0]) <= COOKIE_BYTES_MAX
    page = admin.get("/devices").text
    assert "59 ü" in page
    assert "54 ü" not in page
