"""Signing in on the page that a conversation's one-time link opens.

Passwords are verified outside of any transaction. A try is counted as wrong before it is made and taken back when it was
right, so that a hundred tries at the same moment are not a hundred free guesses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, update

from bot.area import Area
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.database import Database, Line, in_line
from bot.identity import lockout, passwords, second_factor, signed
from bot.identity.admission import Admission, AgenciesOf, Announce, Entered, Problem, Proven, Refused, mark_of, never
from bot.identity.devices import device_named
from bot.identity.identifiers import Identifier
from bot.identity.links import Gone, LinkGone, add_link, good_link, sign_in_link_table
from bot.identity.typed_identifier import person_of, typed_identifier

__all__ = ["Entered", "Gone", "LinkGone", "Problem", "SignIn", "SignInLink", "make_link"]

LINK_LIFETIME = timedelta(minutes=10)
TICKET_LIFETIME = timedelta(minutes=5)
_TICKET = "second step"

ShownName = Callable[[Connection, str], str]
"""What the owner of the chat at an address is called there."""


@dataclass(frozen=True, slots=True)
class SignInLink:
    """A link that may still be used, and the conversation that it signs in."""

    address: str
    created_at: datetime
    expires_at: datetime
    shown_name: str = ""
    """What the owner of that chat is called there, by their own choice; "" where it is not known."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """A try that may be made: whose password it is, if anybody's, and under which numbers it is counted as wrong."""

    address: str
    person_id: int | None
    password_hash: str | None
    counted: list[int]


def make_link(connection: Connection, area: Area, address: str, now: datetime) -> str:
    """The address of a sign-in page for that conversation: for one use within 10 minutes. Its earlier links expire."""
    link = sign_in_link_table.c
    older = (link.address == address, link.used_at.is_(None), link.expires_at > now)
    connection.execute(update(sign_in_link_table).where(*older).values(expires_at=now))
    values = {"address": address, "created_at": now, "expires_at": now + LINK_LIFETIME}
    return area.url(f"/entrar/{add_link(connection, area, sign_in_link_table, values)}")


class SignIn:
    """Lets persons in. Each call makes its own short transactions and may take a tenth of a second: call it in a thread."""

    def __init__(
        self,
        database: Database,
        area: Area,
        clock: Callable[[], datetime],
        announce: Announce,
        agencies_of: AgenciesOf,
        needs_code: Callable[[str], bool] = never,
        shown_name_of: ShownName = lambda _connection, _address: "",
    ) -> None:
        """`needs_code(address)`: whether the sign-in counts only once its code was written in that chat."""
        self._database = database
        self._area = area
        self._clock = clock
        self._admission = Admission(database, area, clock, announce, agencies_of, needs_code)
        self._shown_name_of = shown_name_of

    def look(self, token: str) -> SignInLink:
        """The link with that token. Raises LinkGone."""
        with self._database.reading() as connection:
            return self._link(connection, token)

    def enter(
        self,
        token: str,
        identifier: str,
        password: str,
        remote: str | None,
        device: str | None,
        browser: str | None,
        agent: str = "",
    ) -> Entered:
        """Sign in with identifier and password. `device` and `browser` are the values of the browser's cookies.

        `agent` is what the browser calls itself.
        """
        try:
            self.look(token)
            typed = _complete(identifier, password)
            tried = lockout.password_try(typed.value, remote)
            claim = self._claim(token, typed, tried, device)
            if isinstance(claim, Entered):
                return claim
            return self._judge(token, claim, tried, password, device, browser, agent)
        except Refused as refused:
            return Entered(refused.problem)
        except LinkGone:
            return Entered(Problem.LINK_GONE)

    def enter_code(self, ticket: str, code: str, remote: str | None, browser: str | None) -> Entered:
        """The second step: a code of the app or a recovery code. LINK_GONE: the first step has to be done again."""
        values = signed.unsign(self._area, _TICKET, ticket, self._clock())
        if values is None:
            return Entered(Problem.LINK_GONE)
        if not code.strip():
            return Entered(Problem.EMPTY_CODE)
        token, proven = values[0], Proven(*values[1:])
        try:
            refused = self._try_code(token, proven.person_id, code, remote)
            return refused or self._admission.admit(token, proven, browser)
        except (LinkGone, Refused):
            return Entered(Problem.LINK_GONE)

    def enter_as(
        self, token: str, identifier: str, browser: str | None, device: str | None = None, agent: str = ""
    ) -> Entered:
        """Sign in somebody whom the company's identity provider has proved. NOT_KNOWN: nobody here has that identifier."""
        typed = typed_identifier(identifier)
        if typed is None:
            return Entered(Problem.WRONG_FORMAT)
        try:
            person_id = self._known(token, typed)
            if person_id is None:
                return Entered(Problem.NOT_KNOWN)
            return self._admission.admit(token, self._proven(person_id, device, agent), browser)
        except LinkGone:
            return Entered(Problem.LINK_GONE)

    def _link(self, connection: Connection, token: str) -> SignInLink:
        row = good_link(connection, self._area, sign_in_link_table, token, self._clock())
        return SignInLink(row.address, row.created_at, row.expires_at, self._shown_name_of(connection, row.address))

    def _claim(self, token: str, typed: Identifier, tried: lockout.Try, device: str | None) -> _Claim | Entered:
        """Count a try before it is made, or refuse it. The same is done for an identifier that nobody has."""
        now = self._clock()
        with self._database.writing() as connection:
            in_line(connection, Line.ATTEMPTS)
            address = self._link(connection, token).address
            person = person_of(connection, typed)
            person_id = person.id if person else None
            password_hash = passwords.password_hash_of(connection, person_id)
            is_known_device = signed.is_device_of(self._area, device, person_id, now)
            wait = lockout.wait_of(connection, self._area, tried, is_known_device, now)
            if wait:
                return self._locked(connection, tried, address, person_id, wait)
            counted = lockout.count_wrong(connection, self._area, tried, now)
        return _Claim(address, person_id, password_hash, counted)

    def _locked(
        self, connection: Connection, tried: lockout.Try, address: str, person_id: int | None, wait: int
    ) -> Entered:
        now = self._clock()
        if lockout.is_worth_telling(connection, self._area, tried, now):
            record(connection, now, Entry("sign_in", Result.REFUSED, address, person_id))
        return Entered(Problem.LOCKED, wait_seconds=wait)

    def _judge(
        self,
        token: str,
        claim: _Claim,
        tried: lockout.Try,
        password: str,
        device: str | None,
        browser: str | None,
        agent: str,
    ) -> Entered:
        is_right = passwords.is_right(password, claim.password_hash)
        if not is_right or claim.person_id is None or claim.password_hash is None:
            with self._database.writing() as connection:
                failed = Entry("sign_in", Result.FAILED, claim.address, claim.person_id)
                record(connection, self._clock(), failed)
            return Entered(Problem.WRONG_PAIR)
        password_hash = _todays_hash(password, claim.password_hash)
        with self._database.writing() as connection:
            lockout.count_right(connection, self._area, tried, claim.counted)
            passwords.renew_hash(connection, claim.person_id, claim.password_hash, password_hash)
            needs_code = second_factor.is_on(connection, claim.person_id)
        proven = self._proven(claim.person_id, device, agent, mark_of(self._area, password_hash))
        return self._ask_for_code(token, proven) if needs_code else self._admission.admit(token, proven, browser)

    def _proven(self, person_id: int, device: str | None, agent: str, mark: str = "") -> Proven:
        is_known = signed.is_device_of(self._area, device, person_id, self._clock())
        return Proven(person_id, is_known, mark, device_named(agent))

    def _ask_for_code(self, token: str, proven: Proven) -> Entered:
        until = self._clock() + TICKET_LIFETIME
        ticket = signed.sign(self._area, _TICKET, [token, *astuple(proven)], until)
        return Entered(Problem.SECOND_FACTOR, ticket=ticket)

    def _try_code(self, token: str, person_id: int, code: str, remote: str | None) -> Entered | None:
        """None when the code was right. Nothing slow is done here, so counting and trying are one transaction."""
        now = self._clock()
        tried = lockout.code_try(person_id, remote, second_factor.is_app_code(code))
        with self._database.writing() as connection:
            in_line(connection, Line.ATTEMPTS)
            address = self._link(connection, token).address
            wait = lockout.wait_of(connection, self._area, tried, False, now)
            if wait:
                return self._locked(connection, tried, address, person_id, wait)
            if second_factor.accept(connection, self._area, person_id, code, now):
                return None
            lockout.count_wrong(connection, self._area, tried, now)
            record(connection, now, Entry("sign_in", Result.FAILED, address, person_id, object_kind="second_factor"))
            return Entered(Problem.WRONG_CODE)

    def _known(self, token: str, typed: Identifier) -> int | None:
        with self._database.writing() as connection:
            address = self._link(connection, token).address
            person = person_of(connection, typed)
            if person is None:
                record(connection, self._clock(), Entry("sign_in", Result.REFUSED, address))
            return person.id if person else None


def _complete(identifier: str, password: str) -> Identifier:
    """What was typed, if it can be tried. Raises Refused."""
    if not identifier.strip():
        raise Refused(Problem.EMPTY_IDENTIFIER)
    typed = typed_identifier(identifier)
    if typed is None:
        raise Refused(Problem.WRONG_FORMAT)
    if not password:
        raise Refused(Problem.EMPTY_PASSWORD)
    return typed


def _todays_hash(password: str, password_hash: str) -> str:
    """The hash to keep: the same, or one with today's settings."""
    return passwords.hash_password(password) if passwords.is_outdated(password_hash) else password_hash
