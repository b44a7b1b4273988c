"""Handing mails to real servers: the message as it arrives, and each way in which it does not."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.notifications.model import Mail, Undeliverable
from bot.notifications.smtp import Encryption, MailServer, Post, read_sender, read_server
from tests.browser.server import free_port
from tests.notifications.letters import COMPANY, LETTERS, LINK
from tests.notifications.mail_server import HOST, Inbox, certificate, mail_server

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SENDER = read_sender("avisos@gestorias.example.com")


def mail(recipient: str = "ana@example.com", template: str = "password_reset", **details: Any) -> Mail:
    return Mail(7, recipient, template, LETTERS[template] | details, 1, NOON)


def post_to(inbox: Inbox, scheme: str = "smtp+plain", credentials: str = "") -> Post:
    return Post(read_server(f"{scheme}://{credentials}{HOST}:{inbox.port}"), SENDER, COMPANY)


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate that our side trusts."""
    context = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return context


def test_a_mail_arrives_as_text_and_html() -> None:
    with mail_server(Inbox()) as inbox:
        post_to(inbox).deliver(mail())
    (message,), (envelope,) = inbox.messages, inbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("avisos@gestorias.example.com", ["ana@example.com"])
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content_charset() == html.get_content_charset() == "utf-8"
    assert "Nos has pedido cambiar tu contraseña" in text.get_content()
    assert LINK in text.get_content()
    assert LINK.replace("&", "&amp;") in html.get_content()
    assert isinstance(envelope.content, bytes)
    assert envelope.content.isascii()


def test_its_head_says_from_whom_it_is_and_that_no_person_wrote_it() -> None:
    with mail_server(Inbox()) as inbox:
        post_to(inbox).deliver(mail())
    (message,) = inbox.messages
    assert message["From"] == "Naturgy <avisos@gestorias.example.com>"
    assert message["To"] == "ana@example.com"
    assert message["Subject"] == "Cambia tu contraseña del Área Clientes"
    assert message["Date"].datetime == NOON
    assert message["Auto-Submitted"] == "auto-generated"


def test_a_second_copy_can_be_recognised() -> None:
    with mail_server(Inbox()) as inbox:
        post_to(inbox).deliver(mail())
        post_to(inbox).deliver(mail())
    first, second = inbox.messages
    assert first["Message-ID"] == second["Message-ID"] == "<7.20261122120000000000@gestorias.example.com>"


def test_the_operator_may_name_the_sender() -> None:
    with mail_server(Inbox()) as inbox:
        server = MailServer(Encryption.NONE, HOST, inbox.port)
        Post(server, read_sender("Área Sol <avisos@example.com>"), COMPANY).deliver(mail())
    assert inbox.messages[0]["From"] == "Área Sol <avisos@example.com>"


@pytest.mark.parametrize(
    "recipient",
    [
        "ana@example.com\r\nBcc: otra@example.com",
        "ana@example.com, otra@example.com",
        "ana@example.com>\r\nRCPT TO:<otra@example.com",
        "Ana <ana@example.com>",
        "ana@",
        "",
    ],
)
def test_a_recipient_that_is_not_one_address_gets_nothing(recipient: str) -> None:
    with mail_server(Inbox()) as inbox, pytest.raises(Undeliverable) as refused:
        post_to(inbox).deliver(mail(recipient))
    assert refused.value.permanent
    assert inbox.messages == []


def test_a_value_adds_no_head() -> None:
    name = "Sol\r\nBcc: otra@example.com\r\n\r\nhola"
    with mail_server(Inbox()) as inbox:
        post_to(inbox).deliver(mail(template="contact_removed", agency=name))
    (message,) = inbox.messages
    assert message["Bcc"] is None
    assert message["Subject"] == "Tu acceso a la cuenta de Sol Bcc: otra@example.com hola ha terminado"
    assert inbox.envelopes[0].rcpt_tos == ["ana@example.com"]


@pytest.mark.parametrize("where", ["at_recipient", "at_data", "at_sender"])
def test_a_4xx_answer_is_not_the_last_word(where: str) -> None:
    inbox = Inbox()
    setattr(inbox, where, "451 later, ana@example.com")
    with mail_server(inbox), pytest.raises(Undeliverable) as refused:
        post_to(inbox).deliver(mail())
    assert (refused.value.permanent, refused.value.server_down) == (False, False)
    assert "451" in str(refused.value)
    assert "ana" not in str(refused.value)


@pytest.mark.parametrize("where", ["at_recipient", "at_data"])
def test_a_5xx_answer_is_the_last_word(where: str) -> None:
    inbox = Inbox()
    setattr(inbox, where, "550 no ana@example.com here")
    with mail_server(inbox), pytest.raises(Undeliverable) as refused:
        post_to(inbox).deliver(mail())
    assert refused.value.permanent
    assert "550" in str(refused.value)
    assert "ana" not in str(refused.value)


def test_a_refused_sender_is_the_operators_to_mend_and_no_mail_is_given_up_for_it() -> None:
    inbox = Inbox()
    inbox.at_sender = "550 who are you"
    with mail_server(inbox), pytest.raises(Undeliverable) as refused:
        post_to(inbox).deliver(mail())
    assert not refused.value.permanent


def test_nobody_listens() -> None:
    inbox = Inbox()
    inbox.port = free_port()
    with pytest.raises(Undeliverable, match="ConnectionRefusedError") as refused:
        post_to(inbox).deliver(mail())
    assert (refused.value.permanent, refused.value.server_down) == (False, True)


def test_a_server_that_dies_in_the_middle() -> None:
    inbox = Inbox()
    inbox.dies = True
    with mail_server(inbox), pytest.raises(Undeliverable) as refused:
        post_to(inbox).deliver(mail())
    assert (refused.value.permanent, refused.value.server_down) == (False, True)


def test_a_server_that_says_no_goodbye_has_the_mail_all_the_same() -> None:
    inbox = Inbox()
    inbox.at_quit = "500 stay"
    with mail_server(inbox):
        post_to(inbox).deliver(mail())
    assert len(inbox.messages) == 1


@pytest.mark.parametrize("template", ["nothing", "password_reset"])
def test_a_mail_that_cannot_be_written_is_given_up(template: str) -> None:
    broken = Mail(7, "ana@example.com", template, {"name": "Ana"}, 1, NOON)
    with pytest.raises(Undeliverable, match="cannot be written") as refused:
        Post(read_server("smtp+plain://localhost"), SENDER, COMPANY).deliver(broken)
    assert refused.value.permanent


def test_a_password_is_sent_encrypted(trusted: ssl.SSLContext) -> None:
    inbox = Inbox()
    with mail_server(inbox, starttls=trusted, authenticator=inbox.authenticate, auth_required=True):
        post_to(inbox, "smtp", "user:p%40ss%3Aword%2F1@").deliver(mail())
    assert inbox.signed_in[-1] == (b"user", b"p@ss:word/1")
    assert len(inbox.messages) == 1


def test_a_line_that_is_encrypted_from_the_start(trusted: ssl.SSLContext) -> None:
    with mail_server(Inbox(), tls=trusted) as inbox:
        post_to(inbox, "smtps").deliver(mail())
    assert len(inbox.messages) == 1


def test_a_wrong_password_is_the_operators_to_mend(trusted: ssl.SSLContext) -> None:
    inbox = Inbox()
    with (
        mail_server(inbox, starttls=trusted, authenticator=inbox.authenticate, auth_required=True),
        pytest.raises(Undeliverable, match="SMTPAuthenticationError 535") as refused,
    ):
        post_to(inbox, "smtp", "user:wrong@").deliver(mail())
    assert (refused.value.permanent, refused.value.server_down) == (False, True)


def test_nothing_is_said_to_a_server_without_encryption() -> None:
    with mail_server(Inbox()) as inbox, pytest.raises(Undeliverable, match="SMTPNotSupportedError"):
        post_to(inbox, "smtp").deliver(mail())
    assert inbox.envelopes == []


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_nothing_is_said_to_a_server_that_we_do_not_trust(scheme: str, tmp_path: Path) -> None:
    side = {"smtp": "starttls", "smtps": "tls"}[scheme]
    with (
        mail_server(Inbox(), **{side: certificate(tmp_path)}) as inbox,
        pytest.raises(Undeliverable, match="SSLCertVerificationError") as refused,
    ):
        post_to(inbox, scheme).deliver(mail())
    assert not refused.value.permanent
    assert inbox.envelopes == []


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://u:p%40@mail.example", MailServer(Encryption.STARTTLS, "mail.example", 587, "u", "p@")),
        ("smtps://mail.example", MailServer(Encryption.TLS, "mail.example", 465)),
        ("smtp+plain://localhost", MailServer(Encryption.NONE, "localhost", 25)),
        ("smtp://u%40example.com:p@[::1]:2525/", MailServer(Encryption.STARTTLS, "::1", 2525, "u@example.com", "p")),
    ],
)
def test_the_address_of_a_server(url: str, server: MailServer) -> None:
    assert read_server(url) == server
    assert "p@" not in repr(read_server(url))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mail.example", "use smtp://"),
        ("https://mail.example", "use smtp://"),
        ("smtp://mail.example:99999", "use smtp://"),
        ("smtp://mail.example:port", "use smtp://"),
        ("smtp://", "name is missing"),
        ("smtp://user:secret@", "name is missing"),
        ("smtp://user@mail.example", "needs a password"),
        ("smtp://:secret@mail.example", "needs a user"),
        ("smtp+plain://user:secret@mail.example", "only sent encrypted"),
        ("smtp://user:sec?ret@mail.example", "percent-encoded"),
        ("smtp://mail.example/inbox", "nothing may follow"),
    ],
)
def test_an_address_that_cannot_be_used_is_told_without_its_password(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        read_server(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "avisos", "avisos@", "@example.com", "a@example.com, b@example.com", "A <a@example.com>\nBcc: b@c.d"]
)
def test_a_sender_that_cannot_be_used(text: str) -> None:
    with pytest.raises(ValueError, match=r"use avisos@example\.com"):
        read_sender(text)
