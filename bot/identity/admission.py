"""The last step of signing in: a person who has proved who they are gets a session in the link's conversation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from bot.area import Area
from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.database import Database
from bot.identity import passwords, signed
from bot.identity.confirmations import Confirmed, add_code
from bot.identity.devices import LINKED_FOR
from bot.identity.links import good_link, sign_in_link_table, use_link
from bot.identity.persons import person_by_id
from bot.identity.sessions import choose_agency, last_person_at, open_session
from bot.notifications.service import queue

ANNOUNCEMENT = "/signed_in"
DEVICES_PATH = "/seguridad"

Announce = Callable[[Connection, str, str], None]
"""Tells the conversation at an address something, as its next turn: connection, address, text."""
AgenciesOf = Callable[[Connection, int, datetime], list[int]]
"""The agencies that a person may act for at a moment."""


def never(_address: str) -> bool:
    """No conversation."""
    return False


class Problem(StrEnum):
    """Why somebody is not signed in (yet); the values are names of the page's texts."""

    EMPTY_IDENTIFIER = "empty_identifier"
    EMPTY_PASSWORD = "empty_password"  # noqa: S105  # the name of a text
    WRONG_FORMAT = "wrong_format"
    WRONG_PAIR = "wrong_pair"
    LOCKED = "locked"
    LINK_GONE = "link_gone"
    SECOND_FACTOR = "second_factor"
    EMPTY_CODE = "empty_code"
    WRONG_CODE = "wrong_code"
    NOT_KNOWN = "not_known"


class Refused(Exception):
    """Somebody is not let in; nothing of the transaction is kept."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Entered:
    """How it went. Without a problem: the cookie values to set and the conversation to wake.

    With LOCKED, `wait_seconds`; with SECOND_FACTOR, the `ticket` that `enter_code` wants, good for 5 minutes.
    """

    problem: Problem | None = None
    wait_seconds: int = 0
    ticket: str = ""
    browser: str = ""
    device: str = ""
    address: str = ""
    code: str = ""
    """What has to be written in the chat before anybody is signed in there; the conversation is not to be woken yet."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A person who has proved who they are, and whether their device is one of theirs.

    `mark` tells the password that was right: after a change of it nothing is proven. "" when it was none of ours.
    """

    person_id: int
    is_known_device: bool
    mark: str = ""
    device: str = ""
    """What their browser is called, for themselves."""


def mark_of(area: Area, password_hash: str | None) -> str:
    """Tells one password from the next without telling anything about it."""
    return area.digest("proven password", password_hash or "")


@dataclass(frozen=True, slots=True)
class Admission:
    """Opens sessions, each in a write transaction of its own."""

    database: Database
    area: Area
    clock: Callable[[], datetime]
    announce: Announce
    agencies_of: AgenciesOf
    needs_code: Callable[[str], bool] = never

    def admit(self, token: str, proven: Proven, browser: str | None) -> Entered:
        """Use the link up and open the session, all or nothing. Raises LinkGone, and Refused after a change of password.

        The conversation is told first: its lock comes before all others, as in its own turns.
        """
        now = self.clock()
        browser = signed.same_or_new_browser(self.area, browser)
        with self.database.writing() as connection:
            link = good_link(connection, self.area, sign_in_link_table, token, now)
            is_waiting = self.needs_code(link.address)
            if not is_waiting:
                self.announce(connection, link.address, ANNOUNCEMENT)
            self._check(connection, proven)
            use_link(connection, sign_in_link_table, link.id, now)
            who = (link.address, proven.person_id, self.area.digest("browser", browser), now)
            code = add_code(connection, self.area, *who, proven.device) if is_waiting else ""
            if not is_waiting:
                let_in(connection, *who, self.agencies_of, proven.device)
            if not proven.is_known_device:
                _warn(connection, proven.person_id, now)
        device = signed.new_device(self.area, proven.person_id, now)
        return Entered(browser=browser, device=device, address=link.address, code=code)

    def _check(self, connection: Connection, proven: Proven) -> None:
        passwords.hold_person(connection, proven.person_id)
        if proven.mark and proven.mark != mark_of(self.area, passwords.password_hash_of(connection, proven.person_id)):
            raise Refused(Problem.WRONG_PAIR)


def let_in(
    connection: Connection,
    address: str,
    person_id: int,
    browser_digest: str | None,
    now: datetime,
    agencies_of: AgenciesOf,
    device: str = "",
) -> None:
    """Open the session, for the agency where there is one only."""
    session = open_session(connection, address, person_id, browser_digest, now, device)
    agencies = agencies_of(connection, person_id, now)
    if len(agencies) == 1:
        session = choose_agency(connection, session, agencies[0])
    record(connection, now, Entry("sign_in", Result.DONE, address, person_id, session.agency_id))


def let_in_chat(
    connection: Connection, area: Area, address: str, confirmed: Confirmed, now: datetime, agencies_of: AgenciesOf
) -> None:
    """Let in who has written their code in a chat on a phone; of a chat that was not theirs before a mail tells them."""
    is_new = last_person_at(connection, address, now - LINKED_FOR) != confirmed.person_id
    who = (address, confirmed.person_id, confirmed.browser_digest, now)
    let_in(connection, *who, agencies_of, confirmed.device)
    person = person_by_id(connection, confirmed.person_id)
    if is_new and person is not None:
        details = {"name": person.first_name, "when": now.isoformat(), "channel": address.partition(":")[0]}
        more = {"device": confirmed.device, "link": area.url(DEVICES_PATH)}
        queue(connection, now, person.email, "chat_linked", details | more)


def _warn(connection: Connection, person_id: int, now: datetime) -> None:
    """Tell the person that somebody signed in with a device that never did before."""
    person = person_by_id(connection, person_id)
    if person is not None:
        details = {"name": person.first_name, "when": now.isoformat()}
        queue(connection, now, person.email, "sign_in_notice", details)
