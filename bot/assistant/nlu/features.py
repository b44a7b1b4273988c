"""Sparse features of a message: words, stems, neighbours, and runs of characters inside words."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from bot.assistant.nlu.text import stem, words

Floats = NDArray[np.float32]
Columns = NDArray[np.int64]

SHORTEST_RUN, LONGEST_RUN = 2, 5
_WORD_MARK = "w"  # first letter of the names of words; runs of characters start with "c", so that they sort before


def word_names(listed: Sequence[str]) -> list[str]:
    """Names of the word features: each word, each stem, each pair of neighbouring stems."""
    stems = [stem(word) for word in listed]
    pairs = zip(["^", *stems], [*stems, "$"], strict=True)
    return [f"w={word}" for word in listed] + [f"w~{word}" for word in stems] + [f"w{a} {b}" for a, b in pairs]


@lru_cache(maxsize=20_000)
def character_names(word: str) -> tuple[str, ...]:
    """Names of the runs of characters inside one word with its edges."""
    edged = f" {word} "
    sizes = range(SHORTEST_RUN, LONGEST_RUN + 1)
    return tuple("c" + edged[start : start + size] for size in sizes for start in range(len(edged) - size + 1))


def names_of(text: str) -> list[str]:
    """Every feature name in a text, repeated as often as it stands there."""
    listed = words(text)
    return word_names(listed) + [name for word in listed for name in character_names(word)]


@dataclass(frozen=True)
class SparseRow:
    """One message: `columns` (k,) of the vocabulary and their `values` (k,)."""

    columns: Columns
    values: Floats


class SparseFeatures:
    """Weighs the names seen in training: words and characters are each scaled to half of a row of length one."""

    def __init__(self, names: Sequence[str], weights: Floats) -> None:
        self.names = list(names)
        self.weights = weights
        self._column = {name: column for column, name in enumerate(self.names)}
        self._first_word = next((i for i, name in enumerate(self.names) if name[0] == _WORD_MARK), len(self.names))

    @classmethod
    def learn(cls, texts: Iterable[str]) -> "SparseFeatures":
        """Vocabulary and inverse document frequencies of the training texts."""
        listed = [set(names_of(text)) for text in texts]
        seen = Counter(name for names in listed for name in names)
        names = sorted(name for name, count in seen.items() if count > 1 or name[0] == _WORD_MARK)
        weights = [np.log((1 + len(listed)) / (1 + seen[name])) + 1 for name in names]
        return cls(names, np.array(weights, dtype=np.float32))

    def row(self, text: str) -> SparseRow:
        """The message as tf-idf; empty when nothing in it was seen in training."""
        known = (self._column.get(name, -1) for name in names_of(text))
        counts = Counter(column for column in known if column >= 0)
        columns = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
        repeated = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
        return SparseRow(columns, self._scaled(columns, (1 + np.log(repeated)) * self.weights[columns]))

    def _scaled(self, columns: Columns, values: Floats) -> Floats:
        """`values` with the words and the characters each of squared length one half."""
        is_word = columns >= self._first_word
        squares = np.square(values)
        of_words = float(squares @ is_word)
        of_characters = float(squares.sum()) - of_words
        lengths = np.where(is_word, max(of_words, 1e-9), max(of_characters, 1e-9))
        return np.asarray(values / np.sqrt(2 * lengths), dtype=np.float32)

    def matrix(self, texts: Sequence[str]) -> csr_matrix:
        """Rows of `texts`, shape (number of texts, number of names)."""
        rows = [self.row(text) for text in texts]
        starts = np.cumsum([0, *(len(row.columns) for row in rows)])
        columns = np.concatenate([row.columns for row in rows])
        values = np.concatenate([row.values for row in rows])
        return csr_matrix((values, columns, starts), shape=(len(rows), len(self.names)))
