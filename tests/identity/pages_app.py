"""The sign-in pages with the real services behind them, for tests that use them over HTTP or in a browser."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pyotp
from aiohttp import web
from argon2 import PasswordHasher
from sqlalchemy import insert, select
from yarl import URL

from bot.area import Area
from bot.channels.web.sessions import Sessions, identifier_of
from bot.company import read_company
from bot.database import Database
from bot.identity import passwords
from bot.identity.entrance import Chats, Entrance
from bot.identity.oidc import OpenIdProvider, ProviderSettings
from bot.identity.password_links import PasswordLinks, make_password_link
from bot.identity.persons import person_table
from bot.identity.second_factor import SecondFactor
from bot.identity.sessions import Session, open_session, session_of
from bot.identity.sign_in import SignIn, make_link
from bot.identity.web import IdentityViews
from bot.notifications.store import mail_table
from bot.pages.render import Pages
from bot.settings import PROJECT

NIF, PASSWORD = "12345678Z", "una frase bien larga"
UNKNOWN_NIF = "87654321X"
SECRET = b"s" * 32
SESSIONS = Sessions(SECRET)
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Clock:
    """Today's time, which a test can move."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class World:
    """A person with a password, conversations, and everything the pages told them."""

    database: Database
    public_url: str
    embed_origins: tuple[str, ...] = ()
    clock: Clock = field(default_factory=Clock)
    woken: list[str] = field(default_factory=list)
    announced: list[tuple[str, str]] = field(default_factory=list)
    proof: str = field(default_factory=SESSIONS.issue)
    person_id: int = 0
    entrance: Entrance = field(init=False)

    def __post_init__(self) -> None:
        self.area = Area(self.public_url, SECRET)
        parts = (self.database, self.area, self.clock)
        pages = Pages(read_company(PROJECT / "company.yml"))
        sign_in = SignIn(
            *parts,
            lambda _, address, text: self.announced.append((address, text)),
            lambda *_: [],
            lambda address: address.startswith("telegram:"),
        )
        second_factor = SecondFactor(*parts, "Naturgy")
        chats = Chats(
            lambda address: "Chat web" if address.startswith("web:") else "Telegram",
            lambda address: address.startswith("web:"),
            owns,
            self.wake,
            lambda address: address.startswith("telegram:"),
            lambda _address, code: f"https://t.me/ventanilla?start={code}",
            lambda _connection, address: "" if address.startswith("web:") else "Ana P.",
        )
        links = PasswordLinks(*parts)
        self.entrance = Entrance(
            pages,
            self.area,
            *(self.database, self.clock),
            sign_in,
            links,
            second_factor,
            chats,
            False,
            self.embed_origins,
        )
        self.person_id = self.add_person()

    async def wake(self, address: str) -> None:
        self.woken.append(address)

    @property
    def address(self) -> str:
        return f"web:{identifier_of(self.proof)}"

    def use_provider(self, issuer: str, secret: str, claim: str = "nif") -> None:
        settings = ProviderSettings(issuer, "ventanilla", secret, claim)
        self.entrance = replace(self.entrance, provider=OpenIdProvider(settings, self.area, self.clock))

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(self.entrance.pages.routes())
        app.add_routes(IdentityViews(self.entrance).routes())
        app.router.add_static("/static", PROJECT / "bot" / "channels" / "web" / "static")
        return app

    def link(self, address: str = "") -> str:
        """The path of a new sign-in page for the conversation."""
        with self.database.writing() as connection:
            return URL(make_link(connection, self.area, address or self.address, self.clock())).path

    def password_link(self) -> str:
        """The path of a page to choose a password."""
        with self.database.writing() as connection:
            return URL(make_password_link(connection, self.area, self.person_id, self.clock())).path

    def session(self, address: str = "") -> Session | None:
        with self.database.writing() as connection:
            return session_of(connection, address or self.address, self.clock())

    def open_elsewhere(self, address: str, person_id: int = 0) -> int:
        """The person (or another one) is signed in at an address of another device; gives the session's id."""
        with self.database.writing() as connection:
            who = (address, person_id or self.person_id, "another browser", self.clock(), "Firefox · Android")
            return open_session(connection, *who).id

    def add_second_factor(self) -> tuple[pyotp.TOTP, list[str]]:
        """Switch it on as half a minute ago, so that the code of now still counts; gives the app and the recovery codes."""
        enrolment = self.entrance.second_factor.begin(self.person_id)
        app = pyotp.TOTP(enrolment.secret)
        self.clock.ahead -= timedelta(seconds=60)
        codes = self.entrance.second_factor.confirm(self.person_id, app.at(self.clock()))
        self.clock.ahead += timedelta(seconds=60)
        assert codes
        return app, codes

    def code_of(self, secret: str) -> str:
        """What an app shows now that was given the secret, with or without blanks."""
        return pyotp.TOTP(secret.replace(" ", "")).at(self.clock())

    def add_person(self) -> int:
        """The first one has the NIF that is used everywhere."""
        now, identifier = self.clock(), UNKNOWN_NIF if self.person_id else NIF
        values = {
            "identifier_kind": "nif",
            "identifier": identifier,
            "created_at": now,
            "email": "ana@gestoria.example",
        }
        values |= {"first_name": "Ana", "surnames": "Pérez Ruiz"}
        with self.database.writing() as connection:
            person = connection.execute(insert(person_table).values(values).returning(person_table.c.id)).scalar_one()
            passwords.set_password(connection, person, CHEAP.hash(PASSWORD), now)
        return int(person)

    def mailed_link(self) -> str:
        """The path in the newest mail that has a link."""
        newest = select(mail_table.c.details).order_by(mail_table.c.id.desc())
        with self.database.reading() as connection:
            details = [found for found in connection.execute(newest).scalars() if "link" in found]
        return URL(details[0]["link"]).path

    def mails(self) -> list[str]:
        """The templates of the mails that wait, in order."""
        with self.database.reading() as connection:
            return list(connection.execute(select(mail_table.c.template).order_by(mail_table.c.id)).scalars())


def owns(address: str, proof: str) -> bool:
    """What the composition root does: the chat's signed session id shows whose conversation it is."""
    return SESSIONS.is_ours(proof) and address == f"web:{identifier_of(proof)}"
