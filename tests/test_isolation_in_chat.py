"""Random people ask random questions in the chat: no answer and no file says anything of another agency."""

from __future__ import annotations

import io
import logging
import os
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import IO

import pytest
import structlog
from openpyxl import load_workbook
from pypdf import PdfReader
from sqlalchemy import Connection, select

from bot.accounts.model import Role, Viewer
from bot.accounts.service import agencies_of
from bot.accounts.store import agency_table
from bot.area import Area
from bot.assistant import training
from bot.assistant.engine import RasaAssistant
from bot.company import read_company
from bot.conversation.model import Incoming, Message
from bot.conversation.router import Router
from bot.database import Database, migrate
from bot.identity.persons import person_table
from bot.identity.sessions import Session, choose_agency, end_session, open_session, session_by_id
from bot.identity.signed import unsign
from bot.invoices.downloads import PATH, PURPOSE, Downloads, Kind, Refused
from bot.invoices.files import InvoiceFiles
from bot.invoices.model import Invoice
from bot.settings import read_settings
from tests.conftest import DEMO_DAY
from tests.invoices.test_isolation import Truth, mix_up
from tests.random_questions import Questions
from tests.talk import plain

AREA = Area("http://localhost:8080", b"a key of the tests, long enough to be one")
QUESTIONS = {"sqlite": 500, "postgresql": 120}
PEOPLE = range(1, 6)
MOST_REMEMBERED = 5000
LINK = re.compile(r"\]\((http[^)\s]+)\)")
CODE = re.compile(r"[a-z0-9][a-z0-9.@-]*[a-z0-9]")
Owner = tuple[str, int]


class Clock:
    """Stands still during a turn."""

    now = DEMO_DAY

    def __call__(self) -> datetime:
        return self.now


class RememberedFiles(InvoiceFiles):
    """Draws each PDF once. The whole invoice is the key, so what is handed out is what would have been drawn."""

    def pdf(self, invoice: Invoice) -> IO[bytes]:
        return io.BytesIO(self._drawn(invoice))

    @lru_cache(maxsize=MOST_REMEMBERED)  # noqa: B019 - there is one for the whole test
    def _drawn(self, invoice: Invoice) -> bytes:
        with super().pdf(invoice) as file:
            return file.read()


class Belongings:
    """Every name, address, identifier and number of the world, and whose it is."""

    def __init__(self, connection: Connection, truth: Truth) -> None:
        self._owners: dict[str, set[Owner]] = defaultdict(set)
        for client in truth.clients:
            self._add(("client", client.id), client.name.removesuffix(", S. L."), client.address, client.identifier)
        for contract in truth.contracts:
            self._add(("client", contract.client_id), contract.number, truth.points[contract.supply_point_id])
        for invoice in truth.invoices:
            self._add(("client", invoice.client_id), invoice.number)
        for agency in connection.execute(select(agency_table)):
            self._add(("agency", agency.id), agency.name.removesuffix(", S. L."), agency.identifier)
        for person in connection.execute(select(person_table)):
            name = f"{person.first_name} {person.surnames}"
            for owner in [("person", person.id), *(("agency", to) for who, to in truth.rights if who == person.id)]:
                self._add(owner, name, person.identifier, person.email)
        names = sorted((told for told in self._owners if " " in told), key=len, reverse=True)
        # The longest first: "Sol 2" is not what is told by "Sol 29".
        self._names = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)")

    def _add(self, owner: Owner, *told: str) -> None:
        for each in told:
            self._owners[plain(each)].add(owner)

    def told_in(self, text: str) -> Iterator[tuple[str, set[Owner]]]:
        """What a text (made plain) says, and whose it is: one of several where two have the same name."""
        for told in (*self._names.findall(text), *CODE.findall(text)):
            if told in self._owners:
                yield told, self._owners[told]


@dataclass
class Chat:
    """A conversation, who signed in there last, and what was written: by whom, if somebody was signed in then."""

    address: str
    person: int | None = None
    session_id: int | None = None
    is_new: bool = False
    browser: str = ""
    typed: list[tuple[int | None, str]] = field(default_factory=list)
    replies: list[Message] = field(default_factory=list)
    links: list[tuple[str, int, str]] = field(default_factory=list)
    """Token, session, browser."""


class World:
    """The assistant on a database, the people who write to it, and what each of them may hear."""

    def __init__(self, database: Database, assistant: RasaAssistant, clock: Clock, random: Random) -> None:
        self.database, self.clock, self.random = database, clock, random
        self.router = Router(database, assistant, 2000, clock)
        self.downloads = Downloads(
            database, AREA, clock, RememberedFiles(None, read_company(read_settings().company_file))
        )
        with database.reading() as connection:
            self.truth = Truth(connection)
            self.belongings = Belongings(connection, self.truth)
        self.questions = Questions(random, self.truth)
        self.seen: Counter[str] = Counter()

    def converse(self, address: str) -> None:
        """One conversation, at a moment around which rights and assignments begin and end."""
        moment = DEMO_DAY + timedelta(days=self.random.choice((-30, -30, 0, 0, 0, 30, 45)))
        self.clock.now = moment - timedelta(minutes=self.random.choice((-60, 2, 5, 10)))
        chat = Chat(address)
        stays_a_stranger = self.random.random() < 0.1
        for _ in range(self.random.randrange(6, 25)):
            self.clock.now += timedelta(
                seconds=1000 if self.random.random() < 0.03 else self.random.choice((5, 40, 90))
            )
            if not stays_a_stranger and self.random.random() < (0.6 if chat.person is None else 0.06):
                self.sign_in(chat)
            elif chat.person is not None and self.random.random() < 0.05:
                self.sign_out(chat)
            self.ask(chat, self.wording(chat))
            self.open_some_link(chat)

    def wording(self, chat: Chat) -> str:
        """Who has just come often goes on from what the one before was shown."""
        if chat.is_new and self.random.random() < 0.6:
            return self.questions.follow_up()
        buttons = [button.title for reply in chat.replies for button in reply.buttons]
        return self.random.choice(buttons) if buttons and self.random.random() < 0.3 else self.questions.some()

    def sign_in(self, chat: Chat) -> None:
        """Somebody, often another person than before, signs in with a browser of their own."""
        chat.is_new = True
        chat.person, chat.browser = self.random.choice(PEOPLE), f"browser {self.random.random()}"
        with self.database.writing() as connection:
            digest = AREA.digest("browser", chat.browser)
            session = open_session(connection, chat.address, chat.person, digest, self.clock())
            agencies = agencies_of(connection, chat.person, self.clock())
            if len(agencies) == 1 or (agencies and self.random.random() < 0.5):
                session = choose_agency(connection, session, self.random.choice(agencies))
            self.router.note_event(connection, chat.address, "/signed_in")
        chat.session_id = session.id
        self.answered(chat, session, None)

    def sign_out(self, chat: Chat) -> None:
        """In words, or as it is when it ends elsewhere and the conversation does not hear of it."""
        if self.random.random() < 0.5:
            self.ask(chat, "cierra mi sesión")
        with self.database.writing() as connection:
            end_session(connection, chat.address, self.clock())
        chat.person = chat.session_id = None

    def session(self, session_id: int | None) -> Session | None:
        with self.database.reading() as connection:
            return session_by_id(connection, session_id, self.clock()) if session_id else None

    def ask(self, chat: Chat, text: str) -> None:
        before, chat.is_new = self.session(chat.session_id), False
        chat.typed.append((before.person_id if before else None, text))
        arrived = self.router.receive(Incoming(chat.address, text))
        self.seen["questions"] += 1
        self.answered(chat, before, arrived)

    def answered(self, chat: Chat, before: Session | None, arrived: Message | None) -> None:
        """What is said is the person's own, or repeats what they wrote; of another person's questions nothing comes back."""
        chat.replies = self.router.answer_waiting(chat.address, arrived)
        assert chat.replies
        assert chat.replies[-1].text != self.router.apology().text, "a turn that fails tells nothing and proves nothing"
        said = "\n".join([*(reply.text for reply in chat.replies), *(b.title for r in chat.replies for b in r.buttons)])
        mine = self.owners_for(before, self.session(chat.session_id))
        person = before.person_id if before else None
        written = [text for writer, text in chat.typed if writer in (None, person)]
        self.check(LINK.sub(")", said), mine, written)
        if before is not None:
            chat.links += [(url, before.id, chat.browser) for url in LINK.findall(said) if PATH in url]

    def owners_for(self, before: Session | None, after: Session | None) -> set[Owner]:
        """Whose things may be told: the session was live, may have chosen its agency in this turn, or ended in it."""
        if before is None:
            return set()
        person, at = before.person_id, self.clock()
        agencies = {to for who, to in self.truth.rights if who == person and self.truth.may(person, to, at)}
        acts_for = after.agency_id if after else before.agency_id
        mine: set[Owner] = {("person", person), *(("agency", agency) for agency in agencies)}
        if acts_for in agencies:
            viewer = Viewer(person, acts_for, Role.FULL, at)
            mine |= {("client", client) for client in self.truth.clients_of(viewer)}
        return mine

    def check(self, said: str, mine: set[Owner], written: list[str]) -> None:
        for line in plain(said).splitlines():
            for told, owners in self.belongings.told_in(line):
                if owners & mine:
                    self.seen["own"] += 1
                else:
                    self.seen["echoes" if mine else "echoes to strangers"] += 1
                    assert is_echo(told, line, written), (told, line, written)
        self.seen["answers to strangers"] += not mine

    def open_some_link(self, chat: Chat) -> None:
        """In the browser that signed in while the session lives, the file holds own rows; else there is no file."""
        if not chat.links or self.random.random() < 0.5:
            return
        url, session_id, browser = self.random.choice(chat.links[-3:])
        session = self.session(session_id)
        token = url.rpartition("/")[2]
        for other in (None, "", "a browser of somebody else", *({chat.browser} - {browser})):
            assert self.contents(token, other) is None
        if is_archive(token) and self.random.random() < 0.9:  # up to two hundred PDFs would be made
            return
        contents = self.contents(token, browser)
        if contents is None:
            self.seen["links refused"] += 1
            return
        self.seen["files"] += 1
        assert session is not None
        mine = self.owners_for(session, session)
        told = list(self.belongings.told_in(plain(contents)))
        self.seen["rows in files"] += len(told)
        assert not [each for each, owners in told if not owners & mine], contents

    def contents(self, token: str, browser: str | None) -> str | None:
        """The text of the file; None when it is refused."""
        try:
            download = self.downloads.fetch(token, browser)
        except Refused:
            return None
        with download.file:
            return text_of(download.name, download.file.read())


def is_archive(token: str) -> bool:
    return bool(unsign(AREA, PURPOSE, token, datetime.fromtimestamp(0, UTC))[0] == Kind.ARCHIVE)


def is_echo(told: str, line: str, written: list[str]) -> bool:
    """Whether a line only repeats what was written: an amount beside it would be an answer, unless the line is a quotation."""
    text = plain(" ".join(written))
    if line.startswith("«") and line.strip("«»") in text:
        return True
    is_written = told in text or compact(told) in compact(text)
    return is_written and ("€" not in line or line.startswith("no "))


def test_a_quotation_is_an_echo_and_an_amount_beside_a_name_is_none() -> None:
    asked = ["recibos de Amaia Esteban de menos de 50 €"]
    assert is_echo("amaia esteban", "«recibos de amaia esteban de menos de 50 €»", asked)
    assert not is_echo("amaia esteban", "«amaia esteban debe 50 €»", asked)
    assert not is_echo("amaia esteban", "amaia esteban: 50 €", asked)


def compact(text: str) -> str:
    return re.sub(r"[\W_]", "", text)


@lru_cache(maxsize=MOST_REMEMBERED)
def text_of(name: str, body: bytes) -> str:
    """Everything readable of a PDF, a spreadsheet or an archive (of this the names of its files)."""
    if name.endswith(".pdf"):
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
    if name.endswith(".zip"):
        return "\n".join(file.removesuffix(".pdf") for file in zipfile.ZipFile(io.BytesIO(body)).namelist())
    with closing(load_workbook(io.BytesIO(body), read_only=True)) as book:
        rows = [row for sheet in book.worksheets for row in sheet.iter_rows(values_only=True)]
    return "\n".join(str(cell) for row in rows for cell in row)


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def quiet() -> Iterator[None]:
    """Rasa would log every slot of every turn."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.configure(**before)


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory, clock: Clock, quiet: None) -> Iterator[RasaAssistant]:
    settings = read_settings()
    if not training.is_current(settings.models_folder):
        training.train(settings.models_folder)
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('assistant') / 'test.db'}")
    migrate(database)
    archive = training.archive(settings.models_folder)
    yield RasaAssistant(archive, database, read_company(settings.company_file), AREA, clock)
    database.close()


def test_no_answer_and_no_file_says_anything_of_another_agency(
    demo: Database, assistant: RasaAssistant, clock: Clock
) -> None:
    seed = int(os.environ.get("RANDOM_SEED", "3"))
    random = Random(seed)
    with demo.writing() as connection:
        mix_up(connection, random)
    world = World(demo, assistant, clock, random)
    questions = int(os.environ.get("RANDOM_QUESTIONS", QUESTIONS[demo.engine.dialect.name]))
    print(f"RANDOM_SEED={seed} RANDOM_QUESTIONS={questions}")  # noqa: T201  # so that a failure can be seen again
    conversations = 0
    while world.seen["questions"] < questions:
        world.converse(f"rest:random-{conversations}")
        conversations += 1
    print(conversations, "conversations", dict(world.seen))  # noqa: T201
    assert world.seen["own"] > questions
    assert world.seen["answers to strangers"] > questions / 20
    assert world.seen["files"]
    assert world.seen["rows in files"] > questions / 3
    assert world.seen["links refused"]
