"""Who was invited says who they are and chooses a password, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from bot.accounts.store import access_table
from bot.contacts import service
from bot.contacts.invitations import Accepting, FormProblem, Invitations
from bot.contacts.model import State
from bot.contacts.store import invitation_table, use_invitation
from bot.identity import passwords
from bot.identity.links import Gone, LinkGone
from bot.identity.passwords import PasswordProblem, credential_table
from bot.identity.persons import person_by_id, person_table
from tests.contacts.office import ANA, AREA, NOBODY, NOW, PAULA, SOL, Office, email, everything_stored, nif
from tests.identity.house import at_once, hash_cheaply

PASSWORD = "una frase bien larga"
RIGHT = Accepting("12.121.212-m", " Paula ", "Sáenz de  Miera", PASSWORD, PASSWORD)
NURIA = replace(PAULA, identifier=nif(11_111_111 * NOBODY), email=email(NOBODY))


@pytest.fixture
def invitations(office: Office, monkeypatch: pytest.MonkeyPatch) -> Invitations:
    hash_cheaply(monkeypatch)
    return Invitations(office.database, AREA, office.clock)


def invited(office: Office) -> tuple[int, str]:
    """A new contact, and the token that was mailed to her."""
    return office.add().id, office.token("contact_invited", PAULA.email)


def closed(invitations: Invitations, token: str) -> Gone:
    found: list[Gone] = []
    for call in (lambda: invitations.look(token), lambda: invitations.accept(token, RIGHT)):
        with pytest.raises(LinkGone) as error:
            call()
        found.append(error.value.why)
    assert found[0] is found[1]
    return found[0]


def test_an_invitation_says_who_invites_to_what(office: Office, invitations: Invitations) -> None:
    new, token = invited(office)
    found = invitations.look(token)
    assert (found.invited_by, found.agency_name, found.has_account) == ("Ana Núñez Gil", "Gestoría Sol", False)
    assert found.contact == office.contacts()[new]
    assert (found.person.email, found.person.first_name) == (PAULA.email, "Paula")


def test_accepting_sets_the_password_and_the_names(office: Office, invitations: Invitations) -> None:
    new, token = invited(office)
    assert invitations.accept(token, replace(RIGHT, first_name="Paula María")) == ()
    with office.database.reading() as connection:
        password_hash = passwords.password_hash_of(connection, new)
        person = person_by_id(connection, new)
    assert passwords.is_right(PASSWORD, password_hash)
    assert person is not None
    assert (person.name, person.email) == ("Paula María Sáenz de Miera", PAULA.email)
    assert office.contacts()[new].state is State.ACTIVE
    entry = office.entries()[-1].entry
    assert (entry.action, entry.person_id, entry.agency_id) == ("invitation_accepted", new, SOL)


def test_an_invitation_works_once(office: Office, invitations: Invitations) -> None:
    _new, token = invited(office)
    assert invitations.accept(token, RIGHT) == ()
    assert closed(invitations, token) is Gone.USED


def test_two_tabs_at_once_accept_once(office: Office, invitations: Invitations) -> None:
    _new, token = invited(office)

    def outcome() -> str:
        try:
            return str(invitations.accept(token, RIGHT))
        except LinkGone as error:
            return error.why

    assert sorted(at_once(outcome, 3)) == ["()", "used", "used"]
    assert [action for action, _ in office.actions()].count("invitation_accepted") == 1


@pytest.mark.parametrize(
    ("changed", "problems"),
    [
        ({"identifier": ""}, [FormProblem.EMPTY_IDENTIFIER]),
        ({"identifier": "12121212A"}, [FormProblem.WRONG_FORMAT]),
        ({"identifier": "B12345674"}, [FormProblem.WRONG_FORMAT]),
        ({"identifier": nif(1)}, [FormProblem.OTHER_IDENTIFIER]),
        ({"identifier": "pasaporte AAA123456"}, [FormProblem.OTHER_IDENTIFIER]),
        ({"first_name": "", "surnames": "2"}, [FormProblem.WRONG_FIRST_NAME, FormProblem.WRONG_SURNAMES]),
        ({"password": "corta", "repeated": "corta"}, [PasswordProblem.TOO_SHORT]),
        ({"repeated": "otra"}, [PasswordProblem.DIFFERENT]),
        ({"password": "mi nif 12121212", "repeated": "mi nif 12121212"}, [PasswordProblem.LIKE_IDENTIFIER]),
        ({"first_name": "", "password": "x"}, [FormProblem.WRONG_FIRST_NAME, PasswordProblem.TOO_SHORT]),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_done(
    office: Office, invitations: Invitations, changed: dict[str, str], problems: list[object]
) -> None:
    new, token = invited(office)
    assert list(invitations.accept(token, replace(RIGHT, **changed))) == problems
    with office.database.reading() as connection:
        assert passwords.password_hash_of(connection, new) is None
    assert invitations.accept(token, RIGHT) == ()


def test_the_password_tells_nothing_about_the_invited_identifier(office: Office, invitations: Invitations) -> None:
    _new, token = invited(office)
    guess = replace(RIGHT, identifier=nif(1), password="mi nif 12121212", repeated="mi nif 12121212")
    assert invitations.accept(token, guess) == (FormProblem.OTHER_IDENTIFIER,)


def test_whose_it_is_cannot_be_found_out_by_trying(office: Office, invitations: Invitations) -> None:
    _new, token = invited(office)
    outcomes = [invitations.accept(token, replace(RIGHT, identifier=nif(number))) for number in range(1, 7)]
    assert outcomes == [(FormProblem.OTHER_IDENTIFIER,)] * 5 + [(FormProblem.LOCKED,)]
    assert invitations.accept(token, RIGHT) == (FormProblem.LOCKED,)
    assert office.actions().count(("invitation_accepted", "failed")) == 5
    office.go(hours=1)
    assert invitations.accept(token, RIGHT) == ()


def test_an_invitation_works_for_seven_days(office: Office, invitations: Invitations) -> None:
    _new, token = invited(office)
    office.now += timedelta(days=7)
    assert closed(invitations, token) is Gone.EXPIRED
    office.now -= timedelta(seconds=1)
    assert invitations.accept(token, RIGHT) == ()


def test_an_invitation_of_somebody_who_was_removed_is_revoked(office: Office, invitations: Invitations) -> None:
    new, token = invited(office)
    office.do(service.deactivate, new)
    assert closed(invitations, token) is Gone.REVOKED
    office.do(service.reactivate, new)
    assert closed(invitations, token) is Gone.REVOKED
    assert invitations.accept(office.token("contact_invited", PAULA.email), RIGHT) == ()


def test_an_invitation_whose_right_has_run_out_is_revoked(office: Office, invitations: Invitations) -> None:
    new, token = invited(office)
    with office.database.writing() as connection:
        ended = update(access_table).where(access_table.c.person_id == new)
        connection.execute(ended.values(valid_until=office.now))
    assert closed(invitations, token) is Gone.REVOKED


def test_only_the_newest_invitation_works(office: Office, invitations: Invitations) -> None:
    new, token = invited(office)
    office.do(service.invite_again, new)
    assert closed(invitations, token) is Gone.REVOKED
    assert invitations.accept(office.token("contact_invited", PAULA.email), RIGHT) == ()


def test_an_invitation_outlives_a_change_of_role(office: Office, invitations: Invitations) -> None:
    new, token = invited(office)
    office.do(service.change_until, new, NOW.date())
    assert invitations.look(token).contact.until == NOW.date()
    assert invitations.accept(token, RIGHT) == ()


@pytest.mark.parametrize("token", ["", "x" * 22, "ñ"])
def test_a_token_that_nobody_was_sent_is_unknown(invitations: Invitations, token: str) -> None:
    assert closed(invitations, token) is Gone.UNKNOWN


def test_an_invitation_never_changes_a_password(office: Office, invitations: Invitations) -> None:
    office.add(NURIA)
    token = office.token("contact_invited", email(NOBODY))
    assert invitations.look(token).has_account
    before = everything_stored(office.database)
    with pytest.raises(LinkGone):
        invitations.accept(token, replace(RIGHT, identifier=NURIA.identifier))
    assert everything_stored(office.database) == before


def test_somebody_known_who_never_chose_a_password_does_so(office: Office, invitations: Invitations) -> None:
    with office.database.writing() as connection:
        connection.execute(delete(credential_table).where(credential_table.c.person_id == NOBODY))
    office.add(NURIA)
    token = office.token("contact_invited", email(NOBODY))
    assert invitations.accept(token, replace(RIGHT, identifier=NURIA.identifier)) == ()


@pytest.mark.parametrize("change", [service.invite_again, service.deactivate])
def test_an_invitation_that_is_revoked_while_the_password_is_hashed_does_nothing(
    office: Office, invitations: Invitations, monkeypatch: pytest.MonkeyPatch, change: Any
) -> None:
    new, token = invited(office)
    real = passwords.hash_password

    def slow(password: str) -> str:
        office.do(change, new)
        return real(password)

    monkeypatch.setattr(passwords, "hash_password", slow)
    with pytest.raises(LinkGone) as error:
        invitations.accept(token, RIGHT)
    assert error.value.why is Gone.REVOKED
    with office.database.reading() as connection:
        assert passwords.password_hash_of(connection, new) is None


def test_one_that_was_used_or_revoked_cannot_be_used_up(office: Office) -> None:
    new, _token = invited(office)
    with office.database.writing() as connection:
        assert [use_invitation(connection, 1, office.now) for _ in range(2)] == [True, False]
    office.do(service.invite_again, new)
    office.do(service.invite_again, new)
    with office.database.writing() as connection:
        assert [use_invitation(connection, number, office.now) for number in (2, 3)] == [False, True]


def test_of_an_imported_right_nobody_is_named_as_giver(office: Office, invitations: Invitations) -> None:
    new, token = invited(office)
    with office.database.writing() as connection:
        connection.execute(update(access_table).where(access_table.c.person_id == new).values(given_by=None))
    assert invitations.look(token).invited_by == ""


def test_the_hash_is_made_outside_of_any_transaction(
    office: Office, invitations: Invitations, monkeypatch: pytest.MonkeyPatch
) -> None:
    _new, token = invited(office)
    real = passwords.hash_password

    def watched(password: str) -> str:
        with office.database.writing() as connection:  # would wait for ever if a transaction were open
            connection.execute(update(person_table).where(person_table.c.id == ANA).values(surnames="Written"))
        return real(password)

    monkeypatch.setattr(passwords, "hash_password", watched)
    assert invitations.accept(token, RIGHT) == ()
    with office.database.reading() as connection:
        used = connection.execute(select(invitation_table.c.used_at)).scalar_one()
    assert used == office.now
