"""`python -m bench.turns`: does a whole turn cost more in a larger database?

A signed-in person of an agency with 500 clients writes "mis facturas pendientes de marzo": among 10,000 invoices, all of them
the agency's own, and among a million. The databases are asked in turn, round after round, so that a drift of the machine hits
all alike; of each round the ratio large / small is taken, and its spread over the rounds is the noise. A turn is what it is
in the product: the message is stored, understood, answered within the rights of this moment, and written down. "Queries" is
the time inside statements; commits are in the turn only.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from bench import machine
from bench.imports import NOW, World, loaded_per_second, postgresql, representative_of_the_first, sqlite
from bench.report import Spread
from bench.rounds import Figures, percentile
from bot.accounts.model import Viewer
from bot.area import Area
from bot.assistant import training
from bot.assistant.without_tensorflow import leave_out_tensorflow
from bot.company import read_company
from bot.conversation.model import Incoming
from bot.conversation.router import Router
from bot.database import Database, migrate
from bot.identity.sessions import choose_agency, open_session
from bot.logs import configure_logs
from bot.settings import read_settings

if TYPE_CHECKING:
    from bot.assistant.engine import RasaAssistant

RESULTS = Path(__file__).parent / "results" / "turns.json"
QUESTION = "mis facturas pendientes de marzo"
WARM_UP = ("hola", QUESTION, QUESTION)
AREA = Area("http://localhost:8080", b"a key of the benchmark, long enough to be one")
KINDS = {"sqlite": sqlite, "postgresql": postgresql}
SHARES = {"p50": 0.5, "p95": 0.95}


@dataclass
class Stopwatch:
    """Time inside the statements of one database, and how many there were."""

    milliseconds: float = 0.0
    statements: int = 0
    _started: float = 0.0

    def listen(self, database: Database) -> None:
        event.listen(database.engine, "before_cursor_execute", self._begin)
        event.listen(database.engine, "after_cursor_execute", self._end)

    def _begin(self, *_: Any) -> None:
        self._started = time.perf_counter()

    def _end(self, *_: Any) -> None:
        self.milliseconds += (time.perf_counter() - self._started) * 1000
        self.statements += 1


@dataclass
class Side:
    """One database with its router, and what every round of it gave."""

    name: str
    router: Router
    database: Database
    viewer: Viewer
    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    rounds: list[Figures] = field(default_factory=list)
    turns: list[float] = field(default_factory=list)
    queries: list[float] = field(default_factory=list)
    answer: str = ""

    def measure(self, turns: int) -> None:
        """One conversation of a person who has just signed in."""
        address = f"bench:{self.name}-{len(self.rounds)}"
        with self.database.writing() as connection:
            session = open_session(connection, address, self.viewer.person_id, None, NOW)
            choose_agency(connection, session, self.viewer.agency_id)
        for text in WARM_UP:
            self._turn(address, text)
        seen = [self._turn(address, QUESTION) for _ in range(turns)]
        whole, inside = [turn for turn, _ in seen], [queries for _, queries in seen]
        self.rounds.append(figures("turn", whole) | figures("queries", inside))
        self.turns += whole
        self.queries += inside

    def _turn(self, address: str, text: str) -> tuple[float, float]:
        self.stopwatch.milliseconds, self.stopwatch.statements = 0.0, 0
        started = time.perf_counter()
        said = self.router.answer_waiting(address, self.router.receive(Incoming(address, text)))
        milliseconds = (time.perf_counter() - started) * 1000
        self.answer = said[-1].text
        return milliseconds, self.stopwatch.milliseconds

    def summary(self) -> dict[str, Any]:
        both = figures("turn", self.turns) | figures("queries", self.queries)
        return {name: round(value, 2) for name, value in both.items()} | {"statements": self.stopwatch.statements}


def figures(name: str, milliseconds: list[float]) -> Figures:
    return {f"{name}_{named}": percentile(milliseconds, share) for named, share in SHARES.items()}


def load_assistant(database: Database) -> RasaAssistant:
    """The trained model; `database` is not asked within turns. Takes seconds. Raises FileNotFoundError without a model."""
    settings = read_settings()
    if not training.is_current(settings.models_folder):
        raise FileNotFoundError("there is no trained model of the data as it is: python -m bot train")
    leave_out_tensorflow()
    from bot.assistant.engine import RasaAssistant

    company = read_company(settings.company_file)
    return RasaAssistant(training.archive(settings.models_folder), database, company, AREA, clock)


def clock() -> datetime:
    return NOW


@contextmanager
def prepared(kind: str, invoices: int, assistant: RasaAssistant) -> Iterator[Side]:
    """A database with so many invoices, and somebody who may ask for those of its first agency."""
    with tempfile.TemporaryDirectory() as folder, KINDS[kind](Path(folder)) as database:
        migrate(database)
        loaded_per_second(database, World(Path(folder), invoices))
        viewer = representative_of_the_first(database)
        router = Router(database, assistant, read_settings().message_characters, clock)
        side = Side(f"{kind}-{invoices}", router, database, viewer)
        side.stopwatch.listen(database)
        yield side


def interleave(sides: Sequence[Side], rounds: int, turns: int) -> list[float]:
    """Every side in every round, in an order that turns round; gives how slow the machine was at each round, in ms."""
    spins = []
    for place in range(rounds):
        spins.append(machine.spin_milliseconds())
        for side in sides[::-1] if place % 2 else sides:
            side.measure(turns)
    answers = {side.answer.partition(":")[0] for side in sides}  # the number; the clients are others
    assert len(answers) == 1, f"not the same answer everywhere: {answers}"
    return spins


def ratios(small: Side, large: Side) -> dict[str, dict[str, float]]:
    """Large / small of each round: the middle one, and how far the others are from it."""
    pairs = list(zip(small.rounds, large.rounds, strict=True))
    each = [{name: after[name] / before[name] for name in before} for before, after in pairs]
    spreads = {name: Spread.of(each, name) for name in each[0]}
    return {name: rounded(asdict(spread)) for name, spread in spreads.items() if spread}


def rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in values.items()}


def measured(sizes: Sequence[int], rounds: int, turns: int) -> dict[str, Any]:
    """Everything, both kinds of database at once. Raises SQLAlchemyError and FileNotFoundError."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        own = stack.enter_context(sqlite(folder))
        migrate(own)
        assistant = load_assistant(own)
        sides = {
            kind: [stack.enter_context(prepared(kind, invoices, assistant)) for invoices in sizes] for kind in KINDS
        }
        spins = interleave([side for kind in sides.values() for side in kind], rounds, turns)
        return {
            "question": QUESTION,
            "answer": sides["sqlite"][0].answer.splitlines()[0],
            "rounds": rounds,
            "turns_a_round": turns,
            "rows": {
                kind: {str(invoices): side.summary() for invoices, side in zip(sizes, found, strict=True)}
                for kind, found in sides.items()
            },
            "ratios": {kind: ratios(found[0], found[-1]) for kind, found in sides.items()},
            "spin_ms": rounded({"low": min(spins), "median": statistics.median(spins), "high": max(spins)}),
        }


def line(kind: str, invoices: str, row: Mapping[str, float]) -> str:
    turn, queries = (f"{row[f'{name}_p50']:>7.2f} {row[f'{name}_p95']:>7.2f}" for name in ("turn", "queries"))
    return f"{kind:<11}{int(invoices):>10,}  {turn}   {queries}   {row['statements']:>3}"


def show(results: Mapping[str, Any]) -> None:
    print("database     invoices     turn p50/p95   queries p50/p95 (ms)  statements")
    for kind, rows in results["rows"].items():
        for invoices, row in rows.items():
            print(line(kind, invoices, row))
        for name, ratio in results["ratios"][kind].items():
            print(f"  {name}: large / small {ratio['middle']} ({ratio['low']}–{ratio['high']})")


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m bench.turns", description=__doc__)
    options.add_argument("--invoices", type=int, nargs="+", default=[10_000, 1_000_000])
    options.add_argument("--rounds", type=int, default=20)
    options.add_argument("--turns", type=int, default=30, help="measured in each round on each database")
    options.add_argument("--write", action="store_true", help="write the results even with other numbers")
    chosen = options.parse_args()
    configure_logs("WARNING")
    load_before = os.getloadavg()[0]
    try:
        results = measured(chosen.invoices, chosen.rounds, chosen.turns)
    except (SQLAlchemyError, FileNotFoundError) as error:
        print(f"cannot be measured: {type(error).__name__}: {error}", file=sys.stderr)
        return 2
    show(results)
    results = {"machine": f"{machine.processor_model()}, {os.cpu_count()} cores"} | results
    results["load_before_and_after"] = [round(load_before, 1), round(os.getloadavg()[0], 1)]
    if chosen.write or all(
        getattr(chosen, name) == options.get_default(name) for name in ("invoices", "rounds", "turns")
    ):
        RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        print(f"Written to {RESULTS.relative_to(Path.cwd())}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
