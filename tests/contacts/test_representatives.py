"""Another representative takes the place of the one who asked, when staff have seen the papers, and of nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from bot.accounts.model import ManagerKind, NotAllowed, Role
from bot.accounts.service import viewer_here, viewer_of
from bot.accounts.store import representative_table
from bot.contacts import managers, representatives, service
from bot.contacts.invitations import Accepting, Invitations
from bot.contacts.model import NewContact, Problem, Refused
from bot.identity import operations
from bot.identity.operations import Gone
from bot.identity.sessions import Session, session_of
from bot.procedures.desk import due_list
from bot.procedures.effects import CannotApply, set_effects
from bot.procedures.model import Change, Procedure, State
from bot.procedures.model import Kind as Asked
from bot.procedures.service import change_state, receive_item
from tests.contacts.office import (
    ANA,
    AREA,
    CHAT,
    EVA,
    LUIS,
    MAX,
    NOBODY,
    OTHER_CHAT,
    PAULA,
    PEDRO,
    RITA,
    SOL,
    Office,
    email,
    everything_stored,
    nif,
)
from tests.contacts.test_confirmed import killed_everywhere
from tests.contacts.test_managers import OLGA, STAFF
from tests.identity.house import at_once, hash_cheaply

NORA = replace(PAULA, first_name="Nora", surnames="Gil Paz", email="nora@new.example", role=Role.FULL)
MANAGER, REPRESENTATIVE = "external_manager", "representative_change"


@pytest.fixture(autouse=True)
def _effects() -> Iterator[None]:
    changed = representatives.apply_representative_change
    set_effects({Asked.REPRESENTATIVE_CHANGE: changed, Asked.EXTERNAL_MANAGER: managers.apply_external_manager})
    yield
    set_effects({})


def ask(office: Office, new: NewContact = NORA, who: int = ANA) -> Procedure:
    session = office.sign_in(who)
    with office.database.writing() as connection:
        return representatives.ask_for_change(connection, AREA, session, new, office.now)


def papers(office: Office, procedure: Procedure) -> None:
    code = "mandate" if procedure.kind is Asked.EXTERNAL_MANAGER else "authority"
    office.go(minutes=1)
    with office.database.writing() as connection:
        receive_item(connection, AREA, procedure.id, code, None, STAFF, office.now)


def close(office: Office, procedure: Procedure) -> None:
    with office.database.writing() as connection:
        change_state(connection, AREA, procedure.id, Change(State.RESOLVED), STAFF, office.now)


def resolve(office: Office, procedure: Procedure) -> None:
    papers(office, procedure)
    office.go(minutes=1)
    close(office, procedure)


def known(office: Office, person: int) -> NewContact:
    with office.database.reading() as connection:
        found = representatives.known_as(connection, office.viewer(), person)
    assert found is not None
    return found


def represent(office: Office) -> dict[int, bool]:
    """Who represents or represented the agency, and whether they do now."""
    own = representative_table.c
    with office.database.reading() as connection:
        rows = connection.execute(select(own.person_id, own.valid_until).where(own.agency_id == SOL).order_by(own.id))
        return {row.person_id: row.valid_until is None for row in rows}


def test_a_new_person_takes_the_place_and_is_invited(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    hash_cheaply(monkeypatch)
    resolve(office, ask(office))
    (nora,) = set(represent(office)) - {ANA, LUIS}
    assert represent(office) == {ANA: False, LUIS: True, nora: True}, "the history stays, and so does a colleague"
    mailed = office.mailed()
    assert (email(ANA), "representative_ended") in mailed
    assert (email(LUIS), "representative_changed") in mailed
    assert (NORA.email, "contact_invited") in mailed
    token = office.token("contact_invited", NORA.email)
    invitations = Invitations(office.database, AREA, office.clock)
    assert invitations.look(token).contact.is_representative
    typed = Accepting(NORA.identifier, "Nora", "Gil", "una frase bien larga", "una frase bien larga")
    assert invitations.accept(token, typed) == ()
    assert office.viewer(nora).access_id is None


def test_a_contact_takes_the_place_and_is_no_contact_any_more(office: Office) -> None:
    session = office.sign_in(PEDRO, SOL, OTHER_CHAT)
    resolve(office, ask(office, known(office, PEDRO)))
    assert represent(office)[PEDRO]
    assert [row.valid_until is None for row in office.rights(PEDRO)] == [False]
    assert (email(PEDRO), "representative_began") in office.mailed()
    with office.database.reading() as connection:
        assert session_of(connection, session.address, office.now) is None, "signs in again, as what they are now"


def test_the_former_one_is_out_at_once_and_what_waited_for_a_yes_is_void(office: Office) -> None:
    procedure = ask(office)
    papers(office, procedure)
    session = office.sign_in(ANA, SOL, OTHER_CHAT)
    with office.database.writing() as connection:
        reference = operations.propose(connection, session, "contact_add", PAULA.as_details(), office.now)
    close(office, procedure)
    with office.database.writing() as connection:
        assert session_of(connection, OTHER_CHAT, office.now) is None
        with pytest.raises(NotAllowed):
            viewer_of(connection, ANA, SOL, office.now)
        with pytest.raises(Gone):
            operations.take(connection, session, reference, office.now)
    assert office.check(replace(PAULA, identifier=nif(3)), who=ANA) is Problem.NOT_ALLOWED


@pytest.mark.parametrize("who", [PEDRO, MAX, RITA, EVA, NOBODY])
def test_who_is_no_representative_asks_for_nothing(office: Office, who: int) -> None:
    with pytest.raises(NotAllowed):
        ask(office, who=who)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"identifier": nif(11_111_111 * LUIS), "email": email(LUIS)}, Problem.IS_REPRESENTATIVE),
        ({"identifier": nif(11_111_111 * ANA), "email": email(ANA)}, Problem.IS_REPRESENTATIVE),
        ({"identifier": nif(11_111_111 * NOBODY)}, Problem.MAILBOX_DIFFERS),
        ({"email": email(RITA)}, Problem.MAILBOX_DIFFERS),
        ({"identifier": "12345678A"}, Problem.WRONG_LETTER),
        ({"email": "nora"}, Problem.WRONG_EMAIL),
    ],
)
def test_each_problem_is_told(office: Office, changes: dict[str, Any], problem: Problem) -> None:
    with pytest.raises(Refused) as refused:
        ask(office, replace(NORA, **changes))
    assert refused.value.problem is problem


def test_the_same_is_not_asked_twice(office: Office) -> None:
    ask(office)
    with pytest.raises(Refused) as refused:
        ask(office)
    assert refused.value.problem is Problem.ALREADY_ASKED


def test_who_is_no_representative_any_more_is_replaced_by_nobody(office: Office) -> None:
    first, second = ask(office), ask(office, replace(NORA, identifier=nif(7), email="b@new.example"))
    resolve(office, first)
    before = represent(office)
    papers(office, second)
    with pytest.raises(CannotApply):
        close(office, second)
    assert represent(office) == before


def propose(office: Office, session: Session, kind: str, new: NewContact) -> str:
    with office.database.writing() as connection:
        return operations.propose(connection, session, kind, new.as_details(), office.now)


def confirm(office: Office, session: Session, reference: str) -> None:
    """What a turn does with a yes, all in one transaction."""
    with office.database.writing() as connection:
        pending = operations.take(connection, session, reference, office.now)
        new = NewContact.of(pending.details)
        ask_for = managers.ask_for_manager if pending.kind == MANAGER else representatives.ask_for_change
        ask_for(connection, AREA, session, new, office.now)


KINDS = [(MANAGER, OLGA), (REPRESENTATIVE, NORA)]


@pytest.mark.parametrize(("kind", "new"), KINDS)
def test_a_yes_of_four_threads_opens_one_procedure(office: Office, kind: str, new: NewContact) -> None:
    session = office.sign_in(ANA)
    reference = propose(office, session, kind, new)

    def outcome() -> str:
        try:
            confirm(office, session, reference)
        except Gone:
            return "gone"
        return "done"

    assert sorted(at_once(outcome, 4)) == ["done", "gone", "gone", "gone"]
    assert office.mailed() == [(email(ANA), "procedure_opened")]


@pytest.mark.parametrize(("kind", "new"), KINDS)
def test_a_yes_from_elsewhere_too_late_or_without_the_right_opens_nothing(
    office: Office, kind: str, new: NewContact
) -> None:
    reference = propose(office, office.sign_in(ANA), kind, new)
    others = [office.sign_in(ANA, SOL, OTHER_CHAT), office.sign_in(MAX)]
    before = stored(office)
    for session in others:
        with pytest.raises(Gone):
            confirm(office, session, reference)
    reader = office.sign_in(RITA)
    forged = propose(office, reader, kind, new)
    with pytest.raises(NotAllowed):
        confirm(office, reader, forged)
    office.go(minutes=10)
    with pytest.raises(Gone):
        confirm(office, office.sign_in(ANA), reference)
    assert len(stored(office)["procedure"]) == len(before["procedure"]) == 0


def stored(office: Office) -> dict[str, list[Any]]:
    return all_stored(office.database)


def all_stored(database: Any) -> dict[str, list[Any]]:
    from bot.database import metadata

    names = ("procedure", "procedure_step", "procedure_item", "rights_request")
    with database.reading() as connection:
        own = {name: sorted(map(repr, connection.execute(select(metadata.tables[name])))) for name in names}
    return own | everything_stored(database)


def grown(office: Office, before: dict[str, list[Any]]) -> dict[str, int]:
    after = stored(office)
    return {name: len(after[name]) - len(before[name]) for name in after if len(after[name]) != len(before[name])}


@pytest.mark.parametrize(("kind", "new"), KINDS)
def test_wherever_the_process_ends_a_procedure_is_opened_once(office: Office, kind: str, new: NewContact) -> None:
    session = office.sign_in(ANA)
    reference = propose(office, session, kind, new)
    times, before = killed_everywhere(office, lambda: confirm(office, session, reference), all_stored)
    assert times > 8
    opened = {"procedure": 1, "procedure_step": 2, "procedure_item": 1, "rights_request": 1}
    assert grown(office, before) == opened | {"mail": 1, "audit": 2}


REGISTERED = {"person": 1, "access": 1, "invitation": 1, "undo_link": 2, "mail": 4, "attempt": 1}
REPLACED = {"person": 1, "representative": 1, "invitation": 1, "mail": 4, "attempt": 1}


@pytest.mark.parametrize(("kind", "rows"), [(MANAGER, REGISTERED), (REPRESENTATIVE, REPLACED)])
def test_wherever_the_process_ends_staff_s_yes_is_applied_once(office: Office, kind: str, rows: dict[str, int]) -> None:
    session, new = office.sign_in(ANA), dict(KINDS)[kind]
    confirm(office, session, propose(office, session, kind, new))
    with office.database.reading() as connection:
        (due,) = due_list(connection, office.now)
    papers(office, due.procedure)
    office.go(minutes=1)
    times, before = killed_everywhere(office, lambda: close(office, due.procedure), all_stored)
    assert times > 12
    assert grown(office, before) == rows | {"procedure_step": 1, "audit": 2}


def test_of_four_members_of_staff_at_once_one_applies_it(office: Office) -> None:
    procedure = ask(office)
    papers(office, procedure)

    def outcome() -> str:
        try:
            close(office, procedure)
        except Exception:  # noqa: BLE001 - whichever it is, it is not done
            return "not done"
        return "done"

    assert sorted(at_once(outcome, 4)) == ["done", "not done", "not done", "not done"]
    assert len(represent(office)) == 3


def test_wherever_the_process_ends_a_manager_goes_with_all_that_it_gave(office: Office) -> None:
    manager = replace(OLGA, manager_kind=ManagerKind.PROPERTY)
    session = office.sign_in(ANA)
    confirm(office, session, propose(office, session, MANAGER, manager))
    with office.database.reading() as connection:
        (due,) = due_list(connection, office.now)
    resolve(office, due.procedure)
    olga = next(each.id for each in office.contacts().values() if each.manager_kind)
    ivan = office.add(PAULA, who=olga).id
    office.go(minutes=1)

    def withdraw() -> None:
        with office.database.writing() as connection:
            viewer = viewer_here(connection, session_of(connection, CHAT, office.now) or session, office.now)
            service.deactivate(connection, AREA, viewer, olga, CHAT, office.now)

    _, before = killed_everywhere(office, withdraw, all_stored)
    assert grown(office, before) == {"mail": 4, "undo_link": 2, "audit": 2}
    assert ivan in office.contacts()
