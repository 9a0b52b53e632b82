"""Which GS1 elements may stand together on one item, by the dictionary's req= and ex=.

A scan is not held to this: what an item carries may be spread over several symbols. Whoever prints
labels, or has read all symbols of an item, asks here.
"""

from __future__ import annotations

from collections.abc import Sequence

from protocols.barcodes.dictionary import definitions
from protocols.barcodes.elements import Element
from protocols.barcodes.errors import BadAssociation

_SIGNATURE = "8030"
# Keys whose serial part is optional, with the length of the part before it.
_SERIAL_STARTS = {"253": 13, "255": 13, "8003": 14}


def check_associations(elements: Sequence[Element]) -> None:
    """Refuses BadAssociation, in the order repeats, exclusions, companions, signature."""
    check_repeats(elements)
    check_exclusions(elements)
    check_companions(elements)
    check_signature(elements)


def check_repeats(elements: Sequence[Element]) -> None:
    """An element may be read twice, but only with one value."""
    seen: dict[str, str] = {}
    for ai, value in elements:
        if seen.setdefault(ai, value) != value:
            raise BadAssociation(ai, f"stands there twice, as {seen[ai]} and as {value}")


def check_exclusions(elements: Sequence[Element]) -> None:
    """Some AIs must not stand beside each other. Raises BadAssociation."""
    present = [ai for ai, _ in elements]
    for ai in present:
        for pattern in definitions()[ai].excludes:
            rival = next((p for p in present if p != ai and _matches(p, pattern)), None)
            if rival:
                raise BadAssociation(ai, f"must not stand beside ({rival})")


def check_companions(elements: Sequence[Element]) -> None:
    """Some AIs mean nothing without another. Raises BadAssociation."""
    present = {ai for ai, _ in elements}
    for ai in present:
        for alternatives in definitions()[ai].requires:
            if not any(_has_all(group, present) for group in alternatives):
                wanted = " or ".join("+".join(group) for group in alternatives)
                raise BadAssociation(ai, f"needs one of {wanted} beside it")


def check_signature(elements: Sequence[Element]) -> None:
    """A digital signature signs one serialised thing."""
    if _SIGNATURE not in (ai for ai, _ in elements):
        return
    for ai, value in elements:
        if len(value) == _SERIAL_STARTS.get(ai):
            raise BadAssociation(ai, f"needs its serial part beside ({_SIGNATURE})")


def _has_all(group: Sequence[str], present: set[str]) -> bool:
    return all(any(_matches(ai, pattern) for ai in present) for pattern in group)


def _matches(ai: str, pattern: str) -> bool:
    """Whether the identifier fits a pattern such as 394n, in which n is any digit."""
    return len(ai) == len(pattern) and all(
        want in ("n", have) for have, want in zip(ai, pattern, strict=True)
    )
