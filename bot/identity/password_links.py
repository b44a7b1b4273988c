"""Links that are mailed to choose a password: the first one, or another one when it was forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, update

from bot.area import Area
from bot.audit.model import Entry
from bot.audit.service import record
from bot.database import Database, Line, in_line
from bot.identity import passwords
from bot.identity.admission import Problem
from bot.identity.attempts import Limit, network_of, wait_or_note
from bot.identity.identifiers import Identifier
from bot.identity.links import (
    Gone,
    LinkGone,
    add_link,
    good_link,
    link_of,
    password_link_table,
    sign_in_link_table,
    use_link,
)
from bot.identity.passwords import PasswordProblem
from bot.identity.persons import Person, person_by_id
from bot.identity.sessions import end_sessions_of_person
from bot.identity.typed_identifier import person_of, typed_identifier
from bot.notifications.service import queue

__all__ = ["Gone", "LinkGone", "PasswordLink", "PasswordLinks", "PasswordProblem"]

LIFETIME = timedelta(minutes=30)
MAILS = Limit("password_mail", 3, timedelta(hours=1))
REQUESTS = Limit("password_request", 20, timedelta(hours=1))


def make_password_link(
    connection: Connection, area: Area, person_id: int | None, now: datetime, sign_in_token: str | None = None
) -> str:
    """The address of a page where the person chooses a password: for one use within 30 minutes.

    Earlier ones stay good: else somebody who asks again and again could keep a person from ever using one.
    """
    values = {"person_id": person_id, "sign_in_link_id": _sign_in_link(connection, area, sign_in_token)}
    times = {"created_at": now, "expires_at": now + LIFETIME}
    return area.url(f"/clave/{add_link(connection, area, password_link_table, values | times)}")


@dataclass(frozen=True, slots=True)
class PasswordLink:
    """A link that may still be used; `is_first` when the person never had a password."""

    created_at: datetime
    expires_at: datetime
    is_first: bool


class PasswordLinks:
    """Mails such links and takes the password that is chosen. Each call makes its own short transactions."""

    def __init__(self, database: Database, area: Area, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._area = area
        self._clock = clock

    def request(self, identifier: str, remote: str | None, sign_in_token: str | None) -> Problem | None:
        """Mail a link to the person with that identifier, at the address on record.

        None says nothing about whether there is such a person: the same is done, and stored, for nobody. Of an identifier
        three mails an hour are sent. LOCKED depends on the network address alone. `sign_in_token` is that of the chat's
        link from which the person came.
        """
        if not identifier.strip():
            return Problem.EMPTY_IDENTIFIER
        typed = typed_identifier(identifier)
        if typed is None:
            return Problem.WRONG_FORMAT
        now = self._clock()
        with self._database.writing() as connection:
            in_line(connection, Line.ATTEMPTS)
            if wait_or_note(connection, self._area, {REQUESTS: network_of(remote)}, now):
                return Problem.LOCKED
            if not wait_or_note(connection, self._area, {MAILS: typed.value}, now):
                self._mail(connection, typed, sign_in_token, now)
        return None

    def look(self, token: str) -> PasswordLink:
        """The link with that token. Raises LinkGone."""
        with self._database.reading() as connection:
            link = self._link(connection, token)
            is_first = passwords.password_hash_of(connection, link.person_id) is None
        return PasswordLink(link.created_at, link.expires_at, is_first)

    def choose(self, token: str, password: str, repeated: str) -> PasswordProblem | None:
        """Set the password and sign the person out everywhere; every such link of the person is used up. Raises LinkGone."""
        person = self._person_of(token)
        problem = passwords.problem_of(password, repeated, person.identifier)
        if problem is not None:
            return problem
        password_hash = passwords.hash_password(password)
        now = self._clock()
        with self._database.writing() as connection:
            passwords.hold_person(connection, person.id)
            use_link(connection, password_link_table, self._link(connection, token).id, now)
            _use_up_others(connection, person.id, now)
            passwords.set_password(connection, person.id, password_hash, now)
            end_sessions_of_person(connection, person.id, now)
            queue(connection, now, person.email, "password_changed", {"name": person.first_name})
            record(connection, now, Entry("password_changed", person_id=person.id))
        return None

    def way_back(self, token: str, sign_in_token: str) -> str | None:
        """The sign-in page that the browser came from, if its link is still good; `token` may be used up by now.

        The browser has to have kept the `sign_in_token` itself. A mail never carries it, or somebody could ask for a mail
        to another person, who would then sign in in the asker's chat.
        """
        try:
            with self._database.reading() as connection:
                link = good_link(connection, self._area, sign_in_link_table, sign_in_token, self._clock())
                mailed = link_of(connection, self._area, password_link_table, token)
        except LinkGone:
            return None
        came_from_it = mailed is not None and mailed.sign_in_link_id == link.id
        return self._area.url(f"/entrar/{sign_in_token}") if came_from_it else None

    def _mail(self, connection: Connection, typed: Identifier, sign_in_token: str | None, now: datetime) -> None:
        """One link and one mail for everybody: nobody's are stored too, and neither sent nor good for anything."""
        person = person_of(connection, typed)
        person_id = person.id if person else None
        link = make_password_link(connection, self._area, person_id, now, sign_in_token)
        is_first = passwords.password_hash_of(connection, person_id) is None
        template = "password_choose" if is_first else "password_reset"
        details = {"name": person.first_name if person else "", "link": link, "minutes": LIFETIME.seconds // 60}
        queue(connection, now, person.email if person else "", template, details)
        record(connection, now, Entry("password_link", person_id=person_id))

    def _link(self, connection: Connection, token: str) -> Row[Any]:
        link = good_link(connection, self._area, password_link_table, token, self._clock())
        if link.person_id is None:
            raise LinkGone(Gone.UNKNOWN)
        return link

    def _person_of(self, token: str) -> Person:
        with self._database.reading() as connection:
            person = person_by_id(connection, self._link(connection, token).person_id)
        if person is None:
            raise LinkGone(Gone.UNKNOWN)
        return person


def _sign_in_link(connection: Connection, area: Area, token: str | None) -> int | None:
    link = link_of(connection, area, sign_in_link_table, token or "")
    return link.id if link else None


def _use_up_others(connection: Connection, person_id: int, now: datetime) -> None:
    link = password_link_table.c
    others = (link.person_id == person_id, link.used_at.is_(None))
    connection.execute(update(password_link_table).where(*others).values(used_at=now))
