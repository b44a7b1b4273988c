"""A desk over a real database, with an assistant that repeats what is said and a clock that the test turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from bot.area import Area
from bot.conversation.model import Incoming, Message, Reply
from bot.conversation.router import Router
from bot.database import Database
from bot.desk.agents import Agents
from bot.desk.chat import DeskChat
from bot.desk.model import Case, Reason, Role, StaffMember
from bot.desk.service import open_case
from bot.desk.staff import NewAccount, add, member_by_id

MORNING = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
AREA = Area("http://localhost:8080", b"s" * 40)
ADDRESS = "web:ana"


@dataclass
class Clock:
    """Tells the time that the test says."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


class Echo:
    """Says what it heard; "/handed_back" too."""

    def understand(self, text: str) -> Sequence[str]:
        return [text]

    def understand_choice(self, payload: str, text: str) -> Sequence[str]:
        return [payload]

    def answer(self, connection: Connection, address: str, text: str, needs: Sequence[str]) -> list[Reply]:
        return [Reply(f"echo {need}") for need in needs]

    def welcome(self, connection: Connection, address: str) -> list[Reply]:
        return [Reply("welcome")]

    def say(self, response: str, **values: object) -> Reply:
        return Reply(" ".join([response, *map(str, values.values())]))


@dataclass
class House:
    """The desk's parts, ready to be used."""

    database: Database
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        echo = Echo()
        self.chat = DeskChat(AREA, echo.say, self.clock)
        self.router = Router(self.database, echo, 2000, self.clock, self.chat)
        self.agents = Agents(self.database, AREA, echo.say, self.clock, 2000)

    def staff(self, login: str, role: Role = Role.AGENT, team: str = "") -> StaffMember:
        """An account that nobody can sign in with."""
        with self.database.writing() as connection:
            staff_id = add(connection, NewAccount(login, login.title(), role, team), "no hash", self.clock())
            member = member_by_id(connection, staff_id)
        assert member is not None
        return member

    def wait(self, address: str = ADDRESS, reason: Reason = Reason.ASKED) -> Case:
        """A customer asks for a person."""
        with self.database.writing() as connection:
            opened, _ = open_case(connection, AREA, address, reason, self.clock())
        return opened

    def say(self, text: str, address: str = ADDRESS) -> list[str]:
        """A customer writes; what is answered."""
        self.router.receive(Incoming(address, text))
        return [message.text for message in self.router.answer_waiting(address)]

    def transcript(self, address: str = ADDRESS) -> list[Message]:
        """Everything said."""
        return self.router.since(address, 0)
