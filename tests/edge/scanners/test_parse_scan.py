"""`binlight parse-scan`: one answer for each line, whatever the line holds."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from edge.scanners.parse_scan import LINE_BYTES_MAX, answer_line, command
from tests.protocols.barcodes.vectors import Vector, all_vectors


def run(stdin: bytes, *options: str) -> list[dict[str, Any]]:
    ran = CliRunner().invoke(command, options, input=stdin)
    assert ran.exit_code == 0, ran.output
    return [json.loads(line) for line in ran.stdout.splitlines()]


def lines(*texts: str) -> bytes:
    return "".join(json.dumps(text) + "\n" for text in texts).encode()


def _agrees(vector: Vector, answer: dict[str, Any]) -> bool:
    if vector["expect"] == "error":
        return "error" in answer
    return "error" not in answer and answer["ais"] == vector["ais"]


def test_every_scan_and_bracketed_vector_comes_out_as_gs1_expects() -> None:
    vectors = [v for v in all_vectors() if v["kind"] in ("scan", "bracketed")]
    answers = run(lines(*(vector["raw"] for vector in vectors)))
    pairs = zip(vectors, answers, strict=True)
    assert [(v["id"], answer) for v, answer in pairs if not _agrees(v, answer)] == []


def test_plain_data_is_given_back() -> None:
    assert run(lines("]Q1hello")) == [{"ais": None, "data": "hello", "symbology": "]Q1"}]
    assert run(lines("85123A"), "--no-aim") == [{"ais": None, "data": "85123A"}]


def test_a_retail_code_names_its_gtin() -> None:
    assert run(lines("4006381333931"), "--no-aim") == [
        {"ais": None, "data": "4006381333931", "gtin": "04006381333931"}
    ]


def test_labels_and_commands_are_told_apart() -> None:
    scans = (
        "%BB-14-03-2.62",
        "%TT-0042.51",
        "%UMARIA.92",
        "%CSHORT.25",
        "91BINLIGHT\x1d92FNC1AZY-+'\"",
    )
    answers = run(lines(*scans), "--no-aim")
    assert [answer["label"] for answer in answers] == [
        "bin",
        "tote",
        "badge",
        "command",
        "scanner_check",
    ]
    assert (answers[0]["code"], answers[0]["check"]) == ("B-14-03-2", "62")


def test_a_missing_fnc1_is_an_error_and_a_possible_one_a_doubt() -> None:
    missing, possible = run(lines("]C110ABC17251231", "]C110ABC21X"))
    assert missing["error"] == "MISSING_FNC1"
    assert "(21)" in possible["doubt"]


def test_a_scanner_known_to_send_fnc1_is_believed() -> None:
    answers = run(lines("]C110ABC17251231"), "--sends-fnc1")
    assert answers[0]["ais"] == [["10", "ABC17251231"]]


def test_a_bad_line_is_answered_and_the_next_one_read() -> None:
    bad = [b"junk", b"", b"[" * 5_000, b"\xff\xfe", b'"\\ud800"', b"1", b'"a" "b"']
    answers = run(b"\n".join(bad) + b"\n" + lines("]E402345673"))
    assert [answer.get("error") for answer in answers] == ["BAD_LINE"] * len(bad) + [None]


def test_an_endless_line_is_cut_and_the_next_one_read() -> None:
    endless = b'"' + b"9" * (3 * LINE_BYTES_MAX) + b'"\n'
    answers = run(endless + lines("]E402345673"))
    assert [answer.get("error") for answer in answers] == ["LINE_TOO_LONG", None]


def test_a_last_line_without_its_end_is_answered() -> None:
    assert run(b'"]E402345673"')[0]["gtin"] == "00000002345673"


@given(st.binary(max_size=80), st.booleans())
def test_no_line_can_break_it(line: bytes, aim: bool) -> None:
    assert json.dumps(answer_line(line, aim=aim)).isascii()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.booleans())
def test_no_text_can_break_it(text: str, aim: bool) -> None:
    answer = answer_line(json.dumps(text).encode(), aim=aim)
    assert answer.get("error") != "BAD_LINE"
    assert ("ais" in answer) != ("error" in answer)
