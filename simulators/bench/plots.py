"""Results as pictures: one SVG with bars for each benchmark. Owns which figures are drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html import escape
from typing import Any, Final, NamedTuple

WIDTH: Final = 760
LABEL_WIDTH: Final = 300
VALUE_WIDTH: Final = 130
ROW: Final = 26
TOP: Final = 46
OURS: Final = "#b3541e"
BESIDE: Final = "#8a9aa8"
Result = dict[str, Any]


class Bar(NamedTuple):
    """One figure; `is_ours` tells the product's from the limit that stands beside it."""

    label: str
    value: float
    is_ours: bool = True


class Plot(NamedTuple):
    title: str
    unit: str
    bars: list[Bar]


def svg(result: Result) -> str | None:
    """The picture of one benchmark's result, or None when nothing of it is drawn."""
    make = _PLOTS.get(result.get("bench", ""))
    return None if make is None else draw(make(result))


def draw(plot: Plot) -> str:
    """Horizontal bars, the longest over the whole width."""
    height = TOP + ROW * len(plot.bars) + 12
    longest = max((bar.value for bar in plot.bars), default=0) or 1
    room = WIDTH - LABEL_WIDTH - VALUE_WIDTH
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="26" font-size="16" font-weight="bold">{escape(plot.title)}</text>',
        *(line for n, bar in enumerate(plot.bars) for line in _bar(n, bar, room / longest, plot)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _bar(n: int, bar: Bar, scale: float, plot: Plot) -> Iterator[str]:
    y = TOP + n * ROW
    width = max(1.0, bar.value * scale)
    color = OURS if bar.is_ours else BESIDE
    yield f'<text x="{LABEL_WIDTH - 8}" y="{y + 14}" text-anchor="end">{escape(bar.label)}</text>'
    yield f'<rect x="{LABEL_WIDTH}" y="{y}" width="{width:.1f}" height="18" fill="{color}"/>'
    shown = f"{bar.value:,.0f}" if bar.value >= 100 else f"{bar.value:,.2f}".rstrip("0").rstrip(".")
    x = LABEL_WIDTH + width + 6
    yield f'<text x="{x:.1f}" y="{y + 14}">{shown} {escape(plot.unit)}</text>'


def _events(result: Result) -> Plot:
    bars = []
    for devices, found in result["devices"].items():
        name = f"{devices} device{'s' if devices != '1' else ''}"
        bars.append(Bar(f"{name}, stored", found["store"]["events_per_s"]))
        bars.append(Bar(f"{name}, nothing stored", found["no_store"]["events_per_s"], False))
    return Plot("Events confirmed each second", "/s", bars)


def _waves(result: Result) -> Plot:
    alone, beside = result["alone"], result["beside_open_orders"]
    others = f"{beside['open_orders']:,} open orders"
    return Plot(
        "A wave of 1,000 lines, planned and released", "ms",
        [Bar("alone", alone["total_ms"]), Bar("alone, of it CPU", alone["cpu_ms"], False),
         Bar(f"beside {others}", beside["total_ms"]),
         Bar(f"beside {others}, of it CPU", beside["cpu_ms"], False)],
    )  # fmt: skip


def _pages(result: Result) -> Plot:
    title = f"Pages beside {result['orders']:,} orders, median"
    return Plot(title, "ms", [Bar(name, t["median_ms"]) for name, t in result["pages"].items()])


def _start(result: Result) -> Plot:
    parts = result["pss_mb_by_part"].items()
    return Plot(
        f"Memory of a hub (PSS), {result['pss_mb']} MB in all", "MB",
        [Bar(name, megabytes) for name, megabytes in parts],
    )  # fmt: skip


def _import(result: Result) -> Plot:
    slices, beside = result["slices"], result["other_writer"]
    return Plot(
        f"{result['rows']:,} rows imported in {result['seconds']} s", "ms",
        [Bar("a slice, median", slices["p50_ms"]), Bar("a slice, p99", slices["p99_ms"]),
         Bar("another writer's commit, median", beside["p50_ms"], False),
         Bar("another writer's commit, p99", beside["p99_ms"], False)],
    )  # fmt: skip


def _backup(result: Result) -> Plot:
    bars = []
    for name in ("sqlite", "postgresql"):
        if name in result:
            alone, beside = (result[name][which]["p99_ms"] for which in ("alone", "beside"))
            bars += [Bar(f"{name}, beside a backup", beside), Bar(f"{name}, alone", alone, False)]
    return Plot("A scan's commit, p99", "ms", bars)


_PLOTS: Final[dict[str, Callable[[Result], Plot]]] = {
    "events": _events, "waves": _waves, "pages": _pages, "start": _start, "import": _import,
    "backup": _backup,
}  # fmt: skip
