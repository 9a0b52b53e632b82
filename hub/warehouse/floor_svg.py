"""The floor as a picture: a clean SVG that a page shows and its script keeps up to date.

Owns what is drawn and under which ids and classes; decides nothing. Colours come from CSS
variables with `currentColor` behind them, so the picture follows the page's light or dark theme.

What a script may rely on: `bin-<code>` is a bin, its `data-state` what is going on there;
`floor-tours` holds `tour-<key>` polylines, `floor-people` holds `person-<key>` groups that move
by their `transform`. Drawn x is x_cm, drawn y is `depth_cm - y_cm`: the front is at the bottom.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

import msgspec

from hub.warehouse.floor import BinSpot, Floor, Landmark, Side
from hub.warehouse.walkways import Point, Spot

TOUR_COLOURS = 8
"""Tours take the classes tour-0 … tour-7 in turn."""

MARGIN_CM = 240

STYLESHEET = """
.floor { color: CanvasText; font: 110px system-ui, sans-serif; max-width: 100%; height: auto;
  --floor-tour-0: #0b6bcb; --floor-tour-1: #c2410c; --floor-tour-2: #15803d;
  --floor-tour-3: #9333ea; --floor-tour-4: #b91c5c; --floor-tour-5: #0f766e;
  --floor-tour-6: #a16207; --floor-tour-7: #4f46e5; }
.floor text { fill: currentColor; text-anchor: middle; dominant-baseline: central; }
.floor .walkway { stroke: currentColor; stroke-opacity: .12; stroke-width: 4;
  stroke-dasharray: 20 20; fill: none; }
.floor .bin { fill: var(--floor-bin, currentColor); fill-opacity: .08; stroke: currentColor;
  stroke-opacity: .25; stroke-width: 2; }
.floor .bin[data-state=due] { fill: var(--floor-due, #d97706); fill-opacity: .9; }
.floor .bin[data-state=done] { fill: var(--floor-done, #15803d); fill-opacity: .8; }
.floor .bin[data-state=short] { fill: var(--floor-short, #dc2626); fill-opacity: .9; }
.floor .bin[data-state=blocked] { fill-opacity: .5; stroke-dasharray: 8 8; }
.floor .landmark { fill: none; stroke: currentColor; stroke-width: 12; }
.floor .tour { fill: none; stroke: var(--floor-tour, currentColor); stroke-width: 20;
  stroke-opacity: .75; stroke-linejoin: round; stroke-linecap: round; }
.floor .person circle { fill: var(--floor-tour, currentColor); stroke: Canvas; stroke-width: 14; }
.floor .person text { fill: Canvas; font-size: 90px; font-weight: 600; }
@media (prefers-color-scheme: dark) { .floor {
  --floor-tour-0: #60a5fa; --floor-tour-1: #fb923c; --floor-tour-2: #4ade80;
  --floor-tour-3: #c084fc; --floor-tour-4: #f472b6; --floor-tour-5: #2dd4bf;
  --floor-tour-6: #facc15; --floor-tour-7: #a5b4fc; } }
""" + "".join(
    f".floor .tour-{i} {{ --floor-tour: var(--floor-tour-{i}); }}\n" for i in range(TOUR_COLOURS)
)


class TourLine(msgspec.Struct, frozen=True):
    """A tour to draw: `points` as `tour_polyline` gives them."""

    key: str
    label: str
    points: tuple[Point, ...]
    colour: int = 0


class PersonDot(msgspec.Struct, frozen=True):
    """A person to draw: a short mark inside the dot, the whole name as its title."""

    key: str
    mark: str
    name: str
    at: Point
    colour: int = 0


class BinState(msgspec.Struct, frozen=True):
    """What goes on at a bin: due, done, short or blocked."""

    code: str
    state: str


class Overlays(msgspec.Struct, frozen=True):
    """What is drawn over the bare floor."""

    tours: tuple[TourLine, ...] = ()
    people: tuple[PersonDot, ...] = ()
    bins: tuple[BinState, ...] = ()


def svg(floor: Floor, overlays: Overlays = Overlays(), *, is_standalone: bool = False) -> str:  # noqa: B008 - frozen
    """The floor with its overlays as one SVG element.

    With `is_standalone` it carries STYLESHEET itself, for a file; a page serves the stylesheet
    beside its own, because a strict content policy forbids style elements.
    """
    return "\n".join(_lines(floor, overlays, is_standalone)) + "\n"


def element_id(kind: str, key: str) -> str:
    """The id of a bin, tour or person in the picture; letters that ids cannot carry become '-'."""
    return f"{kind}-{re.sub(r'[^A-Za-z0-9_-]', '-', key)}"


def _lines(floor: Floor, overlays: Overlays, is_standalone: bool) -> Iterator[str]:
    yield _opening(floor)
    yield f'<title id="floor-title">{escape(floor.name)}</title>'
    yield f'<desc id="floor-desc">{escape(_description(floor))}</desc>'
    if is_standalone:
        yield f"<style>{STYLESHEET}</style>"
    yield from _walkways(floor)
    yield from _racks(floor, {bin_.code: bin_.state for bin_ in overlays.bins})
    yield from _landmark(floor, floor.depot, floor.start, "depot")
    yield from _landmark(floor, floor.packing_bench, floor.bench, "bench")
    yield '<g id="floor-tours">'
    yield from (_tour(floor, tour) for tour in overlays.tours)
    yield '</g><g id="floor-people">'
    yield from (_person(floor, person) for person in overlays.people)
    yield "</g></svg>"


def _opening(floor: Floor) -> str:
    side_cm = floor.aisle_pitch_cm // 2 + MARGIN_CM // 2
    top_cm = floor.cross_aisle_width_cm // 2 + MARGIN_CM // 2
    end_cm = floor.cross_aisle_width_cm // 2 + MARGIN_CM
    width_cm = floor.walkways.aisle_x_cm[-1] + 2 * side_cm
    height_cm = top_cm + depth_cm(floor) + end_cm
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="floor" role="img" '
        f'viewBox="{-side_cm} {-top_cm} {width_cm} {height_cm}" '
        f'data-depth-cm="{depth_cm(floor)}" aria-labelledby="floor-title floor-desc">'
    )


def depth_cm(floor: Floor) -> int:
    """From the front cross-aisle's line to the rear one's."""
    return floor.walkways.cross_y_cm[-1]


def _description(floor: Floor) -> str:
    bins = 2 * floor.aisles * floor.blocks * floor.bays_per_block * floor.levels
    return (
        f"Zone {floor.zone}: {floor.aisles} aisles in {floor.blocks} blocks, {bins} bins; "
        f"{floor.depot.name} at aisle {floor.depot.aisle}, "
        f"{floor.packing_bench.name} at aisle {floor.packing_bench.aisle}. The front is below."
    )


def _walkways(floor: Floor) -> Iterator[str]:
    ways, depth = floor.walkways, depth_cm(floor)
    yield '<g class="walkways">'
    for cross, y_cm in enumerate(ways.cross_y_cm):
        line = f"M0 {depth - y_cm}H{ways.aisle_x_cm[-1]}"
        yield f'<path class="walkway" d="{line}"><title>Cross-aisle {cross}</title></path>'
    label_y = depth + floor.cross_aisle_width_cm // 2 + MARGIN_CM // 2
    for aisle, x_cm in enumerate(ways.aisle_x_cm, start=1):
        yield f'<path class="walkway" d="M{x_cm} 0V{depth}"><title>Aisle {aisle:02d}</title></path>'
        yield f'<text x="{x_cm}" y="{label_y}">{floor.zone}-{aisle:02d}</text>'
    yield "</g>"


def _racks(floor: Floor, states: dict[str, str]) -> Iterator[str]:
    depth, level_cm = depth_cm(floor), _level_cm(floor)
    size = f'width="{level_cm}" height="{floor.bay_pitch_cm}"'
    yield '<g class="bins">'
    for bin_ in floor.bins():
        x, y = _rack_x(floor, bin_, level_cm), depth - bin_.y_cm - floor.bay_pitch_cm // 2
        state = f" data-state={quoteattr(states[bin_.code])}" if bin_.code in states else ""
        yield (
            f'<rect id="bin-{bin_.code}" class="bin" x="{x}" y="{y}" {size}{state}>'
            f"<title>{bin_.code}</title></rect>"
        )
    yield "</g>"


def _level_cm(floor: Floor) -> int:
    """How wide a bin is drawn: three fifths of the pitch are racks, levels side by side."""
    return max(1, floor.aisle_pitch_cm * 3 // 10 // floor.levels)


def _rack_x(floor: Floor, bin_: BinSpot, level_cm: int) -> int:
    """The lowest level is drawn next to the lane, the highest at the back of the rack."""
    lane_cm = floor.aisle_pitch_cm // 5
    side: Side = bin_.side
    if side == "right":
        return bin_.x_cm + lane_cm + (bin_.level - 1) * level_cm
    return bin_.x_cm - lane_cm - bin_.level * level_cm


def _landmark(floor: Floor, landmark: Landmark, spot: Spot, kind: str) -> Iterator[str]:
    x, y = _drawn(floor, floor.walkways.point(spot))
    name = escape(landmark.name)
    yield f'<g id="floor-{kind}" class="place" transform="translate({x} {y})">'
    yield f'<circle class="landmark" r="70"><title>{name}</title></circle>'
    yield f'<text y="130">{name}</text></g>'


def _tour(floor: Floor, tour: TourLine) -> str:
    points = " ".join(f"{x},{y}" for x, y in (_drawn(floor, point) for point in tour.points))
    return (
        f'<polyline id="{element_id("tour", tour.key)}" '
        f'class="tour tour-{tour.colour % TOUR_COLOURS}" '
        f'transform="translate({_aside_cm(tour.colour)} {_aside_cm(tour.colour)})" '
        f'points="{points}"><title>{escape(tour.label)}</title></polyline>'
    )


def _aside_cm(colour: int) -> int:
    """Tours that share an aisle are drawn side by side: 0, 18, -18, 36 … off the centre line."""
    steps = (colour % TOUR_COLOURS + 1) // 2
    return 18 * steps * (1 if colour % 2 else -1)


def _person(floor: Floor, person: PersonDot) -> str:
    x, y = _drawn(floor, person.at)
    return (
        f'<g id="{element_id("person", person.key)}" '
        f'class="person tour-{person.colour % TOUR_COLOURS}" transform="translate({x} {y})">'
        f'<title>{escape(person.name)}</title><circle r="90"/>'
        f"<text>{escape(person.mark)}</text></g>"
    )


def _drawn(floor: Floor, point: Point) -> Point:
    return point[0], depth_cm(floor) - point[1]
