"""The accounts of the staff: adding, listing, disabling, and what their rows hold."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyotp
from sqlalchemy import Connection, Row, insert, select, update

from bot.area import Area
from bot.audit.model import Entry
from bot.audit.service import record
from bot.desk.model import LOGIN, LONGEST_NAME, LONGEST_SUBJECT, Role, StaffMember
from bot.desk.tables import staff, staff_session, staff_session_table, staff_table
from bot.identity.identifier_cues import folded
from bot.identity.passwords import PasswordProblem, problem_of
from bot.identity.second_factor import seal

PASSWORD_BYTES = 15
BUSY_TEAM_CHARACTERS = 48
FEWEST_TELLING_LETTERS = 4


class BadAccount(Exception):
    """An account of the staff that cannot be; the message says why, for the operator."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is asked for. Raises BadAccount for a login or a name that cannot be."""

    login: str
    name: str
    role: Role
    team: str = ""
    subject: str = ""
    """How the company's identity provider calls them; "" who does not sign in there."""

    def __post_init__(self) -> None:
        if not LOGIN.fullmatch(self.login):
            raise BadAccount("a login has 2 to 100 lower case letters, digits and . _ @ + -")
        if not 0 < len(self.name.strip()) <= LONGEST_NAME:
            raise BadAccount(f"a name has 1 to {LONGEST_NAME} characters")
        if len(self.team) > BUSY_TEAM_CHARACTERS:
            raise BadAccount(f"a team has at most {BUSY_TEAM_CHARACTERS} characters")
        if len(self.subject) > LONGEST_SUBJECT:
            raise BadAccount(f"a subject has at most {LONGEST_SUBJECT} characters")


def new_password() -> str:
    """120 random bits to be told once."""
    return secrets.token_urlsafe(PASSWORD_BYTES)


def problem_of_password(password: str, repeated: str, login: str) -> PasswordProblem | None:
    """What is wrong with a new password of an account; a login of a few letters stands in many by chance."""
    name = "".join(filter(str.isalnum, folded(login.partition("@")[0])))
    return problem_of(password, repeated, name if len(name) >= FEWEST_TELLING_LETTERS else login)


def add(connection: Connection, account: NewAccount, password_hash: str, now: datetime) -> int:
    """Store an account; gives its number. Raises BadAccount when the login or the subject is taken."""
    if member_by_login(connection, account.login) is not None:
        raise BadAccount(f"there is an account {account.login} already")
    subject = _free_subject(connection, account.subject)
    values = {
        "login": account.login,
        "subject": subject,
        "name": account.name.strip(),
        "role": account.role.value,
        "team": account.team,
    }
    row = values | {"password_hash": password_hash, "last_step": 0, "created_at": now}
    staff_id: int = connection.execute(insert(staff_table).values(row).returning(staff.id)).scalar_one()
    record(connection, now, Entry("staff_added", object_kind="staff", object_id=str(staff_id)))
    return staff_id


def set_second_factor(connection: Connection, area: Area, staff_id: int, issuer: str, now: datetime) -> str:
    """Give an account a new secret for the codes of an app, wanted from the next sign-in on; the otpauth:// address."""
    secret = pyotp.random_base32()
    values = {"sealed_secret": seal(area).encrypt(secret.encode()).decode(), "secret_confirmed_at": now, "last_step": 0}
    row = connection.execute(update(staff_table).where(staff.id == staff_id).values(values).returning(staff.login))
    return pyotp.TOTP(secret).provisioning_uri(name=row.scalar_one(), issuer_name=issuer)


def reset(connection: Connection, login: str, password_hash: str, now: datetime) -> int:
    """Another password, no second factor, no open session, and working again; gives the number. Raises BadAccount."""
    member = _known(connection, login)
    values = {"password_hash": password_hash, "sealed_secret": None, "secret_confirmed_at": None, "disabled_at": None}
    connection.execute(update(staff_table).where(staff.id == member.id).values(values))
    end_sessions(connection, member.id, now)
    record(connection, now, Entry("staff_reset", object_kind="staff", object_id=str(member.id)))
    return member.id


def link(connection: Connection, login: str, subject: str, now: datetime) -> None:
    """Have the provider's account `subject` sign in as this one; "" for none. Ends its sessions. Raises BadAccount."""
    member = _known(connection, login)
    known = NewAccount(member.login, member.name, member.role, member.team, subject)
    values = {"subject": _free_subject(connection, known.subject, member.id)}
    connection.execute(update(staff_table).where(staff.id == member.id).values(values))
    end_sessions(connection, member.id, now)
    record(connection, now, Entry("staff_linked", object_kind="staff", object_id=str(member.id)))


def disable(connection: Connection, login: str, now: datetime) -> None:
    """Nobody signs in with it any more; what it did stays. Its conversations go back to the queue. Raises BadAccount."""
    member = _known(connection, login)
    connection.execute(update(staff_table).where(staff.id == member.id).values(disabled_at=now))
    end_sessions(connection, member.id, now)
    record(connection, now, Entry("staff_disabled", object_kind="staff", object_id=str(member.id)))


def end_sessions(connection: Connection, staff_id: int, now: datetime, but: str = "") -> None:
    """Sign somebody out everywhere, or everywhere but in the session with the digest `but`."""
    theirs = (staff_session.staff_id == staff_id, staff_session.token_digest != but)
    open_ones = (*theirs, staff_session.ended_at.is_(None))
    connection.execute(update(staff_session_table).where(*open_ones).values(ended_at=now))


def everybody(connection: Connection) -> list[StaffMember]:
    """All accounts by name, also those that are disabled."""
    return [member_of(row) for row in connection.execute(select(staff_table).order_by(staff.name, staff.id))]


def member_by_id(connection: Connection, staff_id: int) -> StaffMember | None:
    """The account with that number."""
    row = connection.execute(select(staff_table).where(staff.id == staff_id)).first()
    return member_of(row) if row else None


def member_by_login(connection: Connection, login: str) -> StaffMember | None:
    """The account with that login."""
    row = connection.execute(select(staff_table).where(staff.login == login)).first()
    return member_of(row) if row else None


def member_by_subject(connection: Connection, said: str) -> StaffMember | None:
    """The account that the provider calls so."""
    row = connection.execute(select(staff_table).where(staff.subject == subject_of(said))).first() if said else None
    return member_of(row) if row else None


def subject_of(said: str) -> str:
    """How a subject is kept: mailboxes in small letters, anything else as it is."""
    return said.strip().lower() if "@" in said else said.strip()


def _free_subject(connection: Connection, said: str, staff_id: int | None = None) -> str | None:
    """The subject to keep, None for none. Raises BadAccount when another account has it."""
    holder = member_by_subject(connection, said.strip())
    if holder is not None and holder.id != staff_id:
        raise BadAccount(f"{holder.login} is linked to that subject already")
    return subject_of(said) or None


def note_seen(connection: Connection, staff_ids: Sequence[int], now: datetime) -> None:
    """These are at the desk now."""
    if staff_ids:
        connection.execute(update(staff_table).where(staff.id.in_(staff_ids)).values(seen_at=now))


def _known(connection: Connection, login: str) -> StaffMember:
    member = member_by_login(connection, login)
    if member is None:
        raise BadAccount(f"there is no account {login}")
    return member


def member_of(row: Row[Any]) -> StaffMember:
    """The member of a row with every column of `staff`."""
    return StaffMember(row.id, row.login, row.name, Role(row.role), row.team, row.seen_at, row.disabled_at)
