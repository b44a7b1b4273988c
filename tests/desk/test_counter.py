"""What the page gets: the queue however long, only what one may see, masked, and with every look in the audit."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml
from sqlalchemy import Connection, insert, select, update

from bot.accounts.store import agency_table
from bot.audit.store import audit_table
from bot.conversation import transcript
from bot.conversation.model import Author
from bot.conversation.model import State as MessageState
from bot.conversation.queries import conversation_table, message_table
from bot.desk.counter import MESSAGES_AT_ONCE, Counter, wanted_of
from bot.desk.model import Choice, NoSuchCase, Role, State
from bot.desk.office import WORDS
from bot.desk.summary import NoKnowledge, masked
from bot.desk.tables import case, case_table
from bot.procedures.desk import ProcedureDesk
from bot.settings import PROJECT
from tests.desk.house import ADDRESS, AREA, MORNING, House

MANY = 10_000
USABLE_SECONDS = 1.0


@pytest.fixture
def counter(house: House) -> Counter:
    return Counter(house.database, ProcedureDesk(AREA, house.router.note_event), NoKnowledge(), house.clock)


def test_the_queue_is_in_the_order_of_the_wait_or_of_the_deadline(house: House, counter: Counter) -> None:
    laura = house.staff("laura")
    first = house.wait("web:a")
    house.clock.pass_by(minutes=1)
    second = house.wait("web:b")
    with house.database.writing() as connection:
        connection.execute(update(case_table).where(case.id == second.id).values(deadline_on=house.clock().date()))
    assert [row["id"] for row in counter.queue(laura, {})["rows"]] == [first.id, second.id]
    assert [row["id"] for row in counter.queue(laura, {"order": "deadline"})["rows"]] == [second.id, first.id]


def test_filters_leave_out_what_does_not_fit_and_nonsense_is_no_filter(house: House, counter: Counter) -> None:
    laura, waiting = house.staff("laura"), house.wait("web:a")
    house.wait("telegram:7")
    assert [row["id"] for row in counter.queue(laura, {"channel": "web"})["rows"]] == [waiting.id]
    assert [row["id"] for row in counter.queue(laura, {"search": waiting.tracking_key})["rows"]] == [waiting.id]
    assert counter.queue(laura, {"choice": "call"})["rows"] == []
    assert counter.queue(laura, {"choice": "' OR 1=1", "page": -3, "view": []})["fitting"] == 2


def test_a_filter_is_read_from_what_a_page_sent() -> None:
    assert wanted_of({"view": "agent", "choice": "mail", "late": True}).view is State.AGENT
    assert wanted_of({"choice": "mail"}).choice is Choice.MAIL


def test_a_colleagues_conversation_is_only_the_supervisors_to_see(house: House, counter: Counter) -> None:
    laura, andres, carmen = house.staff("laura"), house.staff("andres"), house.staff("carmen", Role.SUPERVISOR)
    waiting = house.wait()
    assert counter.look(andres, waiting.id)["is_mine"] is False
    house.agents.take(laura, waiting.id)
    assert counter.look(laura, waiting.id)["is_mine"] is True
    assert counter.look(carmen, waiting.id)["is_mine"] is False
    for ask in (counter.look, counter.reveal, counter.suggest, counter.address_of):
        with pytest.raises(NoSuchCase):
            ask(andres, waiting.id)


def test_identifiers_are_masked_until_they_are_revealed_and_both_are_in_the_audit(
    house: House, counter: Counter
) -> None:
    laura, waiting = house.staff("laura"), house.wait()
    house.say("mi NIF es 12345678Z")
    assert counter.look(laura, waiting.id)["messages"][0]["text"] == "mi NIF es ***4567**"
    assert counter.reveal(laura, waiting.id)["messages"][0]["text"] == "mi NIF es 12345678Z"
    with house.database.reading() as connection:
        wanted = select(audit_table.c.action).where(audit_table.c.object_id == f"{waiting.id} staff {laura.id}")
        assert list(connection.execute(wanted).scalars()) == ["case_looked_at", "case_revealed"]


def lengthen(house: House, last: int) -> None:
    """Customer and assistant in turn, up to that number."""
    with house.database.writing() as connection:
        opened = transcript.open_conversation(connection, ADDRESS, house.clock())
        rows = [said(opened.id, number) for number in range(opened.last_sequence + 1, last + 1)]
        connection.execute(insert(message_table).returning(message_table.c.id), rows)
        connection.execute(update(conversation_table).values(last_sequence=last))


def said(conversation_id: int, number: int) -> dict[str, Any]:
    author = Author.PERSON if number % 2 else Author.ASSISTANT
    row = {
        "conversation_id": conversation_id,
        "sequence": number,
        "author": author.value,
        "text": f"{number} 12345678Z",
    }
    return row | {"buttons": [], "state": MessageState.SENT.value, "sent_at": MORNING}


def test_of_a_long_conversation_the_newest_are_given_and_the_others_as_they_are_asked_for(
    house: House, counter: Counter
) -> None:
    laura, waiting = house.staff("laura"), house.wait()
    lengthen(house, 2 * MESSAGES_AT_ONCE + 50)
    with house.database.writing() as connection:  # no message: it is before them all
        opened = transcript.open_conversation(connection, ADDRESS, house.clock())
        transcript.add_event(connection, opened, "/procedure_changed", house.clock())
    pages = [counter.look(laura, waiting.id)]
    while pages[-1]["has_earlier"]:
        pages.append(counter.earlier(laura, waiting.id, pages[-1]["messages"][0]["sequence"]))
    assert [len(page["messages"]) for page in pages] == [MESSAGES_AT_ONCE, MESSAGES_AT_ONCE, 50]
    shown = [message for page in reversed(pages) for message in page["messages"]]
    assert [message["sequence"] for message in shown] == list(range(1, 2 * MESSAGES_AT_ONCE + 51))
    assert not any("12345678Z" in message["text"] for message in shown)


def test_exactly_what_is_given_at_once_has_nothing_before_it(house: House, counter: Counter) -> None:
    laura, waiting = house.staff("laura"), house.wait()
    lengthen(house, MESSAGES_AT_ONCE)
    assert counter.look(laura, waiting.id)["has_earlier"] is False
    assert counter.earlier(laura, waiting.id, 1) == {"messages": [], "has_earlier": False}


def test_every_part_of_a_conversation_that_is_looked_at_is_in_the_audit_and_only_who_may_gets_it(
    house: House, counter: Counter
) -> None:
    laura, andres, waiting = house.staff("laura"), house.staff("andres"), house.wait()
    lengthen(house, 300)
    house.agents.take(laura, waiting.id)
    counter.look(laura, waiting.id)
    counter.earlier(laura, waiting.id, 102)
    with pytest.raises(NoSuchCase):
        counter.earlier(andres, waiting.id, 102)
    with house.database.reading() as connection:
        of_laura = audit_table.c.object_id == f"{waiting.id} staff {laura.id}"
        looked = select(audit_table.c.action).where(of_laura, audit_table.c.action == "case_looked_at")
        assert len(connection.execute(looked).all()) == 2


def test_only_the_part_that_is_asked_for_is_revealed(house: House, counter: Counter) -> None:
    laura, waiting = house.staff("laura"), house.wait()
    lengthen(house, 300)
    revealed = counter.reveal(laura, waiting.id, 100, 103)["messages"]
    assert [message["text"] for message in revealed] == ["100 12345678Z", "101 12345678Z", "102 12345678Z"]
    assert len(counter.reveal(laura, waiting.id)["messages"]) == 300


def test_a_suggestion_is_for_what_the_customer_wrote_last_however_long_ago(house: House) -> None:
    class Repeats(NoKnowledge):
        def suggest(self, text: str) -> list[tuple[str, str]]:
            return [("said", text)]

    counter = Counter(house.database, ProcedureDesk(AREA, house.router.note_event), Repeats(), house.clock)
    laura, waiting = house.staff("laura"), house.wait()
    assert counter.suggest(laura, waiting.id) == []
    house.say("¿y mi factura?")
    house.agents.take(laura, waiting.id)
    house.agents.say(laura, waiting.id, "La miro")
    assert counter.suggest(laura, waiting.id) == [{"title": "said", "text": "¿y mi factura?"}]


class Knows(NoKnowledge):
    """An assistant that was naming a new representative when somebody asked for a person."""

    def known(self, connection: Connection, address: str) -> dict[str, Any]:
        draft = {"person": 7, "purpose": "representative", "first_name": "Marta", "identifier": "12345678Z"}
        draft |= {"email": "marta@ruiz.example", "role": "", "client_ids": None, "clients": ["Sol 14", "Luna 3"]}
        slots = {"contact_draft": draft, "registration_kind": "nif", "waiting_request": {"action": "action_invoices"}}
        return {"form": "contact_form", "slots": slots, "misunderstood": []}


def test_what_was_collected_has_a_name_for_every_code_and_is_masked(house: House) -> None:
    counter = Counter(house.database, ProcedureDesk(AREA, house.router.note_event), Knows(), house.clock)
    summary = counter.look(house.staff("laura"), house.wait().id)["summary"]
    assert summary["form"] == "Nombrar a una persona"
    assert {row["name"]: row["value"] for row in summary["collected"]} == {
        "Para": "cambiar de representante",
        "Nombre": "Marta",
        "Identificador": "***4567**",
        "Correo": "m***@ruiz.example",
        "Solo para estos clientes": "Sol 14, Luna 3",
        "Tipo de identificador": "NIF",
    }


def test_every_form_of_the_assistant_has_a_name_for_staff() -> None:
    domain = yaml.safe_load((PROJECT / "domain.yml").read_text(encoding="utf-8"))
    assert set(yaml.safe_load(WORDS.read_text(encoding="utf-8"))["forms"]) == set(domain["forms"])


@pytest.mark.parametrize("text", ["sin datos", "12.345.678-Z y B12345674", ""])
def test_masking_keeps_the_rest(text: str) -> None:
    assert len(masked(text)) == len(text)
    assert "345.678" not in masked(text)


def test_unread_is_what_the_customer_wrote_since(house: House, counter: Counter) -> None:
    laura, waiting = house.staff("laura"), house.wait()
    house.agents.take(laura, waiting.id)
    house.say("uno")
    house.say("dos")
    assert [each["unread"] for _, each in counter.mine(laura)] == [2]
    house.agents.read(laura, waiting.id, 3)
    assert [each["unread"] for _, each in counter.mine(laura)] == [0]


def test_one_s_own_conversations_name_the_agency_as_the_queue_does(house: House, counter: Counter) -> None:
    laura, known, unknown = house.staff("laura"), house.wait("web:a"), house.wait("web:b")
    agency = {"registered_with": "cif", "identifier": "B12345674", "name": "Gestoría Prado"}
    with house.database.writing() as connection:
        agency_id = connection.execute(insert(agency_table).values(agency).returning(agency_table.c.id)).scalar_one()
        connection.execute(update(case_table).where(case.id == known.id).values(agency_id=agency_id))
    queued = {row["id"]: row["agency"] for row in counter.queue(laura, {})["rows"]}
    for each in (known, unknown):
        house.agents.take(laura, each.id)
    assert {each["id"]: each["agency"] for _, each in counter.mine(laura)} == queued
    assert queued == {known.id: "Gestoría Prado", unknown.id: None}


def test_ten_thousand_wait_and_the_first_page_is_there_at_once(house: House, counter: Counter) -> None:
    laura, waiting = house.staff("laura"), house.wait()
    with house.database.writing() as connection:
        row = dict(connection.execute(select(case_table).where(case.id == waiting.id)).one()._mapping)
        row.pop("id")
        rows = [row | {"address": f"web:{number}"} for number in range(MANY)]
        connection.execute(insert(case_table).returning(case.id), rows)  # many at once on PostgreSQL too
    started = time.perf_counter()
    found = counter.queue(laura, {})
    assert time.perf_counter() - started < USABLE_SECONDS
    assert (len(found["rows"]), found["waiting"]) == (50, MANY + 1)
    assert len(counter.queue(laura, {"page": 199})["rows"]) == 50
