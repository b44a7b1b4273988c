"""An external manager is registered by staff, authorizes its own, never more than it has, and takes all of it along."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import update

from bot.accounts.model import ManagerKind, NotAllowed, NotFound, Role
from bot.accounts.service import agencies_of, clients_of, viewer_of
from bot.accounts.store import access_table
from bot.contacts import managers, service
from bot.contacts.model import NewContact, Problem, Refused, State
from bot.contacts.power import change_power
from bot.contacts.undo import UndoLinks
from bot.identity.identifier_checks import Kind
from bot.identity.links import LinkGone
from bot.identity.sessions import session_of
from bot.procedures.effects import CannotApply, set_effects
from bot.procedures.model import Actor, Change, NotPossible, Procedure
from bot.procedures.model import Kind as Asked
from bot.procedures.model import State as Stage
from bot.procedures.rights import Doer
from bot.procedures.service import Opening, change_state, open_procedure, procedures_of, receive_item
from tests.contacts.office import (
    ANA,
    AREA,
    CHAT,
    EVA,
    LUIS,
    LUNA,
    MAX,
    NOBODY,
    OTHER_CHAT,
    PAULA,
    PEDRO,
    RITA,
    SOL,
    Office,
    email,
    nif,
)

OLGA = NewContact(Kind.NIF, nif(23_232_323), "Olga", "Sanz Gil", "olga@energia.example", Role.FULL)
OLGA = managers.as_manager(OLGA, ManagerKind.ENERGY)
IVAN = NewContact(Kind.NIE, "X1234567L", "Iván", "Polo Ruiz", "ivan@energia.example", Role.FULL)
STAFF = Doer(Actor.STAFF)


@pytest.fixture(autouse=True)
def _effects() -> Iterator[None]:
    set_effects({Asked.EXTERNAL_MANAGER: managers.apply_external_manager})
    yield
    set_effects({})


def ask(office: Office, new: NewContact = OLGA, who: int = ANA, agency: int = SOL) -> Procedure:
    session = office.sign_in(who, agency)
    with office.database.writing() as connection:
        return managers.ask_for_manager(connection, AREA, session, new, office.now)


def resolve(office: Office, procedure: Procedure) -> None:
    """The papers come and staff say yes."""
    office.go(minutes=1)
    with office.database.writing() as connection:
        receive_item(connection, AREA, procedure.id, "mandate", None, STAFF, office.now)
    office.go(minutes=1)
    with office.database.writing() as connection:
        change_state(connection, AREA, procedure.id, Change(Stage.RESOLVED), STAFF, office.now)


def registered(office: Office, new: NewContact = OLGA) -> int:
    """The id of a manager who is registered."""
    resolve(office, ask(office, new))
    return next(each.id for each in office.contacts().values() if each.manager_kind and each.state is not State.ENDED)


def with_collaborator(office: Office, new: NewContact = OLGA, more: NewContact = IVAN) -> tuple[int, int]:
    manager = registered(office, new)
    return manager, office.add(more, who=manager).id


def test_nothing_is_given_before_staff_have_seen_the_papers(office: Office) -> None:
    procedure = ask(office)
    assert procedure.state is Stage.WAITING_DOCUMENTS
    assert "Olga Sanz Gil" not in {each.name for each in office.contacts().values()}
    assert office.mailed() == [(email(ANA), "procedure_opened")]
    with office.database.writing() as connection, pytest.raises(NotPossible):
        change_state(connection, AREA, procedure.id, Change(Stage.RESOLVED), STAFF, office.now)
    resolve(office, procedure)
    (olga,) = [each for each in office.contacts().values() if each.manager_kind]
    assert (olga.name, olga.role, olga.may_authorize, olga.client_count) == ("Olga Sanz Gil", Role.FULL, True, None)
    assert (OLGA.email, "contact_invited") in office.mailed()
    for holder in (ANA, LUIS):
        assert (email(holder), "contact_added_holder") in office.mailed()
    assert ("external_manager_added", "done") in office.actions()


def test_nobody_but_staff_resolves_it(office: Office) -> None:
    procedure, session = ask(office), office.sign_in(ANA)
    with office.database.writing() as connection:
        receive_item(connection, AREA, procedure.id, "mandate", None, STAFF, office.now)
    for doer in (Doer(Actor.PERSON, CHAT, session), Doer(Actor.ASSISTANT, CHAT)):
        with pytest.raises(NotAllowed), office.database.writing() as connection:
            change_state(connection, AREA, procedure.id, Change(Stage.RESOLVED), doer, office.now)
    assert not [each for each in office.contacts().values() if each.manager_kind]


@pytest.mark.parametrize("who", [PEDRO, RITA, EVA, NOBODY])
def test_who_may_not_decide_about_contacts_asks_for_no_manager(office: Office, who: int) -> None:
    with pytest.raises(NotAllowed):
        ask(office, who=who)


def test_a_contact_that_may_authorize_may_ask(office: Office) -> None:
    assert ask(office, who=MAX).state is Stage.WAITING_DOCUMENTS


def test_a_plain_contact_is_no_way_around_the_papers(office: Office) -> None:
    assert office.check(OLGA) is Problem.NOT_ALLOWED
    with pytest.raises(NotAllowed):
        office.add(OLGA)
    with pytest.raises(NotAllowed):
        ask(office, replace(OLGA, manager_kind=None))


def test_the_same_is_not_asked_twice(office: Office) -> None:
    ask(office)
    with pytest.raises(Refused) as refused:
        ask(office)
    assert refused.value.problem is Problem.ALREADY_ASKED


@pytest.mark.parametrize("change", ["contact meanwhile", "asker gone", "client gone"])
def test_what_has_changed_meanwhile_is_judged_again(office: Office, change: str) -> None:
    procedure = ask(office, replace(OLGA, client_ids=(1, 2)), who=MAX)
    if change == "contact meanwhile":
        office.add(replace(OLGA, manager_kind=None, may_authorize=False))
    elif change == "asker gone":
        office.do(service.deactivate, MAX)
    else:
        end_of_client(office, 2)
    before = len(office.mails())
    with pytest.raises(CannotApply):
        resolve(office, procedure)
    assert not [each for each in office.contacts().values() if each.manager_kind]
    assert len(office.mails()) == before + 1, "the papers that came"


def end_of_client(office: Office, client: int) -> None:
    from bot.accounts.store import assignment_table

    with office.database.writing() as connection:
        own = assignment_table.c.client_id == client
        connection.execute(update(assignment_table).where(own).values(valid_until=office.now))


def seen(office: Office, person: int) -> set[int]:
    with office.database.reading() as connection:
        return {each.id for each in clients_of(connection, viewer_of(connection, person, SOL, office.now))}


def test_a_manager_of_some_clients_gives_at_most_those(office: Office) -> None:
    manager, ivan = with_collaborator(office, replace(OLGA, client_ids=(1, 2)))
    assert seen(office, manager) == seen(office, ivan) == {1, 2}
    assert office.check(replace(PAULA, client_ids=(2, 3)), who=manager) is Problem.UNKNOWN_CLIENT
    paula = office.add(replace(PAULA, client_ids=(2,)), who=manager)
    assert seen(office, paula.id) == {2}


def test_a_collaborator_authorizes_nobody_and_is_never_let(office: Office) -> None:
    manager, ivan = with_collaborator(office)
    assert office.check(PAULA, who=ivan) is Problem.NOT_ALLOWED
    assert office.check(replace(PAULA, role=Role.FULL, may_authorize=True), who=manager) is Problem.ONLY_REPRESENTATIVE
    assert office.attempt(change_power, ivan, True) is Problem.CANNOT_AUTHORIZE
    assert office.attempt(change_power, ivan, True, who=manager) is Problem.ONLY_REPRESENTATIVE
    with pytest.raises(NotAllowed):
        ask(office, replace(OLGA, identifier=nif(5)), who=manager)


def test_a_manager_sees_and_changes_its_own_people_only(office: Office) -> None:
    manager, ivan = with_collaborator(office)
    assert set(office.contacts(manager)) == {manager, ivan} == set(office.contacts(ivan))
    assert office.attempt(service.deactivate, RITA, who=manager) == "NotFound"
    assert office.attempt(service.change_role, RITA, Role.FULL, who=manager) == "NotFound"
    assert office.do(service.change_role, ivan, Role.READ_ONLY, who=manager).role is Role.READ_ONLY


def test_the_holder_sees_what_hangs_from_the_manager_behind_it(office: Office) -> None:
    manager, ivan = with_collaborator(office)
    listed = list(office.contacts().values())
    places = [each.id for each in listed]
    assert places.index(ivan) == places.index(manager) + 1
    assert office.contacts()[ivan].below == "Olga Sanz Gil"


def test_withdrawing_the_manager_ends_everything_that_it_gave(office: Office) -> None:
    manager, ivan = with_collaborator(office)
    paula = office.add(PAULA, who=manager).id
    sessions = [office.sign_in(person, SOL, f"web:{person}") for person in (manager, ivan, paula)]
    office.do(service.deactivate, manager)
    for session in sessions:
        with office.database.reading() as connection:
            assert session_of(connection, session.address, office.now) is None
            assert agencies_of(connection, session.person_id, office.now) == []
    removed = [recipient for recipient, template in office.mailed() if template == "contact_removed"]
    assert sorted(removed) == sorted([OLGA.email, IVAN.email, PAULA.email])
    told = [mail.details for mail in office.mails() if mail.template == "contact_removed_holder"]
    assert [(each["name"], each["below"]) for each in told] == [("Olga Sanz Gil", 2)] * 2
    ended = [action for action, _ in office.actions() if action == "contact_ended_with_manager"]
    assert len(ended) == 2


def test_undoing_the_withdrawal_brings_back_the_manager_alone(office: Office) -> None:
    manager, ivan = with_collaborator(office)
    office.do(service.deactivate, manager)
    UndoLinks(office.database, AREA, office.clock).undo(office.undo_token("contact_removed_holder"))
    contacts = office.contacts()
    assert contacts[manager].state is not State.ENDED
    assert contacts[manager].manager_kind is ManagerKind.ENERGY
    assert contacts[ivan].state is State.ENDED
    assert office.do(service.reactivate, ivan, who=manager).state is not State.ENDED


def test_undoing_the_registration_ends_what_was_given_meanwhile(office: Office) -> None:
    _, ivan = with_collaborator(office)
    UndoLinks(office.database, AREA, office.clock).undo(office.undo_token())  # the newest is the collaborator's
    assert office.contacts()[ivan].state is State.ENDED
    office.go(minutes=1)
    paula = office.add(PAULA, who=office_manager(office)).id
    links = [mail.details["undo_link"] for mail in office.mails() if mail.template == "contact_added_holder"]
    UndoLinks(office.database, AREA, office.clock).undo(str(links[0]).rpartition("/")[2])
    assert office.contacts()[paula].state is State.ENDED


def office_manager(office: Office) -> int:
    return next(each.id for each in office.contacts().values() if each.manager_kind)


def test_what_hung_from_a_withdrawn_manager_comes_back_by_nobody(office: Office) -> None:
    manager, ivan = with_collaborator(office)
    office.do(service.deactivate, ivan, who=manager)
    undo = office.undo_token("contact_removed_holder")
    office.do(service.deactivate, manager)
    assert office.attempt(service.reactivate, ivan) is Problem.MANAGER_HAS_ENDED
    with pytest.raises(LinkGone):
        UndoLinks(office.database, AREA, office.clock).undo(undo)
    assert office.contacts()[ivan].state is State.ENDED


def test_who_comes_back_gets_no_more_than_the_manager_has_by_then(office: Office) -> None:
    manager, ivan = with_collaborator(office)
    office.do(service.deactivate, manager)
    resolve(office, ask(office, replace(OLGA, client_ids=(3,))))
    office.do(service.reactivate, ivan, who=manager)
    assert seen(office, ivan) == {3}


def test_a_narrowed_manager_narrows_what_it_gave(office: Office) -> None:
    manager, ivan = with_collaborator(office)
    until = date(2026, 12, 31)
    office.do(service.change_until, manager, until)
    assert office.contacts()[ivan].until == until
    office.do(service.change_role, manager, Role.READ_ONLY)
    assert office.contacts()[ivan].role is Role.READ_ONLY
    office.go(minutes=1)
    UndoLinks(office.database, AREA, office.clock).undo(office.undo_token("contact_changed_holder"))
    assert (office.contacts()[manager].role, office.contacts()[ivan].role) == (Role.FULL, Role.READ_ONLY)


def test_a_right_that_hangs_ends_with_a_manager_s_that_ended_elsewhere(office: Office) -> None:
    """As by an import: no service of ours has ended it."""
    manager, ivan = with_collaborator(office)
    with office.database.writing() as connection:
        own = access_table.c.person_id == manager
        connection.execute(update(access_table).where(own).values(valid_until=office.now))
    with office.database.reading() as connection, pytest.raises(NotAllowed):
        viewer_of(connection, ivan, SOL, office.now)
    assert office.contacts()[ivan].state is State.ENDED
    again = office.add(replace(IVAN, role=Role.READ_ONLY))
    assert (again.id, again.below) == (ivan, ""), "a colleague of the agency's own from now on"
    office.do(service.deactivate, ivan)
    resolve(office, ask(office))
    assert office.contacts()[ivan].state is State.ENDED, "it does not come back with the manager"
    assert office.contacts()[manager].state is not State.ENDED


def test_a_manager_s_last_day_is_that_of_all_it_gives(office: Office) -> None:
    manager = registered(office)
    office.do(service.change_until, manager, date(2026, 12, 31))
    ivan = office.add(IVAN, who=manager)
    assert ivan.until == date(2026, 12, 31)
    office.go(days=60)
    with office.database.reading() as connection:
        assert agencies_of(connection, ivan.id, office.now) == []


@pytest.mark.parametrize(("who", "told"), [(ANA, None), (MAX, Problem.ONLY_REPRESENTATIVE), (RITA, "NotAllowed")])
def test_only_a_representative_lets_a_contact_authorize(office: Office, who: int, told: object) -> None:
    assert office.attempt(change_power, PEDRO, True, who=who) == told
    assert office.contacts()[PEDRO].may_authorize is (told is None)
    assert office.check(PAULA, who=PEDRO) is (None if told is None else Problem.NOT_ALLOWED)


def test_who_looks_only_or_for_some_clients_is_not_let_authorize(office: Office) -> None:
    assert office.attempt(change_power, RITA, True) is Problem.CANNOT_AUTHORIZE
    limited = office.add(replace(PAULA, role=Role.FULL, client_ids=(1,)))
    assert office.attempt(change_power, limited.id, True) is Problem.CANNOT_AUTHORIZE
    assert office.check(replace(PAULA, identifier=nif(9), email="p@n.example", may_authorize=True)) is (
        Problem.CANNOT_AUTHORIZE
    )


def test_the_power_is_taken_back_and_what_was_given_stays(office: Office) -> None:
    new = replace(PAULA, role=Role.FULL, may_authorize=True)
    paula = office.add(new)
    assert paula.may_authorize
    ivan = office.add(IVAN, who=paula.id)
    office.do(change_power, paula.id, False)
    assert office.check(OLGA, who=paula.id) is Problem.NOT_ALLOWED
    assert office.contacts()[ivan.id].state is not State.ENDED
    office.go(minutes=1)
    UndoLinks(office.database, AREA, office.clock).undo(office.undo_token("contact_changed_holder"))
    assert office.contacts()[paula.id].may_authorize


def test_managers_of_two_agencies_have_nothing_to_do_with_each_other(office: Office) -> None:
    manager, ivan = with_collaborator(office)
    other = ask(office, OLGA, who=EVA, agency=LUNA)
    resolve(office, other)
    office.do(service.deactivate, manager, who=EVA, agency=LUNA)
    assert office.contacts()[ivan].state is not State.ENDED
    assert office.contacts()[manager].state is not State.ENDED


def test_a_manager_neither_sees_nor_touches_what_the_agency_asks_for(office: Office) -> None:
    manager = registered(office)
    session = office.sign_in(manager, SOL, OTHER_CHAT)
    with office.database.writing() as connection:
        assert procedures_of(connection, session, office.now) == []
        for kind in (Asked.REPRESENTATIVE_CHANGE, Asked.EXTERNAL_MANAGER, Asked.REGISTRATION_UPDATE):
            with pytest.raises(NotAllowed):
                open_procedure(connection, AREA, Opening(kind, OTHER_CHAT, session), office.now)
    waiting = ask(office, replace(OLGA, identifier=nif(5), email="five@x.example"))
    doer = Doer(Actor.PERSON, OTHER_CHAT, session)
    with office.database.writing() as connection, pytest.raises(NotFound):
        change_state(connection, AREA, waiting.id, Change(Stage.CANCELLED), doer, office.now)
