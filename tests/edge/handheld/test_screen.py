"""The screen: what stands where at 320 × 240, and that the keyboard is a scanner."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.handheld.agent_io import Input, KeyTyped
from edge.handheld.big_letters import SHAPES, big
from edge.handheld.render import AMBER, GREEN, RED, WHITE, layout, plain
from edge.handheld.screen import HandheldApp
from edge.handheld.texts import TEXTS, Texts
from edge.handheld.work import PHASES
from protocols.barcodes import bin_label, tote_label
from tests.edge.handheld.floor import Handheld, assignment, line, picking, ready

PATIENCE_S = 60
LINES = (line(1, "B-14-03-2", 6), line(2, "B-14-05-1", 2, "B"))


def counting(units: int = 4) -> Handheld:
    handheld = picking(LINES)
    handheld.bin("B-14-03-2")
    handheld.scan(*["85123A"] * units)
    return handheld


def snapshot(handheld: Handheld, width: int = 40, height: int = 12) -> str:
    """One blank line less at both ends is easier to read in a test."""
    return "\n" + plain(handheld.view, width, height) + "\n"


def test_counting_in_big_digits_at_the_smallest_size():
    handheld = counting()
    handheld.acknowledge(handheld.outbox.last_seq)
    handheld.core.link.sensed = replace(
        handheld.core.link.sensed, battery_percent=82, radio_dbm=-68
    )
    handheld.scan("85123A")
    assert (
        snapshot(handheld)
        == """
 ANA                  ▮▮▯▯  ⇅1  bat 82%
 W-1 · stop 1 of 2 · 212 m

✓BIN   B-14-03-2
▶TAKE  6  WHITE LANTERN (85123A)
            █▀▀     ▞   █▀▀
            ▀▀█    ▞    █▀█
            ▀▀▀   ▞     ▀▀▀
 INTO  slot A  (tote T-1)


 scan on, type the count, SHORT, UNDO
"""
    )


def test_the_bin_to_go_to_is_the_biggest_thing():
    handheld = picking(LINES)
    handheld.acknowledge(handheld.outbox.last_seq)
    assert (
        snapshot(handheld)
        == """
 ANA                                 ⇅0
 W-1 · stop 1 of 2 · 212 m

▶BIN   B-14-03-2
    █▀▄    ▀█  █ █    █▀█ ▀▀█    ▀▀█
    █▀▄ ▀▀  █  ▀▀█ ▀▀ █ █  ▀█ ▀▀ █▀▀
    ▀▀     ▀▀▀   ▀    ▀▀▀ ▀▀▀    ▀▀▀
 TAKE  6  WHITE LANTERN
 INTO  slot A  (tote T-1)


 scan the bin, or type its check digits
"""
    )


def test_every_sign_of_a_bin_code_has_a_big_shape_of_equal_lines():
    for shape in SHAPES.values():
        assert len({len(row) for row in shape}) == 1
    assert set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-/ ") == set(SHAPES)
    assert len(set(SHAPES.values())) == len(SHAPES)
    assert big("B-14-03-2", 20) == ()
    assert big("é", 40) == ()


def test_a_name_that_would_be_cut_goes_on_in_a_second_line():
    """Two articles may differ in the last word alone."""
    named = replace(LINES[0], name="WHITE HANGING HEART T-LIGHT HOLDER")
    handheld = picking([named, LINES[1]])
    handheld.bin("B-14-03-2")
    drawn = plain(handheld.view, 40, 12).splitlines()
    assert drawn[4:6] == ["▶TAKE  6  WHITE HANGING HEART T-LIGHT", "       HOLDER (85123A)"]


def test_a_question_is_inverted_and_stands_alone():
    handheld = counting()
    handheld.say("DONE")
    inverted = [text.plain.strip() for text in layout(handheld.view, 40, 12)
                if str(text.style) == "reverse bold"]  # fmt: skip
    assert inverted == ["▶Only 4 of 6: is the rest missing?"]


def test_where_nothing_is_picked_the_next_act_is_a_band_across_the_screen():
    handheld = Handheld()
    band = [text.plain.strip() for text in layout(handheld.view, 40, 12)
            if str(text.style) == "reverse bold"]  # fmt: skip
    assert band == ["", "Scan your badge", ""]


def test_a_wrong_scan_fills_the_screen_with_a_sign_and_a_sentence():
    handheld = counting()
    handheld.acknowledge(handheld.outbox.last_seq)
    handheld.scan("71053")
    assert (
        snapshot(handheld)
        == """
 ANA                                 ⇅0


                  ✗✗✗

  That is 71053. Put it back. Wanted:
        WHITE LANTERN (85123A).



                 4 / 6
  scan on, type the count, SHORT, UNDO
"""
    )
    styles = {str(text.style) for text in layout(handheld.view, 40, 12)[1:]}
    assert styles == {f"bold {WHITE} on {RED}"}


def test_line_one_turns_amber_and_says_so_when_the_hub_is_away():
    handheld = counting()
    assert GREEN in str(layout(handheld.view, 40, 12)[0].style)
    handheld.hub(online=False)
    first = layout(handheld.view, 40, 12)[0]
    assert AMBER in str(first.style)
    assert "hub away" in first.plain


def test_the_line_to_scan_is_inverted_and_what_is_done_is_dimmed():
    rows = [
        text
        for text in layout(counting().view, 40, 12)
        if text.plain[1:].startswith(("BIN", "TAKE"))
    ]
    assert [str(row.style) for row in rows] == ["dim", "reverse bold"]


def test_cart_set_up_and_menu():
    handheld = counting()
    handheld.say("SHORT")
    drawn = plain(handheld.view, 40, 12)
    assert "4 of 6. Why?" in drawn
    assert "1 bin is empty" in drawn
    assert "4 cannot reach them" in drawn


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    width=st.integers(40, 200),
    height=st.integers(12, 60),
    counted=st.integers(0, 10**9),
    text=st.text(max_size=400),
)
def test_every_screen_fits_whatever_is_on_it(width, height, counted, text):
    view = replace(
        counting(1).view,
        who=text[:80], progress=text, title=text, prompt=text, typed=text, message=text,
        counted=counted, asked=10**9,
    )  # fmt: skip
    for mood in ("NORMAL", "INFO", "WARN", "REFUSED", "ALERT"):
        lines = layout(replace(view, mood=mood), width, height)
        assert len(lines) == height
        assert all(len(drawn.plain) <= width for drawn in lines)


@pytest.mark.parametrize("phase", PHASES)
def test_every_phase_has_its_words(phase):
    assert f"PROMPT_{phase}" in TEXTS
    assert f"NOT_NOW_{phase}" in TEXTS
    prompts = [words for code, words in TEXTS.items() if code.startswith(f"PROMPT_{phase}")]
    assert all(len(words.format(slot="AAAA")) <= 39 for words in prompts)


def test_a_missing_value_or_an_unknown_code_never_breaks_the_screen():
    assert Texts().say("WRONG_BIN", {"scanned": "A-1"}) == "That is bin A-1. Go to bin {expected}."
    assert Texts().say("NO_SUCH_CODE") == "NO_SUCH_CODE"


class Keys:
    """Takes what the app passes on."""

    def __init__(self) -> None:
        self.typed: list[str] = []

    def put(self, happened: Input) -> None:
        assert isinstance(happened, KeyTyped)
        self.typed.append(happened.key)


def test_the_app_passes_keys_on_and_draws_each_view():
    keys = Keys()
    app = HandheldApp(keys)
    app.show_view_from_elsewhere(ready().view)

    async def play() -> tuple[str, str]:
        async with app.run_test(size=(40, 12)) as pilot:
            first = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
            await pilot.press("%", "B", "a", "enter", "backspace", "escape", "f5")
            app.show_view(counting().view)
            await pilot.pause()
            second = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
            return first, second

    first, second = asyncio.run(play())
    assert keys.typed == ["%", "B", "a", "enter", "backspace", "escape"]
    assert "Waiting for work" in first
    assert "WHITE LANTERN" in second


class Typist:
    """Keys go to a real agent, and what it shows goes to the screen."""

    def __init__(self, handheld: Handheld) -> None:
        self.handheld = handheld
        self.app = HandheldApp(self)
        self.app.show_view_from_elsewhere(handheld.view)

    def put(self, happened: Input) -> None:
        self.handheld.do(happened)
        self.app.show_view(self.handheld.view)

    def drawn(self) -> str:
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())


@pytest.mark.parametrize("begin", [Handheld, ready], ids=["at the badge", "after the log-in"])
def test_a_pin_typed_where_none_is_asked_is_never_on_the_real_screen(begin):
    typist = Typist(begin())

    async def play() -> list[str]:
        seen = []
        async with typist.app.run_test(size=(40, 12)) as pilot:
            for key in ("9", "3", "8", "4", "enter"):
                await pilot.press(key)
                await pilot.pause()
                seen.append(typist.drawn())
        return seen

    seen = asyncio.run(play())
    assert "> ••••" in seen[3], "each key is answered, and shows nothing"
    assert "✗✗✗" in seen[4]
    assert not [screen for screen in seen if set("9384") & set(screen)]


def test_an_agent_that_ends_before_the_screen_is_there_leaves_no_screen_behind():
    """On a full disk it does: an empty screen that stays is a device that never comes back."""
    app = HandheldApp(Keys())
    app.exit_from_elsewhere()

    async def run() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await app.run_async(headless=True)

    asyncio.run(run())
    app.show_view_from_elsewhere(ready().view)  # a last word, to nobody
    assert app.return_code == 0


def test_a_whole_line_can_be_picked_by_keyboard_alone():
    handheld = ready()
    handheld.offer(assignment([line(1, "B-14-03-2", 2)]))
    tote = tote_label("T-1").lower()
    for text in (tote, bin_label("B-14-03-2"), "85123A", "2", tote, "done"):
        handheld.type(text)
    assert handheld.event_types()[-2:] == ["AssignmentCompleted", "WorkRequested"]


@pytest.mark.parametrize("typed", ["%E1.W1", "%E1.W1.HH-01." + "ABCDEFGH" * 8 + ".LAST"])
def test_of_a_long_code_the_end_is_seen_where_the_next_sign_goes(typed: str):
    view = replace(ready().view, typed=typed)
    lines = [row for row in plain(view, 40, 12).splitlines() if row.startswith(" > ")]
    assert [len(row) <= 40 and row.endswith(f"{typed[-6:]}▏") for row in lines] == [True]
    assert ("…" in lines[0]) == (len(typed) > 36)
