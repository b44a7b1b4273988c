"""Cuts a text into the likeliest pieces of a vocabulary (unigram segmentation, as SentencePiece does it)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_SPACE = "▁"
_UNKNOWN_PENALTY = 10.0
_OUT_OF_REACH = -1e30


class PieceVocabulary:
    """`pieces` with their log probabilities; an index into them stands for a piece."""

    def __init__(self, pieces: Sequence[str], scores: NDArray[np.float32]) -> None:
        self.pieces = list(pieces)
        self.scores = scores
        self._index = {piece: index for index, piece in enumerate(self.pieces)}
        self._score_list = [float(score) for score in scores]
        self._longest = max(map(len, self.pieces))
        self._unknown = min(self._score_list) - _UNKNOWN_PENALTY

    def cut(self, text: str, most: int) -> list[int]:
        """Indices of the pieces of `text`, in order; signs outside the vocabulary are skipped; `most` are returned."""
        indices = [index for word in text.split() for index in self._cut_word(_SPACE + word)]
        return indices[:most]

    def _cut_word(self, word: str) -> list[int]:
        """Pieces of one word. No piece of the vocabulary crosses a space, so that words can be cut one by one."""
        whole = self._index.get(word)
        return [whole] if whole is not None else self._best_path(word[: 4 * self._longest])

    def _best_path(self, word: str) -> list[int]:
        """The segmentation with the highest sum of scores (dynamic programming from left to right)."""
        best = [0.0] + [_OUT_OF_REACH] * len(word)
        came_from = [(0, -1)] * (len(word) + 1)
        for start in range(len(word)):
            for end in range(start + 1, min(start + self._longest, len(word)) + 1):
                index = self._index.get(word[start:end], -1)
                if index < 0 and end > start + 1:
                    continue
                score = best[start] + (self._score_list[index] if index >= 0 else self._unknown)
                if score > best[end]:
                    best[end], came_from[end] = score, (start, index)
        return _followed_back(came_from)


def _followed_back(came_from: Sequence[tuple[int, int]]) -> list[int]:
    """The pieces on the path that ends at the last position, unknown ones left out."""
    path, end = [], len(came_from) - 1
    while end > 0:
        start, index = came_from[end]
        if index >= 0:
            path.append(index)
        end = start
    return path[::-1]
