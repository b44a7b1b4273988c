"""Choosing the day of the month on which invoices are paid."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bot.accounts.model import Client, NotAllowed, NotFound, Viewer
from bot.accounts.service import client_of, contract_of, representatives_of
from bot.audit.model import Entry
from bot.audit.service import record
from bot.identity.persons import person_by_id
from bot.invoices import store
from bot.notifications.service import queue

DAYS = range(1, 29)
"""The days that every month has."""


def set_payment_day(
    connection: Connection,
    viewer: Viewer,
    client_id: int,
    contract_id: int | None,
    day: int,
    now: datetime,
    address: str = "",
) -> Client:
    """Pay a contract, or without one everything of a client, on that day of the month, 1 to 28; gives the client.

    The representatives of the agency are told by mail.

    `address` is the conversation in which it was asked for. Raises NotAllowed for who may only look, ValueError for
    another day, NotFound for another agency's client and for a contract that is not the client's.
    """
    if not viewer.may_change:
        raise NotAllowed
    if day not in DAYS:
        raise ValueError("a payment day is one that every month has: 1 to 28")
    client = client_of(connection, viewer, client_id)
    if contract_id is not None and contract_of(connection, viewer, contract_id).client_id != client_id:
        raise NotFound
    store.set_payment_day(connection, client_id, contract_id, day)
    kind, number = ("client", client_id) if contract_id is None else ("contract", contract_id)
    entry = Entry(
        "payment_day_set",
        address=address,
        person_id=viewer.person_id,
        agency_id=viewer.agency_id,
        object_kind=kind,
        object_id=str(number),
    )
    record(connection, now, entry)
    _tell_representatives(connection, viewer, client, day, now)
    return client


def _tell_representatives(connection: Connection, viewer: Viewer, client: Client, day: int, now: datetime) -> None:
    person = person_by_id(connection, viewer.person_id)
    told = {"client": client.name, "day": day, "person": person.name if person else ""}
    for representative in representatives_of(connection, viewer):
        queue(connection, now, representative.email, "payment_day_changed", told)
