"""Drawing a ScreenView in characters. Pure: (view, width, height) → lines of styled text.

Owns layout and colours. Made for 40 × 12 characters (320 × 240 pixels) and up. Colour is never
alone: what is asked now is also marked by ▶, what is done by ✓, a refusal by ✗ and its word.
"""

from __future__ import annotations

import textwrap
from typing import Final

from rich.console import Group
from rich.text import Text

from edge.handheld.big_letters import big
from edge.handheld.view import Row, ScreenView

WIDTH_MIN: Final = 40
HEIGHT_MIN: Final = 12
LINE_ROWS: Final = ("BIN", "TAKE", "INTO")
ROW_LINES_MAX: Final = 2
WHITE, BLACK, GREEN, AMBER, RED = "#ffffff", "#000000", "#005f00", "#ff8700", "#af0000"
"""By number: themes make pink of "red" and grey of "white". Contrast is 7:1 and more."""
LINE_1: Final = f"bold {WHITE} on {GREEN}"
LINE_1_AWAY: Final = f"bold {BLACK} on {AMBER}"
NOW: Final = "reverse bold"
DONE: Final = "dim"
LATER: Final = ""
LOOKS: Final = {"NOW": ("▶", NOW), "DONE": ("✓", DONE), "LATER": (" ", LATER)}
FULL_SCREEN: Final = {
    "REFUSED": ("✗", f"bold {WHITE} on {RED}"),
    "ALERT": ("‼", f"bold {WHITE} on {RED}"),
}
NEWS: Final = {"INFO": ("·", "bold green"), "WARN": ("!", LINE_1_AWAY)}
RADIO_STEPS_DBM: Final = (-80, -72, -65, -55)
"""Below the first: no bar. Voice and roaming guides ask for -67 dBm or better."""


def render(view: ScreenView, width: int, height: int) -> Group:
    """The screen as something that rich and Textual draw."""
    return Group(*layout(view, width, height))


def layout(view: ScreenView, width: int, height: int) -> list[Text]:
    """Exactly `height` lines, each at most `width` wide."""
    width, height = max(width, WIDTH_MIN), max(height, HEIGHT_MIN)
    if view.mood in FULL_SCREEN:
        body = _full_screen(view, width, height - 1)
    else:
        body = _body(view, width, height - 1)
    return [_status(view, width), *body]


def plain(view: ScreenView, width: int, height: int) -> str:
    """The screen without colours, for snapshots and logs."""
    return "\n".join(line.plain.rstrip() for line in layout(view, width, height))


# ── line 1 ──────────────────────────────────────────────────────────────────────────────────


def _status(view: ScreenView, width: int) -> Text:
    away = "" if view.is_hub_online else " not admitted" if view.is_refused else " hub away"
    right = f"{_radio(view.radio_dbm)} ⇅{view.queue}{_battery(view.battery_percent)}"
    left = _cut(view.who, width - len(right) - len(away) - 3) + away
    gap = " " * (width - len(left) - len(right) - 2)
    style = LINE_1 if view.is_hub_online else LINE_1_AWAY
    return Text(f" {left}{gap}{right} ", style=style, no_wrap=True)


def _radio(dbm: int | None) -> str:
    if dbm is None:
        return ""
    bars = sum(dbm >= step for step in RADIO_STEPS_DBM)
    return "▮" * bars + "▯" * (len(RADIO_STEPS_DBM) - bars) + " "


def _battery(percent: int | None) -> str:
    return "" if percent is None else f"  bat {percent}%"


# ── a refusal fills the screen ──────────────────────────────────────────────────────────────


def _full_screen(view: ScreenView, width: int, height: int) -> list[Text]:
    sign, style = FULL_SCREEN[view.mood]
    words = textwrap.wrap(view.message, width - 4) or [""]
    middle = [sign * 3, "", *words][: height - 2]
    above = (height - 2 - len(middle)) // 2
    lines = [""] * above + middle
    lines += [""] * (height - 2 - len(lines)) + [_so_far(view)]
    lines.append(_cut(view.typed or view.prompt, width - 2))
    return [Text(line.center(width), style=style, no_wrap=True) for line in lines]


def _so_far(view: ScreenView) -> str:
    """A refused scan was not counted: say what is."""
    return "" if view.counted is None else f"{view.counted} / {view.asked}"


# ── the work ────────────────────────────────────────────────────────────────────────────────


def _body(view: ScreenView, width: int, height: int) -> list[Text]:
    """Progress and rows at the top; news, what was typed and the prompt at the bottom."""
    bottom = [*_news(view, width), _typed(view, width), _prompt(view, width)]
    room = height - len(bottom)
    top = _top(view, width, room)
    return [*top, *(Text("") for _ in range(room - len(top))), *bottom]


def _top(view: ScreenView, width: int, room: int) -> list[Text]:
    """As much as there is room for: names in two lines, then big letters give way first."""
    progress = [Text(_cut(f" {view.progress}", width), style="dim")] if view.progress else []
    room -= len(progress)
    for is_roomy, is_big in ((True, True), (False, True), (False, False)):
        rows = _rows(view, width, is_roomy=is_roomy, is_big=is_big)
        lines = [*_title(view, width), *rows]
        if len(lines) <= room:
            break
    space = [Text("")] if room > len(lines) else []
    return [*progress, *space, *lines][: room + len(progress)]


def _title(view: ScreenView, width: int) -> list[Text]:
    """Inverted where nothing below is: then this is what to do now."""
    words = textwrap.wrap(view.title, width - 2)
    if not words or any(row.look == "NOW" for row in view.rows):
        return [Text(f" {line}", style="bold") for line in words]
    band = [line.center(width) for line in ("", *words, "")]
    if view.rows:  # the line at hand stands below, so there is no room to waste
        band = [f"▶{line}".ljust(width) for line in words]
    return [Text(line, style=NOW, no_wrap=True) for line in band]


def _rows(view: ScreenView, width: int, *, is_roomy: bool, is_big: bool) -> list[Text]:
    """The line at hand or a menu, and in big letters the bin to go to, or the count."""
    drawn = [_row(row, width, is_roomy=is_roomy) for row in view.rows]
    if len(drawn) != len(LINE_ROWS):  # slots or choices: none of them may be cut off
        return [line for row in drawn for line in row]
    bin, take, into = drawn
    if view.phase == "BIN" and is_big:
        style = LOOKS[view.rows[0].look][1]
        code = big(view.rows[0].text.upper(), width)
        bin += [Text(line, style=style, no_wrap=True) for line in code]
    return [*bin, *take, *_count(view, width, is_big=is_big), *into]


def _row(row: Row, width: int, *, is_roomy: bool) -> list[Text]:
    """One line; two for what to take now, because a name that is cut may be another article."""
    sign, style = LOOKS[row.look]
    label = f"{row.label:<5}" if row.label else ""
    words = row.text
    if is_roomy and row.look == "NOW" and row.note:
        words = f"{row.text} ({row.note})"
    room = width - len(label) - 2
    lines = textwrap.wrap(words, room) or [""]
    if not is_roomy or row.look != "NOW" or len(lines) > ROW_LINES_MAX:
        lines = [_cut(words, room)]
    indent = " " * (len(label) + 2)
    texts = [f"{sign}{label} {lines[0]}", *(indent + line for line in lines[1:])]
    return [
        Text(text.ljust(width) if row.look == "NOW" else text, style=style, no_wrap=True)
        for text in texts
    ]


def _count(view: ScreenView, width: int, *, is_big: bool) -> list[Text]:
    if view.counted is None:
        return []
    words = f"{view.counted} / {view.asked}"
    rows = (big(words, width) if is_big else ()) or (words.center(width),)
    return [Text(row, style="bold", no_wrap=True) for row in rows]


def _news(view: ScreenView, width: int) -> list[Text]:
    if view.mood not in NEWS:
        return []
    sign, style = NEWS[view.mood]
    lines = textwrap.wrap(f"{sign} {view.message}", width - 2)[:2]
    return [Text(f" {line}".ljust(width), style=style, no_wrap=True) for line in lines]


def _typed(view: ScreenView, width: int) -> Text:
    """What is being typed; of a long code its end, where the next sign goes."""
    room = width - len(" > ▏")
    shown = view.typed if len(view.typed) <= room else "…" + view.typed[1 - room :]
    return Text(f" > {shown}▏" if view.typed else "", style="bold")


def _prompt(view: ScreenView, width: int) -> Text:
    return Text(_cut(f" {view.prompt}", width), style="bold cyan", no_wrap=True)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(0, width - 1)] + "…"
