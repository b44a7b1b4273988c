"""Cases on their way to Chatwoot: nothing lost when it is down, ours again when it stays down. On both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import select

from bot.area import Area
from bot.chatwoot import client as client_module
from bot.chatwoot import store
from bot.chatwoot.client import Access, ChatwootClient
from bot.chatwoot.handling import Handling
from bot.chatwoot.model import Told, read_event
from bot.chatwoot.worker import PAUSES_SECONDS, ChatwootWorker
from bot.conversation import transcript
from bot.conversation.model import Attachment, Holder, Message, Reply
from bot.database import Database
from bot.desk import store as cases
from bot.desk.model import Case, Reason, State
from bot.desk.service import open_case
from tests.chatwoot.fake import ACCOUNT, INBOX, TOKEN, FakeChatwoot, message_created, resolved
from tests.conftest import DEMO_DAY

ADDRESS = "rest:ana"
AREA = Area("https://area.example", b"secret")
REMOTE = 501


@dataclass
class House:
    """A worker with a clock that tests move, and what was brought to customers."""

    database: Database
    fake: FakeChatwoot
    now: datetime = DEMO_DAY
    brought: list[str] = field(default_factory=list)
    woken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = ChatwootClient(Access(self.fake.url, ACCOUNT, TOKEN, INBOX))
        self.worker = self.another_worker()

    def another_worker(self) -> ChatwootWorker:
        handling = Handling(self.database, AREA, say, lambda: self.now)
        return ChatwootWorker(self.database, AREA, self.client, handling, self, lambda: self.now, self.client.close)

    async def push(self, _address: str, messages: list[Message]) -> None:
        self.brought += [message.text for message in messages]

    async def wake(self, address: str) -> None:
        self.woken.append(address)

    def write(self, *texts: str) -> None:
        with self.database.writing() as connection:
            for text in texts:
                transcript.add_incoming(connection, ADDRESS, text, None, self.now)

    def hand_off(self) -> None:
        with self.database.writing() as connection:
            open_case(connection, AREA, ADDRESS, Reason.ASKED, self.now)

    async def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        await self.worker.round()

    async def hear(self, *payloads: dict[str, object]) -> None:
        with self.database.writing() as connection:
            for payload in payloads:
                told = read_event(payload, "1")
                if told is not None:
                    store.keep_event(connection, told, self.now)
        await self.worker.round()

    @property
    def case(self) -> Case:
        with self.database.reading() as connection:
            found = cases.by_id(connection, 1)
        assert found is not None
        return found

    @property
    def holder(self) -> Holder:
        with self.database.reading() as connection:
            return transcript.holder_of(connection, ADDRESS)

    @property
    def status(self) -> str:
        with self.database.reading() as connection:
            return str(connection.execute(select(store.talk_table.c.status)).scalar_one())


def say(response: str, **values: object) -> Reply:
    return Reply(f"{response} {values.get('agent', '')}".strip())


@pytest.fixture
def fake() -> Iterator[FakeChatwoot]:
    fake = FakeChatwoot()
    fake.start()
    yield fake
    fake.stop()


@pytest_asyncio.fixture
async def house(demo: Database, fake: FakeChatwoot, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(client_module, "SECONDS_FOR_AN_ANSWER", 0.5)
    house = House(demo, fake)
    house.write("¿cómo entro?", "quiero una persona")
    house.hand_off()
    yield house
    await house.client.close()


async def test_a_waiting_case_is_opened_there_with_a_private_summary(house: House) -> None:
    await house.worker.round()
    assert [path.rpartition("/")[2] for path, _ in house.fake.calls] == [
        "contacts",
        "conversations",
        "messages",
        "toggle_status",
    ]
    note = house.fake.notes()[0]
    assert house.case.tracking_key in note
    assert "Cliente: quiero una persona" in note
    assert (house.status, house.fake.statuses()) == ("accepted", ["open"])


async def test_what_the_customer_writes_afterwards_follows_in_order_and_once(house: House) -> None:
    await house.worker.round()
    house.write("uno", "dos")
    await house.worker.round()
    await house.worker.round()
    assert house.fake.written() == ["uno", "dos"]


async def test_two_workers_at_once_send_everything_once(house: House) -> None:
    other = house.another_worker()
    await asyncio.gather(house.worker.round(), other.round())
    house.write("uno")
    await asyncio.gather(house.worker.round(), other.round())
    assert house.fake.written() == ["uno"]
    assert len(house.fake.notes()) == 1


@pytest.mark.parametrize("trouble", ["500", "503", "429", "time-out", "refused"])
async def test_nothing_is_lost_while_chatwoot_is_down(trouble: str, house: House) -> None:
    await house.worker.round()
    break_it(house.fake, trouble)
    house.write("uno")
    await house.pass_time(1)
    house.write("dos")
    await house.pass_time(1)
    assert house.fake.written() == []
    mend(house.fake)
    await house.pass_time(10)
    assert house.fake.written() == ["uno", "dos"]


@pytest.mark.parametrize("trouble", ["500", "time-out", "refused"])
async def test_a_case_that_chatwoot_never_takes_is_ours_after_a_minute(trouble: str, house: House) -> None:
    break_it(house.fake, trouble)
    await house.worker.round()
    assert house.status == "asked"
    for seconds in PAUSES_SECONDS[:7]:
        await house.pass_time(seconds)
    assert (house.status, house.case.state, house.holder) == ("failed", State.WAITING, Holder.ASSISTANT)
    mend(house.fake)
    await house.pass_time(600)
    assert house.fake.calls == []


async def test_a_talk_that_breaks_off_goes_back_to_our_queue_and_the_customer_is_told(house: House) -> None:
    await house.worker.round()
    await house.hear(message_created(1, REMOTE, "Hola"))
    house.fake.status = 500
    house.write("¿sigues ahí?")
    for seconds in (0, *PAUSES_SECONDS):
        await house.pass_time(seconds)
    assert (house.status, house.case.state, house.holder) == ("failed", State.WAITING, Holder.ASSISTANT)
    assert house.brought[-1] == "utter_other_desk_lost"


async def test_a_wrong_token_is_not_tried_again_and_again(house: House) -> None:
    house.fake.status = 401
    await house.worker.round()
    assert (house.status, house.case.state) == ("failed", State.WAITING)


async def test_an_agents_words_reach_the_customer_and_the_assistant_falls_silent(house: House) -> None:
    await house.worker.round()
    await house.hear(message_created(1, REMOTE, "Hola, soy Nuria"))
    assert house.brought == ["utter_desk_joined Nuria", "Hola, soy Nuria"]
    assert (house.case.state, house.holder) == (State.AGENT, Holder.DESK)
    assert house.case.first_answer_at == house.case.taken_at == DEMO_DAY


async def test_a_delivery_that_is_repeated_is_brought_once(house: House) -> None:
    await house.worker.round()
    for _ in range(3):
        await house.hear(message_created(1, REMOTE, "Hola"), message_created(1, REMOTE, "Hola"))
    assert house.brought.count("Hola") == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"private": True},
        {"message_type": "incoming"},
        {"message_type": "activity"},
        {"message_type": "template"},
        {"sender": {"id": 2, "name": "Bot", "type": "agent_bot"}},
        {"sender": None},
        {"conversation": {"id": 999}},
        {"conversation": None},
        {"content": "  "},
        {"content": None},
        {"id": "1"},
    ],
)
async def test_only_what_agents_write_to_customers_is_brought(changed: dict[str, object], house: House) -> None:
    await house.worker.round()
    await house.hear(message_created(1, REMOTE, "no", **changed))
    assert (house.brought, house.case.state) == ([], State.WAITING)


@pytest.mark.parametrize("status", ["resolved", "pending", "snoozed"])
async def test_when_the_agent_is_done_the_assistant_is_back(status: str, house: House) -> None:
    await house.worker.round()
    await house.hear(message_created(1, REMOTE, "Hecho"))
    await house.hear(resolved(REMOTE) | {"status": status})
    assert (house.case.state, house.holder, house.status) == (State.CLOSED, Holder.ASSISTANT, "completed")
    assert (house.brought[-1], house.woken) == ("utter_other_desk_closed", [ADDRESS])


async def test_an_assignment_tells_the_customer_who_comes_once(house: House) -> None:
    await house.worker.round()
    assigned = {"event": "conversation_updated", "id": REMOTE, "meta": {"assignee": {"id": 7, "name": "Nuria"}}}
    await house.hear(assigned, assigned, message_created(1, REMOTE, "Hola"))
    assert house.brought == ["utter_desk_joined Nuria", "Hola"]


async def test_when_the_customer_or_our_desk_ends_it_chatwoot_is_told(house: House) -> None:
    await house.worker.round()
    with house.database.writing() as connection:
        cases.change(connection, 1, house.now, state=State.CLOSED.value, ended_at=house.now)
    await house.worker.round()
    await house.worker.round()
    assert (house.fake.statuses(), house.status) == (["open", "resolved"], "completed")


async def test_words_that_come_after_the_end_are_not_brought(house: House) -> None:
    await house.worker.round()
    await house.hear(resolved(REMOTE))
    before = list(house.brought)
    await house.hear(message_created(5, REMOTE, "tarde"))
    assert house.brought == before


def test_no_shape_of_a_webhook_breaks_the_reading() -> None:
    for payload in (None, [], 1, "x", {}, {"event": "message_created"}, {"event": "conversation_updated", "meta": []}):
        assert read_event(payload, "1") is None
    assert isinstance(read_event(message_created(1, 2, "x" * 50_000), "1"), Told)


def break_it(fake: FakeChatwoot, trouble: str) -> None:
    if trouble == "refused":
        fake.stop()
    elif trouble == "time-out":
        fake.hangs = True
    else:
        fake.status = int(trouble)


def mend(fake: FakeChatwoot) -> None:
    fake.status, fake.hangs = 200, False
    fake.stop()
    fake.start()


ATTACHED = [{"id": 1, "file_type": "file", "data_url": "http://chatwoot.example/secret.pdf"}]


def send_file(house: House, name: str = "poder.pdf") -> None:
    with house.database.writing() as connection:
        opened = transcript.open_conversation(connection, ADDRESS, house.now)
        transcript.add_file(connection, opened, Attachment("reference", name, "application/pdf", 10), house.now)


async def test_a_customer_s_file_is_told_with_the_place_where_it_is(house: House) -> None:
    house.hand_off()
    await house.pass_time(1)
    send_file(house)
    await house.pass_time(1)
    (told,) = house.fake.written()
    with house.database.reading() as connection:
        held = cases.live_at(connection, ADDRESS)
    assert held is not None
    assert "poder.pdf" in told
    assert told.endswith(f"{AREA.public_url}/desk/gestion/{held.procedure_id}")
    assert "reference" not in told


@pytest.mark.parametrize("text", ["Mira esto", ""])
async def test_a_file_of_an_agent_there_is_told_to_both_and_never_fetched(text: str, house: House) -> None:
    house.hand_off()
    await house.pass_time(1)
    for _ in range(2):
        await house.hear(message_created(7, REMOTE, text, content=text or None, attachments=ATTACHED))
    assert [said for said in house.brought if "utter_other_desk_joined" not in said and "joined" not in said] == [
        *([text] if text else []),
        "utter_other_desk_file Nuria",
    ]
    assert sum("no le llega al cliente" in note for note in house.fake.notes()) == 1
    assert "secret.pdf" not in str(house.brought)


async def test_typing_is_shown_there_while_one_of_its_agents_attends(house: House) -> None:
    house.hand_off()
    await house.pass_time(1)
    await house.worker.show_typing(ADDRESS, True)
    await asyncio.sleep(0.3)
    assert typed(house) == []
    await house.hear(message_created(7, REMOTE, "hola"))
    for on in (True, False):
        await house.worker.show_typing(ADDRESS, on)
        await asyncio.sleep(0.3)
    assert typed(house) == ["on", "off"]
    house.fake.status = 500
    await house.worker.show_typing(ADDRESS, True)
    await asyncio.sleep(0.3)


def typed(house: House) -> list[str]:
    return [body["typing_status"] for path, body in house.fake.calls if path.endswith("/toggle_typing")]
