"""From the figures of the rounds to the table of docs/benchmarks.md, goals included."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from jinja2 import Environment, StrictUndefined

from bench.rounds import Figures

TEMPLATE = Path(__file__).with_name("benchmarks.md.j2")


@dataclass(frozen=True)
class Spread:
    """Median over the rounds, with the lowest and highest of them: their distance is the noise of the machine."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, rounds: Sequence[Figures], name: str) -> "Spread | None":
        """None when no round has the figure."""
        values = [figures[name] for figures in rounds if name in figures]
        return cls(median(values), min(values), max(values)) if values else None

    def __str__(self) -> str:
        if self.low == self.high:
            return number(self.middle)
        return f"{number(self.middle)} ({number(self.low)}–{number(self.high)})"


@dataclass(frozen=True)
class Goal:
    """A bound on ours / stock, or on our own figure where `of_ratio` is false."""

    text: str
    of_ratio: bool
    reached: Callable[[float], bool]


@dataclass(frozen=True)
class Measure:
    """A line of the table: the name of the figure, what people read, its unit, whether ours / stock says anything."""

    name: str
    title: str
    unit: str
    goal: Goal | None = None
    comparable: bool = True


@dataclass(frozen=True)
class Line:
    """A finished line; every cell is text."""

    title: str
    ours: str
    postgresql: str
    stock: str
    ratio: str
    goal: str
    reached: str


def at_most(bound: float, text: str) -> Goal:
    return Goal(text, True, lambda ratio: ratio <= bound)


MEASURES = (
    Measure("one_p50", "One user, turn, p50", "ms", at_most(1 / 5, "≤ 1/5")),
    Measure("one_p95", "One user, turn, p95", "ms"),
    Measure("one_p99", "One user, turn, p99", "ms"),
    Measure("crowd_p50", "16 users, turn, p50", "ms"),
    Measure("crowd_p95", "16 users, turn, p95", "ms"),
    Measure("crowd_p99", "16 users, turn, p99", "ms"),
    Measure("turns_per_second", "16 users, throughput", "turns/s", Goal("≥ 8×", True, lambda ratio: ratio >= 8)),
    Measure("turn_10", "Turn 10 of a conversation", "ms"),
    Measure("turn_100", "Turn 100", "ms"),
    Measure("turn_1000", "Turn 1,000", "ms"),
    Measure("last_turn", "Last turn reached in the time given", "", comparable=False),
    Measure("turn_last", "Last 80 turns reached", "ms", comparable=False),
    Measure(
        "growth",
        "Last 80 turns against turn 10",
        "×",
        Goal("ours ≤ 1.2×", False, lambda growth: growth <= 1.2),
        comparable=False,
    ),
    Measure("start_seconds", "Start of the process to the first answer", "s", at_most(1 / 3, "≤ 1/3")),
    Measure("resident_mb", "Memory after the load, resident (RSS)", "MB", at_most(0.6, "≤ 0.6×")),
    Measure("proportional_mb", "Memory after the load, proportional (PSS)", "MB"),
    Measure("train_seconds", "Training (`rasa train`)", "s"),
    Measure("install_mb", "Installation (site-packages)", "MB", at_most(0.7, "≤ 0.7×")),
    Measure("lost", "Messages without their answer, in a round", "", comparable=False),
    Measure("silent", "Answers without a reply in them, in a round", "", comparable=False),
    Measure("client_share", "Load generator, share of one core", "", comparable=False),
)


def number(value: float) -> str:
    """Three digits that mean something, no more."""
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def line(measure: Measure, ours: Spread | None, postgresql: Spread | None, stock: Spread | None) -> Line:
    """One line of the table; a figure that was not taken is a dash."""
    ratio = ours.middle / stock.middle if measure.comparable and ours and stock and stock.middle else None
    return Line(
        title=f"{measure.title}, {measure.unit}" if measure.unit else measure.title,
        ours=cell(ours),
        postgresql=cell(postgresql),
        stock=cell(stock),
        ratio="–" if ratio is None else f"{number(ratio)}×",
        goal=measure.goal.text if measure.goal else "",
        reached=verdict(measure.goal, ours, ratio),
    )


def cell(spread: Spread | None) -> str:
    return "–" if spread is None else str(spread)


def verdict(goal: Goal | None, ours: Spread | None, ratio: float | None) -> str:
    """Whether the goal is reached: yes or a bold no; nothing without a goal, "not measured" without figures."""
    if goal is None:
        return ""
    value = ratio if goal.of_ratio else (ours.middle if ours else None)
    if value is None:
        return "not measured"
    return "yes" if goal.reached(value) else "**no**"


def table(ours: Sequence[Figures], postgresql: Sequence[Figures], stock: Sequence[Figures]) -> list[Line]:
    """The lines for which at least one side has a figure."""
    columns = [[Spread.of(rounds, measure.name) for rounds in (ours, postgresql, stock)] for measure in MEASURES]
    return [line(measure, *spreads) for measure, spreads in zip(MEASURES, columns, strict=True) if any(spreads)]


def render(**values: object) -> str:
    """The page, from its hand-written template; a value that the template wants and does not get raises."""
    pages = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    return pages.from_string(TEMPLATE.read_text(encoding="utf-8")).render(**values)
