"""The registration form, its result, and the answer to a message with an identifier."""

from typing import Any

import pytest

from actions.registration import ActionAnswerIdentifier, ActionRegistrationResult, ValidateRegistrationForm
from tests.actions.conversations import Outcome, outcome_of, tracker_of

FORM = "registration_form"
IDENTIFIER = "registration_identifier"
STILL = "still_representative"


def asked(slot: str, text: str, intent: str = "nlu_fallback", **slots: Any) -> Outcome:
    """The form reads a message that came after it had asked for that slot."""
    return outcome_of(ValidateRegistrationForm(), tracker_of(text, intent, form=FORM, requested_slot=slot, **slots))


def still_asked(text: str, intent: str = "nlu_fallback", **slots: Any) -> Outcome:
    return asked(STILL, text, intent, registration_identifier="12345678Z", registration_kind="nif", **slots)


def is_left_to_the_rules(outcome: Outcome) -> bool:
    """Whether Rasa rejects the form's turn: it does when no slot but the requested one was set."""
    return not outcome.said and set(outcome.slots) == {"requested_slot"}


PERSONS = [
    ("12.345.678-z", "nif", "12345678Z"),
    ("x1234567l", "nie", "X1234567L"),
    ("aaa123456", "passport", "AAA123456"),
]


@pytest.mark.parametrize(("text", "kind", "value"), PERSONS)
def test_a_person_s_identifier_is_kept_and_the_representative_asked_for(text: str, kind: str, value: str) -> None:
    outcome = asked(IDENTIFIER, text, "identifier_given")
    assert outcome.slots == {IDENTIFIER: value, "registration_kind": kind, "requested_slot": STILL}
    assert outcome.said == []


def test_after_a_cif_nothing_more_is_asked() -> None:
    outcome = asked(IDENTIFIER, "es el b 12 34 56 74")
    assert outcome.slots == {IDENTIFIER: "B12345674", "registration_kind": "cif", "requested_slot": None}


BAD_IDENTIFIERS = [
    ("12345678A", "utter_identifier_wrong_letter", "12345678A"),
    ("1234567Z", "utter_identifier_too_short", "1234567Z"),
    ("12345678", "utter_identifier_too_short", "12345678"),
    ("123456789Z", "utter_identifier_too_long", "123456789Z"),
    ("B12345675", "utter_identifier_wrong_check_digit", "B12345675"),
    ("12a45678Z", "utter_identifier_wrong_format", "12A45678Z"),
    ("ES1234123456789012JY", "utter_identifier_cups", "ES1234123456789012JY"),
    ("ES91 2100 0418 4502 0005 1332", "utter_identifier_iban", "ES9121000418450200051332"),
]


@pytest.mark.parametrize(("text", "response", "value"), BAD_IDENTIFIERS)
def test_a_bad_identifier_is_told_why_and_counted(text: str, response: str, value: str) -> None:
    outcome = asked(IDENTIFIER, text, "identifier_given", form_failures=1.0)
    assert (outcome.said, outcome.messages[0]["identifier"]) == ([response], value)
    assert outcome.slots == {IDENTIFIER: None, "form_failures": 2.0, "requested_slot": IDENTIFIER}


NO_ANSWERS = ["nlu_fallback", "out_of_scope", "near_tariffs", "near_tax_advice", "identifier_given", "affirm", "deny"]


@pytest.mark.parametrize("intent", NO_ANSWERS)
def test_a_message_without_identifier_is_a_bad_answer(intent: str) -> None:
    outcome = asked(IDENTIFIER, "no sé", intent)
    assert (outcome.said, outcome.slots["form_failures"]) == (["utter_identifier_not_found"], 1.0)


ANSWERED_BY_RULES = ["documents_which", "cancel", "go_back", "start_over", "human_request", "gas_smell", "thanks"]


@pytest.mark.parametrize("intent", ANSWERED_BY_RULES)
@pytest.mark.parametrize(
    "ask", [lambda intent: asked(IDENTIFIER, "¿…?", intent), lambda intent: still_asked("¿…?", intent)]
)
def test_a_question_is_left_to_its_rule(ask: Any, intent: str) -> None:
    assert is_left_to_the_rules(ask(intent))


def test_who_says_cif_without_its_number_is_done() -> None:
    assert asked(IDENTIFIER, "con el CIF", "registered_with_cif").slots["requested_slot"] is None


def test_who_says_nif_without_its_number_is_asked_for_the_representative() -> None:
    assert asked(IDENTIFIER, "con mi DNI", "registered_with_nif").slots["requested_slot"] == STILL


@pytest.mark.parametrize(("slot", "text"), [(IDENTIFIER, "12345678A"), (STILL, "pues verás")])
def test_the_third_bad_answer_ends_the_form_without_another_reproach(slot: str, text: str) -> None:
    known = {"registration_kind": "nif"} if slot == STILL else {}
    outcome = asked(slot, text, form_failures=2.0, **known)
    assert (outcome.said, outcome.slots["requested_slot"], outcome.slots["form_failures"]) == ([], None, 3.0)


YES_AND_NO = [
    ("sí", "affirm", True),
    ("sigue siendo él", "nlu_fallback", True),
    ("ya no", "deny", False),
    ("se jubiló", "representative_change", False),
    ("/affirm", "affirm", True),
    ("/deny", "deny", False),
]


@pytest.mark.parametrize(("text", "intent", "answer"), YES_AND_NO)
def test_yes_and_no_are_read_from_the_words_and_from_the_intent(text: str, intent: str, answer: bool) -> None:
    assert still_asked(text, intent).slots == {STILL: answer, "requested_slot": None}


def test_neither_yes_nor_no_is_a_bad_answer() -> None:
    outcome = still_asked("pues verás")
    assert outcome.said == ["utter_still_representative_unclear"]
    assert outcome.slots == {STILL: None, "form_failures": 1.0, "requested_slot": STILL}


STALE = {"registration_kind": "nif", "registration_identifier": "00000001R", "form_failures": 2.0, STILL: True}


def test_the_form_starts_without_what_an_earlier_one_left() -> None:
    outcome = outcome_of(ValidateRegistrationForm(), tracker_of("no lo sé", "registered_unknown", form=FORM, **STALE))
    assert outcome.said == []
    assert outcome.slots == {
        IDENTIFIER: None,
        STILL: None,
        "registration_kind": None,
        "form_failures": 0.0,
        "requested_slot": IDENTIFIER,
    }


def test_an_identifier_in_the_message_that_starts_the_form_is_taken() -> None:
    text = "no sé si con NIF o CIF, es 12345678Z"
    outcome = outcome_of(ValidateRegistrationForm(), tracker_of(text, "registered_unknown", form=FORM))
    assert (outcome.slots[IDENTIFIER], outcome.slots["requested_slot"]) == ("12345678Z", STILL)


RESULTS = [
    ({"registration_kind": "cif"}, "utter_registration_cif"),
    ({"registration_kind": "nif", STILL: True}, "utter_registration_nif_ok"),
    ({"registration_kind": "passport", STILL: False}, "utter_registration_nif_changed"),
    ({"form_failures": 3.0}, "utter_registration_gave_up"),
]


@pytest.mark.parametrize(("slots", "response"), RESULTS)
def test_the_result_is_said_and_the_answers_forgotten(slots: dict[str, Any], response: str) -> None:
    outcome = outcome_of(ActionRegistrationResult(), tracker_of(**slots))
    assert outcome.said == [response]
    assert outcome.slots == {IDENTIFIER: None, STILL: None, "registration_kind": None, "form_failures": 0.0}


ANSWERS = [
    ("Me di de alta con B12345674, ¿qué hago?", "registered_with_cif", "utter_registration_cif"),
    ("B12345674, lo usé al darme de alta", "identifier_given", "utter_registration_cif"),
    ("estoy registrada con B12345674", "identifier_given", "utter_registration_cif"),
    ("¿B12345674 es un CIF?", "identifier_given", "utter_identifier_kind_cif"),
    ("12345678Z", "identifier_given", "utter_identifier_kind_nif"),
    ("X1234567L", "identifier_given", "utter_identifier_kind_nie"),
    ("mi pasaporte AAA123456", "identifier_given", "utter_identifier_kind_passport"),
    ("me di de alta con el 12345678Z", "registered_with_nif", "utter_registered_with_nif"),
    ("12345678A", "identifier_given", "utter_identifier_wrong_letter"),
    ("12345678", "identifier_given", "utter_identifier_too_short"),
    ("alta con B12345675", "registered_with_cif", "utter_identifier_wrong_check_digit"),
    ("ES1234123456789012JY", "identifier_given", "utter_identifier_cups"),
    ("me falta la letra del 12345678A, y el de mi socio 00000001R", "identifier_given", "utter_identifier_kind_nif"),
    ("me di de alta con el CIF", "registered_with_cif", "utter_registered_with_cif"),
    ("me di de alta con mi DNI", "registered_with_nif", "utter_registered_with_nif"),
]


@pytest.mark.parametrize(("text", "intent", "response"), ANSWERS)
def test_a_message_about_an_identifier_is_answered_from_its_form(text: str, intent: str, response: str) -> None:
    outcome = outcome_of(ActionAnswerIdentifier(), tracker_of(text, intent))
    assert outcome.said[0] == response


@pytest.mark.parametrize(
    ("text", "intent", "kept"),
    [
        ("Me di de alta con B12345674, ¿qué hago?", "registered_with_cif", "B12345674"),
        ("me di de alta con el 12345678-z", "registered_with_nif", "12345678Z"),
        ("me di de alta con 12345678A", "registered_with_nif", None),
        ("¿B12345674 es un CIF?", "identifier_given", None),
        ("me di de alta con el CIF", "registered_with_cif", None),
    ],
)
def test_a_check_is_offered_of_a_good_identifier_of_an_account(text: str, intent: str, kept: str | None) -> None:
    outcome = outcome_of(ActionAnswerIdentifier(), tracker_of(text, intent))
    assert ("utter_registration_check_offered" in outcome.said, outcome.slots.get("lookup_identifier")) == (
        kept is not None,
        kept,
    )


def test_a_check_is_offered_after_the_form_too() -> None:
    outcome = outcome_of(
        ActionRegistrationResult(), tracker_of(registration_identifier="B12345674", registration_kind="cif")
    )
    assert outcome.said == ["utter_registration_cif", "utter_registration_check_offered"]
    assert outcome.slots["lookup_identifier"] == "B12345674"


def test_an_answer_about_an_identifier_names_it() -> None:
    outcome = outcome_of(ActionAnswerIdentifier(), tracker_of("¿está bien 12.345.678-z?", "identifier_given"))
    assert outcome.messages[0]["identifier"] == "12345678Z"


def test_who_announces_an_identifier_without_giving_it_is_asked_for_it() -> None:
    outcome = outcome_of(ActionAnswerIdentifier(), tracker_of("¿está bien mi NIF?", "identifier_given"))
    assert (outcome.said, outcome.events) == (["utter_identifier_given"], [])
