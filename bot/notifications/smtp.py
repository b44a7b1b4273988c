"""Handing a mail to an SMTP server, encrypted unless the operator says that it is a relay close by."""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from urllib.parse import SplitResult, unquote, urlsplit

from jinja2 import TemplateError

from bot.company import Company
from bot.notifications.model import Mail, Undeliverable
from bot.notifications.rendering import Letter, render

SECONDS_TO_ANSWER = 20.0
ONE_ADDRESS = re.compile(r"(?P<user>[\w.!#$%&'*+/=?^`{|}~-]+)@(?P<domain>[\w-]+(?:\.[\w-]+)*)")
ASCII_ONLY = SMTP.clone(cte_type="7bit")  # any relay takes it as it is
HOW_TO_WRITE = "use smtp://user:password@host:587, smtps://… or smtp+plain://host:25, user and password percent-encoded"


class Encryption(StrEnum):
    """How the way to the server is protected; the values are the schemes of SMTP_URL."""

    STARTTLS = "smtp"
    TLS = "smtps"
    NONE = "smtp+plain"


PORTS = {Encryption.STARTTLS: 587, Encryption.TLS: 465, Encryption.NONE: 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed over; without a user nobody signs in."""

    encryption: Encryption
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)


def read_server(url: str) -> MailServer:
    """Read SMTP_URL: smtp://user:password@host:587 (STARTTLS), smtps://… (TLS), smtp+plain://host (no encryption).

    User and password are percent-encoded. Raises ValueError with one line that does not repeat the address.
    """
    try:
        parts = urlsplit(url)
        encryption, port = Encryption(parts.scheme), parts.port
    except ValueError:
        raise ValueError(HOW_TO_WRITE) from None
    _check(parts, encryption)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(encryption, str(parts.hostname), port or PORTS[encryption], user, password)


def _check(parts: SplitResult, encryption: Encryption) -> None:
    if not parts.hostname:
        raise ValueError("the server's name is missing")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("nothing may follow the port")
    if bool(parts.username) != bool(parts.password):
        raise ValueError("a user needs a password and a password needs a user")
    if parts.username and encryption is Encryption.NONE:
        raise ValueError("a password is only sent encrypted: use smtp:// or smtps://")


def read_sender(text: str) -> Address:
    """Read MAIL_FROM: "avisos@example.com" or "Name <avisos@example.com>". Raises ValueError."""
    name, bracket, address = text.rpartition("<")
    try:
        sender = one_address(address.removesuffix(">") if bracket else text)
        return Address(name.strip(' "'), sender.username, sender.domain)
    except ValueError:
        raise ValueError("use avisos@example.com or Name <avisos@example.com>") from None


def one_address(text: str) -> Address:
    """An address alone, without a name; stricter than the e-mail standards. Raises ValueError for anything else."""
    found = ONE_ADDRESS.fullmatch(text)
    if found is None:
        raise ValueError("not exactly one e-mail address")
    return Address(username=found["user"], domain=found["domain"])


class Post:
    """Renders mails and hands them to one server, each over a connection of its own."""

    def __init__(self, server: MailServer, sender: Address, company: Company) -> None:
        self._server = server
        self._sender = sender
        self._company = company

    def deliver(self, mail: Mail) -> None:
        """Hand one mail over; returns once the server has answered for it. Raises Undeliverable."""
        try:
            message = self._message(mail)
        except (TemplateError, ValueError, KeyError) as error:
            raise Undeliverable(f"cannot be written: {type(error).__name__}", permanent=True) from None
        connection = self._connection()
        try:
            self._hand_over(connection, message, mail.recipient)
        finally:
            with suppress(smtplib.SMTPException, OSError):  # how they say goodbye changes nothing any more
                connection.quit()

    def _message(self, mail: Mail) -> EmailMessage:
        letter = render(self._company, mail.template, mail.details)
        return compose(self._sender, mail, letter, self._company["company_name"])

    def _connection(self) -> smtplib.SMTP:
        """A connection that is ready to take a mail. What goes wrong here would go wrong for every mail."""
        try:
            return self._signed_in()
        except smtplib.SMTPResponseException as error:
            raise Undeliverable(_problem(error, error.smtp_code), server_down=True) from None
        except (smtplib.SMTPException, OSError) as error:
            raise Undeliverable(_problem(error), server_down=True) from None

    def _signed_in(self) -> smtplib.SMTP:
        server, context = self._server, ssl.create_default_context()
        if server.encryption is Encryption.TLS:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=SECONDS_TO_ANSWER, context=context
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=SECONDS_TO_ANSWER)
        try:
            if server.encryption is Encryption.STARTTLS:
                connection.starttls(context=context)
            if server.user:
                connection.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _hand_over(self, connection: smtplib.SMTP, message: EmailMessage, recipient: str) -> None:
        try:
            connection.send_message(message, self._sender.addr_spec, [recipient])
        except smtplib.SMTPRecipientsRefused as error:
            code, _ = error.recipients[recipient]
            raise Undeliverable(_problem(error, code), permanent=code >= 500) from None
        except smtplib.SMTPDataError as error:
            raise Undeliverable(_problem(error, error.smtp_code), permanent=error.smtp_code >= 500) from None
        except (
            smtplib.SMTPResponseException
        ) as error:  # our sender is refused: a setting to mend, not this mail's fault
            raise Undeliverable(_problem(error, error.smtp_code)) from None
        except smtplib.SMTPNotSupportedError as error:  # an address with letters that the server cannot write
            raise Undeliverable(_problem(error), permanent=True) from None
        except (smtplib.SMTPException, OSError) as error:
            raise Undeliverable(_problem(error), server_down=True) from None


def _problem(error: Exception, code: int | None = None) -> str:
    """What is noted of an error: never the server's words, which repeat addresses."""
    return type(error).__name__ if code is None else f"{type(error).__name__} {code}"


def compose(sender: Address, mail: Mail, letter: Letter, company_name: str) -> EmailMessage:
    """The message as it is sent, the same each time: its Message-ID tells that a second copy is one.

    Raises ValueError when the recipient is not exactly one address.
    """
    message = EmailMessage(policy=ASCII_ONLY)
    message["From"] = Address(sender.display_name or company_name, sender.username, sender.domain)
    message["To"] = one_address(mail.recipient)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.id}.{mail.created_at:%Y%m%d%H%M%S%f}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message
