"""The write transaction: gathered rows, savepoints, and chains under their head's lock."""

from __future__ import annotations

import threading

import pytest

from hub.db import HopeDashed, Insert, fetch, writing
from hub.errors import AlreadyDone
from hub.inventory.posting import Goods, post, virtual
from hub.journal import Act
from hub.orders.models import DocumentNumber
from hub.verify.command import verify
from tests.hub.conftest import TestHub

NUMBERS = Insert(DocumentNumber)


class Poison(Exception):
    """Raised in the middle of an act."""


def test_what_a_failed_act_gathered_is_forgotten_and_the_rest_stays(hub: TestHub) -> None:
    with writing(hub.database, 1) as tx:
        tx.add(NUMBERS, ("shop", "before", 1))
        with pytest.raises(Poison), tx.savepoint():
            tx.add(NUMBERS, ("shop", "poison", 1))
            raise Poison
        with tx.savepoint():
            tx.add(NUMBERS, ("shop", "after", 1))
    assert _series(hub) == ["after", "before"]


def test_a_flush_inside_a_failed_act_loses_nothing_from_before(hub: TestHub) -> None:
    with writing(hub.database, 1) as tx:
        tx.add(NUMBERS, ("shop", "before", 1))
        with pytest.raises(Poison), tx.savepoint():
            tx.add(NUMBERS, ("shop", "poison", 1))
            tx.flush()
            raise Poison
    assert _series(hub) == ["before"]


TAKE_ONE = "UPDATE document_number SET last = last - 1 WHERE series = ? AND last >= 1"


def test_trusted_statements_take_effect_together_and_are_counted(hub: TestHub) -> None:
    with writing(hub.database, 1) as tx:
        tx.add(NUMBERS, ("shop", "a", 2))
        tx.flush()
        tx.trusts = True
        assert [tx.take(TAKE_ONE, ("a",)) for _ in range(2)] == [1, 1]
        assert tx.row("SELECT last FROM document_number WHERE series = 'a'") == (0,)


def test_a_trusted_statement_whose_guard_fails_undoes_the_transaction(hub: TestHub) -> None:
    with pytest.raises(HopeDashed), writing(hub.database, 1) as tx:
        tx.add(NUMBERS, ("shop", "a", 2))
        tx.flush()
        tx.trusts = True
        for _ in range(3):
            tx.take(TAKE_ONE, ("a",))
    assert _series(hub) == []


def test_without_trust_each_guard_answers_for_itself(hub: TestHub) -> None:
    with writing(hub.database, 1) as tx:
        tx.add(NUMBERS, ("shop", "a", 2))
        tx.flush()
        assert [tx.take(TAKE_ONE, ("a",)) for _ in range(3)] == [1, 1, 0]


def test_a_failed_acts_movements_are_in_no_ledger(hub: TestHub) -> None:
    goods = Goods("shop", b"i" * 16)
    with writing(hub.database, 1) as tx:
        for name in ("first", "poison", "last"):
            act = Act(tx, "move", site="w1", key=name, via="command")
            try:
                with tx.savepoint():
                    post(act, goods, 1, virtual("w1", "VENDOR"), virtual("w1", "SCRAP"), "x")
                    act.enter(b"{}")
                    if name == "poison":
                        raise Poison
            except Poison:
                pass
    causes = fetch(hub.database, "SELECT cause FROM movement ORDER BY position")
    assert [cause for (cause,) in causes] == ["first", "last"]
    assert verify(hub.database).ok


def test_the_same_key_is_carried_out_once(hub: TestHub) -> None:
    def number(act: Act) -> None:
        act.tx.add(NUMBERS, ("shop", act.key, 1))

    hub.journal.perform("number", number, site="w1", via="api", key="k1")
    with pytest.raises(AlreadyDone):
        hub.journal.perform("number", number, site="w1", via="api", key="k1")
    assert _series(hub) == ["k1"]


def test_four_writers_at_once_make_one_chain(hub: TestHub) -> None:
    """Without the head lock four writers forked 373 of 600 rows."""
    goods = Goods("shop", b"i" * 16)
    barrier = threading.Barrier(4)
    failed: list[BaseException] = []

    def one(act: Act) -> None:
        post(act, goods, 1, virtual("w1", "VENDOR"), virtual("w1", "SCRAP"), "x")

    def write() -> None:
        barrier.wait()
        try:
            for _ in range(15):
                hub.journal.perform("move", one, site="w1", via="command")
        except BaseException as wrong:
            failed.append(wrong)
        finally:
            hub.database.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    report = verify(hub.database)
    assert report.ok, report.findings
    assert report.checked["movement"] == 60


def _series(hub: TestHub) -> list[str]:
    return [s for (s,) in fetch(hub.database, "SELECT series FROM document_number ORDER BY 1")]
