"""A change that was confirmed in the chat happens once or not at all, whatever is tried and wherever the process ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from bot.accounts.model import NotAllowed, NotFound, Role
from bot.accounts.service import viewer_here
from bot.contacts import service
from bot.contacts.invitations import Accepting, Invitations
from bot.contacts.model import NewContact, Refused, State
from bot.contacts.undo import UndoLinks
from bot.database import Database
from bot.identity import operations
from bot.identity.operations import Gone, SignInTooOld
from bot.identity.sessions import Session
from tests.contacts.office import (
    ANA,
    AREA,
    CHAT,
    LUNA,
    MAX,
    OTHER_CHAT,
    OTHERS,
    OTTO,
    PAULA,
    PEDRO,
    RITA,
    SOL,
    Office,
    everything_stored,
)
from tests.identity.house import at_once, hash_cheaply

ADD, ROLE, REMOVE, BACK, AGAIN = "contact_add", "contact_role", "contact_remove", "contact_back", "contact_again"
PASSWORD = "una frase bien larga"


def details_of(kind: str, contact_id: int) -> dict[str, Any]:
    if kind == ADD:
        return PAULA.as_details()
    return {"contact_id": contact_id, "role": Role.FULL.value}


def propose(office: Office, session: Session, kind: str, contact_id: int = RITA) -> str:
    with office.database.writing() as connection:
        return operations.propose(connection, session, kind, details_of(kind, contact_id), office.now)


def confirm(office: Office, session: Session, reference: str) -> None:
    """What a turn does with a yes, all in one transaction."""
    with office.database.writing() as connection:
        pending = operations.take(connection, session, reference, office.now)
        viewer = viewer_here(connection, session, office.now)
        told, where = pending.details, (session.address, office.now)
        if pending.kind == ADD:
            service.add(connection, AREA, viewer, NewContact.of(told), *where)
        elif pending.kind == ROLE:
            service.change_role(connection, AREA, viewer, told["contact_id"], Role(told["role"]), *where)
        elif pending.kind == REMOVE:
            service.deactivate(connection, AREA, viewer, told["contact_id"], *where)
        elif pending.kind == BACK:
            service.reactivate(connection, AREA, viewer, told["contact_id"], *where)
        else:
            service.invite_again(connection, AREA, viewer, told["contact_id"], *where)


def nothing_more(office: Office, before: dict[str, list[Any]]) -> bool:
    return everything_stored(office.database) == before


def test_a_yes_counts_once(office: Office) -> None:
    session = office.sign_in(ANA)
    reference = propose(office, session, ADD)
    confirm(office, session, reference)
    before = everything_stored(office.database)
    for _ in range(2):
        with pytest.raises(Gone):
            confirm(office, session, reference)
    assert nothing_more(office, before)


def test_two_threads_at_once_say_yes_once(office: Office) -> None:
    session = office.sign_in(ANA)
    reference = propose(office, session, ADD)

    def outcome() -> str:
        try:
            confirm(office, session, reference)
        except Gone:
            return "gone"
        return "done"

    assert sorted(at_once(outcome, 4)) == ["done", "gone", "gone", "gone"]
    assert office.actions() == [("contact_added", "done")]
    assert len(office.mails()) == 3


def test_a_yes_to_what_was_asked_before_counts_no_more(office: Office) -> None:
    session = office.sign_in(ANA)
    first, second = propose(office, session, REMOVE), propose(office, session, ROLE)
    with pytest.raises(Gone):
        confirm(office, session, first)
    confirm(office, session, second)
    assert office.contacts()[RITA].role is Role.FULL


def test_a_yes_after_the_colleague_was_removed_elsewhere_is_refused(office: Office) -> None:
    session = office.sign_in(ANA)
    reference = propose(office, session, ROLE)
    office.do(service.deactivate, RITA, who=MAX)
    before = everything_stored(office.database)
    with pytest.raises(Refused):
        confirm(office, session, reference)
    assert nothing_more(office, before)


@pytest.mark.parametrize("address", [OTHER_CHAT, CHAT])
def test_a_yes_from_another_conversation_or_person_is_refused(office: Office, address: str) -> None:
    reference = propose(office, office.sign_in(ANA), ADD)
    stranger = office.sign_in(ANA if address == OTHER_CHAT else MAX, SOL, address)
    before = everything_stored(office.database)
    with pytest.raises(Gone):
        confirm(office, stranger, reference)
    assert nothing_more(office, before)


def test_a_yes_after_ten_minutes_is_too_late(office: Office) -> None:
    session = office.sign_in(ANA)
    reference = propose(office, session, ADD)
    office.go(minutes=10)
    before = everything_stored(office.database)
    with pytest.raises(Gone):
        confirm(office, session, reference)
    assert nothing_more(office, before)


def test_a_yes_long_after_signing_in_waits_for_a_new_sign_in(office: Office) -> None:
    session = office.sign_in(ANA)
    office.go(minutes=16)
    reference = propose(office, session, ADD)
    with pytest.raises(SignInTooOld):
        confirm(office, session, reference)
    confirm(office, office.sign_in(ANA), reference)
    assert office.actions() == [("contact_added", "done")]


@pytest.mark.parametrize("kind", [ADD, ROLE, REMOVE])
def test_a_yes_of_somebody_without_the_right_is_refused(office: Office, kind: str) -> None:
    for person in OTHERS:
        session = office.sign_in(person)
        reference = propose(office, session, kind)
        before = everything_stored(office.database)
        with pytest.raises(NotAllowed):
            confirm(office, session, reference)
        assert nothing_more(office, before)


def test_a_yes_of_somebody_who_lost_the_right_meanwhile_is_refused(office: Office) -> None:
    session = office.sign_in(MAX)
    reference = propose(office, session, REMOVE)
    office.do(service.deactivate, MAX)
    before = everything_stored(office.database)
    with pytest.raises(Gone):  # what waited ended with the right
        confirm(office, session, reference)
    assert nothing_more(office, before)


def test_a_forged_id_of_another_agency_s_contact_is_refused(office: Office) -> None:
    session = office.sign_in(ANA)
    for kind in (ROLE, REMOVE, BACK, AGAIN):
        reference = propose(office, session, kind, OTTO)
        before = everything_stored(office.database)
        with pytest.raises(NotFound):
            confirm(office, session, reference)
        assert nothing_more(office, before)
    assert office.contacts(OTTO, LUNA)[OTTO].state is State.ACTIVE


Stored = Callable[[Database], dict[str, list[Any]]]


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def killed_at(database: Database, number: int) -> Iterator[list[str]]:
    """The process ends instead of running its statement with that number; the commit counts as one, too."""
    seen: list[str] = []

    def count(*values: Any) -> None:
        seen.append(values[2] if len(values) > 1 else "COMMIT")
        if len(seen) == number:
            raise Killed

    for name in ("before_cursor_execute", "commit"):
        event.listen(database.engine, name, count)
    try:
        yield seen
    finally:
        for name in ("before_cursor_execute", "commit"):
            event.remove(database.engine, name, count)


def killed_everywhere(
    office: Office, run: Callable[[], object], stored: Stored = everything_stored
) -> tuple[int, dict[str, list[Any]]]:
    """Run it and end it at its first statement, then at its second, until it comes through: nothing is ever half done.

    Gives how often it was ended, and what was stored before it came through.
    """
    before = stored(office.database)
    for number in range(1, 200):
        try:
            with killed_at(office.database, number) as seen:
                run()
        except Killed:
            office.database.close()  # with the process its connections end
            assert stored(office.database) == before, seen[-1]
            continue
        return number - 1, before
    raise AssertionError("it never came through")


CONFIRMED = [
    (ADD, "contact_added", {"person": 1, "access": 1, "invitation": 1, "undo_link": 2, "mail": 3, "attempt": 1}),
    (ROLE, "contact_role_changed", {"access": 1, "undo_link": 2, "mail": 2}),
    (REMOVE, "contact_deactivated", {"undo_link": 2, "mail": 3}),
    (BACK, "contact_reactivated", {"access": 1, "invitation": 1, "undo_link": 2, "mail": 3, "attempt": 1}),
    (AGAIN, "contact_invited_again", {"invitation": 1, "mail": 1, "attempt": 1}),
]


@pytest.mark.parametrize(("kind", "action", "rows"), CONFIRMED)
def test_wherever_the_process_ends_a_confirmed_change_happens_once(
    office: Office, kind: str, action: str, rows: dict[str, int]
) -> None:
    contact_id = RITA
    if kind == BACK:
        office.do(service.deactivate, RITA)
    if kind == AGAIN:
        contact_id = office.add().id
    office.go(minutes=1)
    session = office.sign_in(ANA)
    reference = propose(office, session, kind, contact_id)
    times, before = killed_everywhere(office, lambda: confirm(office, session, reference))
    assert times > 12
    after = everything_stored(office.database)
    more = {name: len(after[name]) - len(before[name]) for name in after if len(after[name]) != len(before[name])}
    assert more == rows | {"audit": 1}
    assert office.actions()[-1] == (action, "done")
    with pytest.raises(Gone):
        confirm(office, session, reference)


def test_wherever_the_process_ends_a_change_is_undone_once(office: Office) -> None:
    office.add()
    token = office.undo_token()
    office.go(minutes=1)
    links = UndoLinks(office.database, AREA, office.clock)
    times, before = killed_everywhere(office, lambda: links.undo(token))
    after = everything_stored(office.database)
    assert times > 12
    assert len(after["mail"]) - len(before["mail"]) == 3
    assert len(after["audit"]) - len(before["audit"]) == 1


def test_wherever_the_process_ends_an_invitation_is_accepted_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    hash_cheaply(monkeypatch)
    office.add()
    token = office.token("contact_invited", PAULA.email)
    typed = Accepting(PAULA.identifier, "Paula", "Sáenz", PASSWORD, PASSWORD)
    invitations = Invitations(office.database, AREA, office.clock)
    times, before = killed_everywhere(office, lambda: invitations.accept(token, typed))
    after = everything_stored(office.database)
    assert times > 12
    assert len(after["credential"]) - len(before["credential"]) == 1
    assert len(after["audit"]) - len(before["audit"]) == 1


def test_a_refusal_leaves_the_rest_of_the_turn_as_it_is(office: Office) -> None:
    session = office.sign_in(PEDRO)
    with office.database.writing() as connection:
        reference = operations.propose(connection, session, ADD, details_of(ADD, 0), office.now)
        operations.take(connection, session, reference, office.now)
        with pytest.raises(NotAllowed):
            service.add(connection, AREA, office.stale(PEDRO), PAULA, CHAT, office.now)
    assert office.actions() == [("contact_added", "refused")]
    with pytest.raises(Gone):
        confirm(office, session, reference)
