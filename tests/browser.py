"""A real Chromium for journeys, and the application served by the server that serves it in earnest.

Scripts, streams and layout are only true in a browser; all else is tested without one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from hub.app import serving
from hub.web.context import of_app
from tests.served import served_by

FLAGS: Final = (
    "--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDE: Final[ViewportSize] = {"width": 1280, "height": 900}
TABLET: Final[ViewportSize] = {"width": 800, "height": 1180}
HIDDEN_COLUMNS: Final = """() => [...document.querySelectorAll(".scrolls")]
  .map(part => part.scrollWidth - part.clientWidth).filter(px => px > 0)"""
"""How much of each table lies beyond its right edge, in pixels."""
PATIENCE_MS: Final = 120_000
"""What a page shows is awaited for so long: a busy machine is no failure."""
expect.set_options(timeout=PATIENCE_MS)


def chromium() -> str | None:
    """Where Debian put it, if it did."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """The application behind waitress on a free port of this machine; gives its address."""
    server, port = serving(app, "127.0.0.1", 0)
    with served_by(server):
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            of_app(app).feed.end()


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        try:
            yield opened
        finally:
            opened.close()


def new_context(browser: Browser, size: ViewportSize = WIDE) -> BrowserContext:
    """Somebody's own cookies, in a window of this size; it waits as long as expectations do."""
    context = browser.new_context(viewport=size)
    context.set_default_timeout(PATIENCE_MS)
    return context


def log_in(page: Page, address: str, login: str, password: str) -> None:
    page.goto(f"{address}/log-in")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", password)
    page.click("main button")
    page.wait_for_url(lambda url: "/log-in" not in url)
    page.wait_for_load_state()
