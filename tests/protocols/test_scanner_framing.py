"""Frames fed whole, byte by byte, and followed by rubbish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.scanner_framing import (
    FRAME_INTERRUPTED,
    FRAME_TOO_LONG,
    UNFRAMED_BYTES,
    Frame,
    Framer,
    Framing,
    FramingFault,
)

ENDS = {
    Framing.CR: (b"", b"\r"),
    Framing.LF: (b"", b"\n"),
    Framing.CRLF: (b"", b"\r\n"),
    Framing.LINE: (b"", b"\r\n"),
    Framing.TAB: (b"", b"\t"),
    Framing.STX_ETX: (b"\x02", b"\x03"),
}
SCANS = st.lists(
    st.binary(min_size=1, max_size=12).filter(lambda scan: not set(scan) & set(b"\r\n\t\x02\x03"))
)
FRAMINGS = st.sampled_from(list(Framing))


def sent(framing: Framing, scans: list[bytes]) -> bytes:
    begin, end = ENDS[framing]
    return b"".join(begin + scan + end for scan in scans)


def in_pieces(framer: Framer, stream: bytes, size: int) -> list[Frame]:
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    return [frame for piece in pieces for frame in framer.feed(piece)]


@given(FRAMINGS, SCANS)
def test_scans_fed_at_once_come_out_in_order(framing: Framing, scans: list[bytes]) -> None:
    assert Framer(framing).feed(sent(framing, scans)) == scans


@given(FRAMINGS, SCANS, st.integers(1, 5))
def test_scans_fed_in_pieces_are_the_same(framing: Framing, scans: list[bytes], size: int) -> None:
    assert in_pieces(Framer(framing), sent(framing, scans), size) == scans


@given(FRAMINGS, st.binary(max_size=200), st.integers(1, 7))
def test_any_stream_gives_the_same_frames_whole_and_in_pieces(
    framing: Framing, stream: bytes, size: int
) -> None:
    whole, pieces = Framer(framing, 16), Framer(framing, 16)
    assert whole.feed(stream) == in_pieces(pieces, stream, size)
    assert whole.pending_bytes == pieces.pending_bytes


@given(FRAMINGS, st.binary(max_size=100), st.binary(max_size=3))
def test_after_any_rubbish_the_second_scan_is_whole(
    framing: Framing, rubbish: bytes, tail: bytes
) -> None:
    framer = Framer(framing, 64)
    framer.feed(rubbish + tail + sent(framing, [b"FIRST"]))
    assert framer.feed(sent(framing, [b"SECOND"])) == [b"SECOND"]


@given(FRAMINGS, st.lists(st.binary(min_size=1, max_size=50), max_size=40))
def test_memory_stays_within_the_limit(framing: Framing, pieces: list[bytes]) -> None:
    framer = Framer(framing, 32)
    for piece in pieces:
        for frame in framer.feed(piece):
            assert isinstance(frame, FramingFault) or len(frame) <= 32


@pytest.mark.parametrize("framing", [Framing.CR, Framing.CRLF, Framing.LINE, Framing.TAB])
def test_a_scan_without_end_is_reported_once_and_the_next_is_read(framing: Framing) -> None:
    framer = Framer(framing, 8)
    end = ENDS[framing][1]
    assert in_pieces(framer, b"x" * 30 + end + b"GOOD" + end, 1) == [
        FramingFault(FRAME_TOO_LONG, 30),
        b"GOOD",
    ]


def test_a_scan_of_just_the_limit_is_a_scan() -> None:
    assert in_pieces(Framer(Framing.CRLF, 8), b"12345678\r\n123456789\r\n", 1) == [
        b"12345678",
        FramingFault(FRAME_TOO_LONG, 9),
    ]


def test_a_pause_never_ends_a_scan() -> None:
    framer = Framer(Framing.CR)
    assert framer.feed(b"40063") == []
    assert framer.feed(b"") == []
    assert framer.feed(b"81333931\r") == [b"4006381333931"]


def test_line_ends_around_a_scan_do_not_belong_to_it() -> None:
    assert Framer(Framing.CR).feed(b"\nA\r\n\rB\r") == [b"A", b"B"]
    assert Framer(Framing.LF).feed(b"\nA\r\n\r\nB\n") == [b"A", b"B"]


def test_a_lone_cr_is_data_where_only_both_end_a_scan() -> None:
    assert Framer(Framing.CRLF).feed(b"A\rB\nC\r\n") == [b"A\rB\nC"]


def test_bytes_outside_of_stx_and_etx_are_reported() -> None:
    assert Framer(Framing.STX_ETX).feed(b"zz\x02A\x03\r\n\x02B\x03") == [
        FramingFault(UNFRAMED_BYTES, 2),
        b"A",
        b"B",
    ]


def test_a_second_stx_begins_the_scan_anew() -> None:
    assert Framer(Framing.STX_ETX).feed(b"\x02HAL\x02WHOLE\x03") == [
        FramingFault(FRAME_INTERRUPTED, 3),
        b"WHOLE",
    ]


def test_forgetting_says_how_much_was_lost() -> None:
    framer = Framer(Framing.CR)
    framer.feed(b"HALF")
    assert framer.reset() == 4
    assert framer.feed(b"WHOLE\r") == [b"WHOLE"]


def test_a_fault_says_what_to_do() -> None:
    assert str(FramingFault(FRAME_TOO_LONG, 30)).endswith("Scan again.")
