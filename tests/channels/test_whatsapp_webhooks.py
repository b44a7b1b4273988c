"""Webhooks as they may come: every shape is read, and only what is signed, known and timely becomes a message."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.channels.whatsapp.transport import Arrived, Kind, Media, NotReadable, Progress, Status, is_signed, read
from emulators.whatsapp.cloud import Account
from emulators.whatsapp.webhooks import envelope, signature, status_update

ACCOUNT = Account()
NUMBER = "34600111222"
BASIS = {"from": NUMBER, "id": "wamid.1", "timestamp": "1764072000"}
SENT_AT = datetime(2025, 11, 25, 12, 0, tzinfo=UTC)


def body_of(*messages: Any) -> bytes:
    return json.dumps(envelope(ACCOUNT, NUMBER, {"messages": list(messages)})).encode()


def only(message: dict[str, Any]) -> Arrived:
    (arrived,) = read(body_of(BASIS | message), ACCOUNT.phone_number_id).messages
    assert (arrived.number, arrived.message_id, arrived.sent_at) == (NUMBER, "wamid.1", SENT_AT)
    return arrived


def test_a_text_says_who_wrote_it_when() -> None:
    arrived = only({"type": "text", "text": {"body": "hola"}})
    assert (arrived.kind, arrived.text, arrived.name) == (Kind.TEXT, "hola", "Persona de prueba")


@pytest.mark.parametrize("kind", ["button_reply", "list_reply"])
def test_a_choice_brings_our_id_and_the_title(kind: str) -> None:
    arrived = only({"type": "interactive", "interactive": {"type": kind, kind: {"id": "7.2", "title": "Sí"}}})
    assert (arrived.kind, arrived.choice, arrived.text) == (Kind.CHOICE, "7.2", "Sí")


def test_the_button_of_a_template_is_what_the_person_says() -> None:
    assert only({"type": "button", "button": {"payload": "x", "text": "Ver"}}).text == "Ver"


def test_a_document_brings_its_id_its_name_and_what_was_written_under_it() -> None:
    arrived = only({"type": "document", "document": {"id": "99", "filename": "poder.pdf", "caption": "el poder"}})
    assert (arrived.media, arrived.text) == (Media("99", "poder.pdf"), "el poder")


@pytest.mark.parametrize("media_id", ["../me", "a/b", "", None, 7, "ñ", "x" * 300])
def test_an_id_that_would_lead_elsewhere_is_no_file(media_id: object) -> None:
    assert only({"type": "image", "image": {"id": media_id}}).kind is Kind.OTHER


@pytest.mark.parametrize("kind", ["reaction", "system", "edit", "revoke", "", None, 7, [], "ninguno"])
def test_what_wants_no_answer_is_left_out(kind: object) -> None:
    assert read(body_of(BASIS | {"type": kind}), ACCOUNT.phone_number_id).messages == ()


@pytest.mark.parametrize(
    "fault",
    [
        {"from": "telegram:7"},
        {"from": None},
        {"id": ""},
        {"id": 7},
        {"id": "x" * 201},
        {"timestamp": "ayer"},
        {"timestamp": None},
        {"timestamp": "9" * 30},
        {"timestamp": True},
        {"group_id": "g"},
    ],
    ids=str,
)
def test_a_message_that_does_not_say_who_sent_it_when_is_left_out(fault: dict[str, Any]) -> None:
    message = BASIS | {"type": "text", "text": {"body": "hola"}} | fault
    assert read(body_of(message), ACCOUNT.phone_number_id).messages == ()


def test_what_came_for_another_number_is_not_ours() -> None:
    assert read(body_of(BASIS | {"type": "text", "text": {"body": "hola"}}), "1").messages == ()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff", b"{}", b'{"object": "page"}', b"[" * 100_000])
def test_what_is_no_webhook_is_not_readable(body: bytes) -> None:
    with pytest.raises(NotReadable):
        read(body, ACCOUNT.phone_number_id)


def test_statuses_bring_what_became_of_a_message_and_why() -> None:
    failed = {"status": "failed", "errors": [{"code": 131026}]}
    update = status_update(ACCOUNT, NUMBER, "wamid.2", failed)
    assert read(json.dumps(update).encode(), ACCOUNT.phone_number_id).statuses == (
        Status("wamid.2", Progress.FAILED, 131026),
    )


JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=8),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["from", "id", "timestamp", "type", "text", "interactive", "image", "button", "errors", "status", "caption"]
MESSAGES = some.dictionaries(some.sampled_from(FIELDS), JSON, max_size=6)


@given(some.lists(MESSAGES | JSON, max_size=3))
def test_no_shape_of_a_message_is_an_error(messages: list[Any]) -> None:
    typed = [
        BASIS | {"type": kind} | m for m in messages if isinstance(m, dict) for kind in ("text", "image", "button")
    ]
    values = {"messages": [*messages, *typed], "statuses": messages}
    read(json.dumps(envelope(ACCOUNT, NUMBER, values)).encode(), ACCOUNT.phone_number_id)


@given(some.binary(max_size=300), some.binary(max_size=300), some.text(max_size=80))
def test_only_the_signature_of_these_very_bytes_is_right(body: bytes, other: bytes, header: str) -> None:
    assert is_signed("secreto", body, signature("secreto", body))
    assert not is_signed("secreto", body, header)
    assert not is_signed("otro", body, signature("secreto", body))
    assert body == other or not is_signed("secreto", body, signature("secreto", other))
    assert not is_signed("secreto", body, None)
