"""Chart geometry: bars and lines stay within their drawing, quantiles lie between their neighbours."""

from datetime import date, timedelta

import pytest

from livechat.statistics import charts
from livechat.statistics.report import quantile


@pytest.mark.parametrize(
    ("numbers", "part", "found"),
    [
        ([], 0.5, None),
        ([7.0], 0.9, 7.0),
        ([1.0, 2.0], 0.5, 1.5),
        ([1.0, 2.0, 4.0], 0.5, 2.0),
        ([float(n) for n in range(11)], 0.9, 9.0),
        ([0.0, 10.0], 0.9, 9.0),
    ],
)
def test_a_quantile_lies_between_its_neighbours(numbers, part, found):
    assert quantile(numbers, part) == found


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0, "0 sec"),
        (0.4, "0 sec"),
        (59.6, "1 min"),
        (80, "1 min 20 sec"),
        (601, "10 min"),
        (3900, "1 hr 5 min"),
        (90_000, "1 day 1 hr"),
        (86_400 * 400, "400 days"),
    ],
)
def test_durations_have_at_most_two_units(seconds, text):
    assert charts.duration(seconds) == text


@pytest.mark.parametrize("most", [0, 1, 3, 4, 5, 9, 44, 999, 14_400, 10**9])
def test_bars_stay_within_the_drawing_and_add_up(most):
    days = [date(2026, 2, 10) + timedelta(days=n) for n in range(30)]
    series = [[most] * 30, [0] * 29 + [most]]
    chart = charts.bars(days, series, str)
    assert len(chart.ticks) <= 6
    for bar in chart.bars:
        for part in bar.parts:
            assert 0 < part.y <= part.y + part.height <= chart.base + 0.2
            assert chart.left <= part.x <= part.x + part.width <= chart.right
    if most:
        assert [part.series for part in chart.bars[-1].parts] == [0, 1]
        assert chart.bars[-1].parts[0].height == pytest.approx(
            chart.bars[-1].parts[1].height, abs=0.2
        )
        assert [place.month for place in chart.places if place.month] == ["February", "March"]


@pytest.mark.parametrize("longest", [0.0, 0.2, 7.0, 3000.0, 86_400.0 * 90])
def test_lines_have_gaps_where_there_is_no_data(longest):
    days = [date(2026, 3, 1) + timedelta(days=n) for n in range(5)]
    values = [longest, longest, None, longest, longest]
    chart = charts.lines(days, [("Slow", values), ("Same", values), ("None", [None] * 5)], str)
    slow, same, nothing = chart.lines
    assert slow.path.count("M") == 2
    assert slow.path.count("L") == 2
    assert len(slow.marks) == 4
    assert all(0 < y <= chart.base for _x, y, _hint in slow.marks)
    assert abs(slow.label[1] - same.label[1]) >= 10
    assert nothing.label is None
    assert len(chart.ticks) <= 6
