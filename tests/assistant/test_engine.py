"""Turns with the trained model, in one transaction each."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from rasa_sdk import Action
from sqlalchemy import select

from bot.assistant.dialogue_table import dialogue_table
from bot.assistant.engine import RasaAssistant
from bot.conversation.model import Reply, TurnFailed
from bot.database import Database

NUMBERS = count()


class Talker:
    """One conversation with the assistant."""

    def __init__(self, assistant: RasaAssistant, database: Database) -> None:
        self.assistant, self.database = assistant, database
        self.address = f"test:{next(NUMBERS)}"

    def say(self, text: str) -> list[Reply]:
        needs = self.assistant.understand(text)
        with self.database.writing() as connection:
            return self.assistant.answer(connection, self.address, text, needs)

    def choose(self, payload: str) -> list[Reply]:
        needs = self.assistant.understand_choice(payload, payload)
        with self.database.writing() as connection:
            return self.assistant.answer(connection, self.address, payload, needs)


@pytest.fixture
def talker(assistant: RasaAssistant, own_database: Database) -> Talker:
    return Talker(assistant, own_database)


def intents(assistant: RasaAssistant, text: str) -> list[str]:
    return [need["intent"]["name"] for need in assistant.understand(text)]


def test_the_first_answer_says_that_it_is_a_machine_and_later_ones_do_not(talker: Talker) -> None:
    assert "automático" in talker.say("¿cómo entro?")[0].text
    assert not any("automático" in reply.text for reply in talker.say("¿qué documentos mando?"))


def test_gas_goes_before_the_welcome(talker: Talker) -> None:
    assert "112" in talker.say("¡huele a gas!")[0].text


def test_gas_goes_before_whatever_else_is_asked(assistant: RasaAssistant) -> None:
    assert intents(assistant, "¿Dónde veo las facturas? Y además huele mucho a gas en el portal")[0] == "gas_smell"


def test_two_needs_are_both_answered(talker: Talker) -> None:
    talker.say("hola")
    answered = " ".join(reply.text for reply in talker.say("¿Dónde veo mis facturas? ¿Y cómo cambio de representante?"))
    assert "factura" in answered
    assert "cambiar representante" in answered


@pytest.mark.parametrize("text", ["/restart", "/session_start", '/greet{"a": "b"}', "/affirm", "//", "/ / /"])
def test_a_slash_from_outside_is_text(assistant: RasaAssistant, text: str) -> None:
    (need,) = assistant.understand(text)
    assert need["text"] == text
    assert need["intent"]["name"] not in ("restart", "session_start")
    assert need["intent"]["confidence"] < 1.0 or need["intent"]["name"] == "nlu_fallback"
    assert not [entity for entity in need["entities"] if entity["entity"] != "identifier"]


def test_a_chosen_button_is_certain(talker: Talker) -> None:
    assert any("112" in reply.text for reply in talker.choose("/gas_smell"))


def test_company_data_is_filled_in_and_no_placeholder_is_left(assistant: RasaAssistant) -> None:
    reply = assistant.say("utter_contact_details")
    assert "migestor@naturgy.com" in reply.text
    assert "{" not in reply.text


def test_a_failing_action_fails_the_turn_and_writes_nothing(
    talker: Talker, own_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("planted")

    actions = talker.assistant._processor.action_endpoint._executor.actions
    monkeypatch.setitem(actions, "action_cancel", fail)
    with pytest.raises(TurnFailed, match="RuntimeError"):
        talker.choose("/cancel")
    with own_database.reading() as connection:
        kept = connection.execute(select(dialogue_table).where(dialogue_table.c.address == talker.address)).first()
    assert kept is None


def test_an_action_without_a_class_fails_the_turn(talker: Talker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(talker.assistant._processor.action_endpoint._executor.actions, "action_cancel")
    with pytest.raises(TurnFailed):
        talker.choose("/cancel")


def test_every_action_of_the_domain_has_its_class(assistant: RasaAssistant) -> None:
    ours = {name for name in assistant._processor.domain.user_actions if name.startswith(("action_", "validate_"))}
    assert ours <= set(assistant._processor.action_endpoint._executor.actions)


def test_our_actions_are_rasa_sdk_s(assistant: RasaAssistant) -> None:
    run = assistant._processor.action_endpoint._executor.actions["action_cancel"]
    assert isinstance(run.__self__, Action)


def test_tensorflow_is_left_out_of_a_serving_process() -> None:
    import subprocess
    import sys

    code = (
        "from bot.assistant.without_tensorflow import leave_out_tensorflow as f; f();"
        "import bot.assistant.engine, sys, tensorflow as tf;"
        "assert not hasattr(sys.modules['tensorflow'], '__version__');"
        "assert 'tensorflow.python.pywrap_tensorflow' not in sys.modules;\n"
        "try: tf.constant(1)\n"
        "except RuntimeError: pass\n"
        "else: raise SystemExit(1)"
    )
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code]).returncode == 0


def test_an_error_of_a_component_fails_the_turn(assistant: RasaAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(text: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(assistant._processor, "parse_text", fail)
    with pytest.raises(TurnFailed, match="ZeroDivisionError"):
        assistant.understand("hola")


def test_an_error_of_rasa_itself_fails_the_turn(talker: Talker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talker.assistant._processor, "domain", None)
    with pytest.raises(TurnFailed):
        talker.choose("/greet")


def test_rules_that_never_listen_fail_the_turn(talker: Talker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talker.assistant._processor, "max_number_of_predictions", 0)
    with pytest.raises(TurnFailed, match="EndlessTurn"):
        talker.choose("/greet")
