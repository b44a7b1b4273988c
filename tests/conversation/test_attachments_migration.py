"""The migration of attachments goes both ways with messages in the table, and what was said stays as it was."""

from __future__ import annotations

from bot.conversation import transcript
from bot.conversation.model import Attachment
from bot.database import Database
from tests.contacts.test_migration import go
from tests.conversation.test_outbound import ADDRESS, NOON, write


def test_messages_of_before_have_no_file_and_new_ones_may(database: Database) -> None:
    write(database, "uno")
    with database.writing() as connection:
        go(connection, "0015", back=True)
    with database.writing() as connection:
        go(connection, "head")
        opened = transcript.open_conversation(connection, ADDRESS, NOON)
        file = Attachment("reference", "a.pdf", "application/pdf", 7)
        transcript.add_from_agent(connection, opened, "a.pdf", "Laura", NOON, attachment=file)
    with database.reading() as connection:
        assert [each.attachment for each in transcript.since(connection, ADDRESS, 0)] == [None, file]
