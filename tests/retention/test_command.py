"""`python -m bot erase`: counts first, then erases a person's conversations, and says what stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.__main__ import main
from bot.area import Area
from bot.audit.model import Entry, Search
from bot.audit.service import record, search
from bot.channels.whatsapp.store import address_of
from bot.conversation.queries import message_table
from bot.database import Database, utc_now
from bot.identity.persons import person_table
from bot.retention import tables
from tests.retention.world import NOW, add, count, counts, fill, first_person, talk, texts

SECRET = "a secret of thirty-two characters"
PHONE, BROWSER, STRANGER = "telegram:600", "web:ana", "telegram:700"
Printed = pytest.CaptureFixture[str]


@pytest.fixture
def house(demo: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Database:
    """The first person of the demo spoke in two chats, a stranger in a third."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("SECRET_KEY", SECRET)
    with demo.writing() as connection:
        fill(connection, PHONE)
        talk(connection, BROWSER)
        record(connection, NOW, Entry("sign_in", address=BROWSER, person_id=first_person(connection)))
        talk(connection, STRANGER)
    return demo


def identifier(database: Database) -> str:
    with database.reading() as connection:
        return str(connection.execute(select(person_table.c.identifier).order_by(person_table.c.id).limit(1)).scalar())


def messages(database: Database) -> int:
    with database.reading() as connection:
        return count(connection, "message")


def test_without_yes_it_only_counts(house: Database, capsys: Printed) -> None:
    assert main(["erase", identifier(house)]) == 0
    said = capsys.readouterr().out
    assert f"{PHONE}: 2 messages\n{BROWSER}: 2 messages\n" in said
    assert "Kept: procedures" in said
    assert "--yes" in said
    assert messages(house) == 6


def test_it_erases_the_person_s_chats_and_nobody_else_s(house: Database, capsys: Printed) -> None:
    assert main(["erase", identifier(house).lower(), "--yes"]) == 0
    assert "Erased: 2 of 2." in capsys.readouterr().out
    with house.reading() as connection:
        assert texts(connection, 3) == ["mi NIF es 12345678Z", "gracias"]
        others = {"message": 2, "undo_link": 1}  # the stranger's, and what goes by its age
        assert counts(connection) == dict.fromkeys(tables.ERASED, 0) | others
        assert count(connection, "procedure") == 1
        (entry,) = search(connection, Search(action="erasure_asked"))
    assert (entry.entry.object_kind, entry.entry.object_id) == ("person", "1")
    assert messages(house) == 2


def test_an_address_is_enough(house: Database, capsys: Printed) -> None:
    assert main(["erase", STRANGER, "--yes"]) == 0
    assert "Erased: 1 of 1." in capsys.readouterr().out
    assert messages(house) == 4


def test_a_number_stands_for_the_address_made_of_it(house: Database) -> None:
    with house.writing() as connection:
        talk(connection, address_of(Area("https://area.example", SECRET.encode()), "34600000000"))
    assert main(["erase", "whatsapp:+34 600 000 000", "--yes"]) == 0
    assert messages(house) == 6


def test_who_is_signed_in_stays_and_the_exit_code_says_so(house: Database, capsys: Printed) -> None:
    with house.writing() as connection:
        person = first_person(connection)
        add(connection, "session", address=BROWSER, person_id=person, seen_at=utc_now(), signed_in_at=utc_now())
    assert main(["erase", identifier(house), "--yes"]) == 1
    said = capsys.readouterr().out
    assert f"{BROWSER}: 2 messages; stays for now: somebody is signed in there" in said
    assert "Erased: 1 of 2." in said
    assert messages(house) == 4


def test_who_wrote_a_moment_ago_stays(house: Database) -> None:
    with house.writing() as connection:
        connection.execute(update(message_table).values(sent_at=utc_now()))
    assert main(["erase", STRANGER, "--yes"]) == 1
    assert messages(house) == 6


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("12345679X", "nobody with the identifier 12345679X is known"),
        ("telegram:1", "nothing is kept of conversations of telegram:1"),
    ],
)
def test_who_is_not_known_is_one_clear_line(house: Database, who: str, why: str, capsys: Printed) -> None:
    assert main(["erase", who, "--yes"]) == 2
    assert capsys.readouterr().err == f"ventanilla: {why}\n"
    assert messages(house) == 6


def test_what_was_erased_is_not_found_again(house: Database) -> None:
    assert main(["erase", identifier(house), "--yes"]) == 0
    assert main(["erase", identifier(house), "--yes"]) == 2
