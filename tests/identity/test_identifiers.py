"""Identifiers are found in what people write, normalised, and told what is wrong with them."""

import random
import string
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban as iban_rules
from stdnum.es import cif as cif_rules
from stdnum.es import cups as cups_rules
from stdnum.es import dni as dni_rules

from bot.identity.identifiers import Identifier, Kind, Problem, find_identifiers

Found = list[tuple[str, str, str | None]]


def found_in(text: str, **options: Any) -> Found:
    return [(one.kind.value, one.value, one.problem and one.problem.value) for one in find_identifiers(text, **options)]


VALID = [
    # NIF
    ("12345678Z", "nif", "12345678Z"),
    ("mi dni es 12345678z", "nif", "12345678Z"),
    ("12.345.678-z", "nif", "12345678Z"),
    ("12.345.678 - Z", "nif", "12345678Z"),
    ("12 345 678 Z por favor", "nif", "12345678Z"),
    ("1 2 3 4 5 6 7 8 z", "nif", "12345678Z"),
    ("12345678/Z", "nif", "12345678Z"),
    ("nif:12345678Z,", "nif", "12345678Z"),
    ("(12345678Z)", "nif", "12345678Z"),
    ("NIF12345678Z", "nif", "12345678Z"),
    ("dni12345678z.", "nif", "12345678Z"),
    ("ES12345678Z", "nif", "12345678Z"),
    ("es-12345678-z", "nif", "12345678Z"),
    ("nº12345678Z", "nif", "12345678Z"),
    ("n.i.f._12345678Z_", "nif", "12345678Z"),
    ("12\u2011345\u2011678\u2011Z", "nif", "12345678Z"),
    ("12\u00a0345\u00a0678\u00a0Z", "nif", "12345678Z"),
    ("12345678\u200bZ", "nif", "12345678Z"),
    ("12·345·678·Z", "nif", "12345678Z"),
    ("１２３４５６７８Ｚ", "nif", "12345678Z"),
    ("12345678\tZ", "nif", "12345678Z"),
    ("vivo en el 28001, 12345678Z", "nif", "12345678Z"),
    ("28001 12345678Z", "nif", "12345678Z"),
    ("12345678Z 28001 Madrid", "nif", "12345678Z"),
    ("el contrato de 12345678Z", "nif", "12345678Z"),
    ("mi dni 00000023 t", "nif", "00000023T"),
    ("K1234567L", "nif", "K1234567L"),
    ("l-1234567-l", "nif", "L1234567L"),
    ("m 1234567 l", "nif", "M1234567L"),
    ("me di de alta con DNI 00000001R y no entro", "nif", "00000001R"),
    # letters that are words too
    ("mi nif 23000006 y", "nif", "23000006Y"),
    ("NIF 00000006 Y", "nif", "00000006Y"),
    # NIE
    ("x-1234567-l", "nie", "X1234567L"),
    ("X1234567L", "nie", "X1234567L"),
    ("x 1.234.567 l", "nie", "X1234567L"),
    ("nieY0123456Y", "nie", "Y0123456Y"),
    ("soy z7654321h", "nie", "Z7654321H"),
    # CIF
    ("B12345674", "cif", "B12345674"),
    ("b 12 34 56 74", "cif", "B12345674"),
    ("b-12345674", "cif", "B12345674"),
    ("B-12.345.674", "cif", "B12345674"),
    ("B.12345674", "cif", "B12345674"),
    ("cif:b12345674;", "cif", "B12345674"),
    ("esb12345674", "cif", "B12345674"),
    ("ES-B12345674", "cif", "B12345674"),
    ("Me di de alta con B12345674, ¿qué hago?", "cif", "B12345674"),
    ("la factura de B12345674", "cif", "B12345674"),
    ("a58818501", "cif", "A58818501"),
    ("el cif es a 58818501", "cif", "A58818501"),
    ("P1234567D", "cif", "P1234567D"),
    ("q2826000h", "cif", "Q2826000H"),
    ("comunidad H12345674", "cif", "H12345674"),
    ("G12345674", "cif", "G12345674"),
    ("j12345674", "cif", "J12345674"),
    ("C1234567D", "cif", "C1234567D"),
    ("W1234567D", "cif", "W1234567D"),
    # passport
    ("AAA123456", "passport", "AAA123456"),
    ("aaa-123456", "passport", "AAA123456"),
    ("mi pasaporte es AAA 123456", "passport", "AAA123456"),
    ("pasaporte pab123456", "passport", "PAB123456"),
    ("pasaporte francés 12AB34567", "passport", "12AB34567"),
    ("mi pasaporte es B12345674", "passport", "B12345674"),
    ("passport number 123456789", "passport", "123456789"),
    ("con pasaporte C01X00T47", "passport", "C01X00T47"),
    # CUPS
    ("ES1234123456789012JY", "cups", "ES1234123456789012JY"),
    ("cups es 1234 1234 5678 9012 jy", "cups", "ES1234123456789012JY"),
    ("ES 1234-123456789012-JY 1F", "cups", "ES1234123456789012JY1F"),
    ("el CUPSES1234123456789012JY1F", "cups", "ES1234123456789012JY1F"),
    ("ES1234123456789012JY 5A planta", "cups", "ES1234123456789012JY"),
    # IBAN
    ("ES91 2100 0418 4502 0005 1332", "iban", "ES9121000418450200051332"),
    ("es9121000418450200051332", "iban", "ES9121000418450200051332"),
    ("ES 91-2100-0418-45-0200051332", "iban", "ES9121000418450200051332"),
    ("ES91 2100 0418 4502 0005 1332 912100100", "iban", "ES9121000418450200051332"),
    ("ibanDE89370400440532013000", "iban", "DE89370400440532013000"),
    ("DE89 3704 0044 0532 0130 00 es mi cuenta", "iban", "DE89370400440532013000"),
]


@pytest.mark.parametrize(("text", "kind", "value"), VALID)
def test_a_valid_identifier_is_found_and_normalised(text: str, kind: str, value: str) -> None:
    assert found_in(text) == [(kind, value, None)]


INVALID = [
    ("12345678A", "nif", "12345678A", "wrong_letter"),
    ("12345678I", "nif", "12345678I", "wrong_letter"),
    ("mi nif es 12.345.678-x", "nif", "12345678X", "wrong_letter"),
    ("X1234567A", "nie", "X1234567A", "wrong_letter"),
    ("mi nif k1234567a", "nif", "K1234567A", "wrong_letter"),
    ("1234567Z", "nif", "1234567Z", "too_short"),
    ("1.234.567-z", "nif", "1234567Z", "too_short"),
    ("mi dni es 1 234 567 z", "nif", "1234567Z", "too_short"),
    ("mi dni 123456z", "nif", "123456Z", "too_short"),
    ("123456789Z", "nif", "123456789Z", "too_long"),
    ("nif 1234567890z", "nif", "1234567890Z", "too_long"),
    ("mi dni es 12345678", "nif", "12345678", "too_short"),
    ("mi dni es 12.345.678", "nif", "12345678", "too_short"),
    ("mi dni es 12345678 y quiero entrar", "nif", "12345678", "too_short"),
    ("12345678 es mi dni", "nif", "12345678", "too_short"),
    ("mi dni es 123456789", "nif", "123456789", "wrong_format"),
    ("mi dni es 12a45678Z", "nif", "12A45678Z", "wrong_format"),
    ("mi nif O1234567L", "nif", "O1234567L", "wrong_format"),
    ("X123456L", "nie", "X123456L", "too_short"),
    ("X1234567", "nie", "X1234567", "too_short"),
    ("x-12345678-l", "nie", "X12345678L", "too_long"),
    ("nie X12345678", "nie", "X12345678", "wrong_format"),
    ("B12345675", "cif", "B12345675", "wrong_check_digit"),
    ("b 12 34 56 75", "cif", "B12345675", "wrong_check_digit"),
    ("cif F20240015", "cif", "F20240015", "wrong_check_digit"),
    ("B1234567", "cif", "B1234567", "too_short"),
    ("B123456745", "cif", "B123456745", "too_long"),
    ("mi cif es 12345674", "cif", "12345674", "too_short"),
    ("pasaporte A1234", "passport", "A1234", "too_short"),
    ("pasaporte AB12345678", "passport", "AB12345678", "too_long"),
    ("ES1234123456789012XY", "cups", "ES1234123456789012XY", "wrong_letter"),
    ("cups ES123412345678901JY", "cups", "ES123412345678901JY", "too_short"),
    ("ES12341234567890123JY1F", "cups", "ES12341234567890123JY1F", "too_long"),
    ("ES1234123456789012JY1Q", "cups", "ES1234123456789012JY1Q", "wrong_format"),
    ("ES92 2100 0418 4502 0005 1332", "iban", "ES9221000418450200051332", "wrong_check_digit"),
    ("ES91 2100 0418 4502 0005 133", "iban", "ES912100041845020005133", "too_short"),
    ("ES91 2100 0418 4502 0005 13321", "iban", "ES91210004184502000513321", "too_long"),
]


@pytest.mark.parametrize(("text", "kind", "value", "problem"), INVALID)
def test_an_invalid_identifier_is_found_with_the_reason(text: str, kind: str, value: str, problem: str) -> None:
    assert found_in(text) == [(kind, value, problem)]


NOTHING = [
    "",
    "hola",
    "llámame al 912 100 100",
    "912100100",
    "mi teléfono es el 912 100 100 y quiero entrar",
    "900 100 270 a las 5",
    "llama al 900 100 270 y pregunta",
    "a 912 100 100",
    "Y 912100100",
    "+34 600 123 456",
    "mi dni no lo tengo, mi teléfono es 612345678",
    "son 12.345.678 €",
    "debo 12345678 euros",
    "el dni cuesta 12.345.678,90",
    "el 01-02-2023 a las 10",
    "el 01/02/2023 b",
    "mi dni caducó el 12-11-2023",
    "el dni caducó el 12-11-2023 b",
    "ha subido a 58818501 ayer",
    "código postal 28001",
    "28001 Madrid",
    "factura F20240015",
    "fra. A12345675",
    "la fra 12345678A",
    "la F20240015 no me llega",
    "la F2024001 no me llega",
    "pedido 12345678",
    "12345678",
    "clave identificativa 12345678",
    "FRA123456",
    "los 123456 euros",
    "expediente EXP-123456",
    "12345678z@gmail.com",
    "ana@12345678z.es",
    "tres12345678z",
    "12345678Zorro",
    "x12345678z9",
    "1234567 kWh",
    "consumo 1234567 W al mes",
    "son abc 123456",
    "12345678\nZ",
    "AB12 casas en 20 minutos tengo que llegar",
    "DE89 3704 0044 0532 0130 01",
    "\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668Z",
]


@pytest.mark.parametrize("text", NOTHING)
def test_other_numbers_are_no_identifiers(text: str) -> None:
    assert found_in(text) == []


EXPECTED = [
    ("12345678", [("nif", "12345678", "too_short")]),
    ("1.234.567", [("nif", "1234567", "too_short")]),
    ("creo que es el 12 345 678", [("nif", "12345678", "too_short")]),
    ("12a45678Z", [("nif", "12A45678Z", "wrong_format")]),
    ("912 100 100", []),
    ("llámame al 12345678", []),
    ("no lo tengo, 28001", []),
    ("a 12345674", [("cif", "A12345674", None)]),
]


@pytest.mark.parametrize(("text", "found"), EXPECTED)
def test_an_answer_to_the_question_for_an_identifier_needs_no_label(text: str, found: Found) -> None:
    assert found_in(text, expected=True) == found


def test_several_identifiers_come_in_the_order_of_the_text() -> None:
    text = "soy 12345678Z, de la empresa B12345674, con cups ES1234123456789012JY y pasaporte AAA123456"
    assert [kind for kind, _, _ in found_in(text)] == ["nif", "cif", "cups", "passport"]


def test_the_place_is_that_of_the_text_as_written() -> None:
    text = "Sí, ﬁjo: 12.345.678-z."
    (found,) = find_identifiers(text)
    assert text[found.start : found.end] == "12.345.678-z"


def test_k_l_and_m_are_persons_and_a_cif_is_not() -> None:
    persons = [
        find_identifiers(text)[0].kind.is_person for text in ("K1234567L", "X1234567L", "AAA123456", "B12345674")
    ]
    assert persons == [True, True, True, False]


SEPARATORS = st.sampled_from(["", "", "", " ", ".", "-", "\u00a0", "\u2013", ". "])
EIGHT_DIGITS = st.text(string.digits, min_size=8, max_size=8)
SEVEN_DIGITS = st.text(string.digits, min_size=7, max_size=7)
COMPANY_LETTERS = st.sampled_from("ABCDEFGHJNPQRSUVW")


def nif(number: str) -> str:
    return number + dni_rules.calc_check_digit(number)


def nie(letter: str, number: str) -> str:
    return letter + number + dni_rules.calc_check_digit(str("XYZ".index(letter)) + number)


def cif(letter: str, number: str) -> str:
    endings = cif_rules.calc_check_digits(letter + number)
    return letter + number + endings[letter in "NPQRSW" or number.startswith("00")]


def cups(number: str) -> str:
    return "ES" + number + cups_rules.calc_check_digits("ES" + number)


def iban(number: str) -> str:
    account = number[:8] + account_check(number) + number[8:]
    return "ES" + iban_rules.calc_check_digits("ESxx" + account) + account


def account_check(number: str) -> str:
    from stdnum.es import ccc

    return str(ccc.calc_check_digits(number[:8] + "00" + number[8:]))


VALID_VALUES = st.one_of(
    EIGHT_DIGITS.map(nif),
    st.builds(nie, st.sampled_from("XYZ"), SEVEN_DIGITS),
    st.builds(cif, COMPANY_LETTERS, SEVEN_DIGITS),
    st.text(string.digits, min_size=16, max_size=16).map(cups),
    st.text(string.digits, min_size=18, max_size=18).map(iban),
)


@st.composite
def decorated(draw: st.DrawFn, values: st.SearchStrategy[str]) -> tuple[str, str]:
    """A value and one way of writing it."""
    value = draw(values)
    gaps = draw(st.lists(SEPARATORS, min_size=len(value), max_size=len(value)))
    if value.startswith("ES"):
        gaps[0] = ""  # nobody takes the country's letters apart
    written = "".join(character + gap for character, gap in zip(value[:-1], gaps, strict=False)) + value[-1]
    return value, written.lower() if draw(st.booleans()) else written


@settings(max_examples=300, deadline=None)
@given(decorated(VALID_VALUES), st.sampled_from(["mi nif es {}", "nif: {},", "({}) es mi identificación", "nif {}\n"]))
def test_whatever_the_separators_a_valid_identifier_is_found(pair: tuple[str, str], sentence: str) -> None:
    value, written = pair
    assert [(one.value, one.problem) for one in find_identifiers(sentence.format(written))] == [(value, None)]


@settings(max_examples=300, deadline=None)
@given(VALID_VALUES, st.data())
def test_a_changed_check_character_is_a_problem(value: str, data: st.DataObject) -> None:
    alphabet = string.digits if value[-1].isdecimal() else "TRWAGMYFPDXBNJZSQVHLCKE"
    other = data.draw(st.sampled_from([character for character in alphabet if character != value[-1]]))
    (found,) = find_identifiers(f"mi nif es {value[:-1]}{other}")
    assert found.problem in (Problem.WRONG_LETTER, Problem.WRONG_CHECK_DIGIT)


@settings(max_examples=300, deadline=None)
@given(st.one_of(EIGHT_DIGITS.map(nif), st.builds(nie, st.sampled_from("XYZ"), SEVEN_DIGITS)), st.data())
def test_a_person_s_digit_missing_or_doubled_is_a_problem(value: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, 7))
    shorter, longer = value[:place] + value[place + 1 :], value[:place] + value[place] + value[place:]
    assert [one.problem for one in find_identifiers(f"mi nif es {shorter}")] == [Problem.TOO_SHORT]
    assert [one.problem for one in find_identifiers(f"mi nif es {longer}")] == [Problem.TOO_LONG]


ANY_TEXT = st.text(st.characters(), max_size=200)
LIKELY_TEXT = st.text("0123456789XYZBES kl.-/,@\n\u200b\ud800\uff11nifcps", max_size=120)


@settings(max_examples=500, deadline=None)
@given(st.one_of(ANY_TEXT, LIKELY_TEXT), st.booleans())
def test_no_text_breaks_the_search(text: str, expected: bool) -> None:
    found = find_identifiers(text, expected=expected)
    ends = [0, *(one.end for one in found)]
    assert all(end <= one.start < one.end <= len(text) for end, one in zip(ends, found, strict=False))
    assert all(isinstance(one, Identifier) and isinstance(one.kind, Kind) and one.value.isalnum() for one in found)


LONG_UNITS = [
    "Quiero entrar con mi NIF en 2024. ",
    "1 ",
    "1.",
    "b 1 ",
    "1a",
    "ES12 ",
    "B12345674 ",
    "dni 12345678 y ",
    "1",
]


@pytest.mark.parametrize("unit", LONG_UNITS)
def test_a_hundred_kilobytes_take_less_than_fifty_milliseconds(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    assert min(seconds_for(text) for _ in range(5)) < 0.05


def test_random_characters_of_every_script_take_less_than_fifty_milliseconds() -> None:
    dice = random.Random(7)
    text = "".join(chr(dice.randrange(32, 0xD7FF)) for _ in range(100_000))
    assert min(seconds_for(text) for _ in range(5)) < 0.05


def seconds_for(text: str) -> float:
    start = time.process_time()
    find_identifiers(text, expected=True)
    return time.process_time() - start


@pytest.mark.parametrize("value", ["B1234567D", "P12345674"])
def test_a_cif_may_end_in_the_digit_or_the_letter_of_its_sum(value: str) -> None:
    (found,) = find_identifiers(f"cif {value}")
    assert (found.kind, found.value, found.problem) == (Kind.CIF, value, None)
