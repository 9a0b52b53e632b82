"""One pull, read twice: an echo where a scan sets a thing, and a piece where it counts."""

from __future__ import annotations

from edge.handheld.dwell import DWELL_MS, Dwell, dwell
from edge.handheld.outcome import BinRead, ItemRead, PersonInput

BIN, OTHER_BIN, ITEM = BinRead("A-1"), BinRead("A-2"), ItemRead("71053", ("71053",))


def are_echoes(*reads: tuple[PersonInput, int]) -> list[bool]:
    memory, echoes = Dwell(), []
    for read, at_ms in reads:
        memory, is_echo = dwell(memory, read, at_ms)
        echoes.append(is_echo)
    return echoes


def test_the_same_label_read_again_at_once_is_an_echo_and_later_it_is_a_scan():
    assert are_echoes((BIN, 0), (BIN, DWELL_MS - 1)) == [False, True]
    assert are_echoes((BIN, 0), (BIN, DWELL_MS)) == [False, False]


def test_a_trigger_that_is_held_down_goes_on_being_an_echo():
    assert are_echoes(*((BIN, n * (DWELL_MS - 1)) for n in range(4))) == [False, True, True, True]


def test_another_label_is_never_an_echo_nor_is_an_item():
    assert not any(are_echoes((BIN, 0), (OTHER_BIN, 1), (BIN, 2), (ITEM, 3), (ITEM, 4), (BIN, 5)))


def test_a_clock_that_began_anew_makes_no_echo_of_the_first_scan():
    assert are_echoes((BIN, 9_000), (BIN, 100)) == [False, False]
