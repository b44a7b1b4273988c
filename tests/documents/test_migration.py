"""The migration of papers goes both ways with uploads in the table, and nobody is told of old ones."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from bot.database import metadata
from bot.documents.news import addresses_with_news
from tests.contacts.test_migration import go
from tests.documents.files import printed_pdf
from tests.documents.house import House


def test_old_uploads_count_as_told(house: House) -> None:
    house.send(printed_pdf(1))
    with house.database.writing() as connection:
        go(connection, "0008", back=True)
    with house.database.writing() as connection:
        go(connection, "head")
        assert connection.execute(text("SELECT count(*) FROM upload WHERE told_at IS NOT NULL")).scalar() == 1
        assert addresses_with_news(connection) == []


def test_the_tables_of_documents_are_those_that_the_queries_know(house: House) -> None:
    def is_ours(thing: object, name: str | None, kind: str, *_: object) -> bool:
        return kind != "table" or name in {"document", "upload", "upload_part"}

    with house.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_ours, "compare_type": True})
        assert compare_metadata(context, metadata) == []
