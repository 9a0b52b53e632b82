"""Decoders answer to rubbish with a value or a named refusal; and the fuzzer would see it if not.

The long form is `binlight bench fuzz`; here every decoder gets what former campaigns kept, and some
new inputs.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from protocols.errors import BadName
from simulators.campaigns.fuzzing.campaign import (
    Crash,
    Fuzzer,
    fuzzers,
    keep_corpus,
    read_corpus,
)
from simulators.campaigns.fuzzing.mutation import BYTES_MAX, LONG_BYTES, mutated
from simulators.campaigns.fuzzing.targets import TARGETS, NotTheSame, Target, outcome

SEED = 20_261_121


@pytest.mark.parametrize("fuzzer", fuzzers(SEED), ids=[target.name for target in TARGETS])
def test_no_input_breaks_a_decoder(fuzzer: Fuzzer):
    fuzzer.round(200)


def _fragile(data: bytes) -> int:
    """Breaks on one byte that is in none of its seeds."""
    return {255: [0]}.get(max(data, default=0), [1])[0] and len(data)


def test_a_decoder_that_breaks_is_found():
    def read(data: bytes) -> int:
        return 1 // _fragile(data or b"x")

    fuzzer = Fuzzer(Target("fragile", read, (b"abc",)), Random(SEED), [])
    with pytest.raises(Crash) as found:
        fuzzer.round(20_000)
    assert b"\xff" in found.value.data
    assert isinstance(found.value.__cause__, ZeroDivisionError)


def test_a_named_refusal_is_an_outcome_and_no_crash():
    def read(data: bytes) -> int:
        raise BadName(data.decode("latin-1"), "thing")

    assert outcome(Target("refuses", read, ()), b"x") == "BadName"


def test_reading_back_something_else_is_a_crash():
    def read(data: bytes) -> int:
        raise NotTheSame(data.decode("latin-1"))

    with pytest.raises(Crash):
        Fuzzer(Target("forgets", read, (b"x",)), Random(SEED), [])


def test_one_seed_gives_the_same_inputs():
    corpus = [b"abc", b"defghi"]
    once, again = Random(SEED), Random(SEED)
    assert [mutated(once, corpus) for _ in range(300)] == [
        mutated(again, corpus) for _ in range(300)
    ]


def test_inputs_are_short_but_for_a_few_very_long_ones():
    chance = Random(SEED)
    sizes = sorted(len(mutated(chance, [b"abc" * 50])) for _ in range(100_000))
    long_ones = [size for size in sizes if size > BYTES_MAX]
    assert 0 < len(long_ones) < 50
    assert min(long_ones) > LONG_BYTES // 2


def test_the_corpus_comes_back(tmp_path: Path):
    fuzzer = Fuzzer(Target("len", len, (b"a", b"bb\x00\n")), Random(SEED), [])
    keep_corpus(tmp_path, fuzzer)
    assert read_corpus(tmp_path, "len") == [b"a", b"bb\x00\n"]
    assert read_corpus(tmp_path, "other") == []
