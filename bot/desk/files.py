"""Files between the staff and a customer: what an agent sends becomes a document of the conversation and a message in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.area import Area
from bot.audit.model import Entry
from bot.audit.service import record
from bot.conversation import transcript
from bot.conversation.model import Attachment, Holder, Message
from bot.database import Database
from bot.desk import store
from bot.desk.mails import mail_file
from bot.desk.model import Case, NoSuchCase, NotYours, StaffMember, State
from bot.desk.staff import member_by_id
from bot.documents.model import Document, NotFound, Settled
from bot.documents.news import mark_told
from bot.documents.service import document_in_conversation, give_to_person, states_of
from bot.documents.store import set_procedure_if_none
from bot.identity.sessions import session_of

UPLOADER = "desk:{staff_id}.{case_id}"
"""In whose name an agent's file arrives; it is no conversation, so nobody in one can continue the upload."""
_UPLOADER = re.compile(r"desk:(\d+)\.(\d+)")


@dataclass(frozen=True)
class CaseFiles:
    """Synchronous; safe to call from several threads and processes. Only who has a case sends and reads its files."""

    database: Database
    area: Area
    clock: Callable[[], datetime]

    def uploader(self, by: StaffMember, case_id: int) -> str:
        """In whose name a file for the case's customer arrives. Raises NotYours, NoSuchCase."""
        with self.database.reading() as connection:
            _held(connection, by.id, case_id)
        return UPLOADER.format(staff_id=by.id, case_id=case_id)

    def settle(self, connection: Connection, settled: Settled) -> None:
        """In the transaction in which an upload ends: what is kept is said in the conversation, in the order of all that is said.

        Raises documents' NotFound, and nothing is kept, where the case was given away while the file arrived.
        """
        now = self.clock()
        mark_told(connection, settled.upload, now)
        if settled.document is not None:
            try:
                self._say(connection, settled, settled.document, now)
            except (NotYours, NoSuchCase):
                raise NotFound from None

    def _say(self, connection: Connection, settled: Settled, sent: Document, now: datetime) -> None:
        staff_id, case_id = _numbers(settled.upload.address)
        opened = transcript.open_conversation(connection, _of(connection, case_id).address, now)
        held = _held(connection, staff_id, case_id)  # as it is now that the conversation is locked
        member = member_by_id(connection, staff_id)
        if member is None or member.disabled_at is not None:
            raise NotYours
        session = session_of(connection, held.address, now)
        given = give_to_person(connection, sent, held.address, session, held.procedure_id)
        said = transcript.add_from_agent(
            connection, opened, given.name, member.name, now, _channel_id(settled), attachment_of(given)
        )
        store.note_agent_wrote(connection, held, said.sequence, now)
        mail_file(connection, self.area, held, said, now)
        record(connection, now, _sent_entry(held, given, staff_id))

    def said(self, settled: Settled) -> tuple[str, list[Message]]:
        """The conversation that an agent's file is for, and the message that brings it; none where it was refused."""
        _, case_id = _numbers(settled.upload.address)
        with self.database.writing() as connection:
            address = _of(connection, case_id).address
            opened = transcript.open_conversation(connection, address, self.clock())
            found = transcript.by_channel_id(connection, opened.id, _channel_id(settled))
        return address, [found] if found else []

    def read(self, by: StaffMember, case_id: int, reference: str) -> Document:
        """A file of the conversation, to be handed to who has it, or to a supervisor; the audit says so.

        Raises NotYours, NoSuchCase, and documents' NotFound for what came elsewhere or from another person.
        """
        with self.database.writing() as connection:
            about = _of(connection, case_id) if by.is_supervisor else _held(connection, by.id, case_id)
            staff = f"staff:{by.id}"
            return document_in_conversation(connection, about.address, about.person_id, reference, staff, self.clock())


def show_to_staff(connection: Connection, sent: Document, now: datetime) -> None:
    """A customer's file was kept: whoever of the staff has the conversation sees it there, and it is kept with the case.

    Where nobody has it nothing happens: the assistant speaks of the file.
    """
    opened = transcript.open_conversation(connection, sent.address, now)
    held = store.live_at(connection, sent.address)
    if opened.holder is not Holder.DESK or held is None:
        return
    set_procedure_if_none(connection, sent, held.procedure_id)
    transcript.add_file(connection, opened, attachment_of(sent), now)


def scan_states(connection: Connection, messages: Sequence[Message]) -> dict[str, str]:
    """What the virus scanner says of the files of messages, by their references; what is gone is left out."""
    references = [each.attachment.reference for each in messages if each.attachment]
    return {reference: state.value for reference, state in states_of(connection, references).items()}


def attachment_of(document: Document) -> Attachment:
    """What a message says of a document."""
    return Attachment(document.reference, document.name, document.media_type.value, document.size)


def _sent_entry(held: Case, given: Document, staff_id: int) -> Entry:
    """The colleague is named by number in the object's id, as in the entries on cases."""
    return Entry(
        "document_sent",
        address=held.address,
        agency_id=held.agency_id,
        object_kind="document",
        object_id=f"{given.id} staff {staff_id}",
    )


def _numbers(uploader: str) -> tuple[int, int]:
    found = _UPLOADER.fullmatch(uploader)
    if found is None:
        raise NotFound
    return int(found[1]), int(found[2])


def _channel_id(settled: Settled) -> str:
    return f"desk file {settled.upload.reference}"


def _of(connection: Connection, case_id: int) -> Case:
    found = store.by_id(connection, case_id)
    if found is None:
        raise NoSuchCase
    return found


def _held(connection: Connection, staff_id: int, case_id: int) -> Case:
    held = _of(connection, case_id)
    if held.state is not State.AGENT or held.staff_id != staff_id:
        raise NotYours
    return held
