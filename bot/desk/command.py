"""`python -m bot staff …`: the accounts of the staff, for who operates the product."""

from __future__ import annotations

import sys
from datetime import datetime
from getpass import getpass

from bot.area import Area
from bot.database import Database
from bot.desk import staff
from bot.desk.model import Role, StaffMember
from bot.desk.staff import BadAccount, NewAccount
from bot.identity.passwords import hash_password

ISSUER = "Ventanilla"
COLUMNS = "{:<24} {:<28} {:<11} {:<12} {}"


def add(database: Database, area: Area, account: NewAccount, now: datetime, *, asks: bool, has_code: bool) -> list[str]:
    """Make an account; the lines to print. Raises BadAccount."""
    password = _password(account.login, asks)
    hashed = hash_password(password)
    with database.writing() as connection:
        staff_id = staff.add(connection, account, hashed, now)
        uri = staff.set_second_factor(connection, area, staff_id, ISSUER, now) if has_code else ""
    return [f"{account.name} ({account.role}) signs in as {account.login}.", *_told_once("" if asks else password, uri)]


def reset(database: Database, area: Area, login: str, now: datetime, *, asks: bool, has_code: bool) -> list[str]:
    """Give an account another password and app; the lines to print. Raises BadAccount."""
    password = _password(login, asks)
    hashed = hash_password(password)
    with database.writing() as connection:
        staff_id = staff.reset(connection, login, hashed, now)
        uri = staff.set_second_factor(connection, area, staff_id, ISSUER, now) if has_code else ""
    return [f"{login} is signed out everywhere.", *_told_once("" if asks else password, uri)]


def link(database: Database, login: str, subject: str, now: datetime) -> list[str]:
    """Have an account of the identity provider sign in as this one; the lines to print. Raises BadAccount."""
    with database.writing() as connection:
        staff.link(connection, login, subject, now)
    return [f"{login} signs in as {subject} at the identity provider." if subject else f"{login} is linked to nobody."]


def disable(database: Database, login: str, now: datetime) -> list[str]:
    """Close an account; the lines to print. Raises BadAccount."""
    with database.writing() as connection:
        staff.disable(connection, login, now)
    return [f"{login} cannot sign in any more; open conversations go back to the queue."]


def listed(database: Database) -> list[str]:
    """A table of all accounts."""
    with database.reading() as connection:
        everybody = staff.everybody(connection)
    return [COLUMNS.format("login", "name", "role", "team", "state"), *map(_line, everybody)]


def role_of(text: str) -> Role:
    """The role that the operator named. Raises BadAccount."""
    try:
        return Role(text)
    except ValueError:
        raise BadAccount("a role is agent or supervisor") from None


def _line(member: StaffMember) -> str:
    state = "disabled" if member.disabled_at else "works"
    return COLUMNS.format(member.login, member.name, member.role, member.team or "-", state)


def _password(login: str, asks: bool) -> str:
    """One that is typed, or one that is drawn. Raises BadAccount for a weak one."""
    if not asks:
        return staff.new_password()
    typed = getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    problem = staff.problem_of_password(typed, typed, login)
    if problem is not None:
        raise BadAccount(f"that password is not taken: {problem.value}")
    return typed


def _told_once(password: str, uri: str) -> list[str]:
    told = [f"Password, shown this once: {password}"] if password else []
    return told + ([f"For the authenticator app, shown this once: {uri}"] if uri else [])
