"""The last piece, taken at once by two processes with connections of their own."""

from __future__ import annotations

import multiprocessing
from multiprocessing.synchronize import Barrier
from random import Random

from hub.clock import FixedClock
from hub.inventory import claims, queries, service
from hub.inventory.posting import balance_id, real
from hub.journal import Journal
from hub.opening import open_database
from hub.verify.command import verify
from tests.hub import builders

ROUNDS = 200
TAKERS = 2
PATIENCE_S = 60


def _take(url: str, taker: int, balances: list[bytes], barrier: Barrier, wins: list[int]) -> None:
    """Try for the last piece of each balance, both takers starting each round together."""
    journal = Journal(open_database(url), FixedClock(), Random(taker))
    for n, balance in enumerate(balances):

        def claim(act, balance=balance, n=n):
            return claims.claim(
                act, balance, 1, order=bytes([taker]) * 16, order_line=n.to_bytes(16, "big"),
                item=b"i" * 16, place=b"p" * 16, reason="",
            )  # fmt: skip

        barrier.wait(PATIENCE_S)
        if journal.perform("take", claim, site="w1", via="command") is not None:
            wins[n * TAKERS + taker] = 1


def test_of_two_takers_of_the_last_piece_one_wins_two_hundred_times(hub):
    for n in range(ROUNDS // 50):
        builders.stock(hub, f"B{n}", "MUG", 0)
    goods = [builders.goods(hub, f"SKU{n}") for n in range(50)]
    balances = []
    with hub.act() as act:
        for n in range(ROUNDS):
            code = f"B{n // 50}"
            service.receive(act, code, goods[n % 50].item, 1, "one")
            balances.append(balance_id(hub.site, goods[n % 50], real(hub.site, "BIN", code)))
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(TAKERS)
    wins = context.Array("b", ROUNDS * TAKERS)
    takers = [
        context.Process(target=_take, args=(hub.url, n, balances, barrier, wins), daemon=True)
        for n in range(TAKERS)
    ]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    assert [taker.exitcode for taker in takers] == [0, 0]
    assert [sum(wins[n * TAKERS : (n + 1) * TAKERS]) for n in range(ROUNDS)] == [1] * ROUNDS
    assert all(len(queries.who_holds(balance)) == 1 for balance in balances)
    assert verify(hub.database).findings == []
