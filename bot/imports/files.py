"""Opens CSV files as offices write them: UTF-8 with or without its mark, commas or semicolons, columns in any order."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

from bot.imports.model import FileRefused, Layout

LONGEST_VALUE = 10_000
Row = tuple[int, Sequence[str]]


class CsvFile:
    """One file: its layout, found by its columns, and its rows. Raises FileRefused."""

    def __init__(self, path: Path, layouts: Sequence[Layout]) -> None:
        self.path = path
        self.name = path.name
        self.bytes = self._size()
        header, self._delimiter = self._header()
        self.layout = _layout_of(self.name, header, layouts)
        self._places = [header.index(name) if name in header else len(header) for name in self.layout.columns]
        self._width = len(header)

    def rows(self, progress: Callable[[int], None]) -> Iterator[Row]:
        """(line, values in the layout's order; None for a wrong number of them) of every row that is not empty.

        `progress` is told how many bytes have been read.
        """
        csv.field_size_limit(LONGEST_VALUE)
        in_order = itemgetter(*self._places)
        with self._open() as file:
            reader = csv.reader(self._text(file), delimiter=self._delimiter)
            for count, values in enumerate(self._guarded(reader)):
                if count and values:
                    values.append("")
                    yield reader.line_num, in_order(values) if len(values) == self._width + 1 else ()
                if count % 5000 == 0:
                    progress(file.tell())
        progress(self.bytes)

    def _guarded(self, reader: Iterator[list[str]]) -> Iterator[list[str]]:
        try:
            yield from reader
        except UnicodeDecodeError:
            raise FileRefused(f"{self.name} is not in UTF-8") from None
        except csv.Error as error:
            raise FileRefused(f"{self.name} is no CSV file: {error}") from None

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except OSError as error:
            raise FileRefused(f"{self.path} cannot be read ({error.strerror})") from None

    def _open(self) -> BinaryIO:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise FileRefused(f"{self.path} cannot be read ({error.strerror})") from None

    def _text(self, file: BinaryIO) -> io.TextIOWrapper:
        return io.TextIOWrapper(file, encoding="utf-8-sig", newline="")

    def _header(self) -> tuple[list[str], str]:
        with self._open() as file:
            try:
                line = self._text(file).readline(LONGEST_VALUE)
            except UnicodeDecodeError:
                raise FileRefused(f"{self.name} is not in UTF-8") from None
        delimiter = ";" if line.count(";") > line.count(",") else ","
        names = next(csv.reader([line], delimiter=delimiter), [])
        return [name.strip().lower() for name in names], delimiter


def _layout_of(name: str, header: Sequence[str], layouts: Sequence[Layout]) -> Layout:
    """The layout that most columns belong to, if the columns are its own, each once."""
    layout = max(layouts, key=lambda layout: len(set(header) & set(layout.columns)))
    missing = [column for column in layout.required if column not in header]
    unknown = [column for column in header if column not in layout.columns]
    twice = [column for column in layout.columns if header.count(column) > 1]
    if len(missing) == len(layout.required):
        raise FileRefused(f"{name} has no header that is known")
    for problem, columns in (("unknown", unknown), ("missing", missing), ("repeated", twice)):
        if columns:
            raise FileRefused(f"{name}: {problem} columns for {layout.name}: {', '.join(columns)[:200]}")
    return layout
