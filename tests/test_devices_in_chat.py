"""One person in several chats: sessions listed and closed, a talk gone on with elsewhere, notices silenced, as people write it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.open_house import OpenHouse
from tests.visitor import BEATRIZ, IGNACIO, Visitor

PHONES = [pytest.param("telegram", IGNACIO, id="telegram"), pytest.param("whatsapp", BEATRIZ, id="whatsapp")]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenHouse]:
    house = OpenHouse(tmp_path_factory.mktemp("devices"), "web", "telegram", "whatsapp")
    house.start()
    yield house
    house.stop()


def signed_in(house: OpenHouse, channel: str, nif: str) -> Visitor:
    visitor = house.visitor(channel)
    assert visitor.sign_in(nif) == 200
    assert "hola" in visitor.ask("hola")
    return visitor


@pytest.mark.parametrize(("channel", "nif"), PHONES)
def test_the_session_on_the_phone_is_listed_and_closed_from_the_web(house: OpenHouse, channel: str, nif: str) -> None:
    phone, web = signed_in(house, channel, nif), signed_in(house, "web", nif)
    listed = web.ask("en q dispositivos tengo avierta la sesion")
    assert channel in listed
    assert "(este chat)" in listed
    assert "la he cerrado" in web.ask("cierra la sesion en el mobil")
    assert "no has entrado" in phone.ask("¿quién soy?")
    assert "solo tienes la sesion abierta aqui" in web.ask("¿Y dónde estoy conectado?")
    web.ask("cerrar sesión")


@pytest.mark.parametrize(("channel", "nif"), PHONES)
def test_what_was_asked_on_the_web_is_gone_on_with_on_the_phone(house: OpenHouse, channel: str, nif: str) -> None:
    web, phone = signed_in(house, "web", nif), signed_in(house, channel, nif)
    web.ask("¿tengo facturas vencidas en mayo?")
    recalled = phone.ask("sigue con lo de la web")
    assert "facturas vencidas en mayo" in recalled
    assert "chat web" in recalled
    assert "la he cerrado" in phone.ask("ciera la sesion del ordenador")
    assert "no has entrado" in web.ask("¿quién soy?")


@pytest.mark.parametrize(("channel", "nif"), PHONES)
def test_one_word_silences_notices_and_a_few_bring_them_back(house: OpenHouse, channel: str, nif: str) -> None:
    phone = signed_in(house, channel, nif)
    for text in ("silencio", "silensio", "no me envíes más abisos", "deja de mandarme avisos"):
        assert "no te mando mas avisos" in phone.ask(text), text
    for text in ("avisos sí", "vuelve a avisarme", "quiero recibir avisos otra vez"):
        assert "te avisare" in phone.ask(text), text
