"""What staff do is mailed, heard once in the conversation it is about, and the list of what is due shouts when something is late."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from bot.accounts.model import NotFound
from bot.audit.model import Search
from bot.audit.service import search
from bot.database import Database
from bot.procedures.command import NOTHING_DUE, due_lines, print_due
from bot.procedures.desk import PROCEDURE_CHANGED, ProcedureDesk
from bot.procedures.looking import changeable, opened_here, tell_news
from bot.procedures.model import Actor, Change, Datum, Kind, NotPossible, Procedure, State
from bot.procedures.rights import Doer
from bot.procedures.service import Opening, is_copied, open_procedure
from tests.conftest import DEMO_DAY
from tests.procedures.world import ARANDA, AREA, BEATRIZ, ELSEWHERE, HERE, MAILBOX, QUESTION, mails, signed_in

TEXT = {Datum.TEXT.value: "Llevo un mes esperando.\nY nadie contesta."}
COMPLAINT = replace(QUESTION, kind=Kind.COMPLAINT, data=TEXT)
LATER = DEMO_DAY + timedelta(days=2)


class Conversations:
    """Where events are noted."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, str]] = []

    def note(self, _connection: Connection, address: str, event: str) -> None:
        self.noted.append((address, event))


@pytest.fixture
def conversations() -> Conversations:
    return Conversations()


@pytest.fixture
def desk(conversations: Conversations) -> ProcedureDesk:
    return ProcedureDesk(AREA, conversations.note)


def opened(connection: Connection, opening: Opening = COMPLAINT) -> Procedure:
    return open_procedure(connection, AREA, opening, DEMO_DAY)


def test_the_words_are_kept_for_staff_and_copied_by_mail(demo: Database, desk: ProcedureDesk) -> None:
    with demo.writing() as connection:
        procedure = opened(connection)
        file = desk.look(connection, procedure.id, LATER, "desk:7")
        ((recipient, _, details),) = mails(connection)
        (entry,) = search(connection, Search(action="procedure_read"))
    assert file.data == TEXT
    assert (recipient, details["text"]) == (MAILBOX, ["Llevo un mes esperando.", "Y nadie contesta."])
    assert entry.entry.object_id == str(procedure.id)


def test_no_link_that_a_stranger_wrote_reaches_a_mailbox_that_may_not_be_theirs(demo: Database) -> None:
    words = "Mira https://malo.example/x, www.malo.example o malo.com/y. Gracias.Y ya"
    with demo.writing() as connection:
        opened(connection, replace(COMPLAINT, data={"text": words}))
        session = signed_in(connection, BEATRIZ, ARANDA)
        opened(connection, Opening(Kind.COMPLAINT, HERE, session, data={"text": words}))
        strangers, own = (details["text"] for _, _, details in mails(connection))
    assert strangers == ["Mira [enlace] [enlace] o [enlace] Gracias.Y ya"]
    assert own == [words]


def test_a_datum_that_is_too_long_or_has_no_code_is_refused() -> None:
    for data in ({"text": "a" * 4001}, {"Text!": "a"}):
        with pytest.raises(ValueError, match="characters"):
            replace(QUESTION, data=data)


def test_a_change_is_noted_where_it_was_opened_and_told_once(
    demo: Database, desk: ProcedureDesk, conversations: Conversations
) -> None:
    with demo.writing() as connection:
        procedure = opened(connection)
        desk.change(connection, procedure.id, Change(State.IN_PROGRESS, "", "Lo miramos."), LATER)
        assert tell_news(connection, ELSEWHERE, LATER) == []
        (news,) = tell_news(connection, HERE, LATER)
        assert tell_news(connection, HERE, LATER) == []
    assert conversations.noted == [(HERE, PROCEDURE_CHANGED)]
    assert (news.procedure.id, news.step.state, news.step.note) == (procedure.id, State.IN_PROGRESS, "Lo miramos.")


def test_what_the_person_does_is_no_news_for_them(demo: Database) -> None:
    with demo.writing() as connection:
        opened(connection)
        assert tell_news(connection, HERE, LATER) == []


def test_another_paper_is_asked_for_and_waited_for(demo: Database, desk: ProcedureDesk) -> None:
    with demo.writing() as connection:
        procedure = opened(connection)
        waiting = desk.ask_for_paper(connection, procedure.id, "invoice_copy", "Mándanos la factura de enero.", LATER)
        again = desk.ask_for_paper(connection, procedure.id, "bank_receipt", "Y el recibo.", LATER)
        missing = desk.look(connection, procedure.id, LATER).progress.missing
        notes = [details.get("note") for _, template, details in mails(connection) if template == "procedure_changed"]
    assert waiting.state is again.state is State.WAITING_DOCUMENTS
    assert missing == ["invoice_copy", "bank_receipt"]
    assert notes == ["Mándanos la factura de enero.", "Y el recibo."]


def test_a_note_reaches_the_person_and_changes_nothing(
    demo: Database, desk: ProcedureDesk, conversations: Conversations
) -> None:
    with demo.writing() as connection:
        procedure = opened(connection)
        assert desk.note(connection, procedure.id, "Hoy te llamamos.", LATER) == procedure
        (news,) = tell_news(connection, HERE, LATER)
        assert mails(connection)[-1][2]["note"] == "Hoy te llamamos."
    assert (news.step.state, news.step.note) == (State.OPENED, "Hoy te llamamos.")
    assert len(conversations.noted) == 1


def test_nothing_is_asked_of_what_is_closed_or_not_there(demo: Database, desk: ProcedureDesk) -> None:
    with demo.writing() as connection:
        procedure = opened(connection)
        desk.change(connection, procedure.id, Change(State.RESOLVED), LATER)
        with pytest.raises(NotPossible):
            desk.ask_for_paper(connection, procedure.id, "deed", "", LATER)
        for call in (desk.look, lambda *values: desk.note(values[0], values[1], "a", values[2])):
            with pytest.raises(NotFound):
                call(connection, 99, LATER)


def test_a_conversation_ends_only_what_it_opened_without_a_sign_in(demo: Database) -> None:
    with demo.writing() as connection:
        procedure = opened(connection)
        session = signed_in(connection, BEATRIZ, ARANDA, HERE)
        own = opened(connection, Opening(Kind.COMPLAINT, HERE, session))
        assert [one.id for one in opened_here(connection, HERE)] == [procedure.id]
        assert opened_here(connection, ELSEWHERE) == []
        assert changeable(connection, procedure.id, Doer(Actor.PERSON, HERE), LATER) == procedure
        assert changeable(connection, procedure.id, Doer(Actor.PERSON, ELSEWHERE), LATER) is None
        assert changeable(connection, own.id, Doer(Actor.PERSON, HERE), LATER) is None


def test_the_list_begins_with_what_is_late_and_says_so(demo: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert print_due(demo, DEMO_DAY) == 0
    assert capsys.readouterr().out == f"{NOTHING_DUE}\n"
    with demo.writing() as connection:
        late = opened(connection, replace(QUESTION, kind=Kind.COMPLAINT))
        due = open_procedure(connection, AREA, QUESTION, DEMO_DAY + timedelta(days=21))
        now = DEMO_DAY + timedelta(days=30)
        first, second = due_lines(connection, now)
    assert first.startswith(f"LATE {(now.date() - late.deadline_on).days} days")
    assert late.tracking_key in first
    assert second.startswith("in ")
    assert due.tracking_key in second
    assert print_due(demo, now) == 1
    assert capsys.readouterr().out.startswith("!!! 1 LATE")


def test_a_mailbox_that_has_had_its_mails_is_not_promised_a_copy(demo: Database) -> None:
    with demo.writing() as connection:
        for number in range(5):
            opening = replace(COMPLAINT, address=f"web:{number}")
            assert is_copied(connection, AREA, opening, DEMO_DAY)
            opened(connection, opening)
        assert not is_copied(connection, AREA, COMPLAINT, DEMO_DAY)
        assert len(mails(connection)) == 5
        opened(connection)
        assert len(mails(connection)) == 5
        assert is_copied(connection, AREA, COMPLAINT, DEMO_DAY + timedelta(days=2))


def test_one_conversation_does_not_write_to_many_strangers(demo: Database) -> None:
    with demo.writing() as connection:
        for number in range(12):
            opened(connection, replace(COMPLAINT, email=f"persona{number}@correo.example"))
        assert len(mails(connection)) == 10
