"""How fast a long conversation is opened at the desk, in Chromium: `python -m bench.desk_transcript`.

From the press until the conversation's end can be read. SQLite, unless `BENCH_DATABASE_URL` names another database (it is filled).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from sqlalchemy import insert, select, update

from bench.desk import line
from bench.desk_page import desk_of
from bot.conversation.model import Author, State
from bot.conversation.queries import conversation, conversation_table, message_table
from bot.conversation.transcript import open_conversation
from bot.database import Database, utc_now
from tests.browser.server import Server, open_desk
from tests.talk import Talk

MESSAGES, ROUNDS = (200, 2_000, 10_000), 10
OPEN = """() => new Promise((tell) => {
  const since = performance.now(), before = document.querySelector(".talk .top");
  const look = () => {
    const now = document.querySelector(".talk .top"), log = document.querySelector(".talk .log");
    if (now && now !== before && log.scrollHeight - log.scrollTop - log.clientHeight < 60) tell(performance.now() - since);
    else requestAnimationFrame(look);
  };
  document.querySelector("#queue button").click();
  look();
})"""


def lengthen(database: Database, address: str, messages: int) -> None:
    """A conversation gets so many messages, written by both sides in turn."""
    with database.writing() as connection:
        talk = open_conversation(connection, address, utc_now())
        rows = [said(talk.id, number) for number in range(talk.last_sequence + 1, messages + 1)]
        if rows:
            connection.execute(insert(message_table).returning(message_table.c.id), rows)  # many at once
            at = update(conversation_table).where(conversation.id == talk.id)
            connection.execute(at.values(last_sequence=messages))


def only_address(database: Database) -> str:
    """Where the only conversation is."""
    with database.reading() as connection:
        return connection.execute(select(conversation.address)).scalar_one()


def said(conversation_id: int, number: int) -> dict[str, object]:
    """A message as it is stored."""
    author = Author.PERSON if number % 2 else Author.ASSISTANT
    return {
        "conversation_id": conversation_id,
        "sequence": number,
        "author": author.value,
        "text": f"Mensaje {number} sobre la factura del **contrato** 12345678Z, que no me cuadra con la del mes pasado.",
        "buttons": [],
        "state": State.SENT.value,
        "sent_at": utc_now(),
    }


def measure(server: Server) -> None:
    database = Database(server.database_url)
    Talk(server.url).say("quiero hablar con una persona")
    with desk_of(server.url) as page:
        for messages in MESSAGES:
            lengthen(database, only_address(database), messages)
            seconds = [float(page.evaluate(OPEN)) / 1000 for _ in range(ROUNDS)]
            print(line(f"opening a conversation of {messages:,} messages", seconds), flush=True)
    database.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        server = open_desk(Path(name))
        if os.environ.get("BENCH_DATABASE_URL"):
            server.use_database(os.environ["BENCH_DATABASE_URL"])
        server.start()
        try:
            measure(server)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
