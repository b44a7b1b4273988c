"""Who sees a document, who opens it, and what is left of one that was deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from sqlalchemy import Connection

from bot.audit.model import Result
from bot.documents import service
from bot.documents.downloads import Unusable, Why, link_to_document
from bot.documents.model import Document, NotFound
from bot.documents.storage import NotStored
from bot.identity.sessions import Session, session_of
from tests.documents.files import printed_pdf
from tests.documents.house import AREA, BEATRIZ, BROWSER, CHAT, OTHER_CHAT, PAULA, SECOND_AGENCY, House

PDF = printed_pdf(1)
PROCEDURE = 77
Result_ = TypeVar("Result_")


def sent(house: House, address: str = CHAT) -> Document:
    document = house.send(PDF, address=address).document
    assert document is not None
    return document


def within(house: House, address: str, call: Callable[[Connection, Session | None], Result_]) -> Result_:
    """`call` as an action makes it: in a turn of that conversation."""
    with house.database.writing() as connection:
        return call(connection, session_of(connection, address, house.clock.now))


def opens(house: House, document: Document, address: str = CHAT) -> bool:
    try:
        within(
            house,
            address,
            lambda connection, session: service.open_document(
                connection, address, session, document.reference, house.clock.now
            ),
        )
    except NotFound:
        return False
    return True


def test_one_who_is_not_signed_in_sees_what_this_conversation_sent(house: House) -> None:
    document = sent(house)
    assert house.documents() == [document]
    assert house.documents(OTHER_CHAT) == []
    assert (opens(house, document), opens(house, document, OTHER_CHAT)) == (True, False)


def test_signed_in_one_sees_ones_own_from_every_conversation(house: House) -> None:
    house.sign_in()
    document = sent(house)
    house.sign_in(address=OTHER_CHAT)
    assert house.documents(OTHER_CHAT) == [document]
    assert opens(house, document, OTHER_CHAT)


def test_what_was_sent_before_the_sign_in_is_still_seen(house: House) -> None:
    before = sent(house)
    house.sign_in()
    assert house.documents() == [before]


def test_what_was_sent_before_an_agency_was_chosen_is_seen_for_every_agency(house: House) -> None:
    house.sign_in(agency=None)
    document = sent(house)
    house.sign_in(agency=SECOND_AGENCY)
    assert house.documents() == [document]


def test_after_signing_out_it_is_not_seen(house: House) -> None:
    house.sign_in()
    document = sent(house)
    house.sign_out()
    assert house.documents() == []
    assert not opens(house, document)


def test_another_person_or_agency_does_not_see_it(house: House) -> None:
    house.sign_in()
    document = sent(house)
    for person, agency in ((PAULA, 1), (BEATRIZ, SECOND_AGENCY), (BEATRIZ, None)):
        house.sign_in(person, agency)  # even in the same conversation
        assert house.documents() == []
        assert not opens(house, document)


def test_opening_is_in_the_audit(house: House) -> None:
    session = house.sign_in()
    document = sent(house)
    opens(house, document)
    entry = house.entries()[-1]
    assert (entry.action, entry.object_id, entry.person_id) == ("document_opened", str(document.id), session.person_id)


def test_documents_of_one_paper(house: House) -> None:
    document = sent(house)
    for purpose, seen in (("deed", [document]), ("power", [])):
        assert within(house, CHAT, lambda c, s, p=purpose: service.documents_of(c, CHAT, s, p)) == seen  # type: ignore[misc]


def delete(house: House, document: Document, address: str = CHAT) -> None:
    within(
        house,
        address,
        lambda connection, session: service.delete_document(
            connection, address, session, document.reference, house.clock.now
        ),
    )


def test_a_deleted_document_is_seen_by_nobody_and_its_bytes_go_with_the_sweep(house: House) -> None:
    document = sent(house)
    delete(house, document)
    assert house.documents() == []
    row = house.rows()[0]
    assert (row.state, row.name, row.sha256) == ("deleted", "", "")
    house.upkeep.sweep(house.clock.now)
    with pytest.raises(NotStored):
        house.content(document)
    assert house.stored_files() == []
    assert house.rows()[0].storage_key == ""
    assert [entry.action for entry in house.entries()] == ["document_kept", "document_deleted"]


def test_nobody_deletes_what_is_anothers(house: House) -> None:
    document = sent(house)
    with pytest.raises(NotFound):
        delete(house, document, OTHER_CHAT)
    assert house.documents() == [document]


def attach(house: House, references: list[str], procedure: int = PROCEDURE, address: str = CHAT) -> None:
    within(
        house,
        address,
        lambda connection, session: service.attach(
            connection, address, session, references, procedure, house.clock.now
        ),
    )


def test_documents_of_a_procedure_are_listed_and_not_deleted(house: House) -> None:
    document = sent(house)
    attach(house, [document.reference])
    with house.database.reading() as connection:
        listed = service.documents_of_procedure(connection, PROCEDURE)
    assert [one.id for one in listed] == [document.id]
    with pytest.raises(NotFound):
        delete(house, document)
    attach(house, [document.reference])
    with pytest.raises(NotFound):
        attach(house, [document.reference], procedure=78)


def test_anothers_document_is_put_to_no_procedure_and_neither_is_the_rest(house: House) -> None:
    own, others = sent(house), sent(house, OTHER_CHAT)
    with pytest.raises(NotFound):
        attach(house, [own.reference, others.reference])
    assert [row.procedure_id for row in house.rows()] == [None, None]


def link(house: House, document: Document, address: str = CHAT) -> str:
    made = within(
        house,
        address,
        lambda connection, session: link_to_document(
            connection, AREA, address, session, document.reference, house.clock.now
        ),
    )
    assert made.startswith("https://area.example/documentos/")
    return made.rpartition("/")[2]


def refusal(house: House, token: str, browser: str | None = BROWSER) -> Why:
    with pytest.raises(Unusable) as looked:
        house.downloads.look(token, browser)
    with pytest.raises(Unusable) as fetched:
        house.downloads.fetch(token, browser)
    assert looked.value.why is fetched.value.why
    return fetched.value.why


def test_a_link_gives_the_document_for_ten_minutes(house: House) -> None:
    document = sent(house)
    token = link(house, document)
    house.clock.go(minutes=9, seconds=59)
    given, content = house.downloads.fetch(token, None)
    assert (given, b"".join(content)) == (document, PDF)
    assert house.downloads.look(token, None) == document
    house.clock.go(seconds=1)
    assert refusal(house, token) is Why.EXPIRED


def test_a_link_of_a_session_works_in_its_browser_only(house: House) -> None:
    house.sign_in()
    token = link(house, sent(house))
    assert house.downloads.fetch(token, BROWSER)[0] == house.documents()[0]
    for browser in (None, "another cookie"):
        assert refusal(house, token, browser) is Why.NOT_FOR_YOU
    entry = house.entries()[-1]
    assert (entry.action, entry.result) == ("document_opened", Result.REFUSED)


def test_a_link_made_while_signed_in_stays_with_its_browser_also_for_what_was_sent_before(house: House) -> None:
    before = sent(house)
    house.sign_in()
    token = link(house, before)
    assert house.downloads.fetch(token, BROWSER)[0] == before
    assert refusal(house, token, "another cookie") is Why.NOT_FOR_YOU


def test_a_link_dies_with_its_session_its_agency_and_its_document(house: House) -> None:
    house.sign_in()
    token = link(house, sent(house))
    house.sign_in(agency=SECOND_AGENCY)
    assert refusal(house, token) is Why.NOT_FOR_YOU
    house.sign_in()
    document = house.documents()[0]
    token = link(house, document)
    delete(house, document)
    assert refusal(house, token) is Why.NOT_FOR_YOU


def test_nobody_makes_a_link_to_what_is_anothers(house: House) -> None:
    document = sent(house)
    with pytest.raises(NotFound):
        link(house, document, OTHER_CHAT)


def test_a_made_up_link_gives_nothing(house: House) -> None:
    for token in ("", "x", "ñ", "a.b.c", "WyJ4Il0.aaaa.bbbb"):
        assert refusal(house, token) is Why.NOT_FOR_YOU
