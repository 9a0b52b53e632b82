"""What can go wrong on a device has a name of its own."""

from __future__ import annotations

from edge.errors import EdgeError
from edge.handheld.enrolling import CodeOfAnother
from edge.scanners.contract import ScannerMissing


def kinds_of(error: type[EdgeError]) -> list[type[EdgeError]]:
    return [kind for below in error.__subclasses__() for kind in (below, *kinds_of(below))]


def test_every_error_of_the_edge_has_a_code_of_its_own():
    kinds = kinds_of(EdgeError)
    assert {ScannerMissing, CodeOfAnother} < set(kinds)
    assert len({kind.code for kind in kinds}) == len(kinds)
