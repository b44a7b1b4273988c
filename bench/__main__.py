"""`python -m bench`: measure both products in turn and print the table; the full run writes docs/benchmarks.md."""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench import environments, machine, product, report, stock
from bench.environments import PROJECT, WORKSHOP, CannotPrepare
from bench.load import ceiling
from bench.rounds import Figures, Size, measure
from bench.server import Command, NotServed

PAGE = PROJECT / "docs" / "benchmarks.md"
OURS, POSTGRESQL, STOCK = "ours", "ours on PostgreSQL", "stock"


@dataclass
class Run:
    """What is being measured and all that was seen: product → one row of figures a round."""

    size: Size
    stock: stock.Stock
    postgresql_version: str | None
    figures: dict[str, list[Figures]] = field(default_factory=lambda: {OURS: [], POSTGRESQL: [], STOCK: []})
    spins: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def sides(self, index: int) -> list[str]:
        """Who is measured in a round, in which order: it turns round, so that a drift of the machine hits all alike."""
        sides = [OURS, STOCK, *([POSTGRESQL] if self.postgresql_version else [])]
        return sides[::-1] if index % 2 else sides

    def opened(self, side: str) -> AbstractContextManager[Command]:
        if side == STOCK:
            return nullcontext(self.stock.command())
        return product.on_sqlite() if side == OURS else product.on_postgresql()

    def sentences(self, side: str, seed: int) -> Iterator[str]:
        return self.stock.sentences(seed) if side == STOCK else product.sentences(seed)


async def measure_side(run: Run, side: str, index: int) -> None:
    """One round of one side. The long conversation of stock Rasa is slow, and held once only."""
    run.spins.append(machine.spin_milliseconds())
    with run.opened(side) as command:
        done = await measure(command, run.sentences(side, index), run.size, with_long=side != STOCK or index == 0)
    run.figures[side].append(done.figures)
    run.faults += [f"{side}, round {index + 1}, {fault}" for fault in done.faults]
    seen = " ".join(f"{name}={report.number(value)}" for name, value in done.figures.items())
    print(f"  round {index + 1}, {side}: {seen}", flush=True)


async def measure_rounds(run: Run) -> None:
    for index in range(run.size.rounds):
        for side in run.sides(index):
            await measure_side(run, side, index)


def training_seconds(arguments: list[str], folder: Path, name: str) -> float:
    """Time of one training from nothing, its model thrown away."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=WORKSHOP) as out:
        start = time.perf_counter()
        environments.run([*arguments, "--out", out], folder, name, stock.NO_TELEMETRY)
        return time.perf_counter() - start


def measure_once(run: Run, installed: Path) -> None:
    """What does not change from round to round: the size of the installations and, in a full run, the training."""
    ours = {"install_mb": machine.disk_usage(environments.site_packages(installed))}
    theirs = {"install_mb": machine.disk_usage(environments.site_packages(run.stock.environment))}
    if run.size.training:
        print("Training both once …", flush=True)
        ours["train_seconds"] = training_seconds(product.TRAIN, PROJECT, "product-train-timed")
        theirs["train_seconds"] = training_seconds(run.stock.train_arguments, run.stock.bot, "stock-train-timed")
    run.figures[OURS].append(ours)
    run.figures[STOCK].append(theirs)


def page(run: Run, generator_ceiling: float, load: float, seconds: float) -> str:
    """The finished report."""
    lines = report.table(run.figures[OURS], run.figures[POSTGRESQL], run.figures[STOCK])
    return report.render(
        lines=lines,
        size=run.size,
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        processor=machine.processor_model(),
        cores=os.cpu_count(),
        load=load,
        python=sys.version.split()[0],
        aiohttp=version("aiohttp"),
        stock=run.stock,
        postgresql=run.postgresql_version,
        ceiling=report.number(generator_ceiling),
        spin=report.Spread.of([{"spin": value} for value in run.spins], "spin"),
        faults=run.faults,
        minutes=report.number(round(seconds / 60, 1)),
        command=" ".join(["python -m bench", *sys.argv[1:]]),
    )


async def bench(size: Size) -> str:
    """Prepare, measure, report; raises CannotPrepare and NotServed."""
    load, started_at = os.getloadavg()[0], time.perf_counter()
    WORKSHOP.mkdir(exist_ok=True)
    run = Run(size, stock.prepare(), product.postgresql_version())
    measure_once(run, product.prepare())
    generator_ceiling = await ceiling(size.crowd, 3.0)
    print(f"Load generator against a server that does nothing: {report.number(generator_ceiling)} turns/s", flush=True)
    await measure_rounds(run)
    (WORKSHOP / "rounds.json").write_text(json.dumps(run.figures, indent=1))
    return page(run, generator_ceiling, load, time.perf_counter() - started_at)


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument("--quick", action="store_true", help="one short round, no training; writes nothing")
    options.add_argument("--write", action="store_true", help="write docs/benchmarks.md even in a quick run")
    chosen = options.parse_args()
    try:
        text = asyncio.run(bench(Size.quick() if chosen.quick else Size.full()))
    except (CannotPrepare, NotServed) as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
    print(text)
    if chosen.write or not chosen.quick:
        PAGE.write_text(text, encoding="utf-8")
        print(f"Written to {PAGE.relative_to(PROJECT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
