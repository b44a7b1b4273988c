"""The whole way over REST with a running server: asked for a person, Chatwoot's agent answers, and the assistant is back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import select

from bot.chatwoot.store import event_table
from bot.database import Database
from tests.browser.server import Server, free_port
from tests.chatwoot.fake import INBOX, SECRET, TOKEN, FakeChatwoot, message_created, resolved, tell
from tests.talk import Talk, plain


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeChatwoot]:
    fake = FakeChatwoot()
    fake.start()
    yield fake
    fake.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(
    request: pytest.FixtureRequest, fake: FakeChatwoot, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("chatwoot"), free_port(), "")
    if request.param == "postgresql":
        server.use_database(request.getfixturevalue("fresh_postgresql_url"))
        server.set(DEMO_DATA="True")
    server.set(CHATWOOT_URL=fake.url, CHATWOOT_TOKEN=TOKEN, CHATWOOT_INBOX=INBOX, CHATWOOT_WEBHOOK_SECRET=SECRET)
    server.start()
    yield server
    server.stop()


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not condition():
        time.sleep(0.05)
    assert condition()


def remote_of(fake: FakeChatwoot, asked: int) -> int:
    """The number of the conversation that was opened there for the last hand-off."""
    until(lambda: len(fake.notes()) > asked)
    opened = [path for path, body in fake.calls if body.get("private")]
    return int(opened[-1].split("/")[-2])


def all_is_handled(server: Server) -> bool:
    """Nothing that the other desk told waits any more."""
    waiting = select(event_table.c.id).where(event_table.c.handled_at.is_(None))
    with closing(Database(server.database_url)) as database, database.reading() as connection:
        return connection.execute(waiting).first() is None


def said(talk: Talk, text: str) -> str:
    return plain(" ".join(answer["text"] for answer in talk.say(text)))


def test_an_agent_of_chatwoot_talks_and_gives_back(server: Server, fake: FakeChatwoot) -> None:
    talk, before = Talk(server.url), len(fake.notes())
    talk.say("quiero hablar con una persona")
    remote = remote_of(fake, before)
    assert tell(server.url, message_created(remote * 10, remote, "Buenas, soy Nuria")) == 200
    until(lambda: all_is_handled(server))
    assert "buenas, soy nuria" in said(talk, "no me llega la factura")
    until(lambda: "no me llega la factura" in fake.written())
    assert talk.say("¿cómo entro en el área?") == []
    tell(server.url, resolved(remote))
    until(lambda: all_is_handled(server))
    heard = said(talk, "¿quién puede añadir contactos autorizados?")
    assert "ha cerrado la conversacion" in heard
    assert "que tal te han atendido" in heard


@pytest.mark.parametrize(("secret", "age"), [("another secret", 0), (SECRET, 301), (SECRET, -301), ("", 0)])
def test_an_unsigned_or_old_webhook_is_refused(secret: str, age: int, server: Server) -> None:
    assert tell(server.url, resolved(1), secret, age) == 401


@pytest.mark.parametrize("body", [b"", b"no json", b"[" * 100_000, b'"x"', b"{}", b"\xff"])
def test_no_signed_body_breaks_it(body: bytes, server: Server) -> None:
    assert tell(server.url, None, raw=body or b" ") in (200, 400)


def test_without_a_secret_there_is_no_such_address(talking_server: Server) -> None:
    assert tell(talking_server.url, resolved(1), "") == 404
