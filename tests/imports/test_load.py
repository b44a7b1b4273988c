"""Files are loaded as a whole or not at all, again without harm, and every bad row is reported."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, inspect, select, update

from bot.accounts.store import assignment_table, client_table
from bot.database import Database
from bot.imports.files import CsvFile
from bot.imports.model import SHOWN_PROBLEMS, FileRefused
from bot.imports.service import LAYOUTS, load, open_files
from bot.invoices.store import invoice_table
from tests.imports.offices import CLIENTS, CONTRACTS, INVOICES, changes, imported, office, stored, write

NOTHING = {"agency": (0, 0), "client": (0, 0), "assignment": (0, 0), "supply_point": (0, 0), "contract": (0, 0)}
FIRST, SECOND = '12345678Z;Ana Núñez;"Calle Sol, 14"', 'X1234567L;José Peña;"Calle Luna, 3"'
INVOICE = "F-9;C-1;2026-03-01;2026-03-21;2026-02-01;2026-02-28;10;due;\n"


def reasons(database: Database, paths: list[Path]) -> list[str]:
    outcome = imported(database, paths)
    assert not outcome.stored
    assert outcome.problems.count == len(outcome.problems.shown)
    return [str(problem) for problem in outcome.problems.shown]


def test_clients_contracts_and_invoices_are_stored(database: Database, tmp_path: Path) -> None:
    outcome = imported(database, office(tmp_path))
    assert outcome.stored
    assert [each.rows for each in outcome.loaded] == [2, 2, 3]
    with database.reading() as connection:
        rows = connection.execute(select(invoice_table).order_by(invoice_table.c.number)).all()
    assert [(row.number, row.amount_cents, row.state) for row in rows] == [
        ("F-1", 123456, "paid"),
        ("F-2", -1230, "overdue"),
        ("F-3", 750, "due"),
    ]
    assert (rows[0].due_on, rows[0].paid_on, rows[1].paid_on) == (date(2026, 3, 21), date(2026, 3, 21), None)


def test_an_assignment_begins_and_ends_at_midnight_in_spain(database: Database, tmp_path: Path) -> None:
    imported(database, office(tmp_path))
    query = select(assignment_table).join(client_table).where(client_table.c.identifier == "X1234567L")
    with database.reading() as connection:
        row = connection.execute(query).one()
    assert row.valid_from == datetime(2025, 1, 31, 23, tzinfo=UTC)
    assert row.valid_until == datetime(2025, 12, 30, 23, tzinfo=UTC)


def test_the_order_of_the_files_makes_no_difference(database: Database, tmp_path: Path) -> None:
    assert imported(database, office(tmp_path)[::-1]).stored


def test_the_same_files_again_change_nothing(database: Database, tmp_path: Path) -> None:
    paths = office(tmp_path)
    imported(database, paths)
    before = stored(database)
    assert changes(imported(database, paths)) == NOTHING | {"invoice": (0, 0)}
    assert stored(database) == before


def test_changed_rows_update_and_new_ones_are_added(database: Database, tmp_path: Path) -> None:
    imported(database, office(tmp_path))
    clients, contracts = CLIENTS.replace("Ana Núñez", "Ana Nuñez"), CONTRACTS.replace("Luz Noche", "Luz Día")
    invoices = INVOICES.replace("vencida;", "pagada;2026-05-02") + INVOICE
    again = imported(database, office(tmp_path, clients, contracts, invoices))
    assert changes(again) == NOTHING | {"client": (0, 1), "contract": (0, 1), "invoice": (1, 1)}
    assert any("Luz Día" in row for row in stored(database)["contract"])


def test_a_dry_run_says_what_would_be_done_and_stores_nothing(database: Database, tmp_path: Path) -> None:
    outcome = imported(database, office(tmp_path), dry_run=True)
    assert changes(outcome)["invoice"] == (3, 0)
    assert not outcome.stored
    assert not any(stored(database).values())


def test_one_bad_row_keeps_everything_out(database: Database, tmp_path: Path) -> None:
    found = reasons(database, office(tmp_path, invoices=INVOICES + INVOICE.replace("2026-03-21", "2026-02-21")))
    assert found == ["invoices.csv:5: due_on is before issued_on"]
    assert not any(stored(database).values())


@pytest.mark.parametrize(
    ("file", "old", "new", "reason"),
    [
        ("clients", "12345678Z", "12345678A", "clients.csv:2: client: «12345678A»: wrong letter"),
        ("clients", "Ana Núñez", "", "clients.csv:2: name is empty"),
        ("clients", "31/12/2025", "31/12/2024", "clients.csv:3: assigned_until is before assigned_from"),
        ("clients", SECOND, FIRST, "clients.csv:3: agency, client and assigned_from are those of line 2"),
        ("clients", "Uno, S. L.;X", "Dos;X", "clients.csv:3: the agency has another name in line 2"),
        ("contracts", "C-2,X1234567L", "C-1,X1234567L", "contracts.csv:3: the number is that of line 2"),
        ("contracts", "X1234567L", "B12345674", "contracts.csv:3: client: B12345674 is not known"),
        (
            "contracts",
            "luz,Luz Noche",
            "gas,Gas",
            "contracts.csv:3: the supply point has another address or energy in line 2",
        ),
        ("contracts", "luz,Luz Noche,2025-02-01", "luz,Luz Noche", "contracts.csv:3: the number of values"),
        ("invoices", "F-2", "F-1", "invoices.csv:3: the number is that of line 2"),
        ("invoices", "C-2", "C-7", "invoices.csv:4: contract: C-7 is not known"),
        ("invoices", "vencida;", "pagada;", "invoices.csv:3: paid_on is needed"),
        ("invoices", "vencida;", "vencida;21/04/2026", "invoices.csv:3: paid_on is needed"),
        ("invoices", "31/03/2026", "31/03/2020", "invoices.csv:3: period_to is before period_from"),
        ("invoices", "-12,30", "gratis", "invoices.csv:3: amount: «gratis» is no amount"),
    ],
)
def test_a_bad_row_is_reported_with_its_line(
    database: Database, tmp_path: Path, file: str, old: str, new: str, reason: str
) -> None:
    texts = {"clients": CLIENTS, "contracts": CONTRACTS, "invoices": INVOICES}
    assert old in texts[file]
    texts[file] = texts[file].replace(old, new)
    (found,) = reasons(database, office(tmp_path, **texts))
    assert found.startswith(reason)


def test_a_client_has_one_name_in_a_file(database: Database, tmp_path: Path) -> None:
    other = 'A58818501;Fincas Dos;12345678Z;Ana Nuñez;"Calle Sol, 14";01/02/2025;\n'
    found = reasons(database, office(tmp_path, clients=CLIENTS + other))
    assert found == ["clients.csv:4: the client has another name, address or e-mail in line 2"]


def test_a_client_may_have_two_agencies(database: Database, tmp_path: Path) -> None:
    other = 'A58818501;Fincas Dos;12345678Z;Ana Núñez;"Calle Sol, 14";01/02/2025;\n'
    outcome = imported(database, office(tmp_path, clients=CLIENTS + other))
    assert changes(outcome)["assignment"] == (3, 0)
    assert changes(outcome)["client"] == (2, 0)


def test_contracts_and_invoices_do_not_change_hands(database: Database, tmp_path: Path) -> None:
    imported(database, office(tmp_path))
    contracts = CONTRACTS.replace("C-2,X1234567L", "C-2,12345678Z")
    assert reasons(database, office(tmp_path, contracts=contracts)) == [
        "contracts.csv:3: contract C-2 is another client's: a new holder has a new contract"
    ]
    invoices = INVOICES.replace("F-3;C-2", "F-3;C-1")
    found = reasons(database, office(tmp_path, invoices=invoices))
    assert found == ["invoices.csv:4: invoice F-3 is another contract's"]


def test_every_bad_row_is_counted_and_the_first_ones_are_shown(database: Database, tmp_path: Path) -> None:
    bad = "".join(f"F{number};C-1;x;;;;;;\n" for number in range(SHOWN_PROBLEMS + 50))
    problems = imported(database, office(tmp_path, invoices=INVOICES + bad)).problems
    assert (problems.count, len(problems.shown)) == (SHOWN_PROBLEMS + 50, SHOWN_PROBLEMS)
    assert [problem.line for problem in problems.shown[:2]] == [5, 6]


def test_rows_that_do_not_go_together_are_all_counted(database: Database, tmp_path: Path) -> None:
    bad = INVOICE * (SHOWN_PROBLEMS + 50)
    problems = imported(database, office(tmp_path, invoices=INVOICES + bad)).problems
    assert (problems.count, len(problems.shown)) == (SHOWN_PROBLEMS + 49, SHOWN_PROBLEMS)
    assert str(problems.shown[0]) == "invoices.csv:6: the number is that of line 5"


def test_a_line_is_that_of_the_editor_even_after_a_value_of_two_lines(database: Database, tmp_path: Path) -> None:
    clients = CLIENTS.replace("Calle Sol, 14", "Calle Sol,\n14") + "\n;;;;;;\n"
    found = reasons(database, office(tmp_path, clients=clients))
    assert [line.split(": ")[0] for line in found] == ["clients.csv:3", "clients.csv:6"]


@pytest.mark.parametrize("text", ["\\N", "a\\b", "\\.", "“Ñ” 💡", "' OR 1=1 --"])
def test_odd_texts_come_back_as_they_were(database: Database, tmp_path: Path, text: str) -> None:
    assert imported(database, office(tmp_path, clients=CLIENTS.replace("Ana Núñez", text))).stored
    with database.reading() as connection:
        names = connection.execute(select(client_table.c.name)).scalars().all()
    assert text in names


@pytest.mark.parametrize(("encoding", "newline"), [("utf-8", "\n"), ("utf-8-sig", "\n"), ("utf-8-sig", "\r\n")])
def test_files_of_spreadsheets_are_read(database: Database, tmp_path: Path, encoding: str, newline: str) -> None:
    path = write(tmp_path, "clients.csv", CLIENTS.replace("\n", newline), encoding)
    assert imported(database, [path]).stored
    assert any("Ana Núñez" in row for row in stored(database)["client"])


def test_columns_stand_in_any_order(database: Database, tmp_path: Path) -> None:
    lines = [line.split(",", 1) for line in CONTRACTS.splitlines()]
    text = "\n".join(f"{rest},{number}" for number, rest in lines)
    assert imported(database, office(tmp_path, contracts=text)).stored


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no header"),
        (b"a,b,c\n1,2,3\n", "no header"),
        (INVOICES.replace("amount", "importe").encode(), "unknown columns for invoices: importe"),
        (INVOICES.replace("state", "paid_on").encode(), "missing columns for invoices: state"),
        (INVOICES.replace("state", "amount;state").encode(), "repeated columns"),
        (CLIENTS.encode("latin-1"), "not in UTF-8"),
        ((INVOICES + f'"{"x" * 20_000}"').encode(), "no CSV file"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused(
    database: Database, tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "some.csv"
    path.write_bytes(content)
    with pytest.raises(FileRefused, match=reason):
        imported(database, [path])
    assert not any(stored(database).values())


def test_a_file_that_breaks_off_in_the_middle_leaves_the_database_usable(database: Database, tmp_path: Path) -> None:
    paths = office(tmp_path)
    paths[2].write_bytes(INVOICES.encode() + INVOICE.encode() * 3000 + b"\xff\xfe;C-1\n")
    with pytest.raises(FileRefused, match="not in UTF-8"):
        imported(database, paths)
    assert imported(database, office(tmp_path)).stored


def test_no_temporary_table_is_left(database: Database, tmp_path: Path) -> None:
    imported(database, office(tmp_path))
    with database.reading() as connection:
        assert not [name for name in inspect(connection).get_temp_table_names() if name.startswith("import")]


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "invoices.csv", INVOICES + INVOICE * 100_000)
    tracemalloc.start()
    rows = sum(1 for _ in CsvFile(path, LAYOUTS).rows(lambda _: None))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 100_003
    assert peak < 1_000_000


def test_progress_ends_at_the_size_of_the_file(tmp_path: Path) -> None:
    file = CsvFile(write(tmp_path, "invoices.csv", INVOICES), LAYOUTS)
    told: list[int] = []
    assert len(list(file.rows(told.append))) == 3
    assert told[-1] == file.bytes == len(INVOICES.encode())


def test_others_can_write_while_files_are_read(database: Database, tmp_path: Path) -> None:
    def write_something(_file: str, _done: int) -> None:
        with database.writing() as connection:
            connection.execute(update(client_table).values(name="Otro"))

    assert load(database, open_files(office(tmp_path)), False, write_something).stored


def test_many_invoices_are_loaded(database: Database, tmp_path: Path) -> None:
    many = "".join(INVOICE.replace("F-9", f"G-{number}") for number in range(5000))
    assert changes(imported(database, office(tmp_path, invoices=INVOICES + many)))["invoice"] == (5003, 0)
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(invoice_table)).scalar_one() == 5003


def ended_in_the_area(database: Database) -> None:
    with database.writing() as connection:
        ended = datetime(2025, 6, 1, tzinfo=UTC)
        connection.execute(
            update(assignment_table).where(assignment_table.c.valid_until.is_(None)).values(valid_until=ended)
        )


def test_an_assignment_that_was_ended_in_the_area_comes_back_by_no_file(database: Database, tmp_path: Path) -> None:
    imported(database, office(tmp_path))
    ended_in_the_area(database)
    assert imported(database, office(tmp_path)).stored
    with database.reading() as connection:
        assert (
            connection.execute(select(func.count()).where(assignment_table.c.valid_until.is_(None))).scalar_one() == 0
        )
    (found,) = reasons(database, office(tmp_path, clients=CLIENTS.replace("01/02/2025", "01/03/2025")))
    assert found.startswith("clients.csv:2: the agency has that client in that time")
    assert imported(database, office(tmp_path, clients=CLIENTS.replace("01/02/2025", "01/07/2025"))).stored
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(assignment_table)).scalar_one() == 3


def test_a_client_keeps_its_mailbox_when_a_file_names_none(database: Database, tmp_path: Path) -> None:
    head, first, *rest = CLIENTS.splitlines()
    named = "\n".join([f"{head};email", f"{first};ana@casa.example", *(f"{row};" for row in rest)])
    assert imported(database, office(tmp_path, clients=named)).stored
    assert imported(database, office(tmp_path)).stored
    with database.reading() as connection:
        mailboxes = list(connection.execute(select(client_table.c.email).order_by(client_table.c.id)).scalars())
    assert mailboxes == ["ana@casa.example", None]
    (found,) = reasons(database, office(tmp_path, clients=named.replace("ana@casa.example", "ana@casa")))
    assert found == "clients.csv:2: email is no e-mail address"
