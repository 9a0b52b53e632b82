"""A live bench with its page, and a browser on it: for tests that click."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, ViewportSize, expect

from simulators.tester_bench.live_site import open_site
from simulators.tester_bench.remote import Running
from simulators.tester_bench.serving import Place, listening, make_page, serving
from simulators.tester_bench.web import BenchPage
from simulators.tester_bench.world_plan import WorldPlan
from tests.browser import new_context
from tests.served import served_by

ONE: Final = "handheld-1"


class Served:
    """A live bench, and where its page is."""

    def __init__(self, page: BenchPage, port: int) -> None:
        self.page, self.port = page, port
        self.address = f"http://127.0.0.1:{port}/"
        self.running = Running("127.0.0.1", port, page.key)


@contextmanager
def serve(plan: WorldPlan, folder: Path) -> Iterator[Served]:
    """All processes and the page, on ports that nobody else has."""
    site = open_site(plan, folder).site
    page = make_page(site, Place(), plan)
    waiting = listening(Place(), print)
    with closing(site), served_by(serving(page, waiting)), closing(page):
        page.bench.wait_until_ready()
        yield Served(page, waiting.getsockname()[1])


@contextmanager
def opened(chrome: Browser, served: Served, size: ViewportSize) -> Iterator[Page]:
    """The page; at its end nothing was said on the console."""
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            said.append(message.text)

    context = new_context(chrome, size)
    page = context.new_page()
    page.on("console", hear)
    page.on("pageerror", lambda wrong: said.append(str(wrong)))
    page.goto(served.address)
    expect(screen(page)).to_contain_text("⇅")
    yield page
    context.close()
    assert [line for line in said if "422" not in line] == []  # a refusal is no error of the page


def card(page: Page, n: int = 1) -> Locator:
    return page.locator(f"[data-device=handheld-{n}]")


def screen(page: Page, n: int = 1) -> Locator:
    return card(page, n).locator("[data-screen]")
