"""Sparse features of a message: words, stems, neighbours, and character runs inside words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from bot.assistant.nlu.text import SpanishStems, words

Floats = NDArray[np.float32]

# A name's first letter says which block it belongs to; each block is scaled to length one on its own.
BLOCKS = "wc"


def word_names(listed: Sequence[str], stems: Sequence[str]) -> list[str]:
    """Names of the word features: each word, each stem, each pair of neighbouring stems."""
    bounded = ["^", *stems, "$"]
    pairs = [f"w{first} {second}" for first, second in zip(bounded, bounded[1:], strict=False)]
    return [f"w={word}" for word in listed] + [f"w~{stem}" for stem in stems] + pairs


def character_names(listed: Sequence[str], shortest: int, longest: int) -> list[str]:
    """Names of the runs of `shortest` to `longest` characters inside each word with its edges."""
    names = []
    for word in listed:
        edged = f" {word} "
        for size in range(shortest, longest + 1):
            names.extend("c" + edged[start : start + size] for start in range(len(edged) - size + 1))
    return names


@dataclass(frozen=True)
class SparseRow:
    """One message: `columns` (k,) of the vocabulary and their `values` (k,)."""

    columns: NDArray[np.int64]
    values: Floats


class SparseFeatures:
    """Weighs the names seen in training; `row` is made for one short message at a time."""

    def __init__(self, names: Sequence[str], weights: Floats, shortest: int = 2, longest: int = 5) -> None:
        self.names = list(names)
        self.weights = weights
        self._shortest, self._longest = shortest, longest
        self._column = {name: column for column, name in enumerate(self.names)}
        self._stems = SpanishStems()

    @classmethod
    def learn(cls, texts: Iterable[str], least_seen: int = 2, shortest: int = 2, longest: int = 5) -> "SparseFeatures":
        """Vocabulary and inverse document frequencies of the training texts."""
        blank = cls([], np.zeros(0, dtype=np.float32), shortest, longest)
        seen: Counter[str] = Counter()
        total = 0
        for text in texts:
            seen.update(set(blank.names_of(text)))
            total += 1
        names = sorted(name for name, count in seen.items() if count >= least_seen or name[0] == "w")
        weights = [np.log((1 + total) / (1 + seen[name])) + 1 for name in names]
        return cls(names, np.array(weights, dtype=np.float32), shortest, longest)

    def names_of(self, text: str) -> list[str]:
        """Every feature name in the text, repeated as often as it stands there."""
        listed = words(text)
        return word_names(listed, self._stems(listed)) + character_names(listed, self._shortest, self._longest)

    def row(self, text: str) -> SparseRow:
        """The message as tf-idf, each block of length one; empty when nothing in it was seen in training."""
        counts = Counter(column for name in self.names_of(text) if (column := self._column.get(name)) is not None)
        columns = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
        repeated = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
        values = (1 + np.log(repeated)) * self.weights[columns]
        return SparseRow(columns, self._scaled(columns, values))

    def _scaled(self, columns: NDArray[np.int64], values: Floats) -> Floats:
        """`values` with the words and the characters each scaled to length one."""
        is_word = columns >= self._first_word_column()
        for block in (is_word, ~is_word):
            length = float(np.sqrt(np.square(values[block]).sum()))
            if length > 0:
                values[block] /= length
        return values.astype(np.float32)

    def _first_word_column(self) -> int:
        """Names are sorted, so that characters (`c…`) stand before words (`w…`)."""
        return int(np.searchsorted(np.array([name[0] for name in self.names]), "w")) if self.names else 0

    def matrix(self, texts: Sequence[str]) -> csr_matrix:
        """Rows of `texts`, shape (number of texts, number of names)."""
        rows = [self.row(text) for text in texts]
        starts = np.cumsum([0, *(len(row.columns) for row in rows)])
        columns = np.concatenate([row.columns for row in rows]) if rows else np.zeros(0, dtype=np.int64)
        values = np.concatenate([row.values for row in rows]) if rows else np.zeros(0, dtype=np.float32)
        return csr_matrix((values, columns, starts), shape=(len(rows), len(self.names)))
