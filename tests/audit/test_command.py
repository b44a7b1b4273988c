"""What `python -m bot audit` prints."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection

from bot.audit.command import Asked, PersonUnknown, print_audit
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.database import Database

SIGNED_IN = datetime(2026, 11, 22, 22, 59, 59, tzinfo=UTC)
NEXT_DAY = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)  # midnight in Spain


def person_id_of(connection: Connection, identifier: str) -> int | None:
    return {"12345678Z": 3}.get(identifier)


@pytest.fixture
def audited(database: Database) -> Database:
    with database.writing() as connection:
        record(connection, SIGNED_IN, Entry("sign_in", Result.REFUSED, "web:ana"))
        record(connection, NEXT_DAY, Entry("see_invoice", Result.DONE, "web:ana", 3, 1, "invoice", "7,5"))
    return database


def printed(capsys: pytest.CaptureFixture[str], database: Database, asked: Asked, as_table: bool = False) -> str:
    print_audit(database, person_id_of, asked, as_table)
    return capsys.readouterr().out


def test_a_line_says_when_what_who_and_where(audited: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, audited, Asked()).splitlines() == [
        "2026-11-23 00:00:00 done    see_invoice person 3 agency 1 invoice:7,5 web",
        "2026-11-22 23:59:59 refused sign_in web",
    ]


def test_a_table_has_every_column(audited: Database, capsys: pytest.CaptureFixture[str]) -> None:
    newest, oldest = csv.DictReader(io.StringIO(printed(capsys, audited, Asked(), as_table=True)))
    assert (newest["at"], newest["channel"]) == ("2026-11-23T00:00:00+01:00", "web")
    assert (newest["object_id"], newest["person_id"], oldest["person_id"]) == ("7,5", "3", "")


@pytest.mark.parametrize(
    ("asked", "action"),
    [
        (Asked(person="12345678Z"), "see_invoice"),
        (Asked(agency=1), "see_invoice"),
        (Asked(action="sign_in"), "sign_in"),
        (Asked(object="invoice:7,5"), "see_invoice"),
        (Asked(object="invoice"), "see_invoice"),
        (Asked(since=date(2026, 11, 23)), "see_invoice"),
        (Asked(until=date(2026, 11, 22)), "sign_in"),
    ],
)
def test_each_option_narrows_the_search(
    audited: Database, asked: Asked, action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = printed(capsys, audited, asked).splitlines()
    assert action in line


def test_the_first_and_the_last_day_can_be_asked_for(audited: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(printed(capsys, audited, Asked(since=date.min, until=date.max)).splitlines()) == 2


def test_an_identifier_of_nobody_is_told_apart_from_somebody_who_did_nothing(audited: Database) -> None:
    with pytest.raises(PersonUnknown):
        print_audit(audited, person_id_of, Asked(person="00000000T"), as_table=False)


READ_SOME = """
import sys
from bot.audit.command import Asked, print_audit
from bot.database import Database
print_audit(Database(sys.argv[1]), lambda *_: None, Asked(), False)
"""


def test_a_reader_who_has_enough_ends_it_quietly(audited: Database) -> None:
    if not audited.is_sqlite:
        return
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", READ_SOME, str(audited.url)]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")
