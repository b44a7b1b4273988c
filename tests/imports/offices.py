"""Files as an office would send them."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from bot.accounts.store import (
    access_table,
    agency_table,
    assignment_table,
    client_table,
    contract_table,
    representative_table,
    supply_point_table,
)
from bot.database import Database
from bot.identity.persons import person_table
from bot.imports.model import Outcome
from bot.imports.service import load, open_files
from bot.invoices.store import invoice_table

CLIENTS = """agency;agency_name;client;name;address;assigned_from;assigned_until
B12345674;Fincas Uno, S. L.;12345678Z;Ana Núñez;"Calle Sol, 14";01/02/2025;
B12345674;Fincas Uno, S. L.;X1234567L;José Peña;"Calle Luna, 3";2025-02-01;31/12/2025
"""
PEOPLE = """agency;identifier;first_name;surnames;email;right;valid_from;valid_until
B12345674;12345678Z;Ana;Núñez Gil;ana@uno.example;representante;01/02/2025;
B12345674;X1234567L;José;Peña;jose@uno.example;solo lectura;2025-02-01;31/12/2025
"""
CONTRACTS = """number,client,cups,address,energy,product,starts_on
C-1,12345678Z,ES0021000012345678LB,"Calle Sol, 14",luz,Luz Estable,2025-02-01
C-2,X1234567L,ES0021000012345678LB,"Calle Sol, 14",luz,Luz Noche,2025-02-01
"""
INVOICES = """number;contract;issued_on;due_on;period_from;period_to;amount;state;paid_on
F-1;C-1;01/03/2026;21/03/2026;01/02/2026;28/02/2026;1.234,56;pagada;21/03/2026
F-2;C-1;01/04/2026;21/04/2026;01/03/2026;31/03/2026;-12,30;vencida;
F-3;C-2;2026-04-01;2026-04-21;2026-03-01;2026-03-31;7.5;due;
"""


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def office(folder: Path, clients: str = CLIENTS, contracts: str = CONTRACTS, invoices: str = INVOICES) -> list[Path]:
    texts = {"clients.csv": clients, "contracts.csv": contracts, "invoices.csv": invoices}
    return [write(folder, name, text) for name, text in texts.items()]


def imported(database: Database, paths: list[Path], dry_run: bool = False) -> Outcome:
    return load(database, open_files(paths), dry_run, lambda *_: None)


def stored(database: Database) -> dict[str, list[tuple[object, ...]]]:
    people = (person_table, representative_table, access_table)
    contracts = (supply_point_table, contract_table, invoice_table)
    tables = (agency_table, client_table, assignment_table, *people, *contracts)
    with database.reading() as connection:
        return {table.name: sorted(map(tuple, connection.execute(select(table))), key=str) for table in tables}


def changes(outcome: Outcome) -> dict[str, tuple[int, int]]:
    return {each.table: (each.new, each.changed) for loaded in outcome.loaded for each in loaded.changes}
