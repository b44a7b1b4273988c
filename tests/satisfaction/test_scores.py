"""Scores in people's words, and what only looks like one."""

import pytest

from bot.satisfaction.model import read_score


@pytest.mark.parametrize(
    ("said", "points", "comment"),
    [
        ("4", 4, ""),
        ("un 4", 4, ""),
        ("le doy un 2", 2, ""),
        ("Pues un cuatro, gracias", 4, ""),
        ("cinco estrellas", 5, ""),
        ("5️⃣", 5, ""),
        ("⭐⭐⭐", 3, ""),
        ("4/5", 4, ""),
        ("5, muy bien", 5, "muy bien"),
        ("2. No me resolvió nada", 2, "No me resolvió nada"),
        ("1 - llevo una semana esperando", 1, "llevo una semana esperando"),
        ("5 · Muy bien", 5, ""),
    ],
)
def test_a_score_is_read_however_it_is_written(said: str, points: int, comment: str) -> None:
    score = read_score(said)
    assert score is not None
    assert (score.points, score.comment, score.is_sure) == (points, comment, True)


@pytest.mark.parametrize("said", ["3 facturas pendientes", "5 muy bien gracias", "una factura"])
def test_a_number_before_other_words_is_not_sure(said: str) -> None:
    score = read_score(said)
    assert score is not None
    assert not score.is_sure


@pytest.mark.parametrize("said", ["10", "0", "6", "4,5", "3 %", "100", "quiero 4 facturas", "hola", "12345678Z", ""])
def test_other_numbers_are_none(said: str) -> None:
    assert read_score(said) is None
