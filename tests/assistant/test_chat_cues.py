"""What is said of the chat itself, with the slips of a phone; and what only looks like it."""

from __future__ import annotations

import re

import pytest

from actions.devices import CHANNEL_WORDS, CLOSES
from actions.notices import OFF
from bot.assistant.nlu.follow_up_reader import intent_of
from bot.identity.identifier_cues import folded


@pytest.mark.parametrize(
    "text",
    ["silencio", "silensio", "no me envíes más abisos", "dejad de mandarme avisos", "basta de avisos", "ni un aviso"],
)
def test_notices_are_switched_off(text: str) -> None:
    assert intent_of(text) == "notices"
    assert OFF.search(folded(text))


@pytest.mark.parametrize(
    "text", ["avisos sí", "vuelve a avisarme", "quiero recibir avisos otra vez", "activa los avisos"]
)
def test_notices_are_switched_on(text: str) -> None:
    assert intent_of(text) == "notices"
    assert not OFF.search(folded(text))


@pytest.mark.parametrize(
    ("text", "channels"),
    [
        ("cierra la sesion en el mobil", ["telegram", "whatsapp"]),
        ("cerrar secion en el guasap", ["whatsapp"]),
        ("ciera la sesion del ordenador", ["web"]),
        ("cerrar sesion en todos lados", []),
        ("cierra la de Telegram", ["telegram"]),
    ],
)
def test_sessions_elsewhere_are_closed(text: str, channels: list[str]) -> None:
    said = folded(text)
    assert intent_of(text) == "devices"
    assert CLOSES.search(said)
    assert [name for name, words in CHANNEL_WORDS.items() if re.search(rf"\b(?:{words})\b", said)] == channels


@pytest.mark.parametrize(
    "text", ["en q dispositivos tengo avierta la sesion", "¿dónde estoy conectado?", "quien ha entrado con mi usuario"]
)
def test_sessions_are_listed(text: str) -> None:
    assert intent_of(text) == "devices"
    assert not CLOSES.search(folded(text))


@pytest.mark.parametrize(
    "text", ["sigue con lo de la web", "q te pregunte antes en la web?", "seguimos con lo del movil"]
)
def test_another_chat_is_gone_on_with(text: str) -> None:
    assert intent_of(text) == "recall"


@pytest.mark.parametrize(
    "text",
    [
        *("¿cuánto tarda eso?", "cuanto tardais en contestar", "¿Y cuándo me respondéis?", "¿tardáis mucho?"),
        *("¿qué plazo tenéis?", "cuántos días tarda", "cuanto tarda en cambiarse", "¿cuánto tiempo hay que esperar?"),
    ],
)
def test_how_long_it_takes_is_asked(text: str) -> None:
    assert intent_of(text) == "how_long"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "¿en cuánto tiempo contestáis una reclamación?",
            "¿cuánto debe la comunidad Sol?",
            "tardan mucho en la oficina",
        ),
        *(
            "¿cuándo vence el plazo para entrar con NIF?",
            "llevo tres semanas esperando y cuánto tarda esto me da igual",
        ),
    ],
)
def test_how_long_something_takes_that_is_named_is_left_to_its_topic(text: str) -> None:
    assert intent_of(text) == ""


@pytest.mark.parametrize("text", ["cierra la sesión", "cerrar sesión", "cierra mi cuenta", "avisos de pago de octubre"])
def test_what_is_said_of_this_chat_or_of_something_else_is_left_alone(text: str) -> None:
    assert intent_of(text) == ""


@pytest.mark.parametrize("text", ["ahora las de la comunidad mediodia 10 porfa", "la primera en pdf", "la 2 y la 3"])
def test_what_goes_on_from_a_list_is_known_by_its_form(text: str) -> None:
    assert intent_of(text) == "follow_up"


@pytest.mark.parametrize("text", ["y lo de la reclamacion?", "oye lo de mi gestión", "algo de lo de la queja"])
def test_asking_after_a_procedure_in_few_words_is_no_new_one(text: str) -> None:
    assert intent_of(text) == "procedures_track"
