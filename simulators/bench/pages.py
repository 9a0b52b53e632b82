"""`binlight bench pages`: how long pages take beside 50,000 open orders. Owns its own database.

The whole application in one process, asked as a logged-in browser asks, without a socket; each page
several times, the first answer apart since it fills what is kept between requests.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

from flask.testing import FlaskClient

from hub.app import create_app
from hub.db import fetch
from hub.staff import passwords
from hub.staff import service as staff
from hub.web.context import WebSettings
from simulators.bench.waves import COMPANY, LATER, OPEN_ORDERS, SITE, World
from simulators.errors import SimulatorsError

ROUNDS: Final = 7
PASSWORD: Final = "three quiet benches"  # noqa: S105 - of a hub that is gone in a minute
TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')
PAGES: Final = {
    "today": "/",
    "orders": "/orders",
    "orders searched": "/orders?q=SO-49",
    "an order": "/orders/{order}",
    "waves": "/waves",
    "plan a wave": "/waves/new",
    "a wave": "/waves/{wave}",
    "work": "/work",
    "floor": "/floor",
    "stock": "/stock",
    "an article": "/stock/item/{item}",
    "a bin": "/stock/place/{place}",
    "exceptions": "/exceptions",
    "items": "/items",
    "devices": "/devices",
    "audit": "/audit",
}
_NEWEST: Final = {
    "order": "SELECT id FROM sales_order ORDER BY id DESC LIMIT 1",
    "wave": "SELECT id FROM wave ORDER BY id DESC LIMIT 1",
    "item": "SELECT item FROM balance LIMIT 1",
    "place": "SELECT place FROM balance WHERE is_real LIMIT 1",
}


class PageFailed(SimulatorsError):
    code = "PAGE_FAILED"

    def __init__(self, path: str, status: int) -> None:
        self.path, self.status = path, status
        super().__init__(f"{path} was answered with {status}.")


def measure(say: Callable[[str], None], scale: float = 1.0) -> dict[str, Any]:
    """Fill a hub, then ask for every page."""
    with TemporaryDirectory(prefix="binlight-pages-") as folder:
        world = World(folder, seed=7)
        orders = int(OPEN_ORDERS * scale)
        say(f"preparing {orders} open orders")
        world.orders(orders, LATER, lines=2)
        world.wave()
        client = _logged_in(world)
        ids = {name: bytes(fetch(world.database, sql)[0][0]).hex() for name, sql in _NEWEST.items()}
        pages = {name: _times(client, path.format(**ids)) for name, path in PAGES.items()}
        world.database.close()
    for name, times in pages.items():
        say(f"{name}: {times['median_ms']} ms")
    slowest = max(times["median_ms"] for times in pages.values())
    return {"bench": "pages", "orders": orders, "slowest_median_ms": slowest, "pages": pages}


def _logged_in(world: World) -> FlaskClient:
    world.perform(_add_supervisor)
    settings = WebSettings(world.journal, SITE, COMPANY, b"k" * 32, log_ins_per_minute=1_000)
    client = create_app(settings).test_client()
    found = TOKEN.search(client.get("/log-in").text)
    fields = {"csrf_token": found.group(1) if found else "", "login": "bench", "password": PASSWORD}
    answer = client.post("/log-in", data=fields, headers={"Referer": "http://localhost/log-in"})
    if answer.status_code != 303:
        raise PageFailed("/log-in", answer.status_code)
    return client


def _add_supervisor(act: Any) -> None:
    staff.seed_permissions(act)
    person = staff.add_person(act, COMPANY, "Bench", login="bench", roles=["admin"])
    staff.set_password(act, person, passwords.hashed(PASSWORD), must_change=False)


def _times(client: FlaskClient, path: str) -> dict[str, float]:
    times_ms = []
    for _ in range(ROUNDS + 1):
        began = perf_counter()
        answer = client.get(path)
        times_ms.append((perf_counter() - began) * 1_000)
        if answer.status_code != 200:
            raise PageFailed(path, answer.status_code)
    return {"first_ms": round(times_ms[0], 1), "median_ms": round(median(times_ms[1:]), 1)}
