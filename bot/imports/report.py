"""What an operator sees of an import: bars while it runs, then what was done or what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType

from tqdm import tqdm

from bot.imports.files import CsvFile
from bot.imports.model import Loaded, Outcome


class Bars:
    """One bar a file on standard error, in bytes; none when nobody watches (it is no terminal)."""

    def __init__(self, files: Sequence[CsvFile]) -> None:
        self._sizes = {file.name: file.bytes for file in files}
        self._bars: dict[str, tqdm[None]] = {}

    def __enter__(self) -> Bars:
        return self

    def __call__(self, name: str, done: int) -> None:
        """Move the bar of a file to `done` bytes."""
        if name not in self._bars:
            self._bars[name] = tqdm(total=self._sizes[name], desc=name, unit="B", unit_scale=True, disable=None)
        self._bars[name].update(done - self._bars[name].n)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for bar in self._bars.values():
            bar.close()


def said(outcome: Outcome) -> Iterator[str]:
    """The lines that end an import."""
    problems = outcome.problems
    if problems.count:
        yield from map(str, problems.shown)
        if problems.count > len(problems.shown):
            yield f"… and {problems.count - len(problems.shown):,} more"
        yield f"{problems.count:,} bad rows: nothing was stored."
        return
    yield from map(_done, outcome.loaded)
    if not outcome.stored:
        yield "Dry run: nothing was stored."


def _done(loaded: Loaded) -> str:
    changes = ", ".join(f"{each.table} {each.new:,} new {each.changed:,} changed" for each in loaded.changes)
    return f"{loaded.file}: {loaded.rows:,} rows; {changes}"
