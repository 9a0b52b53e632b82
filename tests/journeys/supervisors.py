"""A small warehouse behind the real pages in a real browser: what journeys of supervisors share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize

from hub import wiring
from hub.app import create_app
from hub.clock import SystemClock
from hub.device_gateway.gateway_io import Arrived
from hub.devices import service as devices
from hub.inventory import service as inventory
from hub.journal import Journal
from hub.staff import passwords, rules
from hub.staff import service as staff
from hub.warehouse import dispatch, planner, service
from hub.warehouse.floor import demo_floor
from hub.warehouse.models import Assignment, WorkLine
from hub.web.context import WebSettings
from protocols.envelope import Event, encode_data, encode_event
from protocols.messages.events import EventData
from protocols.topics import device_topic
from tests import browser as browsers
from tests.hub import builders
from tests.hub.conftest import TestHub
from tests.hub.device_gateway.conftest import Floor
from tests.hub.web.browsing import PASSWORD

BINS = {"A-01-01-1": "MUG", "A-03-05-1": "BOWL", "A-05-09-2": "JUG", "A-08-20-1": "LANTERN"}
DEVICE = "hh-1"


class Warehouse:
    """Bins with stock, orders, a person of each role, one handheld, and its pages' address."""

    def __init__(self, hub: TestHub, address: str) -> None:
        self.hub = hub
        self.address = address
        self.gateway = Floor(hub)
        self.gateway.handlers = dict(wiring.event_handlers())
        self.gateway.core = self.gateway.new_core()
        self.seq = 0

    def plan(self) -> None:
        """Let the planner do all that waits for it."""
        while planner.step(self.hub.journal, self.hub.site):
            pass

    def start_tour(self, lines_of: int = 3) -> bytes:
        """One released tour in the hands of the handheld; returns the assignment."""
        skus = list(BINS.values())[:lines_of]
        order = builders.order(self.hub, dict.fromkeys(skus, 2))
        with self.hub.act() as act:
            service.plan_wave(act, [order], method="SINGLE", goal="RELEASED")
        self.plan()
        with self.hub.act() as act:
            assert dispatch.offer_next(act, DEVICE, self.person("picker"))
        id = bytes(Assignment.get(Assignment.device == DEVICE).id)
        with self.hub.act() as act:
            dispatch.answered_offer(act, id, DEVICE, True)
        return id

    def person(self, role: str) -> bytes:
        from hub.staff.models import Person

        return bytes(Person.get(Person.login == role).id)

    def lines(self, assignment: bytes) -> list[WorkLine]:
        query = WorkLine.select().where(WorkLine.assignment == assignment)
        return list(query.order_by(WorkLine.sequence))

    def hear(self, data: EventData) -> None:
        """The handheld says what happened; the gateway applies it."""
        self.seq += 1
        event = Event(
            v=1, dev=DEVICE, epoch="e1", boot=1, seq=self.seq, at=self.hub.clock.now_us(),
            at_quality="synced", mono_ms=self.seq, type=type(data).__name__,
            data=encode_data(data), actor=self.person("picker").hex(),
        )  # fmt: skip
        topic = device_topic(self.hub.site, DEVICE, "evt")
        self.gateway.hear(Arrived(topic, encode_event(event), 1))


@contextmanager
def warehouse(hub: TestHub) -> Iterator[Warehouse]:
    """The whole application, served; the pages' clock is the machine's, as streams need it."""
    hub.clock.at_us = SystemClock().now_us()
    with hub.act() as act:
        staff.seed_permissions(act)
        hashed = passwords.hashed(PASSWORD)
        for role in rules.ROLES:
            id = staff.add_person(act, hub.company, role.capitalize(), login=role, roles=[role])
            staff.set_password(act, id, hashed, must_change=False)
        inventory.define_bins(act, demo_floor().bins())
        devices.add_device(act, DEVICE, "handheld", Random(7).randbytes)
    for code, sku in BINS.items():
        builders.stock(hub, code, sku, 40)
    settings = WebSettings(
        Journal(hub.database, SystemClock(), Random(1)), hub.site, hub.company, b"k" * 32,
        title="Test warehouse", log_ins_per_minute=1_000,
    )  # fmt: skip
    with browsers.served(create_app(settings)) as address:
        yield Warehouse(hub, address)


@contextmanager
def page_of(
    browser: Browser, place: Warehouse, role: str, size: ViewportSize = browsers.WIDE
) -> Iterator[Page]:
    """A page in which somebody of this role is logged in. Any error of a script fails the test."""
    context = browsers.new_context(browser, size)
    page = context.new_page()
    wrong: list[Any] = []

    def note(error: Any) -> None:
        wrong.append(error)

    page.on("pageerror", note)
    browsers.log_in(page, place.address, role, PASSWORD)
    yield page
    context.close()
    assert not wrong, wrong


def mark(page: Page) -> None:
    """Leave a mark that a reload would wipe out."""
    page.evaluate("window.notReloaded = true")


def is_marked(page: Page) -> bool:
    return bool(page.evaluate("window.notReloaded === true"))
