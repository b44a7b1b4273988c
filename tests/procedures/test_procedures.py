"""A procedure is opened once, follows its states, tells its news, and is seen by its own people only."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Index, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.accounts.model import NotAllowed, NotFound, Page
from bot.accounts.store import access_client_table, access_table, assignment_table
from bot.audit.model import Result, Search
from bot.audit.service import search
from bot.company import read_company
from bot.database import Database, metadata
from bot.notifications.rendering import render
from bot.procedures.desk import due_list, late_count
from bot.procedures.model import NEXT, Actor, Change, Kind, NotPossible, Procedure, State, check_follows
from bot.procedures.rights import Doer
from bot.procedures.service import (
    NoKeyLeft,
    Opening,
    add_items,
    change_state,
    find_by_key,
    open_procedure,
    procedures_of,
    receive_item,
    status_for,
)
from bot.procedures.store import procedure_item_table, procedure_step_table, procedure_table, progress
from bot.procedures.wording import kind_name
from tests.conftest import DEMO_DAY
from tests.procedures.world import (
    ARANDA,
    AREA,
    BEATRIZ,
    ELSEWHERE,
    HERE,
    IGNACIO,
    LLORENTE,
    MAILBOX,
    MARCOS,
    PAULA,
    QUESTION,
    RIBERA,
    ROSA,
    STAFF,
    by_person,
    mails,
    signed_in,
)
from tests.test_readme import PROJECT

DAY = timedelta(days=1)
CLOSED = {State.RESOLVED, State.REJECTED, State.CANCELLED}


def opened(connection: Connection, opening: Opening = QUESTION, once: str | None = None) -> Procedure:
    return open_procedure(connection, AREA, opening, DEMO_DAY, once)


def changed(connection: Connection, procedure: Procedure, state: State, doer: Doer = STAFF) -> Procedure:
    return change_state(connection, AREA, procedure.id, Change(state), doer, DEMO_DAY + DAY)


def received(connection: Connection, procedure: Procedure, what: str, doer: Doer = STAFF) -> list[str]:
    return receive_item(connection, AREA, procedure.id, what, "reference", doer, DEMO_DAY + DAY).missing


def ids(procedures: Iterable[Procedure]) -> list[int]:
    return [procedure.id for procedure in procedures]


def test_who_asks_is_mailed_the_key_and_the_last_day(demo: Database) -> None:
    with demo.writing() as connection:
        procedure = opened(connection, replace(QUESTION, region="MD"))
        assert find_by_key(connection, procedure.tracking_key.lower().replace("-", " ")) == procedure
        ((recipient, template, details),) = mails(connection)
        (entry,) = search(connection, Search(action="procedure_opened"))
    assert (procedure.state, procedure.opened_at) == (State.OPENED, DEMO_DAY)
    assert procedure.deadline_on == date(2026, 12, 15)
    assert (recipient, template) == (MAILBOX, "procedure_opened")
    assert details == {
        "tracking_key": procedure.tracking_key,
        "what": "consulta",
        "opened_on": "2026-11-22",
        "deadline": "2026-12-15",
        "link": "https://area.example/",
        "text": [],
        "papers": [],
    }
    assert (entry.entry.object_kind, entry.entry.object_id) == ("procedure", str(procedure.id))


def test_the_mails_can_be_written(demo: Database) -> None:
    with demo.writing() as connection:
        procedure = opened(connection)
        changed(connection, procedure, State.RESOLVED)
        letters = [
            render(read_company(PROJECT / "company.yml"), name, details) for _, name, details in mails(connection)
        ]
    assert len(letters) == 2
    assert all(procedure.tracking_key in letter.subject for letter in letters)
    assert all("consulta" in letter.text for letter in letters)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_name_for_people(kind: Kind) -> None:
    assert kind_name(kind)


def test_a_signed_in_person_is_written_to_at_their_own_mailbox(demo: Database) -> None:
    with demo.writing() as connection:
        session = signed_in(connection, BEATRIZ, ARANDA)
        procedure = opened(connection, Opening(Kind.COMPLAINT, session.address, session))
        assert [recipient for recipient, *_ in mails(connection)] == ["beatriz.aranda@gestoria-aranda.example"]
    assert (procedure.person_id, procedure.agency_id) == (BEATRIZ, ARANDA)


def test_where_no_mailbox_is_known_nobody_is_written_to(demo: Database) -> None:
    with demo.writing() as connection:
        procedure = opened(connection, Opening(Kind.HANDOFF, HERE))
        changed(connection, procedure, State.RESOLVED)
        assert mails(connection) == []


def test_a_mailbox_that_anybody_may_have_typed_is_not_flooded(demo: Database) -> None:
    with demo.writing() as connection:
        keys = {opened(connection, replace(QUESTION, address=f"web:{n}")).tracking_key for n in range(7)}
        assert len(keys) == 7
        assert len(mails(connection)) == 5
        open_procedure(connection, AREA, QUESTION, DEMO_DAY + DAY)
        assert len(mails(connection)) == 6


def test_the_same_turn_again_opens_nothing(demo: Database) -> None:
    with demo.writing() as connection:
        first = opened(connection, once="turn 1")
        assert opened(connection, once="turn 1") == first
        assert opened(connection, once="turn 2") != first
        assert opened(connection, replace(QUESTION, address=ELSEWHERE), once="turn 1") != first
        assert opened(connection) != opened(connection)
        assert len(mails(connection)) == 5
        assert len(search(connection, Search(action="procedure_opened"))) == 5


def test_of_two_threads_with_the_same_turn_one_opens(demo: Database) -> None:
    for attempt in range(5):
        both, found = threading.Barrier(2), []

        def open_it(barrier: threading.Barrier = both, into: list[Procedure] = found, once: str = str(attempt)) -> None:
            barrier.wait()
            with demo.writing() as connection:
                into.append(opened(connection, replace(QUESTION, email=None), once))

        threads = [threading.Thread(target=open_it) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 2
        assert found[0] == found[1]
    with demo.reading() as connection:
        assert len(connection.execute(select(procedure_table)).all()) == 5
        assert len(connection.execute(select(procedure_step_table)).all()) == 5


def test_who_comes_while_the_other_still_writes_waits_for_it(demo: Database) -> None:
    found: list[Procedure] = []

    def open_it() -> None:
        with demo.writing() as connection:
            found.append(opened(connection, once="1"))

    other = threading.Thread(target=open_it)
    with demo.writing() as connection:
        first = opened(connection, once="1")
        other.start()
        other.join(0.3)
        assert other.is_alive()
    other.join()
    assert found == [first]


def test_a_key_that_is_in_use_is_drawn_again(demo: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with demo.writing() as connection:
        taken = opened(connection, once="0").tracking_key
        drawn = iter([taken, taken, "3CDF-H7JK-MPRT", taken, "4CDF-H7JK-MPRT"])
        monkeypatch.setattr("bot.procedures.service.new_key", lambda: next(drawn))
        assert opened(connection, once="1").tracking_key == "3CDF-H7JK-MPRT"
        assert opened(connection).tracking_key == "4CDF-H7JK-MPRT"
        monkeypatch.setattr("bot.procedures.service.new_key", lambda: taken)
        with pytest.raises(NoKeyLeft):
            opened(connection)


def test_a_reader_may_ask_but_not_for_a_change_of_the_account(demo: Database) -> None:
    with demo.writing() as connection:
        session = signed_in(connection, MARCOS, RIBERA)
        for kind in Kind:
            opening = Opening(kind, session.address, session)
            if kind.changes_account:
                with pytest.raises(NotAllowed):
                    opened(connection, opening)
            else:
                assert opened(connection, opening).agency_id == RIBERA


def test_nothing_is_opened_for_an_agency_without_a_right(demo: Database) -> None:
    with demo.writing() as connection:
        session = signed_in(connection, BEATRIZ, LLORENTE)
        with pytest.raises(NotAllowed):
            opened(connection, Opening(Kind.QUESTION, session.address, session))
        assert connection.execute(select(procedure_table)).all() == []


def clients_of_agency(connection: Connection, agency: int) -> list[int]:
    assigned = select(assignment_table.c.client_id).where(assignment_table.c.agency_id == agency)
    return list(connection.execute(assigned.order_by(assignment_table.c.client_id)).scalars())


def test_a_client_has_to_be_the_agency_s(demo: Database) -> None:
    with demo.writing() as connection:
        session = signed_in(connection, BEATRIZ, ARANDA)
        (own, *_), (other, *_) = clients_of_agency(connection, ARANDA), clients_of_agency(connection, LLORENTE)
        about = Opening(Kind.COMPLAINT, session.address, session)
        assert opened(connection, replace(about, client_id=own)).client_id == own
        for refused in (replace(about, client_id=other), replace(QUESTION, client_id=own)):
            with pytest.raises(NotFound):
                opened(connection, refused)


def test_it_waits_for_what_is_needed_and_then_goes_on(demo: Database) -> None:
    with demo.writing() as connection:
        procedure = opened(connection, replace(QUESTION, needed=["deed", "nif"]))
        assert procedure.state is State.WAITING_DOCUMENTS
        add_items(connection, procedure.id, ["photo", "deed"], STAFF, DEMO_DAY, is_needed=False)
        assert received(connection, procedure, "photo") == ["deed", "nif"]
        assert received(connection, procedure, "nif") == ["deed"]
        assert received(connection, procedure, "deed") == []
        told = progress(connection, procedure.id)
    assert told is not None
    assert [(step.state, step.by) for step in told.steps] == [
        (State.OPENED, Actor.PERSON),
        (State.WAITING_DOCUMENTS, Actor.ASSISTANT),
        (State.IN_PROGRESS, Actor.ASSISTANT),
    ]
    assert [step.at for step in told.steps] == [DEMO_DAY, DEMO_DAY, DEMO_DAY + DAY]
    assert [(item.what, item.is_needed, item.document_reference) for item in told.items] == [
        ("deed", True, "reference"),
        ("nif", True, "reference"),
        ("photo", False, "reference"),
    ]


def test_a_document_that_comes_later_changes_no_state(demo: Database) -> None:
    with demo.writing() as connection:
        procedure = opened(connection)
        add_items(connection, procedure.id, ["deed"], STAFF, DEMO_DAY)
        assert received(connection, procedure, "deed") == []
        told = progress(connection, procedure.id)
        assert told is not None
        assert told.procedure.state is State.OPENED


def test_what_was_not_asked_for_is_not_taken(demo: Database) -> None:
    with demo.writing() as connection:
        procedure = opened(connection, replace(QUESTION, needed=["deed"]))
        with pytest.raises(NotFound):
            received(connection, procedure, "nif")
        changed(connection, procedure, State.CANCELLED)
        with pytest.raises(NotFound):
            received(connection, procedure, "deed")


@pytest.mark.parametrize("what", ["Deed", "mi dni 12345678Z", "x" * 49, "-"])
def test_what_is_asked_for_is_a_code_and_no_text(what: str) -> None:
    with pytest.raises(ValueError, match="code"):
        replace(QUESTION, needed=["deed", what])
    with pytest.raises(ValueError, match="code"):
        Change(State.REJECTED, what)


def test_more_is_asked_for_by_codes_too(demo: Database) -> None:
    with demo.writing() as connection:
        procedure = opened(connection)
        with pytest.raises(ValueError, match="code"):
            add_items(connection, procedure.id, ["deed", "mi dni"], STAFF, DEMO_DAY)
        assert add_items(connection, procedure.id, [], STAFF, DEMO_DAY).items == []


def test_a_note_is_short() -> None:
    assert Change(State.REJECTED, note="x" * 300)
    with pytest.raises(ValueError, match="note"):
        Change(State.REJECTED, note="x" * 301)


def test_a_change_is_dated_mailed_and_in_the_audit(demo: Database) -> None:
    with demo.writing() as connection:
        procedure = opened(connection)
        change = Change(State.REJECTED, "documents_unreadable", "La escritura no se lee bien.")
        after = change_state(connection, AREA, procedure.id, change, STAFF, DEMO_DAY + DAY)
        told = progress(connection, procedure.id)
        (recipient, template, details) = mails(connection)[-1]
        (entry,) = search(connection, Search(action="procedure_changed"))
    assert told is not None
    assert told.procedure == after
    assert (after.state, after.closed_at, after.outcome) == (State.REJECTED, DEMO_DAY + DAY, "documents_unreadable")
    assert (told.steps[-1].code, told.steps[-1].note) == (change.code, change.note)
    assert (recipient, template) == (MAILBOX, "procedure_changed")
    assert (details["state"], details["note"]) == ("cerrada sin poder hacerse", change.note)
    assert entry.entry.object_id == str(procedure.id)


def test_what_ends_without_a_reason_ends_as_its_state_says(demo: Database) -> None:
    with demo.writing() as connection:
        assert changed(connection, opened(connection), State.RESOLVED).outcome == "resolved"


def test_states_follow_each_other_in_their_order() -> None:
    allowed = {(present, wanted) for present, following in NEXT.items() for wanted in following}
    for present, wanted in product(State, State):
        if (present, wanted) in allowed:
            check_follows(present, wanted)
        else:
            with pytest.raises(NotPossible) as problem:
                check_follows(present, wanted)
            assert (problem.value.present, problem.value.wanted) == (present, wanted)
    assert {state for state in State if state.is_closed} == CLOSED == {state for state in State if not NEXT[state]}
    assert not any(State.OPENED in following or state in following for state, following in NEXT.items())
    assert State.RESOLVED not in NEXT[State.WAITING_DOCUMENTS]


def test_what_cannot_follow_changes_nothing(demo: Database) -> None:
    with demo.writing() as connection:
        procedure = opened(connection)
        closed = changed(connection, procedure, State.RESOLVED)
        with pytest.raises(NotPossible):
            changed(connection, procedure, State.IN_PROGRESS)
        told = progress(connection, procedure.id)
        assert told is not None
        assert told.procedure == closed
        assert len(told.steps) == 2
        assert len(mails(connection)) == 2


def test_of_two_who_close_at_once_one_does(demo: Database) -> None:
    with demo.writing() as connection:
        procedure = opened(connection)
    found: list[State] = []

    def reject() -> None:
        with demo.writing() as connection:
            try:
                changed(connection, procedure, State.REJECTED)
            except NotPossible as problem:
                found.append(problem.present)

    other = threading.Thread(target=reject)
    with demo.writing() as connection:
        changed(connection, procedure, State.RESOLVED)
        other.start()
        other.join(0.3)
        assert other.is_alive()
    other.join()
    assert found == [State.RESOLVED]


def test_an_agency_s_people_see_its_procedures_and_nobody_else_s(demo: Database) -> None:
    with demo.writing() as connection:
        ignacio, paula = signed_in(connection, IGNACIO, LLORENTE), signed_in(connection, PAULA, LLORENTE)
        beatriz, rosa = signed_in(connection, BEATRIZ, ARANDA), signed_in(connection, ROSA, None)
        of_llorente = opened(connection, Opening(Kind.CLIENT_ASSIGNMENT, ignacio.address, ignacio))
        of_rosa = opened(connection, Opening(Kind.QUESTION, rosa.address, rosa))
        of_nobody = opened(connection)
        seen = {s.person_id: ids(procedures_of(connection, s, DEMO_DAY)) for s in (ignacio, paula, beatriz, rosa)}
        assert seen == {IGNACIO: [of_llorente.id], PAULA: [of_llorente.id], BEATRIZ: [], ROSA: [of_rosa.id]}
        key = of_llorente.tracking_key
        assert status_for(connection, paula, key, DEMO_DAY).procedure == of_llorente
        for session, other in [(beatriz, of_llorente), (rosa, of_llorente), (paula, of_rosa), (paula, of_nobody)]:
            with pytest.raises(NotFound):
                status_for(connection, session, other.tracking_key, DEMO_DAY)
        for unknown in ("3333-CCCC-4444", "", "no es nada"):
            with pytest.raises(NotFound):
                status_for(connection, paula, unknown, DEMO_DAY)
        refused = search(connection, Search(action="procedure_looked_up", result=Result.REFUSED))
        assert len(refused) == 7


def test_a_colleague_s_right_ends_with_what_they_see(demo: Database) -> None:
    with demo.writing() as connection:
        ignacio, paula = signed_in(connection, IGNACIO, LLORENTE), signed_in(connection, PAULA, LLORENTE)
        theirs = opened(connection, Opening(Kind.QUESTION, ignacio.address, ignacio))
        own = opened(connection, Opening(Kind.QUESTION, paula.address, paula))
        connection.execute(update(access_table).values(valid_until=DEMO_DAY + DAY))
        assert ids(procedures_of(connection, paula, DEMO_DAY)) == [own.id, theirs.id]
        assert ids(procedures_of(connection, paula, DEMO_DAY + DAY)) == [own.id]
        with pytest.raises(NotFound):
            status_for(connection, paula, theirs.tracking_key, DEMO_DAY + DAY)


def test_what_is_about_a_client_is_seen_while_the_client_is(demo: Database) -> None:
    with demo.writing() as connection:
        ignacio, paula = signed_in(connection, IGNACIO, LLORENTE), signed_in(connection, PAULA, LLORENTE)
        client = clients_of_agency(connection, LLORENTE)[0]
        about = opened(connection, Opening(Kind.COMPLAINT, ignacio.address, ignacio, client_id=client))
        assert ids(procedures_of(connection, paula, DEMO_DAY)) == [about.id]
        gone = update(assignment_table).where(assignment_table.c.client_id == client)
        connection.execute(gone.values(valid_until=DEMO_DAY))
        assert procedures_of(connection, paula, DEMO_DAY) == []


def test_a_limited_contact_sees_what_is_about_their_clients_and_their_own(demo: Database) -> None:
    with demo.writing() as connection:
        ignacio, paula = signed_in(connection, IGNACIO, LLORENTE), signed_in(connection, PAULA, LLORENTE)
        mine, not_mine, *_ = clients_of_agency(connection, LLORENTE)
        limited = update(access_table).where(access_table.c.person_id == PAULA).values(is_limited=True)
        access_id = connection.execute(limited.returning(access_table.c.id)).scalar_one()
        connection.execute(insert(access_client_table), {"access_id": access_id, "client_id": mine})
        about = Opening(Kind.COMPLAINT, ignacio.address, ignacio)
        seen, unseen = (opened(connection, replace(about, client_id=client)) for client in (mine, not_mine))
        of_agency, own = opened(connection, about), opened(connection, replace(about, session=paula))
        assert ids(procedures_of(connection, paula, DEMO_DAY)) == [own.id, seen.id]
        for hidden in (unseen, of_agency):
            with pytest.raises(NotFound):
                changed(connection, hidden, State.CANCELLED, by_person(paula))
        for refused in (replace(about, client_id=not_mine), replace(about, kind=Kind.CLIENT_ASSIGNMENT)):
            with pytest.raises((NotFound, NotAllowed)):
                opened(connection, replace(refused, session=paula))


def test_open_ones_come_first_and_in_pages(demo: Database) -> None:
    with demo.writing() as connection:
        session = signed_in(connection, IGNACIO, LLORENTE)
        first, second, third = (opened(connection, Opening(Kind.QUESTION, HERE, session)) for _ in range(3))
        changed(connection, third, State.RESOLVED)
        assert ids(procedures_of(connection, session, DEMO_DAY)) == ids([second, first, third])
        assert ids(procedures_of(connection, session, DEMO_DAY, Page(1, 1))) == [first.id]


def test_a_person_changes_their_own_with_the_right_to(demo: Database) -> None:
    with demo.writing() as connection:
        rosa, marcos = signed_in(connection, ROSA, RIBERA), signed_in(connection, MARCOS, RIBERA)
        ignacio = signed_in(connection, IGNACIO, LLORENTE)
        of_rosa = opened(connection, Opening(Kind.REPRESENTATIVE_CHANGE, rosa.address, rosa, needed=["deed"]))
        of_marcos = opened(connection, Opening(Kind.QUESTION, marcos.address, marcos))
        for doer in (by_person(marcos), by_person(ignacio), Doer(Actor.PERSON, rosa.address), Doer(Actor.PERSON)):
            with pytest.raises(NotFound):
                changed(connection, of_rosa, State.CANCELLED, doer)
            with pytest.raises(NotFound):
                received(connection, of_rosa, "deed", doer)
            with pytest.raises(NotFound):
                add_items(connection, of_rosa.id, ["deed"], doer, DEMO_DAY)
        assert received(connection, of_rosa, "deed", by_person(rosa)) == []
        assert changed(connection, of_marcos, State.CANCELLED, by_person(rosa)).outcome == "cancelled"


def test_who_is_not_signed_in_goes_on_in_the_same_conversation_only(demo: Database) -> None:
    with demo.writing() as connection:
        procedure = opened(connection, replace(QUESTION, needed=["deed"]))
        with pytest.raises(NotFound):
            received(connection, procedure, "deed", Doer(Actor.PERSON, ELSEWHERE))
        with pytest.raises(NotFound):
            received(connection, procedure, "deed", by_person(signed_in(connection, BEATRIZ, ARANDA)))
        assert received(connection, procedure, "deed", Doer(Actor.PERSON, HERE)) == []


def test_nothing_happens_to_what_does_not_exist(demo: Database) -> None:
    with demo.writing() as connection, pytest.raises(NotFound):
        change_state(connection, AREA, 99, Change(State.RESOLVED), STAFF, DEMO_DAY)


def test_staff_see_what_is_due_first_and_what_is_late(demo: Database) -> None:
    with demo.writing() as connection:
        later = open_procedure(connection, AREA, QUESTION, DEMO_DAY + 2 * DAY)
        first, closed = opened(connection), opened(connection)
        changed(connection, closed, State.RESOLVED)
        last_moment = DEMO_DAY.replace(year=2026, month=12, day=14, hour=22, minute=59)
        assert {first.deadline_on, later.deadline_on} == {date(2026, 12, 14), date(2026, 12, 16)}
        assert late_count(connection, last_moment) == 0
        past = last_moment + timedelta(minutes=1)
        assert late_count(connection, past) == 1
        assert [(due.procedure.id, due.is_late) for due in due_list(connection, past)] == [
            (first.id, True),
            (later.id, False),
        ]
        assert [due.procedure.id for due in due_list(connection, past, Page(1, 1))] == [later.id]


def test_a_long_locality_is_cut(demo: Database) -> None:
    with demo.writing() as connection:
        assert opened(connection, replace(QUESTION, locality="x" * 500)).locality == "x" * 120
        assert opened(connection, replace(QUESTION, locality="Sevilla")).region == "AN"


def test_a_region_that_is_none_opens_nothing(demo: Database) -> None:
    with demo.writing() as connection, pytest.raises(ValueError, match="no region"):
        opened(connection, replace(QUESTION, region="XX"))


def test_the_migration_makes_the_tables_that_the_queries_know(database: Database) -> None:
    ours = {procedure_table.name, procedure_step_table.name, procedure_item_table.name}

    def is_ours(thing: object, name: str | None, kind: str, *_: object) -> bool:
        return kind not in ("table", "index") or (name if kind == "table" else table_of(thing)) in ours

    def table_of(thing: object) -> str | None:
        return thing.table.name if isinstance(thing, Index) and thing.table is not None else None

    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_ours, "compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_keys_are_unique_in_the_database_itself(demo: Database) -> None:
    with demo.writing() as connection:
        row = connection.execute(select(procedure_table).where(procedure_table.c.id == opened(connection).id)).one()
    with pytest.raises(IntegrityError), demo.writing() as connection:
        connection.execute(insert(procedure_table), row._asdict() | {"id": 1000, "once": "another"})
