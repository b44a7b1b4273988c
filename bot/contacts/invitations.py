"""Invitations: who was made a contact says who they are, chooses a password, and can enter from then on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row

from bot.accounts.service import agency_of, viewer_if_any, viewer_of
from bot.area import Area
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.contacts import store
from bot.contacts.model import Contact, Held, is_name, tidy_name
from bot.contacts.store import invitation_table
from bot.database import Database, Line, in_line
from bot.identity import attempts, passwords
from bot.identity.attempts import Limit
from bot.identity.links import Gone, LinkGone, link_of
from bot.identity.passwords import PasswordProblem
from bot.identity.persons import Person
from bot.identity.typed_identifier import typed_identifier
from bot.notices.model import Kind as Notice
from bot.notices.service import tell

# Who has only the mail must not find out whose it is by trying.
WRONG_IDENTIFIERS = Limit("invitation_identifier", 5, timedelta(hours=1))


class FormProblem(StrEnum):
    """What is wrong with what an invited person typed; the values are names of the page's texts."""

    EMPTY_IDENTIFIER = "empty_identifier"
    WRONG_FORMAT = "wrong_format"
    OTHER_IDENTIFIER = "other_identifier"
    WRONG_FIRST_NAME = "wrong_first_name"
    WRONG_SURNAMES = "wrong_surnames"
    LOCKED = "locked"


Problems = tuple[FormProblem | PasswordProblem, ...]


@dataclass(frozen=True, slots=True)
class Accepting:
    """What an invited person types."""

    identifier: str
    first_name: str
    surnames: str
    password: str
    repeated: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation that may still be used. `invited_by` is a name, "" where it is not known.

    `has_account`: the person chose a password before, and has nothing to do here.
    """

    contact: Contact
    person: Person
    agency_name: str
    invited_by: str
    has_account: bool


class Invitations:
    """What the pages call. Each call makes its own short transactions; hashing happens outside of them."""

    def __init__(self, database: Database, area: Area, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._area = area
        self._clock = clock

    def look(self, token: str) -> Invitation:
        """The invitation with that token. Raises LinkGone."""
        with self._database.reading() as connection:
            link, held = self._open(connection, token)
            viewer = viewer_of(connection, link.person_id, link.agency_id, self._clock())
            return Invitation(
                contact=held.contact(viewer.at),
                person=held.person,
                agency_name=agency_of(connection, viewer).name,
                invited_by=store.giver_of(connection, link.access_id),
                has_account=passwords.password_hash_of(connection, link.person_id) is not None,
            )

    def accept(self, token: str, typed: Accepting) -> Problems:
        """Set the names and the password of the invited person; nothing is done when there are problems. Raises LinkGone.

        The identifier has to be the invited one; of an invitation five wrong ones an hour are answered. The password of
        somebody who has one is never changed here: LinkGone, USED.
        """
        problems = problems_of(typed) or self._problem_of_identifier(token, typed)
        if problems:
            return problems
        password_hash = passwords.hash_password(typed.password)
        now = self._clock()
        with self._database.writing() as connection:
            link, held = self._open(connection, token)
            passwords.hold_person(connection, held.person.id)
            self._use(connection, link, now)
            store.rename_person(connection, held.person.id, tidy_name(typed.first_name), tidy_name(typed.surnames))
            passwords.set_password(connection, held.person.id, password_hash, now)
            _record(connection, link, now)
            self._tell_giver(connection, link, typed, now)
        return ()

    def _tell_giver(self, connection: Connection, link: Row[Any], typed: Accepting, now: datetime) -> None:
        giver_id = store.giver_id_of(connection, link.access_id)
        if giver_id is not None:
            name = f"{tidy_name(typed.first_name)} {tidy_name(typed.surnames)}"
            tell(connection, giver_id, Notice.CONTACT_ACCEPTED, {"name": name}, now)

    def _problem_of_identifier(self, token: str, typed: Accepting) -> Problems:
        """Whether it is the invited person's; wrong ones are counted."""
        now, named = self._clock(), typed_identifier(typed.identifier)
        with self._database.writing() as connection:
            in_line(connection, Line.ATTEMPTS)
            link, held = self._open(connection, token)
            key = str(link.id)
            if attempts.wait_seconds(connection, self._area, WRONG_IDENTIFIERS, key, now):
                return (FormProblem.LOCKED,)
            if named is not None and (named.kind, named.value) == (held.person.kind, held.person.identifier):
                return ()
            attempts.note(connection, self._area, WRONG_IDENTIFIERS.kind, key, now)
            _record(connection, link, now, Result.FAILED)
        return (FormProblem.OTHER_IDENTIFIER,)

    def _open(self, connection: Connection, token: str) -> tuple[Row[Any], Held]:
        """The invitation's row, and the right that the person has now."""
        link, now = link_of(connection, self._area, invitation_table, token), self._clock()
        if link is None:
            raise LinkGone(Gone.UNKNOWN)
        for why, is_so in (
            (Gone.USED, link.used_at is not None),
            (Gone.REVOKED, link.revoked_at is not None),
            (Gone.EXPIRED, link.expires_at <= now),
        ):
            if is_so:
                raise LinkGone(why)
        viewer = viewer_if_any(connection, link.person_id, link.agency_id, now)
        if viewer is None:
            raise LinkGone(Gone.REVOKED)
        return link, store.holders(connection, viewer, link.person_id)[0]

    def _use(self, connection: Connection, link: Row[Any], now: datetime) -> None:
        has_account = passwords.password_hash_of(connection, link.person_id) is not None
        if has_account or not store.use_invitation(connection, link.id, now):
            raise LinkGone(Gone.USED)


def problems_of(typed: Accepting) -> Problems:
    """All that is wrong with a form by itself.

    The password is held against the identifier that was typed, not against the invited one: what is said about it must not
    tell whose the invitation is.
    """
    named = typed_identifier(typed.identifier)
    found: list[FormProblem | PasswordProblem] = []
    if named is None:
        found.append(FormProblem.WRONG_FORMAT if typed.identifier.strip() else FormProblem.EMPTY_IDENTIFIER)
    if not is_name(tidy_name(typed.first_name)):
        found.append(FormProblem.WRONG_FIRST_NAME)
    if not is_name(tidy_name(typed.surnames)):
        found.append(FormProblem.WRONG_SURNAMES)
    if named is not None and (wrong := passwords.problem_of(typed.password, typed.repeated, named.value)):
        found.append(wrong)
    return tuple(found)


def _record(connection: Connection, link: Row[Any], now: datetime, result: Result = Result.DONE) -> None:
    who = (link.person_id, link.agency_id)
    record(connection, now, Entry("invitation_accepted", result, "", *who, "contact", str(link.person_id)))
