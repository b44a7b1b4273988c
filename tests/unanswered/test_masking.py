"""What may say who asked is taken out of a question before it is kept."""

import pytest

from bot.unanswered.masking import LONGEST_KEPT, masked


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("me llamo marta ruiz y no me deja", "me llamo NOMBRE y no me deja"),
        ("mi correo es marta.ruiz@gmail.com", "mi correo es CORREO"),
        ("pepe arroba gmail punto com", "CORREO"),
        ("llamad al 91 555 12 12 mañana", "llamad al NÚMERO mañana"),
        ("mi móvil es +34 600 123 456", "mi móvil es NÚMERO"),
        ("soy el 12.345.678-Z", "soy el IDENTIFICADOR"),
        ("mi dni es 12345678", "mi dni es IDENTIFICADOR"),
        ("el iban ES91 2100 0418 4502 0005 1332 no sale", "el iban IDENTIFICADOR no sale"),
        ("cups ES0021000000000001AB", "cups IDENTIFICADOR"),
        ("¿Y si se lo doy a Pedro?", "¿Y si se lo doy a NOMBRE?"),
        ("La de María del Mar Gómez", "La de NOMBRE"),
        ("NO ME LLEGA LA FACTURA DE JUAN PEREZ", "NO ME LLEGA LA FACTURA DE NOMBRE"),
        ("Marta dice que están mal", "NOMBRE dice que están mal"),
        ("vivo en la calle del olmo 15", "vivo en la DIRECCIÓN"),
        ("https://x.es/a?token=1 qué es", "ENLACE qué es"),
        ("el señor etxebarria no aparece", "el señor NOMBRE no aparece"),
    ],
)
def test_what_says_who_it_was_is_taken_out(asked: str, kept: str) -> None:
    assert masked(asked) == kept


@pytest.mark.parametrize(
    "asked",
    [
        "¿Cuánto cuesta el gas en Marzo?",
        "tengo 12 clientes y 3 gestores",
        "Necesito el PDF del IVA",
        "¿Qué tiempo hace hoy?",
        "NO ME FUNCIONA NADA",
        "la luz de la escalera parpadea",
    ],
)
def test_ordinary_words_stay(asked: str) -> None:
    assert masked(asked) == asked


def test_a_long_text_is_cut_and_hostile_ones_end_in_time() -> None:
    assert len(masked("palabra " * 300)) <= LONGEST_KEPT
    for hostile in ("a" * 2000, "1 " * 1000, "@" * 2000, "don " * 500, "calle " * 300, "A. " * 600, "x.1/" * 500):
        masked(hostile)
