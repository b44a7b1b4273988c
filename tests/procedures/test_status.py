"""How a procedure goes is told to whoever has the key and reads its mailbox; nobody learns whether there is such a key."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from bot.accounts.registration import Asked, Asking
from bot.database import Database
from bot.identity.attempts import attempt_table
from bot.identity.codes import LIFETIME, Outcome, code_table
from bot.procedures.model import Kind, State
from bot.procedures.service import Opening, open_procedure
from bot.procedures.status import ask, check
from bot.procedures.store import procedure_table
from bot.procedures.tracking_keys import new_key
from tests.conftest import DEMO_DAY
from tests.equal_time import ASKED_OF_EACH, ROUNDS, audited, check_equal_time, rows_written, statements
from tests.procedures.world import ARANDA, AREA, BEATRIZ, ELSEWHERE, HERE, MAILBOX, QUESTION, mails, signed_in

UNKNOWN = new_key()
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def opened(connection: Connection, opening: Opening = QUESTION) -> str:
    return open_procedure(connection, AREA, opening, DEMO_DAY - HOUR).tracking_key


def asked(connection: Connection, key: str, now: datetime = DEMO_DAY, address: str = HERE) -> Asking:
    return ask(connection, AREA, address, key, now).outcome


def mailed_code(connection: Connection) -> str:
    return str(mails(connection)[-1][2]["code"])


def codes_mailed(connection: Connection) -> list[str]:
    return [recipient for recipient, template, _ in mails(connection) if template == "registration_code"]


def test_the_mailbox_that_was_given_is_sent_a_code_that_tells_how_it_goes(demo: Database) -> None:
    with demo.writing() as connection:
        key = opened(connection)
        assert asked(connection, key.lower().replace("-", " ")) is Asking.SENT
        assert codes_mailed(connection) == [MAILBOX]
        told = check(connection, AREA, HERE, mailed_code(connection), DEMO_DAY + MINUTE)
    assert told.outcome is Outcome.RIGHT
    assert told.progress is not None
    assert told.progress.procedure.tracking_key == key
    assert [step.state for step in told.progress.steps] == [State.OPENED]


def test_a_person_s_procedure_is_told_to_that_person(demo: Database) -> None:
    with demo.writing() as connection:
        session = signed_in(connection, BEATRIZ, ARANDA)
        key = opened(connection, Opening(Kind.COMPLAINT, session.address, session))
        asked(connection, key)
        assert codes_mailed(connection) == ["beatriz.aranda@gestoria-aranda.example"]


@pytest.mark.parametrize("key", [UNKNOWN, "V7K3-9MCD-TCRX", "", "no es nada", "\ud800\0", "x" * 500])
def test_an_unknown_key_is_answered_alike_and_nobody_is_written_to(demo: Database, key: str) -> None:
    with demo.writing() as connection:
        assert asked(connection, key) is Asking.SENT
        assert mails(connection) == []
        assert check(connection, AREA, HERE, "000000", DEMO_DAY).progress is None


@pytest.mark.parametrize("is_there", [True, False])
def test_a_code_that_nobody_was_sent_opens_nothing(
    demo: Database, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    """Neither for a key that is unknown nor for a procedure whose person cannot be written to."""
    monkeypatch.setattr("bot.identity.codes.secrets.randbelow", lambda _: 123456)
    with demo.writing() as connection:
        asked(connection, opened(connection, Opening(Kind.HANDOFF, HERE)) if is_there else UNKNOWN)
        told = check(connection, AREA, HERE, "123456", DEMO_DAY)
    assert (told.outcome, told.progress) == (Outcome.WRONG, None)


def test_a_code_is_good_once_in_its_conversation_for_ten_minutes(demo: Database) -> None:
    with demo.writing() as connection:
        asked(connection, opened(connection))
        code = mailed_code(connection)
        wrong = f"{(int(code) + 1) % 10**6:06}"
        assert check(connection, AREA, ELSEWHERE, code, DEMO_DAY).outcome is Outcome.NONE
        assert check(connection, AREA, HERE, wrong, DEMO_DAY).progress is None
        assert check(connection, AREA, HERE, code, DEMO_DAY + LIFETIME).outcome is Outcome.EXPIRED
        assert check(connection, AREA, HERE, code, DEMO_DAY).progress is not None
        assert check(connection, AREA, HERE, code, DEMO_DAY).progress is None


@pytest.mark.parametrize("is_there", [True, False])
def test_a_key_is_asked_for_three_times_an_hour(demo: Database, is_there: bool) -> None:
    with demo.writing() as connection:
        key = opened(connection) if is_there else UNKNOWN
        typed = [key, key.lower(), key.replace("-", ""), key]
        outcomes = [asked(connection, typed[n], DEMO_DAY + n * MINUTE, f"web:{n}") for n in range(4)]
        assert outcomes == [Asking.SENT] * 3 + [Asking.LIMITED]
        assert ask(connection, AREA, HERE, key, DEMO_DAY + 3 * MINUTE) == Asked(Asking.LIMITED, 57 * 60)
        assert asked(connection, key, DEMO_DAY + HOUR) is Asking.SENT


def test_a_conversation_asks_five_times_an_hour_and_everybody_three_hundred(demo: Database) -> None:
    with demo.writing() as connection:
        assert [asked(connection, new_key()) for _ in range(6)] == [Asking.SENT] * 5 + [Asking.LIMITED]
        outcomes = [asked(connection, new_key(), address=f"web:{n}") for n in range(296)]
        assert outcomes == [Asking.SENT] * 295 + [Asking.LIMITED]


def test_no_key_and_no_mailbox_is_in_what_a_question_leaves_behind(demo: Database) -> None:
    with demo.writing() as connection:
        key = opened(connection)
        asked(connection, key)
        tables = (code_table, attempt_table)
        left = [str(row) for table in tables for row in connection.execute(select(table))]
        left += [str(recorded) for recorded in audited(connection)]
    assert left
    assert not [row for row in left if key in row or MAILBOX in row]


def test_the_same_statements_run_and_the_same_rows_are_written_whether_or_not_there_is_such_a_key(
    demo: Database,
) -> None:
    ran, written = [], []
    with demo.writing() as connection:
        for key in (opened(connection), opened(connection, Opening(Kind.HANDOFF, HERE)), UNKNOWN, "no es nada"):
            everybody_begins_with_the_same_tables = connection.begin_nested()
            with statements(connection) as said:
                for _ in range(4):
                    asked(connection, key)
                for _ in range(6):
                    check(connection, AREA, HERE, "12", DEMO_DAY)
            ran.append(said)
            written.append(rows_written(connection))
            everybody_begins_with_the_same_tables.rollback()
    assert ran[0]
    assert all(said == ran[0] for said in ran)
    assert all(rows == written[0] for rows in written)


def test_keys_that_exist_and_that_do_not_take_as_long(demo: Database) -> None:
    with demo.writing() as connection:
        existing = [opened(connection, replace(QUESTION, email=f"r{n}@una.example")) for n in range(ASKED_OF_EACH)]
        unknown = [new_key() for _ in range(ROUNDS * ASKED_OF_EACH)]

        def question(is_there: bool, number: int) -> None:
            key = existing[number % ASKED_OF_EACH] if is_there else unknown[number]
            outcome = asked(connection, key, DEMO_DAY + number * MINUTE, f"web:{key}{number // ASKED_OF_EACH}")
            assert outcome is Asking.SENT

        check_equal_time(question)
        assert len(connection.execute(select(procedure_table)).all()) == ASKED_OF_EACH
