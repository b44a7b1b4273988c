"""The REST channel: Rasa's shapes, and who may use it."""

from __future__ import annotations

import json

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bot.channels.rest import transport
from bot.channels.rest.views import RestViews
from bot.pages.requests import is_this_machine
from tests.browser.server import Server
from tests.talk import Talk, post


def request_from(remote: str, **headers: str) -> web.Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request("POST", "/", headers=named).clone(remote=remote)


def test_answers_have_rasa_s_shape(talking_server: Server) -> None:
    talk = Talk(talking_server.url)
    answers = talk.say("¿Cómo entro en el Área Clientes?")
    assert {answer["recipient_id"] for answer in answers} == {talk.sender}
    buttons = [button for answer in answers for button in answer.get("buttons", [])]
    assert buttons
    assert all(set(button) == {"title", "payload"} for button in buttons)


def test_a_button_s_payload_sent_back_is_understood(talking_server: Server) -> None:
    talk = Talk(talking_server.url)
    answers = talk.say("¿Cómo entro en el Área Clientes?")
    payload = next(button["payload"] for answer in answers for button in answer.get("buttons", []))
    assert not payload.startswith("/")
    assert talk.say(payload)


def test_the_same_message_id_is_answered_from_what_is_stored(talking_server: Server) -> None:
    talk = Talk(talking_server.url)
    first = talk.say("hola", message_id="m-1")
    assert talk.say("hola", message_id="m-1") == first


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"hola"',
        b'{"message": 7}',
        b'{"sender": "a"}',
        b'{"sender": "", "message": "hola"}',
        b'{"sender": "a b", "message": "hola"}',
        b'{"sender": ["a"], "message": "hola"}',
        b'{"sender": "a", "message": "hola", "message_id": 7}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_body_of_another_shape_is_refused_with_what_to_send(body: bytes) -> None:
    with pytest.raises(transport.BadRequest, match=r"send JSON|send a JSON|sender|message"):
        transport.read(body)


def test_a_wrong_shape_is_a_400_over_the_wire(talking_server: Server) -> None:
    status, answer = post(talking_server.url, b"{")
    assert (status, list(answer)) == (400, ["error"])


def test_a_body_over_the_limit_is_a_413_over_the_wire(talking_server: Server) -> None:
    body = json.dumps({"sender": "a", "message": "a" * 2_000_000}).encode()
    status, answer = post(talking_server.url, body)
    assert (status, list(answer)) == (413, ["error"])


def test_an_unknown_path_is_a_404_in_json(talking_server: Server) -> None:
    status, answer = post(f"{talking_server.url}/nada", b"{}")
    assert (status, answer) == (404, {"error": "not found"})


def test_too_long_a_message_is_told_so_and_not_stored(talking_server: Server) -> None:
    talk = Talk(talking_server.url)
    assert "2000" in talk.ask("a" * 100_000).replace(".", "")
    assert "automatic" in talk.ask("hola"), "the conversation begins only now"


def test_without_a_key_only_this_machine_may_use_the_channel() -> None:
    assert is_this_machine(request_from("127.0.0.1"))
    assert is_this_machine(request_from("::1"))
    assert not is_this_machine(request_from("192.0.2.7"))


def test_a_proxy_on_this_machine_does_not_make_its_clients_local() -> None:
    assert not is_this_machine(request_from("127.0.0.1", X_Forwarded_For="192.0.2.7"))


@pytest.mark.parametrize(
    ("authorization", "allowed"), [("Bearer llave", True), ("Bearer otra", False), ("", False), ("Bearer ñ", False)]
)
def test_with_a_key_set_only_its_holders_may_use_it(authorization: str, allowed: bool) -> None:
    views = RestViews(delivery=None, api_key="llave")  # type: ignore[arg-type]
    assert views._may_use(request_from("127.0.0.1", Authorization=authorization)) is allowed
