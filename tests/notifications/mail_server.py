"""A real SMTP server in this process, which keeps what it takes and can be told to misbehave."""

from __future__ import annotations

import ssl
from asyncio import WriteTransport
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from socket import create_connection
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.browser.server import free_port

HOST = "localhost"


class Inbox:
    """What has arrived. `at_…` are answers to give instead of yes; `dies` cuts the line."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.envelopes: list[Envelope] = []
        self.signed_in: list[object] = []
        self.at_sender = self.at_recipient = self.at_data = self.at_quit = ""
        self.dies = False
        self.port = 0

    async def handle_MAIL(  # noqa: N802 - the server's own name for it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self.at_sender:
            envelope.mail_from = address
        return self.at_sender or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self.at_recipient:
            envelope.rcpt_tos.append(address)
        return self.at_recipient or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.dies:
            cast(WriteTransport, server.transport).abort()  # uvloop's is none of asyncio's class
        if self.at_data or self.dies:
            return self.at_data or "250 never heard"
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default)
        self.messages.append(message)
        self.envelopes.append(envelope)
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return self.at_quit or "221 Bye"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        self.signed_in.append((data.login, data.password))
        return AuthResult(success=data.password == b"p@ss:word/1", handled=False)


class TlsController(Controller):
    """A server whose whole line is encrypted; its own check after the start would not trust the certificate."""

    def _trigger_server(self) -> None:
        unverified = ssl.create_default_context()
        unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
        with create_connection((self.hostname, self.port)) as line, unverified.wrap_socket(line) as encrypted:
            encrypted.recv(1024)


@contextmanager
def mail_server(
    inbox: Inbox, *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, **more: Any
) -> Iterator[Inbox]:
    """Serve `inbox` inside the block."""
    inbox.port = free_port()
    kind = Controller if tls is None else TlsController
    options = {"tls_context": starttls, "ssl_context": tls, "require_starttls": starttls is not None} | more
    controller = kind(inbox, hostname=HOST, port=inbox.port, **{k: v for k, v in options.items() if v})
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate for HOST; `ca.pem` in `folder` is what a client has to trust."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context
