"""`python -m bench.imports`: how fast invoices are loaded, and whether the work of a question grows with the database.

An agency with 500 clients asks for its invoices that are due in March, among 10,000 invoices (its own) and among a million.
Both kinds of database, each empty at the start; PostgreSQL where TEST_POSTGRESQL_URL answers.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Connection, create_engine, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bench import machine
from bot.accounts.model import Page, Viewer
from bot.accounts.service import viewer_of
from bot.accounts.store import agency_table, representative_table
from bot.database import Database, migrate
from bot.demo.names import Names
from bot.identity.persons import person_table
from bot.imports.service import load, open_files
from bot.invoices.model import UNPAID, Filters, Period
from bot.invoices.service import invoices_of, totals_of
from bot.invoices.store import page_query

POSTGRESQL = os.environ.get("TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
RESULTS = Path(__file__).parent / "results" / "imports.json"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CLIENTS_OF_AN_AGENCY = 500
INVOICES_OF_A_CLIENT = 20
FIRST_MONTH = (2025, 3)
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
QUESTIONS = 300
STATES = ("pagada", "vencida", "pendiente", "emitida", "devuelta")


def month(place: int) -> date:
    count = FIRST_MONTH[0] * 12 + FIRST_MONTH[1] - 1 + place
    return date(count // 12, count % 12 + 1, 1)


def write(path: Path, header: str, rows: Iterator[tuple[object, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(header.split())
        writer.writerows(rows)
    return path


class World:
    """Files with so many invoices; every 500 clients have an agency, the first one asks the questions."""

    def __init__(self, folder: Path, invoices: int) -> None:
        self.clients = invoices // INVOICES_OF_A_CLIENT
        names = Names(Random(1))
        self._agencies = [names.cif("B") for _ in range(max(1, self.clients // CLIENTS_OF_AN_AGENCY))]
        self._identifiers = [names.cif("H") for _ in range(self.clients)]
        self._points = [names.cups("electricity") for _ in range(self.clients)]
        self.masters = [
            write(folder / "clients.csv", "agency agency_name client name address assigned_from", self._client_rows()),
            write(folder / "contracts.csv", "number client cups address energy product starts_on", self._contracts()),
        ]
        header = "number contract issued_on due_on period_from period_to amount state paid_on"
        self.invoices = write(folder / "invoices.csv", header, self._invoices())

    def _client_rows(self) -> Iterator[tuple[object, ...]]:
        for place, identifier in enumerate(self._identifiers):
            agency = self._agencies[min(place // CLIENTS_OF_AN_AGENCY, len(self._agencies) - 1)]
            yield agency, f"Gestoría {agency}", identifier, f"Comunidad {place}", f"Calle Sol, {place}", "01/01/2024"

    def _contracts(self) -> Iterator[tuple[object, ...]]:
        for place, (identifier, point) in enumerate(zip(self._identifiers, self._points, strict=True)):
            yield f"C{place:08}", identifier, point, f"Calle Sol, {place}", "luz", "Luz Estable", "2024-01-01"

    def _invoices(self) -> Iterator[tuple[object, ...]]:
        """Month after month, as a company issues them: a client's invoices lie far apart."""
        for place in range(INVOICES_OF_A_CLIENT):
            first, following = month(place), month(place + 1)
            last = following - timedelta(days=1)
            for client in range(self.clients):
                issued = following + timedelta(days=client % 9)
                state = STATES[(client + place) % 5] if place > 9 else STATES[0]
                due = issued + timedelta(days=20)
                number = f"F{first:%y%m}{client:08}"
                euros = f"{1 + client % 9}.{client % 1000:03},{place:02}"
                days = [f"{day:%d/%m/%Y}" for day in (issued, due, first, last)]
                yield number, f"C{client:08}", *days, euros, state, days[1] if state == STATES[0] else ""


def loaded_per_second(database: Database, world: World) -> float:
    """Invoices a second, statistics included, with clients and contracts loaded before."""
    load(database, open_files(world.masters), False, lambda *_: None)
    started = time.perf_counter()
    outcome = load(database, open_files([world.invoices]), False, lambda *_: None)
    seconds = time.perf_counter() - started
    assert outcome.stored, outcome.problems.shown[:3]
    return outcome.loaded[0].rows / seconds


def representative_of_the_first(database: Database) -> Viewer:
    with database.writing() as connection:
        agency = connection.execute(select(agency_table.c.id).order_by(agency_table.c.id).limit(1)).scalar_one()
        person = {"id": 1, "identifier_kind": "nif", "identifier": "12345678Z", "email": "ana@agency.example"}
        person |= {"first_name": "Ana", "surnames": "Gil", "created_at": NOW}
        connection.execute(insert(person_table), person)
        connection.execute(
            insert(representative_table), {"agency_id": agency, "person_id": 1, "valid_from": NOW, "valid_until": None}
        )
        return viewer_of(connection, 1, agency, NOW)


def milliseconds(ask: Callable[[], Any]) -> dict[str, float]:
    """p50 and p95 of many times the same question, after some to warm up."""
    times = []
    for _ in range(QUESTIONS):
        started = time.perf_counter()
        ask()
        times.append((time.perf_counter() - started) * 1000)
    steps = statistics.quantiles(times[20:], n=100)
    return {"p50_ms": round(steps[49], 2), "p95_ms": round(steps[94], 2)}


def plan(connection: Connection, viewer: Viewer, filters: Filters) -> list[str]:
    query = page_query(viewer, filters, Page()).compile(connection, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    rows = connection.execute(text(f"{explain} {query}".replace(":", r"\:"))).all()
    return [str(row[-1]).strip() for row in rows]


def measured(database: Database, folder: Path, invoices: int) -> dict[str, Any]:
    migrate(database)
    world = World(folder, invoices)
    figures: dict[str, Any] = {"invoices": invoices, "per_second": round(loaded_per_second(database, world))}
    viewer = representative_of_the_first(database)
    due = Filters(due=MARCH, states=UNPAID)
    with database.reading() as connection:
        figures["due_in_march"] = totals_of(connection, viewer, due).all.count
        figures["page"] = milliseconds(lambda: invoices_of(connection, viewer, due))
        figures["totals"] = milliseconds(lambda: totals_of(connection, viewer, due))
        figures["plan"] = plan(connection, viewer, due)
    figures["indexed"] = any("ix_invoice_client_id" in line for line in figures["plan"])
    return figures


@contextmanager
def sqlite(folder: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{folder / 'bench.db'}")
    yield database
    database.close()


@contextmanager
def postgresql(folder: Path) -> Iterator[Database]:
    name = f"ventanilla_bench_{os.getpid()}_{folder.name}".lower()
    server = create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    database = Database(make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False))
    try:
        yield database
    finally:
        database.close()
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()


def line(kind: str, row: dict[str, Any]) -> str:
    page, totals = row["page"], row["totals"]
    return (
        f"{kind:<11}{row['invoices']:>10,}{row['per_second']:>12,}/s  {row['due_in_march']:>5}  "
        f"{page['p50_ms']:>6.2f} {page['p95_ms']:>6.2f}  {totals['p50_ms']:>6.2f} {totals['p95_ms']:>6.2f}  "
        f"{'index' if row['indexed'] else 'no index'}"
    )


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m bench.imports", description=__doc__)
    options.add_argument("--invoices", type=int, nargs="+", default=[10_000, 1_000_000])
    options.add_argument("--write", action="store_true", help="write the results even with other numbers of invoices")
    chosen = options.parse_args()
    results: dict[str, Any] = {"machine": f"{machine.processor_model()}, {os.cpu_count()} cores", "rows": {}}
    print("database     invoices      loaded    due   page p50/p95   totals p50/p95 (ms)", flush=True)
    for kind, opened in (("sqlite", sqlite), ("postgresql", postgresql)):
        for invoices in chosen.invoices:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    with opened(Path(folder)) as database:
                        row = measured(database, Path(folder), invoices)
                except SQLAlchemyError as error:
                    print(f"{kind}: cannot be measured ({type(error).__name__})", file=sys.stderr)
                    return 2
            results["rows"].setdefault(kind, []).append(row)
            print(line(kind, row), flush=True)
    results["load_at_the_end"] = round(os.getloadavg()[0], 1)
    if chosen.write or chosen.invoices == options.get_default("invoices"):
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        print(f"Written to {RESULTS.relative_to(Path.cwd())}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
