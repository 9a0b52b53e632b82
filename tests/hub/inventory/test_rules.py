"""Which bin is chosen, and the reason it gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.inventory.rules import BinStock, choose_bins


def bin(code: str, free: int, *, level: int = 1, since: int = 0, distance_cm: int = 0) -> BinStock:
    return BinStock(code.encode(), code.encode(), code, free, level, since, distance_cm)


def chosen(demand: int, *bins: BinStock) -> list[tuple[str, int, str]]:
    return [(p.bin.code, p.quantity, p.code) for p in choose_bins(demand, bins).picks]


def test_one_bin_for_everything_goes_before_several_nearer_ones():
    near, far = bin("A", 3, distance_cm=10), bin("B", 9, distance_cm=900)
    assert chosen(5, near, far) == [("B", 5, "ONLY_ENOUGH")]


def test_prefers_the_bin_that_empties():
    assert chosen(4, bin("A", 9), bin("B", 4, level=3)) == [("B", 4, "EMPTIES_BIN")]


def test_prefers_the_forward_pick_level_to_reserve():
    assert chosen(2, bin("A", 9, level=3), bin("B", 9, level=1)) == [("B", 2, "FORWARD_PICK")]


def test_what_has_lain_longest_goes_first_on_one_level():
    assert chosen(2, bin("A", 9, since=20), bin("B", 9, since=10)) == [("B", 2, "LONGEST_THERE")]


def test_of_equals_the_nearest_is_taken_and_then_the_first_by_code():
    assert chosen(2, bin("A", 9, distance_cm=70), bin("B", 9, distance_cm=30)) == [
        ("B", 2, "NEAREST")
    ]
    assert chosen(2, bin("B", 9), bin("A", 9))[0][0] == "A"


def test_the_only_bin_says_that_it_is_the_only_one():
    assert chosen(2, bin("A", 9), bin("B", 0)) == [("A", 2, "ONLY_BIN")]


def test_several_bins_are_few_bins_and_the_last_one_is_chosen_well():
    picks = chosen(12, bin("A", 5), bin("B", 6), bin("C", 1))
    assert picks == [("B", 6, "LARGEST_FIRST"), ("A", 5, "LARGEST_FIRST"), ("C", 1, "EMPTIES_BIN")]


def test_says_how_many_units_nobody_has():
    choice = choose_bins(10, [bin("A", 3), bin("B", 4)])
    assert (sum(pick.quantity for pick in choice.picks), choice.missing) == (7, 3)


bins = st.lists(
    st.builds(
        bin,
        st.text("ABCDEFGH", min_size=1, max_size=3),
        st.integers(0, 20),
        level=st.integers(1, 3),
        since=st.integers(0, 3),
        distance_cm=st.integers(0, 5),
    ),
    unique_by=lambda bin: bin.code,
    max_size=8,
)


@given(st.integers(1, 60), bins, st.randoms())
def test_units_add_up_no_bin_gives_more_than_it_has_and_order_does_not_matter(
    demand, candidates, random
):
    choice = choose_bins(demand, candidates)
    assert sum(pick.quantity for pick in choice.picks) + choice.missing == demand
    assert all(0 < pick.quantity <= pick.bin.free for pick in choice.picks)
    assert len({pick.bin.balance for pick in choice.picks}) == len(choice.picks)
    assert choice.missing == 0 or choice.missing == demand - sum(b.free for b in candidates)
    mixed = list(candidates)
    random.shuffle(mixed)
    assert choose_bins(demand, mixed) == choice
