"""A turn is a transaction: against real databases, with an assistant that does as each test needs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, select

from bot.conversation import transcript
from bot.conversation.answering import NoDesk
from bot.conversation.chats import note_chat, shown_name_of
from bot.conversation.model import (
    Author,
    Button,
    Holder,
    Incoming,
    Message,
    MessageRefused,
    Refusal,
    Reply,
    State,
    TurnFailed,
)
from bot.conversation.queries import message_table
from bot.conversation.router import ATTEMPTS_AT_A_TURN, REPEATED, Router
from bot.database import Database

ADDRESS = "web:ana"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Echo:
    """Repeats what is said; `before_answer` may fail or wait in the middle of a turn."""

    def __init__(self, before_answer: Callable[[], None] = lambda: None) -> None:
        self.before_answer = before_answer

    def understand(self, text: str) -> Sequence[str]:
        return [text]

    def understand_choice(self, payload: str, text: str) -> Sequence[str]:
        return [f"chose {payload}"]

    def answer(self, connection: Connection, address: str, text: str, needs: Sequence[str]) -> list[Reply]:
        connection.execute(select(func.count()).select_from(message_table))
        self.before_answer()
        return [Reply(f"echo {need}", (Button("Sí", "/affirm"),)) for need in needs]

    def welcome(self, connection: Connection, address: str) -> list[Reply]:
        return [Reply("welcome"), Reply("menu")]

    def say(self, response: str, **values: object) -> Reply:
        return Reply(response)


def router_of(database: Database, assistant: Echo | None = None) -> Router:
    return Router(database, assistant or Echo(), 2000, lambda: NOON)


def said(messages: list[Message]) -> list[str]:
    return [message.text for message in messages]


def test_a_message_is_stored_before_it_is_answered(database: Database) -> None:
    router = router_of(database)
    stored = router.receive(Incoming(ADDRESS, "hola"))
    assert (stored.sequence, stored.state) == (1, State.WAITING)
    assert said(router.since(ADDRESS, 0)) == ["hola"]


def test_the_answer_follows_with_the_next_number(database: Database) -> None:
    router = router_of(database)
    router.receive(Incoming(ADDRESS, "hola"))
    (reply,) = router.answer_waiting(ADDRESS)
    assert (reply.sequence, reply.text, reply.sent_at) == (2, "echo hola", NOON)


def test_a_message_delivered_twice_is_answered_once_from_what_is_stored(database: Database) -> None:
    router = router_of(database)
    first = router.receive(Incoming(ADDRESS, "hola", "update-7"))
    router.answer_waiting(ADDRESS)
    again = router.receive(Incoming(ADDRESS, "hola", "update-7"))
    assert router.answer_waiting(ADDRESS) == []
    assert again.id == first.id
    assert said(router.replies_to(again.id)) == ["echo hola"]


def test_the_same_channel_id_in_another_conversation_is_another_message(database: Database) -> None:
    router = router_of(database)
    ours = router.receive(Incoming(ADDRESS, "hola", "1"))
    theirs = router.receive(Incoming("web:berta", "hola", "1"))
    assert ours.id != theirs.id


def test_messages_are_answered_in_the_order_they_came(database: Database) -> None:
    router = router_of(database)
    for text in ("uno", "dos", "tres"):
        router.receive(Incoming(ADDRESS, text))
    assert said(router.answer_waiting(ADDRESS)) == ["echo uno", "echo dos", "echo tres"]


def test_a_turn_that_dies_leaves_its_message_waiting_and_nothing_half_done(database: Database) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    router = router_of(database, Echo(die))
    router.receive(Incoming(ADDRESS, "hola"))
    with pytest.raises(KeyboardInterrupt):
        router.answer_waiting(ADDRESS)
    survivor = router_of(database)
    assert survivor.unanswered() == [ADDRESS]
    survivor.answer_waiting(ADDRESS)
    assert said(survivor.since(ADDRESS, 0)) == ["hola", "echo hola"]


def test_a_turn_that_fails_says_so_and_keeps_nothing_else(database: Database) -> None:
    def fail() -> None:
        raise TurnFailed("broken action")

    router = router_of(database, Echo(fail))
    stored = router.receive(Incoming(ADDRESS, "hola"))
    assert said(router.answer_waiting(ADDRESS)) == ["utter_technical_problem"]
    assert [message.state for message in router.since(ADDRESS, 0)] == [State.FAILED, State.SENT]
    assert said(router.replies_to(stored.id)) == ["utter_technical_problem"]


def test_a_message_that_kills_every_start_gets_an_apology_in_the_end(database: Database) -> None:
    router = router_of(database)
    router.receive(Incoming(ADDRESS, "veneno"))
    starts = [router.unanswered() for _ in range(ATTEMPTS_AT_A_TURN + 1)]
    assert starts == [[ADDRESS]] * ATTEMPTS_AT_A_TURN + [[]]
    assert said(router.since(ADDRESS, 0)) == ["veneno", "utter_technical_problem"]


def test_two_workers_answer_a_message_once(database: Database) -> None:
    barrier = threading.Barrier(2)
    routers = [router_of(database), router_of(database)]
    routers[0].receive(Incoming(ADDRESS, "hola"))

    def answer(router: Router) -> list[Message]:
        barrier.wait()
        return router.answer_waiting(ADDRESS)

    with ThreadPoolExecutor(2) as pool:
        replies = [reply for answered in pool.map(answer, routers) for reply in answered]
    assert said(replies) == ["echo hola"]
    assert said(routers[0].since(ADDRESS, 0)) == ["hola", "echo hola"]


def test_many_messages_at_once_lose_and_double_nothing(database: Database) -> None:
    router = router_of(database)

    def talk(number: int) -> None:
        router.receive(Incoming(ADDRESS, f"m{number}", str(number % 20)))
        router.answer_waiting(ADDRESS)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(talk, range(40)))
    messages = router.since(ADDRESS, 0)
    assert [message.sequence for message in messages] == list(range(1, 41))
    asked = {message.id: message.text for message in messages if message.answers_id is None}
    assert sorted(asked[m.answers_id] for m in messages if m.answers_id) == sorted(asked.values())


def test_an_event_is_answered_as_a_turn_and_seen_by_nobody(database: Database) -> None:
    router = router_of(database)
    router.receive(Incoming("web:1", "hola"))
    router.answer_waiting("web:1")
    with database.writing() as connection:
        router.note_event(connection, "web:1", "/signed_in")
        router.note_event(connection, "web:1", "/signed_out")
    assert said(router.answer_waiting("web:1")) == ["echo chose /signed_in", "echo chose /signed_out"]
    assert [message.sequence for message in router.since("web:1", 0)] == [1, 2, 3, 4]
    assert all(message.author is not Author.EVENT for message in router.since("web:1", 0))


def test_the_same_event_does_not_wait_twice_but_comes_again_after_its_turn(database: Database) -> None:
    router = router_of(database)
    for answers in (["echo chose /arrived"], ["echo chose /arrived"]):
        for _ in range(2):
            with database.writing() as connection:
                router.note_event_once(connection, "web:1", "/arrived")
        assert said(router.answer_waiting("web:1")) == answers
    assert router.answer_waiting("web:1") == []


def test_an_event_that_a_stop_cut_off_is_answered_at_the_next_start(database: Database) -> None:
    with database.writing() as connection:
        router_of(database).note_event(connection, "web:1", "/signed_in")
    assert router_of(database).unanswered() == ["web:1"]
    assert said(router_of(database).answer_waiting("web:1")) == ["echo chose /signed_in"]


def test_the_text_of_an_event_typed_by_a_person_is_text(database: Database) -> None:
    router = router_of(database)
    router.receive(Incoming("web:1", "/signed_in"))
    assert said(router.answer_waiting("web:1")) == ["echo /signed_in"]


def test_what_was_announced_is_told_before_the_next_answer(database: Database) -> None:
    router = router_of(database)
    for text in ("uno", "dos"):
        router.receive(Incoming("rest:1", text))
        router.answer_waiting("rest:1")
        with database.writing() as connection:
            router.note_event(connection, "rest:1", f"/after_{text}")
        router.answer_waiting("rest:1")
    asked = router.receive(Incoming("rest:1", "tres"))
    (answer,) = router.answer_waiting("rest:1")
    assert said(router.announced_before("rest:1", asked, answer)) == ["echo chose /after_dos"]


def test_what_is_announced_between_a_message_and_its_answer_is_told_with_that_answer_and_once(
    database: Database,
) -> None:
    router, heard = router_of(database), []
    for text in ("uno", "dos", "tres"):
        with database.writing() as connection:
            router.note_event(connection, "rest:1", f"/before_{text}")
        asked = router.receive(Incoming("rest:1", text))
        *_, answer = router.answer_waiting("rest:1")
        heard += [*said(router.announced_before("rest:1", asked, answer)), answer.text]
    assert heard == [
        *("echo chose /before_uno", "echo uno"),
        *("echo chose /before_dos", "echo dos"),
        *("echo chose /before_tres", "echo tres"),
    ]


def test_an_opened_chat_is_welcomed_once(database: Database) -> None:
    router = router_of(database)
    assert said(router.open(ADDRESS)) == ["welcome", "menu"]
    assert router.open(ADDRESS) == []
    assert said(router.since(ADDRESS, 1)) == ["menu"]


def test_a_button_is_chosen_by_its_title_and_only_after_it_was_offered(database: Database) -> None:
    router = router_of(database)
    router.receive(Incoming(ADDRESS, "sí"))
    assert said(router.answer_waiting(ADDRESS)) == ["echo sí"]
    router.receive(Incoming(ADDRESS, "sí"))
    assert said(router.answer_waiting(ADDRESS)) == ["echo chose /affirm"]


def test_a_button_of_another_conversation_is_not_offered_here(database: Database) -> None:
    router = router_of(database)
    router.receive(Incoming("web:berta", "hola"))
    router.answer_waiting("web:berta")
    router.receive(Incoming(ADDRESS, "sí"))
    assert said(router.answer_waiting(ADDRESS)) == ["echo sí"]


@pytest.mark.parametrize(
    ("text", "refusal"), [("", Refusal.EMPTY), ("\u200b \x00", Refusal.EMPTY), ("a" * 2001, Refusal.TOO_LONG)]
)
def test_a_message_that_cannot_be_taken_is_refused_and_not_stored(
    database: Database, text: str, refusal: Refusal
) -> None:
    router = router_of(database)
    with pytest.raises(MessageRefused) as refused:
        router.receive(Incoming(ADDRESS, text))
    assert refused.value.refusal is refusal
    assert router.since(ADDRESS, 0) == []
    assert router.refusal(refused.value).text == refusal.value


class Staff(NoDesk):
    """Takes what comes while the desk has the conversation; "adiós" gives it back."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def receive(self, connection: Connection, address: str, message: Message) -> list[Reply]:
        self.heard.append(message.text)
        if message.text != "adiós":
            return []
        transcript.set_holder(connection, address, Holder.ASSISTANT)
        return [Reply("te dejo con el asistente")]


def hand_over(database: Database) -> None:
    with database.writing() as connection:
        transcript.open_conversation(connection, ADDRESS, NOON)
        transcript.set_holder(connection, ADDRESS, Holder.DESK)


def test_the_assistant_is_silent_while_the_desk_has_the_conversation(database: Database) -> None:
    staff = Staff()
    router = Router(database, Echo(), 2000, lambda: NOON, staff)
    hand_over(database)
    stored = router.receive(Incoming(ADDRESS, "/restart"))
    assert router.answer_waiting(ADDRESS) == []
    assert staff.heard == ["/restart"]
    assert router.replies_to(stored.id) == []
    assert router.unanswered() == []


def test_the_assistant_answers_again_from_the_next_message_on(database: Database) -> None:
    router = Router(database, Echo(), 2000, lambda: NOON, Staff())
    hand_over(database)
    for text in ("adiós", "hola"):
        router.receive(Incoming(ADDRESS, text))
    assert said(router.answer_waiting(ADDRESS)) == ["te dejo con el asistente", "echo hola"]


def test_a_caller_who_cannot_be_written_to_hears_the_staff_with_the_next_message_once(database: Database) -> None:
    router = Router(database, Echo(), 2000, lambda: NOON, Staff())
    first = router.receive(Incoming(ADDRESS, "hola"))
    router.answer_waiting(ADDRESS)
    hand_over(database)
    heard = []
    for text in ("uno", "dos", "tres"):
        with database.writing() as connection:
            opened = transcript.open_conversation(connection, ADDRESS, NOON)
            transcript.add_from_agent(connection, opened, f"antes de {text}", "Laura", NOON)
        asked = router.receive(Incoming(ADDRESS, text))
        router.answer_waiting(ADDRESS)
        heard.append(said(router.announced_before(ADDRESS, asked, None)))
    assert heard == [["antes de uno"], ["antes de dos"], ["antes de tres"]]
    assert router.announced_before(ADDRESS, first, router.replies_to(first.id)[0]) == []


class Nights:
    """A router whose clock says whether it is night; at night, news wait until the morning."""

    def __init__(self, database: Database) -> None:
        self.now, self.morning = NOON, NOON + timedelta(hours=9)
        self.router = Router(database, Echo(), 2000, lambda: self.now, quiet_until=self.quiet_until)
        self.database = database

    def quiet_until(self, _address: str, now: datetime) -> datetime | None:
        return self.morning if now < self.morning else None

    def news(self, event: str = "/news") -> None:
        with self.database.writing() as connection:
            self.router.note_news(connection, ADDRESS, event)


@pytest.fixture
def nights(database: Database) -> Nights:
    return Nights(database)


def test_news_of_the_night_are_told_in_the_morning_once(nights: Nights) -> None:
    nights.news()
    assert nights.router.answer_waiting(ADDRESS) == []
    assert nights.router.unanswered() == []
    assert nights.router.end_quiet() == []
    nights.now = nights.morning
    assert nights.router.end_quiet() == [ADDRESS]
    assert nights.router.end_quiet() == []
    assert said(nights.router.answer_waiting(ADDRESS)) == ["echo chose /news"]


def test_a_start_in_the_morning_tells_them_too(nights: Nights) -> None:
    nights.news()
    nights.now = nights.morning
    assert nights.router.unanswered() == [ADDRESS]


def test_who_writes_at_night_is_answered_and_told_the_news(nights: Nights) -> None:
    nights.news()
    stored = nights.router.receive(Incoming(ADDRESS, "hola"))
    assert nights.router.unanswered() == [ADDRESS]
    assert said(nights.router.answer_waiting(ADDRESS, stored)) == ["echo chose /news", "echo hola"]
    nights.now = nights.morning
    nights.router.end_quiet()
    assert nights.router.answer_waiting(ADDRESS) == []


def test_what_the_person_has_just_done_is_answered_at_night(nights: Nights) -> None:
    nights.news()
    with nights.database.writing() as connection:
        nights.router.note_event(connection, ADDRESS, "/signed_in")
    assert said(nights.router.answer_waiting(ADDRESS)) == ["echo chose /news", "echo chose /signed_in"]


def test_by_day_news_are_told_at_once(nights: Nights) -> None:
    nights.now = nights.morning
    nights.news()
    assert said(nights.router.answer_waiting(ADDRESS)) == ["echo chose /news"]


def test_what_is_stored_with_a_message_is_stored_with_it_or_not_at_all(database: Database) -> None:
    router = router_of(database)

    def note(connection: Connection) -> None:
        note_chat(connection, ADDRESS, "Ana", NOON)

    def fail(connection: Connection) -> None:
        note(connection)
        raise TurnFailed

    with pytest.raises(TurnFailed):
        router.receive(Incoming(ADDRESS, "hola"), also=fail)
    with pytest.raises(MessageRefused):
        router.receive(Incoming(ADDRESS, " "), also=note)
    with database.reading() as connection:
        assert shown_name_of(connection, ADDRESS) == ""
    assert router.since(ADDRESS, 0) == []
    router.receive(Incoming(ADDRESS, "hola"), also=note)
    with database.reading() as connection:
        assert shown_name_of(connection, ADDRESS) == "Ana"


def test_storing_a_message_takes_two_statements_that_are_compiled_once(database: Database) -> None:
    router = router_of(database)
    for number in range(2):
        router.receive(Incoming(ADDRESS, "hola", str(number)))
    seen: list[tuple[str, str]] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def note(_c: object, _cursor: object, statement: str, _p: object, context: Any, _many: bool) -> None:
        if context.compiled is not None:
            seen.append((statement.split()[0], context.cache_hit.name))

    router.receive(Incoming(ADDRESS, "hola", "2"))
    assert seen == [("UPDATE", "CACHE_HIT"), ("INSERT", "CACHE_HIT")]


def test_a_message_that_comes_again_takes_no_number_and_is_counted(database: Database) -> None:
    router = router_of(database)
    before = REPEATED.labels("web")._value.get()
    for channel_id in ("1", "1", "2"):
        router.receive(Incoming(ADDRESS, "hola", channel_id))
    assert [message.sequence for message in router.since(ADDRESS, 0)] == [1, 2]
    assert REPEATED.labels("web")._value.get() == before + 1
