"""What can be asked about agencies and their clients. Every call says who asks and sees that agency's own, nothing else."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bot.accounts import store
from bot.accounts.model import Client, Contract, NotAllowed, NotFound, Page, Viewer

FIRST_PAGE = Page()


def viewer_of(connection: Connection, person_id: int, agency_id: int, now: datetime) -> Viewer:
    """The right of a person to act for an agency now.

    Raises NotAllowed, the same for a stranger, for an ended right and for an agency that does not exist.
    """
    role = store.role_of(connection, person_id, agency_id, now)
    if role is None:
        raise NotAllowed
    return Viewer(person_id, agency_id, role, now)


def agencies_of(connection: Connection, person_id: int, now: datetime) -> list[int]:
    """The ids of the agencies that a person may act for now, often one."""
    return store.agencies_of(connection, person_id, now)


def clients_of(connection: Connection, viewer: Viewer, search: str = "", page: Page = FIRST_PAGE) -> list[Client]:
    """The agency's clients by name; `search` is an identifier, a CUPS, or words of the name and address."""
    return store.clients(connection, viewer, search, page)


def count_clients_of(connection: Connection, viewer: Viewer, search: str = "") -> int:
    """How many clients `clients_of` would give on all its pages."""
    return store.count_clients(connection, viewer, search)


def client_of(connection: Connection, viewer: Viewer, client_id: int) -> Client:
    """One client of the agency. Raises NotFound, also when it is another agency's."""
    found = store.client_by_id(connection, viewer, client_id)
    if found is None:
        raise NotFound
    return found


def contracts_of(
    connection: Connection,
    viewer: Viewer,
    client_id: int | None = None,
    cups: str | None = None,
    page: Page = FIRST_PAGE,
) -> list[Contract]:
    """Contracts of the agency's clients, the youngest first.

    Of another agency's client or supply point the list is empty, as it is of one that does not exist.
    """
    return store.contracts(connection, viewer, client_id, cups, page)
