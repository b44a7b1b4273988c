"""A notice that Telegram or WhatsApp does not bring becomes the mail that says the same, once. Against the emulators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, select

from bot.channels.telegram.chat_store import ChatStore
from bot.channels.telegram.client import TelegramClient, make_bot
from bot.channels.whatsapp.reception import Reception, Tools
from bot.channels.whatsapp.store import digest_of, sent_table
from bot.channels.whatsapp.transport import Progress, Status
from bot.conversation import transcript
from bot.conversation.model import Message, Reply
from bot.conversation.outbound import Outbound, Send
from bot.conversation.outbound_store import can_reach, outbound_table
from bot.database import Database
from bot.identity.persons import person_table
from bot.identity.sessions import open_session
from bot.notices.model import Kind, Mailing, State
from bot.notices.service import note_refused, tell
from bot.notices.store import notice_table
from bot.notices.worker import Notices
from bot.notifications.store import mail_table
from emulators.telegram.__main__ import TOKEN
from tests.channels.test_whatsapp_sending import ADDRESS as WHATSAPP
from tests.channels.test_whatsapp_sending import AREA, House, at_home
from tests.emulators.telegram import TelegramEmulator, TelegramPerson

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)
DETAILS = {"tracking_key": "G-1", "what": "reclamación"}
MORE = {"link": "https://a.es", "state": "en curso", "note": "", "papers": []}
MAIL = Mailing("ana@example.com", "procedure_changed", DETAILS | MORE)


@dataclass
class Office:
    """The worker, what sends, and what became of it all."""

    database: Database
    outbound: Outbound
    notices: Notices

    async def tell(self, address: str) -> None:
        with self.database.writing() as connection:
            person_id = connection.execute(select(person_table.c.id).limit(1)).scalar_one()
            open_session(connection, address, person_id, None, NOON)
            tell(connection, person_id, Kind.PROCEDURE_CHANGED, DETAILS, NOON, MAIL)
        await self.notices.tell_due()

    async def ends(self, state: State) -> None:
        """Everything was sent, or will not be, and that is what became of the notice."""
        async with asyncio.timeout(60):
            while self._states() != [state] or not self._is_at_rest():
                await asyncio.sleep(0.02)

    def _is_at_rest(self) -> bool:
        with self.database.reading() as connection:
            return connection.execute(select(outbound_table.c.due_at)).scalars().all() == [None]

    def _states(self) -> list[str]:
        with self.database.reading() as connection:
            return list(connection.execute(select(notice_table.c.state)).scalars())

    def mails(self) -> list[str]:
        with self.database.reading() as connection:
            return list(connection.execute(select(mail_table.c.template)).scalars())


def say(connection: Connection, address: str, response: str, _details: dict[str, Any]) -> list[Message]:
    opened = transcript.open_conversation(connection, address, NOON)
    return transcript.add_replies(connection, opened, [Reply(response)], None, NOON)


@asynccontextmanager
async def office_that_sends(
    database: Database, channel: str, send_of: Callable[[ThreadPoolExecutor], Send]
) -> AsyncIterator[Office]:
    with ThreadPoolExecutor(1 if database.is_sqlite else 4) as pool:
        outbound = Outbound(database, pool, lambda: NOON)
        outbound.serve(channel, send_of(pool))
        outbound.on_refusal(note_refused)
        yield Office(database, outbound, Notices(database, pool, lambda: NOON, say, outbound.deliver, can_reach))
        await outbound.finish()


@pytest.fixture(scope="module")
def emulator() -> Iterator[TelegramEmulator]:
    emulator = TelegramEmulator()
    emulator.start()
    yield emulator
    emulator.stop()


@pytest.mark.parametrize("blocked", [True, False])
async def test_who_blocks_the_bot_gets_the_mail_and_all_others_only_the_message(
    demo: Database, emulator: TelegramEmulator, blocked: bool
) -> None:
    person = TelegramPerson(emulator, 7_000_001 + blocked + 2 * demo.is_sqlite)
    person.say("hola")
    emulator.control("block", chat=person.chat, blocked=blocked)
    bot = make_bot(TOKEN, emulator.url)

    def client(pool: ThreadPoolExecutor) -> Send:
        return TelegramClient(bot, ChatStore(demo, pool, lambda: NOON)).send

    async with office_that_sends(demo, "telegram", client) as office:
        await office.tell(f"telegram:{person.chat}")
        await office.ends(State.MAILED if blocked else State.TOLD)
        await office.outbound.deliver(f"telegram:{person.chat}", [])
        await asyncio.sleep(0.5)
    assert office.mails() == ["procedure_changed"] * blocked
    for request in bot._request:
        await request.shutdown()


@pytest.mark.parametrize(("template", "mails"), [("novedades_gestion", 0), ("", 1)])
async def test_outside_of_the_24_hours_a_template_asks_and_without_one_the_mail_goes(
    demo: Database, template: str, mails: int
) -> None:
    async with (
        at_home(demo, template) as house,
        office_that_sends(demo, "whatsapp", lambda _: house.sending.send) as office,
    ):
        await long_silent(house)
        await office.tell(WHATSAPP)
        await office.ends(State.MAILED if mails else State.TOLD)
        assert [shown["type"] for shown in await house.shown()] == ["template"] * (1 - mails)
        assert office.mails() == ["procedure_changed"] * mails


async def long_silent(house: House) -> None:
    house.now[0] = NOON.replace(day=22)
    await house.hear()
    house.now[0] = NOON


@pytest.mark.parametrize(
    ("code", "template", "mails"), [(131026, "novedades_gestion", 1), (131047, "novedades_gestion", 0), (131047, "", 1)]
)
async def test_what_whatsapp_says_minutes_later_was_not_delivered_is_mailed_once(
    demo: Database, code: int, template: str, mails: int
) -> None:
    async with (
        at_home(demo, template) as house,
        office_that_sends(demo, "whatsapp", lambda _: house.sending.send) as office,
    ):
        house.now[0] = NOON
        await house.hear()
        await office.tell(WHATSAPP)
        async with asyncio.timeout(60):
            while not await house.shown():
                await asyncio.sleep(0.05)
        reception = Reception(tools_of(house, office))
        for _ in range(2):
            await reception._note(Status(await sent_id(house), Progress.FAILED, code))
        await office.ends(State.MAILED if mails else State.TOLD)
        assert office.mails() == ["procedure_changed"] * mails
        await reception.finish()


async def sent_id(house: House) -> str:
    """The platform's id of the message that it showed; ours is a digest of it."""
    message_id = next(shown["id"] for shown in await house.shown() if shown["type"] == "text")
    async with asyncio.timeout(60):
        while not is_noted(house, message_id):
            await asyncio.sleep(0.05)
    return str(message_id)


def is_noted(house: House, message_id: str) -> bool:
    with house.database.reading() as connection:
        digests = connection.execute(select(sent_table.c.digest)).scalars().all()
    return digest_of(AREA, message_id) in digests


def tools_of(house: House, office: Office) -> Tools:
    delivery: Any = None  # nothing is taken here
    return Tools(
        account=house.account,
        area=AREA,
        records=house.records,
        client=house.client,
        sending=house.sending,
        delivery=delivery,
        outbound=office.outbound,
        clock=lambda: house.now[0],
    )
