"""The layout of charts: coordinates of bars, lines, marks and labels. templates/desk/charts.jinja2 draws them.

All coordinates are in the units of a drawing that is WIDTH wide. Texts are in the reader's language.
Series differ by pattern, dash and mark, and have labels next to them, so that no chart depends on its colours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from ..formats import Formats

WIDTH, HEIGHT = 960, 250
LEFT, TOP, BOTTOM = 56, 26, 44
GAP = 0.28  # the empty part of a bar's slot
APART = 15  # the least distance between two labels
COUNTS = (1, 2, 5)  # steps of a scale of counts, times a power of ten
SECONDS = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    14400,
    21600,
    43200,
    86400,
)


@dataclass(frozen=True)
class Tick:
    """A horizontal grid line and its label."""

    y: float
    text: str


@dataclass(frozen=True)
class Place:
    """A day's labels below the chart: the day of the month, and the month's name where it begins."""

    x: float
    day: str
    month: str
    today: bool


@dataclass(frozen=True)
class Part:
    """A segment of a stacked bar. `series` counts from 0, the lowest segment."""

    series: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Bar:
    """The stacked bar of a day: its segments, its total as `text` above it, and its tooltip as `hint`."""

    x: float
    y: float
    parts: Sequence[Part]
    text: str
    hint: str


@dataclass(frozen=True)
class Line:
    """One series of a line chart.

    `path` is an SVG path with gaps at days without a value. `marks` are points with their tooltips. `label` is at the
    end of the line. `peak` labels the highest value, unless that is the last one.
    """

    series: int
    path: str
    marks: Sequence[tuple[float, float, str]]
    label: tuple[float, float, str] | None
    peak: tuple[float, float, str] | None = None


@dataclass(frozen=True)
class Chart:
    """A chart with either bars or lines."""

    right: float
    base: float
    ticks: Sequence[Tick]
    places: Sequence[Place]
    bars: Sequence[Bar] = ()
    lines: Sequence[Line] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def bars(
    days: Sequence[date],
    series: Sequence[Sequence[int]],
    hint: Callable[[int], str],
    formats: Formats,
) -> Chart:
    """A bar chart: one bar for each day, stacked from its number in each series.

    `hint` returns the tooltip of a day, given its index in `days`.
    """
    sums = [sum(numbers) for numbers in zip(*series, strict=True)]
    most, ticks = _count_scale(max(sums, default=0))
    right = WIDTH - 12
    slot = (right - LEFT) / max(1, len(days))
    found = []
    for place, total in enumerate(sums):
        x, y, parts = LEFT + place * slot + slot * GAP / 2, _base(), []
        for index, numbers in enumerate(series):
            height = _height(numbers[place], most)
            if height:
                y -= height
                parts.append(
                    Part(index, round(x, 1), round(y, 1), round(slot * (1 - GAP), 1), height)
                )
        middle = round(LEFT + (place + 0.5) * slot, 1)
        text = formats.compact(total) if total else ""
        found.append(Bar(middle, round(y - 6, 1), parts, text, hint(place)))
    shown = [Tick(_y(value, most), formats.compact(value)) for value in ticks]
    return Chart(right, _base(), shown, _places(days, right, formats), bars=found)


def lines(
    days: Sequence[date],
    series: Sequence[tuple[str, Sequence[float | None]]],
    hint: Callable[[int], str],
    formats: Formats,
) -> Chart:
    """A line chart: one line for each named series of seconds. A day with None leaves a gap in the line.

    `hint` returns the tooltip of a day, given its index in `days`.
    """
    longest = max((one for _name, values in series for one in values if one is not None), default=0)
    most, ticks = _duration_scale(longest)
    right = WIDTH - 150  # leaves room for the labels at the ends
    slot = (right - LEFT) / max(1, len(days))
    found: list[Line] = []
    for index, (name, values) in enumerate(series):
        points = [
            None if value is None else (round(LEFT + (place + 0.5) * slot, 1), _y(value, most))
            for place, value in enumerate(values)
        ]
        marks = [(*point, hint(place)) for place, point in enumerate(points) if point]
        last = next((value for value in reversed(values) if value is not None), None)
        label = None
        if marks:
            taken = [line.label[1] for line in found if line.label]
            label = (
                right + 6,
                _free(marks[-1][1], taken),
                f"{name}: {formats.duration(last, narrow=True)}",
            )
        peak = None
        if marks and not found:  # of the first, highest line only: others would overlap it
            x, y, _hint = min(marks, key=lambda mark: mark[1])
            most_of_all = formats.duration(max(value for value in values if value is not None))
            peak = None if x == marks[-1][0] else (x, y - 9, most_of_all)
        found.append(Line(index, _path(points), marks, label, peak))
    shown = [Tick(_y(value, most), formats.duration(value)) for value in ticks]
    return Chart(right, _base(), shown, _places(days, right, formats), lines=found)


def _base() -> float:
    return HEIGHT - BOTTOM


def _height(value: float, most: float) -> float:
    """The height of a bar's segment. Any number above 0 stays visible."""
    return round(max(1.5, value / most * (_base() - TOP)), 1) if value else 0.0


def _y(value: float, most: float) -> float:
    return round(_base() - value / most * (_base() - TOP), 1)


def _count_scale(largest: int) -> tuple[float, list[int]]:
    size = 1
    while True:
        for step in COUNTS:
            if largest <= step * size * 4:
                count = max(1, -(-largest // (step * size)))
                return step * size * count, [step * size * n for n in range(count + 1)]
        size *= 10


def _duration_scale(longest: float) -> tuple[float, list[float]]:
    step = next((step for step in SECONDS if longest <= step * 4), None)
    if step is None:
        step = 86400 * -(-int(longest) // (86400 * 4))
    count = max(1, -(-int(longest + 0.999) // step))
    return step * count, [step * n for n in range(count + 1)]


def _places(days: Sequence[date], right: float, formats: Formats) -> list[Place]:
    slot = (right - LEFT) / max(1, len(days))
    last = len(days) - 1
    return [
        Place(
            round(LEFT + (index + 0.5) * slot, 1),
            formats.day_of_month(day),
            # A month that begins next to “today” would overlap it.
            formats.month(day) if index == 0 or (day.day == 1 and index < last - 2) else "",
            index == last,
        )
        for index, day in enumerate(days)
    ]


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    words, drawing = [], False
    for point in points:
        if point:
            words.append(f"{'L' if drawing else 'M'}{point[0]} {point[1]}")
        drawing = point is not None
    return "".join(words)


def _free(y: float, taken: Sequence[float]) -> float:
    """The y of a label that overlaps none in `taken`: moved up, or down where it would leave the drawing."""
    for other in taken:
        if abs(y - other) < APART:
            y = other - APART if other - APART > TOP / 2 else other + APART
    return round(y + 4 if not taken else y, 1)
