"""What the page gets: the queue however long, only what one may see, masked, and with every look in the audit."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml
from sqlalchemy import Connection, insert, select, update

from bot.audit.store import audit_table
from bot.desk.counter import Counter, wanted_of
from bot.desk.model import Choice, NoSuchCase, Role, State
from bot.desk.office import WORDS
from bot.desk.summary import NoKnowledge, masked
from bot.desk.tables import case, case_table
from bot.procedures.desk import ProcedureDesk
from bot.settings import PROJECT
from tests.desk.house import AREA, House

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
    assert [each["unread"] for each in counter.mine(laura)] == [2]
    house.agents.read(laura, waiting.id, 3)
    assert [each["unread"] for each in counter.mine(laura)] == [0]


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
