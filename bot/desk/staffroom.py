"""Signing the staff in: login and password, the code of an app, and the session that a cookie names."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, insert, select, update

from bot.area import Area
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.database import Database, Line, in_line
from bot.desk.model import StaffMember
from bot.desk.staff import (
    end_sessions,
    member_by_id,
    member_by_login,
    member_by_subject,
    member_of,
    problem_of_password,
)
from bot.desk.tables import staff, staff_session, staff_session_table, staff_table
from bot.identity import lockout, passwords, signed
from bot.identity.passwords import PasswordProblem
from bot.identity.second_factor import STEP_SECONDS, step_of

IDLE = timedelta(hours=1)
LONGEST = timedelta(hours=12)
TOUCHED_AFTER = timedelta(seconds=30)
TICKET_LIFETIME = timedelta(minutes=5)
TOKEN_BYTES = 32
_TICKET = "staff second step"
_SESSION = "staff session"
_CODE = re.compile(r"[0-9]{6}")


class Problem(StrEnum):
    """Why somebody is not signed in (yet); the values are names of the page's texts."""

    EMPTY = "empty"
    WRONG_PAIR = "wrong_pair"
    LOCKED = "locked"
    CODE_WANTED = "code_wanted"
    WRONG_CODE = "wrong_code"
    TOO_LATE = "too_late"
    NOT_ADDED = "not_added"


@dataclass(frozen=True, slots=True)
class Entered:
    """How it went: without a problem the `token` of the session; with CODE_WANTED the `ticket` of the second step."""

    problem: Problem | None = None
    token: str = ""
    ticket: str = ""
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Changing:
    """How the change of a password went; without a problem nothing was asked yet, or it `is_changed`."""

    problem: Problem | PasswordProblem | None = None
    is_changed: bool = False
    wait_seconds: int = 0


@dataclass(frozen=True, slots=True)
class _Claim:
    staff_id: int | None
    password_hash: str | None
    counted: list[int]


class Staffroom:
    """Lets the staff in. Each call makes its own short transactions and may take a tenth of a second: call it in a thread."""

    def __init__(self, database: Database, area: Area, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._area = area
        self._clock = clock

    def enter(self, login: str, password: str, remote: str | None) -> Entered:
        """Sign in with login and password. A try counts as wrong before it is made, as for customers."""
        login = login.strip().lower()
        if not login or not password:
            return Entered(Problem.EMPTY)
        tried = lockout.password_try(f"staff {login}"[:200], remote)
        claim = self._claim(login, tried)
        if isinstance(claim, Entered):
            return claim
        is_right = passwords.is_right(password, claim.password_hash)
        now = self._clock()
        with self._database.writing() as connection:
            if not is_right or claim.staff_id is None:
                record(connection, now, _entry("staff_sign_in", claim.staff_id, Result.FAILED))
                return Entered(Problem.WRONG_PAIR)
            lockout.count_right(connection, self._area, tried, claim.counted)
            if self._needs_code(connection, claim.staff_id):
                ticket = signed.sign(self._area, _TICKET, [claim.staff_id], now + TICKET_LIFETIME)
                return Entered(Problem.CODE_WANTED, ticket=ticket)
            return Entered(token=self._open(connection, claim.staff_id, now))

    def enter_code(self, ticket: str, code: str, remote: str | None) -> Entered:
        """The second step: the six digits of the app, each good once."""
        now = self._clock()
        values = signed.unsign(self._area, _TICKET, ticket, now)
        if values is None:
            return Entered(Problem.TOO_LATE)
        staff_id = int(values[0])
        plain = re.sub(r"\s", "", code)
        tried = lockout.code_try(-staff_id, remote, True)
        with self._database.writing() as connection:
            in_line(connection, Line.ATTEMPTS)
            wait = lockout.wait_of(connection, self._area, tried, False, now)
            if wait:
                return Entered(Problem.LOCKED, wait_seconds=wait)
            if _CODE.fullmatch(plain) and self._take_step(connection, staff_id, plain, now):
                return Entered(token=self._open(connection, staff_id, now))
            lockout.count_wrong(connection, self._area, tried, now)
            record(connection, now, _entry("staff_sign_in", staff_id, Result.FAILED))
            return Entered(Problem.WRONG_CODE, ticket=ticket)

    def enter_as(self, subject: str) -> Entered:
        """Sign in whom the company's provider has recognised: only an account that was added here and works."""
        now = self._clock()
        with self._database.writing() as connection:
            found = member_by_subject(connection, subject)
            if found is None or found.disabled_at is not None:
                record(connection, now, _entry("staff_sign_in", found.id if found else None, Result.FAILED))
                return Entered(Problem.NOT_ADDED)
            return Entered(token=self._open(connection, found.id, now))

    def change_password(
        self, token: str | None, former: str, password: str, repeated: str, remote: str | None
    ) -> Changing:
        """Another password for whoever has the session; all other sessions of theirs end. The former one is tried as at a sign-in."""
        member = self.member(token)
        if member is None:
            return Changing()
        problem = Problem.EMPTY if not former else problem_of_password(password, repeated, member.login)
        if problem is not None:
            return Changing(problem)
        tried = lockout.password_try(f"staff {member.login}"[:200], remote)
        claim = self._claim(member.login, tried)
        if isinstance(claim, Entered):
            return Changing(claim.problem, wait_seconds=claim.wait_seconds)
        is_right = passwords.is_right(former, claim.password_hash)
        hashed, now = passwords.hash_password(password) if is_right else "", self._clock()
        with self._database.writing() as connection:
            same = (staff.id == member.id, staff.password_hash == claim.password_hash)
            changed = update(staff_table).where(*same).values(password_hash=hashed)
            if not is_right or connection.execute(changed).rowcount == 0:
                record(connection, now, _entry("staff_password_changed", member.id, Result.FAILED))
                return Changing(Problem.WRONG_PAIR)
            lockout.count_right(connection, self._area, tried, claim.counted)
            end_sessions(connection, member.id, now, but=self._area.digest(_SESSION, token or ""))
            record(connection, now, _entry("staff_password_changed", member.id))
        return Changing(is_changed=True)

    def member(self, token: str | None, *, counts: bool = True) -> StaffMember | None:
        """Who has the session with that token; None when it is over. `counts`: whether somebody did something just now."""
        if not token:
            return None
        now, digest = self._clock(), self._area.digest(_SESSION, token)
        wanted = select(staff_table, staff_session.id.label("session_id"), staff_session.signed_in_at)
        wanted = wanted.add_columns(staff_session.seen_at.label("used_at")).join(
            staff_session_table, staff_session.staff_id == staff.id
        )
        live = (staff_session.token_digest == digest, staff_session.ended_at.is_(None), staff.disabled_at.is_(None))
        with self._database.reading() as connection:
            row = connection.execute(wanted.where(*live)).first()
        if row is None or now >= min(row.used_at + IDLE, row.signed_in_at + LONGEST):
            return None
        if counts and now - row.used_at > TOUCHED_AFTER:
            with self._database.noting() as connection:
                touched = update(staff_session_table).where(staff_session.id == row.session_id)
                connection.execute(touched.values(seen_at=now))
        return member_of(row)

    def leave(self, token: str | None) -> None:
        """End the session with that token."""
        digest, now = self._area.digest(_SESSION, token or ""), self._clock()
        with self._database.writing() as connection:
            mine = (staff_session.token_digest == digest, staff_session.ended_at.is_(None))
            ended = update(staff_session_table).where(*mine).values(ended_at=now).returning(staff_session.staff_id)
            row = connection.execute(ended).first()
            if row is not None:
                record(connection, now, _entry("staff_sign_out", row.staff_id))

    def _claim(self, login: str, tried: lockout.Try) -> _Claim | Entered:
        now = self._clock()
        with self._database.writing() as connection:
            in_line(connection, Line.ATTEMPTS)
            member = member_by_login(connection, login)
            member = member if member and member.disabled_at is None else None
            wait = lockout.wait_of(connection, self._area, tried, False, now)
            if wait:
                if lockout.is_worth_telling(connection, self._area, tried, now):
                    record(connection, now, _entry("staff_sign_in", member.id if member else None, Result.REFUSED))
                return Entered(Problem.LOCKED, wait_seconds=wait)
            counted = lockout.count_wrong(connection, self._area, tried, now)
            hashed = select(staff.password_hash).where(staff.id == (member.id if member else None))
            return _Claim(member.id if member else None, connection.execute(hashed).scalar_one_or_none(), counted)

    def _needs_code(self, connection: Connection, staff_id: int) -> bool:
        confirmed = select(staff.id).where(staff.id == staff_id, staff.secret_confirmed_at.is_not(None))
        return connection.execute(confirmed).first() is not None

    def _take_step(self, connection: Connection, staff_id: int, code: str, now: datetime) -> bool:
        row = connection.execute(select(staff_table).where(staff.id == staff_id).with_for_update()).first()
        if row is None or row.sealed_secret is None or row.disabled_at is not None:
            return False
        step = step_of(self._area, row.sealed_secret, code, int(now.timestamp()) // STEP_SECONDS)
        if step is None:
            return False
        newer = (staff.id == staff_id, staff.last_step < step)
        return connection.execute(update(staff_table).where(*newer).values(last_step=step)).rowcount == 1

    def _open(self, connection: Connection, staff_id: int, now: datetime) -> str:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        values = {"token_digest": self._area.digest(_SESSION, token), "staff_id": staff_id}
        connection.execute(insert(staff_session_table), values | {"signed_in_at": now, "seen_at": now})
        record(connection, now, _entry("staff_sign_in", staff_id))
        assert member_by_id(connection, staff_id) is not None
        return token


def _entry(action: str, staff_id: int | None, result: Result = Result.DONE) -> Entry:
    return Entry(action, result, object_kind="staff", object_id="" if staff_id is None else str(staff_id))
