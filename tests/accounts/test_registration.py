"""What an account was registered with is told to whoever reads its mailbox; nobody learns whether there is one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from bot.accounts.model import Registration
from bot.accounts.registration import Account, Asking, ask, check
from bot.accounts.store import agency_table, representative_table
from bot.area import Area
from bot.audit.model import Result
from bot.database import Database
from bot.identity.attempts import attempt_table
from bot.identity.codes import LIFETIME, Outcome, code_table
from bot.identity.persons import person_table
from bot.notifications.store import mail_table
from tests.conftest import DEMO_DAY
from tests.equal_time import ASKED_OF_EACH, audited, check_equal_time, rows_written, statements

AREA = Area("https://area.example", b"secret")
HERE, ELSEWHERE = "web:here", "web:elsewhere"
BEATRIZ, IGNACIO, PAULA = "16001840G", "11501449T", "49974818G"
NOBODY = "12345678Z"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def cif_of_llorente(connection: Connection) -> str:
    return str(connection.execute(select(agency_table.c.identifier).where(agency_table.c.id == 2)).scalar_one())


def mails(connection: Connection) -> list[tuple[str, Any]]:
    rows = connection.execute(select(mail_table).where(mail_table.c.recipient != "").order_by(mail_table.c.id))
    return [(row.recipient, row.details) for row in rows]


def mailed_code(connection: Connection) -> str:
    return str(mails(connection)[-1][1]["code"])


def asked(connection: Connection, identifier: str, now: datetime = DEMO_DAY, address: str = HERE) -> Asking:
    return ask(connection, AREA, address, identifier, now).outcome


def represent_each_other(connection: Connection) -> None:
    """The representatives of the first two agencies are also those of the other one."""
    both = [{"person_id": 1, "agency_id": 2}, {"person_id": 2, "agency_id": 1}]
    connection.execute(insert(representative_table), [one | {"valid_from": DEMO_DAY} for one in both])


def test_the_representative_s_nif_is_answered_to_that_person(demo: Database) -> None:
    with demo.writing() as connection:
        assert asked(connection, "16.001.840-g") is Asking.SENT
        ((recipient, details),) = mails(connection)
        assert recipient == "beatriz.aranda@gestoria-aranda.example"
        assert details["minutes"] == 10
        told = check(connection, AREA, HERE, details["code"], DEMO_DAY + MINUTE)
    assert told.outcome is Outcome.RIGHT
    assert told.accounts == [Account("Gestoría Beatriz Aranda", Registration.NIF)]


def test_the_agency_s_cif_is_answered_to_its_representatives(demo: Database) -> None:
    with demo.writing() as connection:
        represent_each_other(connection)
        assert asked(connection, cif_of_llorente(connection)) is Asking.SENT
        recipients = {recipient for recipient, _ in mails(connection)}
        told = check(connection, AREA, HERE, mailed_code(connection), DEMO_DAY)
    assert recipients == {"ignacio@fincas-llorente.example", "beatriz.aranda@gestoria-aranda.example"}
    assert told.accounts == [Account("Fincas Llorente y Vega, S. L.", Registration.CIF)]


def test_a_person_of_two_agencies_is_told_of_both_and_colleagues_are_not_written_to(demo: Database) -> None:
    with demo.writing() as connection:
        represent_each_other(connection)
        asked(connection, BEATRIZ)
        assert [recipient for recipient, _ in mails(connection)] == ["beatriz.aranda@gestoria-aranda.example"]
        told = check(connection, AREA, HERE, mailed_code(connection), DEMO_DAY)
    assert {account.registration for account in told.accounts} == {Registration.NIF, Registration.CIF}


@pytest.mark.parametrize("identifier", [NOBODY, PAULA, "B12345674", "", "no es nada", "\ud800", "x" * 500])
def test_who_has_no_account_is_answered_alike_and_nobody_is_written_to(demo: Database, identifier: str) -> None:
    with demo.writing() as connection:
        assert asked(connection, identifier) is Asking.SENT
        assert mails(connection) == []
        assert check(connection, AREA, HERE, "000000", DEMO_DAY).accounts == []


def test_a_former_representative_is_nobody(demo: Database) -> None:
    with demo.writing() as connection:
        connection.execute(update(representative_table).values(valid_until=DEMO_DAY))
        for identifier in (BEATRIZ, cif_of_llorente(connection)):
            asked(connection, identifier)
        assert mails(connection) == []


def test_a_right_that_ended_since_tells_nothing(demo: Database) -> None:
    with demo.writing() as connection:
        asked(connection, BEATRIZ)
        connection.execute(update(representative_table).values(valid_until=DEMO_DAY))
        told = check(connection, AREA, HERE, mailed_code(connection), DEMO_DAY)
    assert (told.outcome, told.accounts) == (Outcome.WRONG, [])


def test_a_decoy_s_code_opens_nothing(demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.identity.codes.secrets.randbelow", lambda _: 123456)
    with demo.writing() as connection:
        asked(connection, NOBODY)
        told = check(connection, AREA, HERE, "123456", DEMO_DAY)
    assert (told.outcome, told.accounts) == (Outcome.WRONG, [])


def test_a_code_is_good_once_in_its_conversation_for_ten_minutes(demo: Database) -> None:
    with demo.writing() as connection:
        asked(connection, BEATRIZ)
        code = mailed_code(connection)
        assert check(connection, AREA, ELSEWHERE, code, DEMO_DAY).outcome is Outcome.NONE
        assert check(connection, AREA, HERE, code, DEMO_DAY + LIFETIME).outcome is Outcome.EXPIRED
        assert check(connection, AREA, HERE, code, DEMO_DAY).outcome is Outcome.RIGHT
        assert check(connection, AREA, HERE, code, DEMO_DAY).outcome is Outcome.NONE


def test_a_code_cannot_be_guessed(demo: Database) -> None:
    with demo.writing() as connection:
        asked(connection, BEATRIZ)
        code = mailed_code(connection)
        wrong = f"{(int(code) + 1) % 10**6:06}"
        tried = [check(connection, AREA, HERE, wrong, DEMO_DAY).outcome for _ in range(5)]
        assert set(tried) == {Outcome.WRONG}
        assert check(connection, AREA, HERE, code, DEMO_DAY).outcome is Outcome.TOO_MANY


@pytest.mark.parametrize("identifier", [BEATRIZ, NOBODY])
def test_an_identifier_is_asked_for_three_times_an_hour(demo: Database, identifier: str) -> None:
    with demo.writing() as connection:
        outcomes = [asked(connection, identifier, DEMO_DAY + n * MINUTE, f"web:{n}") for n in range(4)]
        assert outcomes == [Asking.SENT] * 3 + [Asking.LIMITED]
        limited = ask(connection, AREA, ELSEWHERE, identifier, DEMO_DAY + 3 * MINUTE)
        assert limited.wait_seconds == 57 * 60
        assert asked(connection, identifier, DEMO_DAY + HOUR, ELSEWHERE) is Asking.SENT


def test_a_conversation_asks_five_times_an_hour(demo: Database) -> None:
    with demo.writing() as connection:
        outcomes = [asked(connection, f"1234567{n}Z") for n in range(6)]
        assert outcomes == [Asking.SENT] * 5 + [Asking.LIMITED]
        assert asked(connection, NOBODY, address=ELSEWHERE) is Asking.SENT


def test_all_together_ask_three_hundred_times_an_hour(demo: Database) -> None:
    with demo.writing() as connection:
        outcomes = [asked(connection, f"id{n}", address=f"web:{n}") for n in range(302)]
        assert outcomes.count(Asking.LIMITED) == 2
        assert asked(connection, BEATRIZ, DEMO_DAY + HOUR) is Asking.SENT


def test_who_is_limited_gets_no_code_and_no_mail(demo: Database) -> None:
    with demo.writing() as connection:
        for _ in range(5):
            asked(connection, BEATRIZ)
        assert len(mails(connection)) == 3
        assert len(connection.execute(select(code_table)).all()) == 3
        assert len(connection.execute(select(attempt_table)).all()) == 9


def test_everything_is_audited_without_the_identifier(demo: Database) -> None:
    with demo.writing() as connection:
        for _ in range(4):
            asked(connection, BEATRIZ)
        asked(connection, NOBODY, address=ELSEWHERE)
        check(connection, AREA, ELSEWHERE, "1", DEMO_DAY)
        check(connection, AREA, HERE, mailed_code(connection), DEMO_DAY)
        entries = [recorded.entry for recorded in audited(connection)][::-1]
    results = [(entry.action, entry.result, entry.person_id) for entry in entries]
    assert results == [
        *[("registration_lookup", Result.DONE, 1)] * 3,
        ("registration_lookup", Result.REFUSED, 1),
        ("registration_lookup", Result.DONE, None),
        ("registration_code_checked", Result.FAILED, None),
        ("registration_code_checked", Result.DONE, 1),
    ]
    traces = [entry.object_id for entry in entries]
    assert traces == [AREA.digest("identifier", BEATRIZ)[:16]] * 4 + [traces[4], "", traces[0]]
    assert not {BEATRIZ, NOBODY} & {value for entry in entries for value in map(str, (entry.object_id, entry.address))}


def test_no_table_of_it_holds_an_identifier_or_a_code_in_clear(demo: Database) -> None:
    with demo.writing() as connection:
        asked(connection, BEATRIZ)
        asked(connection, NOBODY)
        code = mailed_code(connection)
        rows = [str(row) for table in (code_table, attempt_table) for row in connection.execute(select(table))]
    assert rows
    assert not [row for row in rows if BEATRIZ in row or NOBODY in row or f"'{code}'" in row]


def test_the_same_statements_run_and_the_same_rows_are_written_whether_or_not_there_is_an_account(
    demo: Database,
) -> None:
    ran, written = {}, {}
    with demo.writing() as connection:
        cif = cif_of_llorente(connection)
        for identifier in (BEATRIZ, cif, NOBODY, "B12345674"):
            everybody_begins_with_the_same_tables = connection.begin_nested()
            with statements(connection) as said:
                for _ in range(4):
                    asked(connection, identifier)
                for _ in range(6):
                    check(connection, AREA, HERE, "12", DEMO_DAY)
            ran[identifier], written[identifier] = said, rows_written(connection)
            everybody_begins_with_the_same_tables.rollback()
    assert ran[BEATRIZ] == ran[cif] == ran[NOBODY] == ran["B12345674"]
    assert written[BEATRIZ] == written[cif] == written[NOBODY] == written["B12345674"]
    assert written[NOBODY] == {"mailed_code": 3, "attempt": 9, "mail": 9, "audit": 10}


def agencies_with_representatives(connection: Connection, count: int) -> list[str]:
    """More accounts to ask for, so that limits do not get in the way: the identifiers of their representatives."""
    ids = range(1000, 1000 + count)
    since = {"valid_from": DEMO_DAY - HOUR}
    agencies = [{"id": n, "name": "Una", "registered_with": "cif", "identifier": f"A{n}"} for n in ids]
    connection.execute(insert(agency_table), agencies)
    named = {"identifier_kind": "nif", "first_name": "Ana", "surnames": "Una", "created_at": DEMO_DAY}
    persons = [named | {"id": n, "identifier": f"R{n}", "email": f"r{n}@una.example"} for n in ids]
    connection.execute(insert(person_table), persons)
    connection.execute(insert(representative_table), [since | {"agency_id": n, "person_id": n} for n in ids])
    return [f"R{n}" for n in ids]


def test_existing_and_not_existing_accounts_take_as_long(demo: Database) -> None:
    with demo.writing() as connection:
        existing = agencies_with_representatives(connection, ASKED_OF_EACH)

        def question(is_there: bool, number: int) -> None:
            identifier = existing[number % ASKED_OF_EACH]
            value = identifier if is_there else f"N{identifier}"
            outcome = asked(connection, value, DEMO_DAY + number * MINUTE, f"web:{value}{number}")
            assert outcome is Asking.SENT

        check_equal_time(question)
