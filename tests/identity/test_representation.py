"""Yes and no about the representative, in people's own words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.identity.representation import still_represents

YES = ["sí", "si", "Síí", "SI, claro", "claro que sí", "sigue siendo él", "sigo siendo yo", "el mismo", "no ha cambiado", "todavía",
       "no, sigue igual", "sin cambios", "sí, aún lo es", "correcto", "continúa ella", "no hemos cambiado"]  # fmt: skip
NO = ["no", "NO.", "no, ya no", "ya no lo es", "ya no", "no sigue", "ha cambiado", "cambió el año pasado", "ahora es otra persona",
      "se jubiló", "se fue de la gestoría", "dejó de serlo", "no lo es", "es otro", "qué va"]  # fmt: skip
NEITHER = ["", "12345678Z", "¿por qué lo preguntas?", "cómo cambio de representante", "quién es el representante",
           "¿y si ya no lo es?", "quiero hablar con alguien", "facturas", "sí " + "y " * 80]  # fmt: skip


@pytest.mark.parametrize("text", YES)
def test_yes_is_understood(text: str) -> None:
    assert still_represents(text) is True


@pytest.mark.parametrize("text", NO)
def test_no_is_understood(text: str) -> None:
    assert still_represents(text) is False


@pytest.mark.parametrize("text", NEITHER)
def test_a_question_or_anything_else_is_neither(text: str) -> None:
    assert still_represents(text) is None


@given(st.text(st.characters(), max_size=150))
def test_no_text_breaks_it(text: str) -> None:
    assert still_represents(text) in (True, False, None)
