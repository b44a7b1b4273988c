"""Each figure as a table: what stands beside its chart and what its CSV file holds are the same rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.figures.model import SHARE_OF_THE_LAW, Column, Durations, Report, Step
from bot.supervision.charts import Chart, bars, line, round_top
from bot.topics.titles import title_of

WORDS = Path(__file__).with_name("words.yml")
PERCENT = 100
BEST_SCORE = 5
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its name in addresses, its title, its table, and its chart where one says more than the table.

    `series` are the names of what the colours of stacked bars stand for.
    """

    name: str
    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    chart: Chart | None = None
    series: Sequence[str] = ()
    note: str = ""


@cache
def words() -> dict[str, Any]:
    """The texts of this folder."""
    read: dict[str, Any] = yaml.safe_load(WORDS.read_text(encoding="utf-8"))
    return read


def figures_of(report: Report) -> list[Figure]:
    """Every figure of a report, in the order of the page."""
    return [make(report) for make in FIGURES.values()]


def _columns(*names: str) -> list[str]:
    said = words()["columns"]
    return [str(said[name]) for name in names]


def _figure(name: str, header: Sequence[str], rows: Sequence[Sequence[Cell]], **more: Any) -> Figure:
    return Figure(name, str(words()["figures"][name]), header, rows, note=words()["notes"].get(name, ""), **more)


def _days(report: Report) -> list[str]:
    return [short(column.first_day) for column in report.columns]


def short(day: date) -> str:
    """A day on an axis: 5/11."""
    return f"{day.day}/{day.month}"


def _when(report: Report) -> str:
    return str(words()["columns"]["day" if report.asked.step is Step.DAY else "week"])


def _by_day(report: Report, cells: Callable[[Column], list[Cell]]) -> list[list[Cell]]:
    """A row for each column of the chart, and one for all."""
    rows: list[list[Cell]] = [[column.first_day.isoformat(), *cells(column)] for column in report.columns]
    return [*rows, [str(words()["columns"]["total"]), *cells(report.total)]]


def _percent(share: float | None) -> float | None:
    return None if share is None else round(share * PERCENT, 1)


def _conversations(report: Report) -> Figure:
    names = [str(words()["channels"].get(channel, channel)) for channel in report.channels]
    rows = _by_day(report, lambda c: [*(c.by_channel.get(name, 0) for name in report.channels), c.conversations])
    series = [[column.by_channel.get(channel, 0) for column in report.columns] for channel in report.channels]
    chart = bars(_days(report), series)
    header = [_when(report), *names, *_columns("total")]
    return _figure("conversations", header, rows, chart=chart, series=names)


def _solved(report: Report) -> Figure:
    rows = _by_day(report, lambda c: [c.conversations, c.with_person, c.not_understood, _percent(c.share_solved)])
    shares = [_percent(column.share_solved) for column in report.columns]
    header = [_when(report), words()["figures"]["conversations"]]
    header += _columns("with_person", "not_understood", "share_solved")
    return _figure("solved", header, rows, chart=line(_days(report), shares, PERCENT))


def _seconds(*names: str) -> list[str]:
    return [name + str(words()["columns"]["seconds"]) for name in _columns(*names)]


def _took(took: Durations) -> list[Cell]:
    return [took.mean_seconds, took.median_seconds]


def _waits(report: Report) -> Figure:
    rows = _by_day(report, lambda c: [c.waits.asked, c.waits.attended.count, c.waits.left, *_took(c.waits.attended)])
    header = [_when(report), *_columns("wanted", "attended", "left"), *_seconds("mean", "median")]
    return _figure("waits", header, rows, chart=_line_of([c.waits.attended for c in report.columns], report))


def _within(report: Report) -> Figure:
    rows = _by_day(report, lambda c: [c.waits.asked, c.waits.within, _percent(c.waits.share_within)])
    shares = [_percent(column.waits.share_within) for column in report.columns]
    chart = line(_days(report), shares, PERCENT, SHARE_OF_THE_LAW * PERCENT)
    return _figure("within", [_when(report), *_columns("wanted", "within", "share_within")], rows, chart=chart)


def _answers(report: Report) -> Figure:
    rows = _by_day(report, lambda c: [c.answers.count, *_took(c.answers)])
    header = [_when(report), *_columns("answers"), *_seconds("mean", "median")]
    return _figure("answers", header, rows, chart=_line_of([c.answers for c in report.columns], report))


def _line_of(took: Sequence[Durations], report: Report) -> Chart:
    medians = [each.median_seconds for each in took]
    return line(_days(report), medians, round_top(max((each for each in medians if each is not None), default=0)))


def _satisfaction(report: Report) -> Figure:
    def cells(column: Column) -> list[Cell]:
        average = column.content.mean
        return [column.content.asked, column.content.answers, None if average is None else round(average, 2)]

    chart = line(_days(report), [column.content.mean for column in report.columns], BEST_SCORE)
    return _figure(
        "satisfaction", [_when(report), *_columns("asked", "answers", "mean")], _by_day(report, cells), chart=chart
    )


def _scores(report: Report) -> Figure:
    chart = bars([str(score) for score, _ in report.scores], [[float(amount) for _, amount in report.scores]])
    return _figure("scores", _columns("score", "amount"), [list(row) for row in report.scores], chart=chart)


def _topics(report: Report) -> Figure:
    return _figure(
        "topics", _columns("topic", "amount"), [[title_of(topic), amount] for topic, amount in report.topics]
    )


def _reasons(report: Report) -> Figure:
    rows: list[list[Cell]] = [[str(words()["reasons"].get(name, name)), amount] for name, amount in report.reasons]
    return _figure("reasons", _columns("reason", "amount"), rows)


def _agents(report: Report) -> Figure:
    rows: list[list[Cell]] = [[agent.name, agent.cases, *_took(agent.answers)] for agent in report.agents]
    return _figure("agents", [*_columns("agent", "cases"), *_seconds("mean", "median")], rows)


def _comments(report: Report) -> Figure:
    rows: list[list[Cell]] = [[day.isoformat(), score, text] for day, score, text in report.comments]
    return _figure("comments", _columns("day", "score", "comment"), rows)


FIGURES: dict[str, Callable[[Report], Figure]] = {
    "conversations": _conversations,
    "solved": _solved,
    "waits": _waits,
    "within": _within,
    "answers": _answers,
    "satisfaction": _satisfaction,
    "scores": _scores,
    "topics": _topics,
    "reasons": _reasons,
    "agents": _agents,
    "comments": _comments,
}


def as_csv(figure: Figure) -> bytes:
    """The table for a Spanish spreadsheet: semicolons, decimal commas, and nothing that it would take for a formula."""
    written = io.StringIO()
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow(figure.header)
    writer.writerows([_cell(value) for value in row] for row in figure.rows)
    return written.getvalue().encode("utf-8-sig")


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:g}".replace(".", ",")
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA_STARTS) else text
