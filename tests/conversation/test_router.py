"""A turn is a transaction: against real databases, with an assistant that does as each test needs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, func, select

from bot.conversation.model import Button, Incoming, Message, MessageRefused, Refusal, Reply, State, TurnFailed
from bot.conversation.router import ATTEMPTS_AT_A_TURN, Router
from bot.conversation.transcript import message_table
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
