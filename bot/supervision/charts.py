"""Bars and lines as places in a drawing; the template draws them, a table beside says the same in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

WIDTH, HEIGHT = 640, 200
LEFT, BOTTOM, TOP = 44, 24, 10
MOST_LABELS = 8
GRID_LINES = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """A rectangle of a bar; `kind` is the number of its series."""

    x: float
    y: float
    width: float
    height: float
    kind: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing of WIDTH by HEIGHT. `line` are the points of a polyline for each stretch without a gap."""

    marks: Sequence[Mark]
    lines: Sequence[str]
    dots: Sequence[tuple[float, float]]
    grid: Sequence[tuple[float, str]]
    labels: Sequence[tuple[float, str]]
    target: float | None
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


def round_top(highest: float) -> float:
    """A round number that nothing exceeds: 1, 2 or 5 and zeros."""
    if highest <= 0:
        return 1
    unit = 10 ** int(log10(highest)) if highest >= 1 else 1
    return next(unit * step for step in (1, 2, 5, 10) if unit * step >= highest)


def bars(labels: Sequence[str], series: Sequence[Sequence[float]]) -> Chart:
    """Stacked bars: `series[n][i]` is how much of the n-th kind stands in the i-th bar."""
    sums = [sum(values) for values in zip(*series, strict=True)] or [0.0] * len(labels)
    top, slot = round_top(max(sums, default=0)), _slot(labels)
    marks = []
    for number in range(len(labels)):
        y = float(HEIGHT - BOTTOM)
        for kind, values in enumerate(series):
            height = values[number] / top * _room()
            y -= height
            if height:
                x = LEFT + number * slot + slot * 0.15
                marks.append(Mark(round(x, 1), round(y, 1), round(slot * 0.7, 1), round(height, 1), kind))
    return Chart(marks, (), (), _grid(top), _labels(labels), None)


def line(labels: Sequence[str], values: Sequence[float | None], top: float, target: float | None = None) -> Chart:
    """A line through what is known; where nothing is, it breaks. `target` is drawn across."""
    slot = _slot(labels)
    places = [
        None if value is None else (round(LEFT + (number + 0.5) * slot, 1), round(_y(value, top), 1))
        for number, value in enumerate(values)
    ]
    lines: list[list[str]] = [[]]
    for place in places:
        if place is None:
            lines.append([])
        else:
            lines[-1].append(f"{place[0]},{place[1]}")
    joined = [" ".join(points) for points in lines if len(points) > 1]
    dots = [place for place in places if place is not None]
    return Chart((), joined, dots, _grid(top), _labels(labels), None if target is None else round(_y(target, top), 1))


def _slot(labels: Sequence[str]) -> float:
    return (WIDTH - LEFT) / max(len(labels), 1)


def _room() -> int:
    return HEIGHT - BOTTOM - TOP


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - min(value / top, 1) * _room()


def _grid(top: float) -> list[tuple[float, str]]:
    steps = [top * number / GRID_LINES for number in range(GRID_LINES + 1)]
    return [(round(_y(value, top), 1), f"{value:g}") for value in steps]


def _labels(labels: Sequence[str]) -> list[tuple[float, str]]:
    every, slot = ceil(max(len(labels), 1) / MOST_LABELS), _slot(labels)
    return [(round(LEFT + (number + 0.5) * slot, 1), text) for number, text in enumerate(labels) if number % every == 0]
