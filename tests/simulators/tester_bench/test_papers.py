"""The printer's tray: what was printed, in order, by whom."""

from __future__ import annotations

import pytest

from simulators.tester_bench import bench
from simulators.tester_bench.papers import SHOWN, TESTER, NotPrintable


def tray(virtual: bench.TesterBench) -> list[tuple[str, str]]:
    papers = virtual.tray.newest(virtual.site.journal, virtual.site.config.site)
    return [(paper.title, paper.who) for paper in papers]


def test_the_newest_paper_lies_on_top_also_of_two_in_one_moment(virtual: bench.TesterBench):
    for words, kind in (("t-0003", "tote"), ("ana", "badge")):
        (label,) = virtual.site.labels.find(words, kind)
        virtual.print_label(label.code)
    assert tray(virtual) == [("Ana", TESTER), ("T-0003", TESTER)]
    virtual.pause(5)
    virtual.print_label(virtual.site.labels.find("t-0001", "tote")[0].code)
    assert tray(virtual)[0] == ("T-0001", TESTER)


def test_an_old_paper_falls_off_the_tray(virtual: bench.TesterBench):
    for label in virtual.site.labels.find(kind="tote")[: SHOWN + 1]:
        virtual.print_label(label.code)
    assert [title for title, _ in tray(virtual)] == [f"T-{n:04d}" for n in range(SHOWN + 1, 1, -1)]


def test_what_suppliers_print_is_not_printed_here(virtual: bench.TesterBench):
    with pytest.raises(NotPrintable, match="9520000000066"):
        virtual.print_label("9520000000066")
