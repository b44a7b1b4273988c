"""What is no text: a voice message is described, answered once, and left to the staff where they have the conversation."""

from __future__ import annotations

from bot.conversation import transcript
from bot.conversation.chats import buttons_on, note_buttons_on, note_chat, shown_name_of
from bot.conversation.model import Author, Holder, Incoming, State
from bot.conversation.router import Router
from bot.database import Database
from tests.conversation.test_router import ADDRESS, NOON, router_of

VOICE = Incoming(ADDRESS, "(mensaje de voz)", "41")


def test_a_voice_message_is_answered_once_however_often_it_is_delivered(database: Database) -> None:
    router = router_of(database)
    _, replies, _ = router.remark(VOICE, "utter_no_voice")
    assert [(reply.author, reply.text) for reply in replies] == [
        (Author.ASSISTANT, "welcome"),
        (Author.ASSISTANT, "utter_no_voice"),
    ]
    assert router.remark(VOICE, "utter_no_voice")[1:] == ([], False)
    assert len(router.since(ADDRESS, 0)) == 3


def test_the_staff_get_a_voice_message_in_their_conversation(database: Database) -> None:
    router: Router = router_of(database)
    with database.writing() as connection:
        transcript.open_conversation(connection, ADDRESS, NOON)
        transcript.set_holder(connection, ADDRESS, Holder.DESK)
    stored, replies, _ = router.remark(VOICE, "utter_no_voice")
    assert (stored.state, replies) == (State.WAITING, [])


def test_a_chat_is_called_what_its_owner_is_called_there(database: Database) -> None:
    with database.writing() as connection:
        note_chat(connection, ADDRESS, "  Ana\n\u202eMaría ", NOON)
        note_chat(connection, ADDRESS, "Ana" + " López" * 20, NOON)
        assert shown_name_of(connection, ADDRESS).startswith("Ana López López")
        assert len(shown_name_of(connection, ADDRESS)) <= 40
        assert shown_name_of(connection, "telegram:unknown") == ""


def test_which_message_has_its_buttons_is_remembered(database: Database) -> None:
    with database.writing() as connection:
        note_chat(connection, ADDRESS, "Ana", NOON)
        note_buttons_on(connection, ADDRESS, "17")
        assert buttons_on(connection, ADDRESS) == "17"
