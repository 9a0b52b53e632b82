"""The timetable of faults: seeded, ended in any case, waited for, and counted as it was."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any

from simulators.campaigns.faults.catalogue import FAULTS, Fault, Strike
from simulators.campaigns.faults.chaos import Chaos
from simulators.campaigns.faults.record import Record


class Timetable:
    """An agenda whose time passes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._entries: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._entries, (self.now_s + seconds, next(self._numbers), do))

    def run(self, seconds: float) -> None:
        until_s = self.now_s + seconds
        while self._entries and self._entries[0][0] <= until_s:
            self.now_s, _, do = heapq.heappop(self._entries)
            do()
        self.now_s = until_s


class Lamp:
    """A world of one lamp that can be switched off."""

    def __init__(self) -> None:
        self.is_lit = self.is_there = self.can_be_struck = True
        self.log: list[str] = []

    def dark(self, name: str) -> Callable[[Any, Random], Strike | None]:
        def strike(_world: Any, chance: Random) -> Strike | None:
            if not self.is_there:
                return None
            self.is_lit = False
            self.log.append(f"{name} {chance.random():.3f}")
            return Strike("lamp", self._lift, lambda: lambda: self.is_lit)

        return strike

    def _lift(self) -> None:
        self.is_lit = True
        self.log.append("end")

    def faults(self) -> list[Fault]:
        return [Fault(name, 0, self.dark(name), (1.0, 2.0)) for name in ("dark", "darker")]


def played(seed: int) -> tuple[list[str], Record]:
    lamp, table, record = Lamp(), Timetable(), Record()
    chaos = Chaos(table, lamp, lamp.faults(), Random(seed), 1.0, record)  # type: ignore[arg-type]
    chaos.start()
    table.run(100)
    chaos.stop()
    table.run(10)
    assert chaos.is_over
    return lamp.log, record


def test_one_seed_strikes_with_the_same_faults_at_the_same_moments():
    log, record = played(7)
    assert log == played(7)[0]
    assert log != played(8)[0]
    assert 50 < record.strikes < 200
    assert 0 < record.pairs < record.strikes


def test_every_fault_is_ended_even_if_the_chaos_was_stopped_before():
    log, record = played(7)
    assert log.count("end") == record.strikes


def test_nobody_there_to_be_struck_is_no_strike():
    lamp, table, record = Lamp(), Timetable(), Record()
    lamp.is_there = False
    chaos = Chaos(table, lamp, lamp.faults(), Random(1), 1.0, record)  # type: ignore[arg-type]
    chaos.start()
    table.run(50)
    chaos.stop()
    assert (record.strikes, chaos.is_over) == (0, True)


def test_what_lies_on_the_ground_is_left_alone_until_it_stands_again():
    lamp, table, record = Lamp(), Timetable(), Record()
    lamp.can_be_struck = False
    chaos = Chaos(table, lamp, lamp.faults(), Random(1), 1.0, record)  # type: ignore[arg-type]
    chaos.start()
    table.run(50)
    assert record.strikes == 0
    lamp.can_be_struck = True
    table.run(50)
    assert record.strikes > 0


def test_one_by_one_each_waits_until_all_is_back_and_only_these_are_alone():
    lamp, table, record = Lamp(), Timetable(), Record()
    faults = lamp.faults()
    chaos = Chaos(table, lamp, faults, Random(1), 1.0, record)  # type: ignore[arg-type]
    chaos.one_by_one(faults)
    table.run(60)
    assert [line.split()[0] for line in lamp.log] == ["dark", "end", "darker", "end"]
    assert chaos.is_over
    assert [record.of(name)["recovered_alone"] for name in ("dark", "darker")] == [1, 1]


def test_recoveries_among_others_do_not_count_for_the_limit():
    record = Record()
    record.struck("link cut")
    record.came_back("link cut", 40.0, is_alone=False)
    assert (record.late, record.slowest_s) == (0, 0.0)
    record.came_back("link cut", 31.0, is_alone=True)
    assert (record.late, record.slowest_s) == (1, 31.0)
    assert record.of("link cut")["among_others_s_max"] == 40.0


def test_what_never_came_back_is_said():
    record = Record()
    record.gave_up("broker killed")
    assert record.never_back == 1
    assert record.of("broker killed")["recovered_s_max"] is None


def test_each_fault_has_a_name_of_its_own_and_a_number_of_the_list():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert {fault.number for fault in FAULTS} <= set(range(29))
