"""What can be done with documents that were sent. Every call says who asks and reaches that one's own, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, or_

from bot.audit.model import Entry, Result
from bot.audit.service import record
from bot.documents import store
from bot.documents.model import FROM_STAFF, Document, NotFound, ScanState
from bot.identity.sessions import Session

document = store.document_table.c


def documents_of(
    connection: Connection, address: str, session: Session | None, purpose: str | None = None
) -> list[Document]:
    """What the person who asks sent, the first sent first.

    Not signed in: what was sent in this very conversation without a sign-in. Signed in: that, and what the same person
    sent, from any conversation of theirs, before they chose an agency or for the one that they act for now.
    """
    which = _mine(address, session)
    return store.documents(connection, *which, *([document.purpose == purpose] if purpose else []))


def open_document(
    connection: Connection, address: str, session: Session | None, reference: str, now: datetime
) -> Document:
    """One's own document, to be handed out; the audit says so. Raises NotFound for anybody else's and for none."""
    found = document_of(connection, address, session, reference)
    record(connection, now, entry_of(found, "document_opened", address, session))
    return found


def document_of(connection: Connection, address: str, session: Session | None, reference: str) -> Document:
    """One's own document. Raises NotFound, also when it is another's."""
    return _only(store.documents(connection, *_mine(address, session), document.reference == reference))


def delete_document(
    connection: Connection, address: str, session: Session | None, reference: str, now: datetime
) -> None:
    """Nobody sees the document any more; its bytes go with the next sweep. Raises NotFound.

    One that belongs to a procedure is that procedure's evidence and stays: NotFound too.
    """
    found = document_of(connection, address, session, reference)
    if found.procedure_id is not None:
        raise NotFound
    store.mark_deleted(connection, found)
    record(connection, now, entry_of(found, "document_deleted", address, session))


def attach(
    connection: Connection,
    address: str,
    session: Session | None,
    references: Sequence[str],
    procedure_id: int,
    now: datetime,
    purpose: str | None = None,
) -> list[Document]:
    """Put one's own documents to a procedure that is one's own; the caller has checked the procedure.

    `purpose` says which paper they are there; None leaves what was said when they were sent.

    Raises NotFound, and the caller keeps nothing of it, when one of them is another's or belongs to another procedure already.
    """
    found = [document_of(connection, address, session, reference) for reference in references]
    if any(one.procedure_id not in (None, procedure_id) for one in found):
        raise NotFound
    for one in found:
        if not store.set_procedure(connection, one, procedure_id, purpose or one.purpose):
            raise NotFound
        record(connection, now, entry_of(one, "document_attached", address, session))
    return found


def documents_of_procedure(connection: Connection, procedure_id: int) -> list[Document]:
    """What belongs to a procedure. Whether the one who asks may see the procedure is the caller's to check."""
    return store.documents(connection, document.procedure_id == procedure_id)


def unsorted_documents(connection: Connection, address: str, session: Session | None) -> list[Document]:
    """One's own documents that belong to no procedure yet, the first sent first."""
    return store.documents(connection, *_mine(address, session), document.procedure_id.is_(None))


def document_for_staff(
    connection: Connection, procedure_id: int, reference: str, staff: str, now: datetime
) -> Document:
    """A document of a procedure, to be handed to a member of staff, whom `staff` names in the audit.

    Whether they may see the procedure is the caller's to check. Raises NotFound for what does not belong to it.
    """
    which = (document.procedure_id == procedure_id, document.reference == reference)
    found = _only(store.documents(connection, *which))
    record(connection, now, _read_by_staff(found, staff))
    return found


def give_to_person(
    connection: Connection, sent: Document, address: str, session: Session | None, procedure_id: int
) -> Document:
    """Make what somebody of the staff has just sent a document of the conversation that it is for.

    From then on it is reached like one's own: by who is signed in there now, else by that conversation.
    """
    whose = {
        "person_id": session.person_id if session else None,
        "agency_id": session.agency_id if session else None,
    }
    return store.give(connection, sent, address=address, procedure_id=procedure_id, purpose=FROM_STAFF, **whose)


def given_to_person(connection: Connection, address: str, reference: str) -> Document:
    """What the staff sent in a conversation, for the channel that brings it there. Raises NotFound for anything else."""
    which = (document.address == address, document.purpose == FROM_STAFF, document.reference == reference)
    return _only(store.documents(connection, *which))


def document_in_conversation(
    connection: Connection, address: str, person_id: int | None, reference: str, staff: str, now: datetime
) -> Document:
    """A document that came or went in a conversation, to be handed to a member of staff, whom `staff` names in the audit.

    What belongs to another person than `person_id`, who is there now, is not found. Whether the member has the
    conversation is the caller's to check. Raises NotFound.
    """
    whose = or_(document.person_id.is_(None), document.person_id == person_id)
    found = _only(store.documents(connection, document.address == address, whose, document.reference == reference))
    record(connection, now, _read_by_staff(found, staff))
    return found


def is_of_conversation(sent: Document, address: str, person_id: int | None) -> bool:
    """Whether `document_in_conversation` would find it."""
    return sent.address == address and sent.person_id in (None, person_id)


def states_of(connection: Connection, references: Sequence[str]) -> dict[str, ScanState]:
    """What the virus scanner says of documents, by their references; what is not kept any more is left out."""
    found = store.documents(connection, document.reference.in_(references)) if references else []
    return {each.reference: each.scan_state for each in found}


def entry_of(
    sent: Document, action: str, address: str, session: Session | None = None, result: Result = Result.DONE
) -> Entry:
    """What the audit says of something done to a document, by the one who is signed in at that address."""
    return Entry(
        action,
        result,
        address=address,
        person_id=session.person_id if session else None,
        agency_id=session.agency_id if session else None,
        object_kind="document",
        object_id=str(sent.id),
    )


def _read_by_staff(read: Document, staff: str) -> Entry:
    return Entry("document_read", address=staff, object_kind="document", object_id=str(read.id))


def _only(found: list[Document]) -> Document:
    if not found:
        raise NotFound
    return found[0]


def _mine(address: str, session: Session | None) -> list[ColumnElement[bool]]:
    """After signing out a conversation no longer reaches what was sent while signed in: the browser may be a shared one."""
    if session is None:
        return [document.address == address, document.person_id.is_(None)]
    own = document.person_id == session.person_id
    for_this_agency = document.agency_id.is_(None) | (document.agency_id == session.agency_id)
    sent_here_before = (document.address == address) & document.person_id.is_(None)
    return [(own & for_this_agency) | sent_here_before]
