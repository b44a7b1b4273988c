"""Putting a notice on its way, in the transaction of what it tells; whether a person wants any; and what a chat refuses."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from bot.area import SPAIN
from bot.audit.model import Entry
from bot.audit.service import record
from bot.identity.devices import LINKED_FOR
from bot.identity.sessions import last_chats_of, last_person_at
from bot.notices import store
from bot.notices.model import SHOWN_WHEREVER, Kind, Mailing, State, is_brought, is_quiet, is_shown, told_from
from bot.notifications.service import queue


def tell(
    connection: Connection,
    person_id: int,
    kind: Kind,
    details: dict[str, Any],
    now: datetime,
    mail: Mailing | None = None,
) -> None:
    """Tell a person something in the chat they used last, else by `mail`. `details` fill the response of the kind.

    A kind that is looked at again when it is told waits for that, also where it is going to be a mail.
    """
    is_certain = kind not in SHOWN_WHEREVER
    if is_certain and (not store.wants(connection, person_id) or not chats_of(connection, person_id, now)):
        mail_instead(connection, mail, now)
        return
    values = {"person_id": person_id, "kind": kind, "details": details, "mail": asdict(mail) if mail else None}
    store.add(connection, values | {"created_at": now, "due_at": told_from(now, SPAIN)})


def quiet_until(address: str, now: datetime) -> datetime | None:
    """Until when nobody is written to there who has not written first; None: now is as good as any moment."""
    return told_from(now, SPAIN) if is_brought(address) and is_quiet(now, SPAIN) else None


def mail_instead(connection: Connection, mail: Mailing | None, now: datetime) -> None:
    """Send the mail that says the same, where there is one."""
    if mail is not None:
        queue(connection, now, mail.recipient, mail.template, mail.details)


def chats_of(connection: Connection, person_id: int, now: datetime, kind: Kind | None = None) -> list[str]:
    """The chats that bring something to a person who signed in there of late, the one used last first.

    What is of a kind that may wait there is shown in a chat that has to be opened, too.
    """
    takes = is_shown if kind in SHOWN_WHEREVER else is_brought
    return [address for address in last_chats_of(connection, person_id, now - LINKED_FOR) if takes(address)]


def last_person_of(connection: Connection, address: str, now: datetime) -> int | None:
    """Whom notices would be told at an address; None where nobody's would come."""
    return last_person_at(connection, address, now - LINKED_FOR)


def choose(connection: Connection, person_id: int, address: str, wanted: bool, now: datetime) -> None:
    """The person of that chat wants notices in it, or none any more."""
    store.choose(connection, person_id, wanted, now)
    action = "notices_on" if wanted else "notices_off"
    record(connection, now, Entry(action, address=address, person_id=person_id))


def note_refused(connection: Connection, address: str, first: int, last: int | None, now: datetime) -> int:
    """A chat did not take our messages from number `first` on (to `last`, None: all): notices among them are mailed, once.

    Gives how many notices were not taken.
    """
    refused = store.told_at(connection, address, first, last)
    for notice in refused:
        mail_instead(connection, Mailing(**notice.mail) if notice.mail else None, now)
        store.settle(connection, notice.id, State.MAILED if notice.mail else State.REFUSED, now)
    return len(refused)
