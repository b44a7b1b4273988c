"""The few words that ask how things go are about a procedure only where one that is open was asked for in the conversation."""

from __future__ import annotations

import pytest

from bot.database import Database
from bot.procedures.how_it_goes import asks_how_it_goes, is_meant
from bot.procedures.looking import mailed_here
from bot.procedures.model import Actor, Change, State
from bot.procedures.rights import Doer
from bot.procedures.service import change_state, open_procedure
from tests.conftest import DEMO_DAY
from tests.procedures.world import AREA, ELSEWHERE, HERE, QUESTION


@pytest.mark.parametrize(
    "text", ["como va", "¿Y cómo va eso?", "oye, ¿cómo va la cosa?", "¿hay novedades?", "se sabe algo?"]
)
def test_nothing_is_named(text: str) -> None:
    assert asks_how_it_goes(text)


@pytest.mark.parametrize(
    "text", ["hola, ¿cómo va?", "cómo va lo mío", "¿cómo va la factura?", "va", "", "como va " * 9]
)
def test_a_greeting_or_a_thing_that_is_named_is_something_else(text: str) -> None:
    assert not asks_how_it_goes(text)


def test_it_is_meant_while_one_of_this_conversation_is_open(demo: Database) -> None:
    with demo.writing() as connection:
        assert not is_meant(connection, HERE, "como va")
        opened = open_procedure(connection, AREA, QUESTION, DEMO_DAY)
        assert is_meant(connection, HERE, "como va")
        assert not is_meant(connection, HERE, "mis facturas")
        assert not is_meant(connection, ELSEWHERE, "como va")
        assert [one.id for one in mailed_here(connection, HERE)] == [opened.id]
        change = Change(State.CANCELLED, "cancelled_by_person")
        change_state(connection, AREA, opened.id, change, Doer(Actor.PERSON, HERE), DEMO_DAY)
        assert not is_meant(connection, HERE, "como va")
        assert mailed_here(connection, HERE) == []
