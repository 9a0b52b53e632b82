"""Orders over the HTTP API, posted again with their idempotency keys: one after the other, at the
same moment, and with another body. Owns what must be answered.
"""

from __future__ import annotations

import threading
from random import Random
from typing import Any, Final, NamedTuple

from flask import Flask

from hub.app import create_app
from hub.db import fetch
from hub.journal import Act
from hub.staff import service as staff
from hub.web.context import WebSettings, of_app
from simulators.campaigns.bare_hub import BareHub
from simulators.campaigns.books import books, differences

CALLERS: Final = 3
"""So many threads post at the same moment."""
TOKEN: Final = "bw_" + "doubles" * 4
CHANNEL: Final = "api"


class Answer(NamedTuple):
    key: str
    status: int
    id: str


class OrderDoubles:
    """The real application over one hub, and a shop that does not trust its connection."""

    def __init__(self, hub: BareHub, chance: Random) -> None:
        self._hub, self._chance = hub, chance
        self._skus = [
            sku for (sku,) in fetch(hub.journal.database, "SELECT sku FROM item ORDER BY sku")
        ]
        hub.journal.perform("campaign.shop", self._add_shop, site=hub.site, via="setup")
        settings = WebSettings(hub.journal, hub.site, hub.company, b"k" * 32)
        self._app: Flask = create_app(settings)
        self._bodies: dict[str, dict[str, Any]] = {}
        self._ids: dict[str, str] = {}
        self.first, self.repeated = 0, 0
        self.wrong_answers: list[str] = []

    def close(self) -> None:
        of_app(self._app).feed.end()

    def go_on(self) -> None:
        """A new order from all callers at once, then some old ones, and one with another body."""
        key = self._new()
        old = self._chance.choices(list(self._bodies), k=3)
        self._look(self._at_once([[key, *old] for _ in range(CALLERS)]))
        self._other_body(self._chance.choice(old))

    def repeat_all_and_compare(self) -> list[str]:
        """Every order once more; returns the tables in which something happened."""
        before = books(self._hub.journal.database)
        keys = list(self._bodies)
        self._look(self._at_once([keys[n::CALLERS] for n in range(CALLERS)]))
        return differences(before, books(self._hub.journal.database))

    def wrong(self) -> list[str]:
        """What differs from one order for each key."""
        (count,) = fetch(
            self._hub.journal.database,
            "SELECT COUNT(*) FROM sales_order WHERE channel = ?", (CHANNEL,),
        )[0]  # fmt: skip
        return [] if count == len(self._bodies) else [f"{count} orders of {len(self._bodies)} keys"]

    # ── inside ───────────────────────────────────────────────────────────────────────────

    def _add_shop(self, act: Act) -> None:
        staff.seed_permissions(act)
        shop = staff.add_person(act, self._hub.company, "Shop", login="shop", roles=("admin",))
        staff.add_token(act, shop, "doubles", staff.token_digest(TOKEN))

    def _new(self) -> str:
        key = f"{self._chance.getrandbits(64):016x}"
        lines = [
            {"sku": sku, "quantity": self._chance.randint(1, 3)}
            for sku in self._chance.sample(self._skus, 2)
        ]
        self._bodies[key] = {"channel": CHANNEL, "external_id": key, "lines": lines}
        return key

    def _at_once(self, asked: list[list[str]]) -> list[Answer]:
        """Each list is posted by a thread of its own."""
        answers: list[Answer] = []
        start = threading.Barrier(len(asked))

        def post_all(keys: list[str]) -> None:
            client = self._app.test_client()
            start.wait()
            answers.extend(self._post(client, key, self._bodies[key]) for key in keys)

        threads = [threading.Thread(target=post_all, args=(keys,)) for keys in asked]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def _post(self, client: Any, key: str, body: dict[str, Any]) -> Answer:
        headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": key}
        answer = client.post("/api/1/orders", json=body, headers=headers)
        return Answer(key, answer.status_code, (answer.json or {}).get("id", ""))

    def _look(self, answers: list[Answer]) -> None:
        """One 201 for each key, 200 ever after, and always the same id."""
        for answer in sorted(answers, key=lambda a: -a.status):
            is_first = answer.key not in self._ids
            self.first += is_first
            self.repeated += not is_first
            id = self._ids.setdefault(answer.key, answer.id)
            if (answer.status, answer.id) != (201 if is_first else 200, id):
                self.wrong_answers.append(f"{answer} for the order {id}")

    def _other_body(self, key: str) -> None:
        body = {**self._bodies[key], "priority": 7}
        answer = self._post(self._app.test_client(), key, body)
        self.repeated += 1
        if answer.status != 409:
            self.wrong_answers.append(f"{answer} for another body")
