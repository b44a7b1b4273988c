"""What can be asked about agencies and their clients. Every call says who asks and sees that agency's own, nothing else."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bot.accounts import contract_store, rights, store
from bot.accounts.model import (
    Agency,
    Client,
    Contract,
    ContractFilters,
    Energy,
    Found,
    NotAllowed,
    NotFound,
    Page,
    Viewer,
)
from bot.accounts.search import find, find_nearest
from bot.identity.persons import Person, person_by_id
from bot.identity.sessions import Session

FIRST_PAGE = Page()


def viewer_of(connection: Connection, person_id: int, agency_id: int, now: datetime) -> Viewer:
    """The right of a person to act for an agency now.

    Raises NotAllowed, the same for a stranger, for an ended right and for an agency that does not exist.
    """
    viewer = viewer_if_any(connection, person_id, agency_id, now)
    if viewer is None:
        raise NotAllowed
    return viewer


def viewer_if_any(connection: Connection, person_id: int, agency_id: int | None, now: datetime) -> Viewer | None:
    """As `viewer_of`; None where there is no such right, and where no agency is chosen."""
    if agency_id is None:
        return None
    right = rights.right_of(connection, person_id, agency_id, now)
    if right is None:
        return None
    limits = (right.access_id, right.is_limited, right.may_authorize, right.manager_id)
    return Viewer(person_id, agency_id, right.role, now, *limits)


def viewer_here(connection: Connection, session: Session, now: datetime) -> Viewer:
    """The right of who is signed in, for the agency that the session is about.

    Raises NotAllowed where none is chosen yet and where the right has ended since.
    """
    if session.agency_id is None:
        raise NotAllowed
    return viewer_of(connection, session.person_id, session.agency_id, now)


def agencies_of(connection: Connection, person_id: int, now: datetime) -> list[int]:
    """The ids of the agencies that a person may act for now, often one."""
    return rights.agencies_of(connection, person_id, now)


def agencies_named(connection: Connection, person_id: int, now: datetime) -> list[Agency]:
    """The agencies that a person may act for now, by name."""
    return store.agencies_named(connection, rights.agencies_of(connection, person_id, now))


def agency_of(connection: Connection, viewer: Viewer) -> Agency:
    """The agency that the viewer acts for. Raises NotAllowed where there is none any more."""
    found = store.agency_by_id(connection, viewer.agency_id)
    if found is None:
        raise NotAllowed
    return found


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


def find_clients(connection: Connection, viewer: Viewer, words: str, page: Page = FIRST_PAGE) -> Found:
    """The agency's clients that fit what a person wrote; where nothing fits, those that resemble it, best first.

    `words` is an identifier, a CUPS, or words of the name and address with their slips. A number must be there as written.
    """
    return find(connection, viewer, words, page)


def nearest_clients(connection: Connection, viewer: Viewer, words: str, limit: int = 3) -> list[Client]:
    """What may have been meant where `find_clients` finds nothing: a word or the number may be another. Often empty."""
    return find_nearest(connection, viewer, words, limit)


def contracts_of(
    connection: Connection,
    viewer: Viewer,
    client_id: int | None = None,
    cups: str | None = None,
    page: Page = FIRST_PAGE,
    *,
    number: str | None = None,
    energy: Energy | None = None,
    current: bool = False,
) -> list[Contract]:
    """Contracts of the agency's clients, the youngest first; `current`: only those that run today.

    Of another agency's client, supply point or contract the list is empty, as it is of one that does not exist.
    """
    asked = ContractFilters(client_id, cups, number, energy, viewer.day if current else None)
    return contract_store.contracts(connection, viewer, asked, page)


def count_contracts(
    connection: Connection,
    viewer: Viewer,
    client_id: int | None = None,
    cups: str | None = None,
    *,
    number: str | None = None,
    energy: Energy | None = None,
    current: bool = False,
) -> int:
    """How many contracts `contracts_of` would give on all its pages."""
    asked = ContractFilters(client_id, cups, number, energy, viewer.day if current else None)
    return contract_store.count_contracts(connection, viewer, asked)


def contract_of(connection: Connection, viewer: Viewer, contract_id: int) -> Contract:
    """One contract of the agency's clients. Raises NotFound, also when it is another agency's."""
    found = contract_store.contract_by_id(connection, viewer, contract_id)
    if found is None:
        raise NotFound
    return found


def representatives_of(connection: Connection, viewer: Viewer) -> list[Person]:
    """The current representatives of the viewer's agency, who are told of what changes in it."""
    return [
        person
        for person_id in rights.representatives(connection, viewer)
        if (person := person_by_id(connection, person_id))
    ]
