"""The tables of documents and of files that are arriving, and the queries on them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from bot.database import Moment, identity, metadata
from bot.documents.model import Document, MediaType, Reason, ScanState, Settled, State, Upload

KEPT_OUTCOME = "kept"

document_table = Table(
    "document",
    metadata,
    Column("id", identity, primary_key=True),
    Column("reference", String(43), nullable=False, unique=True),
    Column("address", String(200), nullable=False, index=True),
    Column("person_id", identity, ForeignKey("person.id"), index=True),
    Column("agency_id", identity, ForeignKey("agency.id"), index=True),
    Column("procedure_id", BigInteger, index=True),
    Column("purpose", String(48), nullable=False),
    Column("name", String(120), nullable=False),
    Column("media_type", String(32), nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("storage_key", String(80), nullable=False),
    Column("scan_state", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("ix_document_state_scan_state", "state", "scan_state"),
    Index("ix_document_procedure_id_created_at", "procedure_id", "created_at"),
)

upload_table = Table(
    "upload",
    metadata,
    Column("id", identity, primary_key=True),
    Column("reference", String(43), nullable=False, unique=True),
    Column("address", String(200), nullable=False),
    Column("remote_digest", String(64)),
    Column("person_id", identity, ForeignKey("person.id")),
    Column("agency_id", identity, ForeignKey("agency.id")),
    Column("purpose", String(48), nullable=False),
    Column("name", String(300), nullable=False),
    Column("size", Integer, nullable=False),
    Column("received", Integer, nullable=False),
    Column("parts_key", String(80), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("settling_at", Moment),
    Column("outcome", String(16)),
    Column("document_id", identity, ForeignKey("document.id")),
    Column("procedure_id", BigInteger),
    Column("noted_at", Moment),
    Column("told_at", Moment),
    Index("ix_upload_address_created_at", "address", "created_at"),
    Index("ix_upload_remote_digest_created_at", "remote_digest", "created_at"),
    Index("ix_upload_created_at", "created_at"),
    Index("ix_upload_told_at_outcome", "told_at", "outcome"),
)

upload_part_table = Table(
    "upload_part",
    metadata,
    Column("upload_id", ForeignKey("upload.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("storage_key", String(80), nullable=False),
)
"""A piece of a file that is arriving: `position` is the offset of its first byte."""

_document, _upload, _part = document_table.c, upload_table.c, upload_part_table.c
_IS_KEPT = _document.state == State.KEPT


def add_upload(connection: Connection, values: dict[str, Any]) -> Upload:
    """Store a new upload."""
    return _as_upload(connection.execute(insert(upload_table).values(values).returning(upload_table)).one())


def upload_by_reference(connection: Connection, address: str, reference: str, now: datetime) -> Row[Any] | None:
    """The row of an upload that this conversation began and that has not expired."""
    mine = (_upload.reference == reference, _upload.address == address, _upload.expires_at > now)
    return connection.execute(select(upload_table).where(*mine)).first()


def as_upload(row: Row[Any]) -> Upload:
    """The upload of a row."""
    return _as_upload(row)


def settled(connection: Connection, row: Row[Any]) -> Settled | None:
    """How the upload of a row ended; None while it has not."""
    if row.outcome is None:
        return None
    if row.outcome != KEPT_OUTCOME:
        return Settled(_as_upload(row), None, Reason(row.outcome))
    kept = connection.execute(select(document_table).where(_document.id == row.document_id)).first()
    return Settled(_as_upload(row), None if kept is None else _as_document(kept), None)


def begun_since(connection: Connection, since: datetime, *which: ColumnElement[bool]) -> tuple[int, int]:
    """How many uploads began after a moment, and how many bytes they announced."""
    counted = select(func.count(), func.coalesce(func.sum(_upload.size), 0))
    number, size = connection.execute(counted.where(_upload.created_at > since, *which)).one()
    return number, int(size)


def add_part(connection: Connection, upload: Upload, offset: int, length: int, storage_key: str) -> bool:
    """Add a piece at the end; False when other bytes came in between or the upload has ended."""
    at_the_end = (_upload.id == upload.id, _upload.received == offset, _upload.outcome.is_(None))
    grown = update(upload_table).where(*at_the_end).values(received=offset + length)
    if connection.execute(grown).rowcount != 1:
        return False
    values = {"upload_id": upload.id, "position": offset, "storage_key": storage_key}
    connection.execute(insert(upload_part_table).values(values))
    return True


def part_keys(connection: Connection, upload: Upload) -> list[str]:
    """Where the pieces of an upload lie, in their order."""
    keys = select(_part.storage_key).where(_part.upload_id == upload.id).order_by(_part.position)
    return list(connection.execute(keys).scalars())


def count_parts(connection: Connection, upload: Upload) -> int:
    """In how many pieces an upload has arrived so far."""
    counted = select(func.count()).select_from(upload_part_table).where(_part.upload_id == upload.id)
    return connection.execute(counted).scalar_one()


def claim(connection: Connection, upload: Upload, now: datetime, given_up_after: timedelta) -> bool:
    """Be the one who settles an upload; False while another is at it. A claim that is too old counts no more."""
    free = or_(_upload.settling_at.is_(None), _upload.settling_at <= now - given_up_after)
    mine = update(upload_table).where(_upload.id == upload.id, _upload.outcome.is_(None), free)
    return connection.execute(mine.values(settling_at=now)).rowcount == 1


def release(connection: Connection, upload: Upload, claimed_at: datetime) -> None:
    """Let others settle an upload that could not be settled now."""
    mine = (_upload.id == upload.id, _upload.settling_at == claimed_at)
    connection.execute(update(upload_table).where(*mine).values(settling_at=None))


def end_upload(
    connection: Connection, upload: Upload, claimed_at: datetime, outcome: str, document_id: int | None
) -> bool:
    """Write how an upload ended; False when the claim had grown too old and somebody else took it."""
    mine = (_upload.id == upload.id, _upload.settling_at == claimed_at, _upload.outcome.is_(None))
    ended = update(upload_table).where(*mine).values(outcome=outcome, document_id=document_id)
    return connection.execute(ended).rowcount == 1


def give_up(connection: Connection, upload: Upload, now: datetime) -> bool:
    """Nobody continues it from now on; False when it has ended or is being settled."""
    still = (_upload.id == upload.id, _upload.outcome.is_(None), _upload.settling_at.is_(None))
    return connection.execute(update(upload_table).where(*still).values(expires_at=now)).rowcount == 1


def expired_uploads(connection: Connection, now: datetime, most: int) -> list[Upload]:
    """Uploads that nobody can continue any more, the oldest first."""
    rows = select(upload_table).where(_upload.expires_at <= now).order_by(_upload.expires_at).limit(most)
    return [_as_upload(row) for row in connection.execute(rows)]


def remove_upload(connection: Connection, upload: Upload) -> None:
    """Forget an upload and its pieces."""
    connection.execute(delete(upload_part_table).where(_part.upload_id == upload.id))
    connection.execute(delete(upload_table).where(_upload.id == upload.id))


def add_document(connection: Connection, values: dict[str, Any]) -> int:
    """Store a document that is arriving; gives its id."""
    added = insert(document_table).values(values).returning(_document.id)
    return int(connection.execute(added).scalar_one())


def keep_document(connection: Connection, document_id: int, size: int, sha256: str) -> Document:
    """The document's bytes are stored: from now on it is there."""
    values = {"state": State.KEPT, "size": size, "sha256": sha256}
    kept = update(document_table).where(_document.id == document_id).values(values).returning(document_table)
    return _as_document(connection.execute(kept).one())


def documents(connection: Connection, *which: ColumnElement[bool]) -> list[Document]:
    """Kept documents, the first sent first."""
    rows = select(document_table).where(_IS_KEPT, *which).order_by(_document.id)
    return [_as_document(row) for row in connection.execute(rows)]


def waiting_for_scan(connection: Connection, after_id: int, most: int) -> list[Document]:
    """Kept documents that no scanner has seen, the oldest first, those after that id."""
    which = (_IS_KEPT, _document.scan_state == ScanState.NOT_SCANNED, _document.id > after_id)
    rows = select(document_table).where(*which).order_by(_document.id).limit(most)
    return [_as_document(row) for row in connection.execute(rows)]


def set_scan_state(connection: Connection, document: Document, scan_state: ScanState) -> None:
    """Write what the scanner said."""
    changed = update(document_table).where(_document.id == document.id).values(scan_state=scan_state)
    connection.execute(changed)


def set_procedure(connection: Connection, document: Document, procedure_id: int, purpose: str) -> bool:
    """Put a document to a procedure, as the paper that it is there; False when it was deleted at the same moment."""
    kept = update(document_table).where(_document.id == document.id, _IS_KEPT)
    return connection.execute(kept.values(procedure_id=procedure_id, purpose=purpose)).rowcount == 1


def give(connection: Connection, document: Document, **values: object) -> Document:
    """Make a new document somebody's: of an address, a person, an agency, a procedure, as what."""
    given = update(document_table).where(_document.id == document.id).values(values).returning(document_table)
    return _as_document(connection.execute(given).one())


def set_procedure_if_none(connection: Connection, document: Document, procedure_id: int) -> None:
    """Put a document to a procedure unless it has its place already."""
    free = (_document.id == document.id, _IS_KEPT, _document.procedure_id.is_(None))
    connection.execute(update(document_table).where(*free).values(procedure_id=procedure_id))


def kept_for_nothing(connection: Connection, before: datetime, most: int) -> list[Document]:
    """Kept documents that were sent before that moment and belong to no procedure, the oldest first."""
    which = (_IS_KEPT, _document.procedure_id.is_(None), _document.created_at < before)
    rows = select(document_table).where(*which).order_by(_document.id).limit(most)
    return [_as_document(row) for row in connection.execute(rows)]


def mark_deleted(connection: Connection, document: Document, *which: ColumnElement[bool]) -> bool:
    """Nobody sees it any more, and its name, which may say something of a person, is gone at once.

    False when it is not one of `which`.
    """
    changed = update(document_table).where(_document.id == document.id, *which)
    return connection.execute(changed.values(state=State.DELETED, name="", sha256="")).rowcount == 1


def mark_deleted_if_for_nothing(connection: Connection, document: Document) -> bool:
    """Delete it unless it was put to a procedure at the same moment."""
    return mark_deleted(connection, document, _document.procedure_id.is_(None))


def to_be_purged(connection: Connection, arriving_before: datetime, most: int) -> list[tuple[int, str]]:
    """Ids and storage keys of what was deleted, or began to arrive before that moment and never did."""
    lost = (_document.state == State.ARRIVING) & (_document.created_at < arriving_before)
    deleted = (_document.state == State.DELETED) & (_document.storage_key != "")
    rows = select(_document.id, _document.storage_key).where(or_(lost, deleted)).order_by(_document.id).limit(most)
    return [(row.id, row.storage_key) for row in connection.execute(rows)]


def mark_purged(connection: Connection, document_id: int) -> None:
    """The bytes are gone; the row stays as a record that there was a document."""
    values = {"state": State.DELETED, "storage_key": "", "name": "", "sha256": ""}
    connection.execute(update(document_table).where(_document.id == document_id).values(values))


def _as_upload(row: Row[Any]) -> Upload:
    return Upload(
        id=row.id,
        reference=row.reference,
        address=row.address,
        person_id=row.person_id,
        agency_id=row.agency_id,
        purpose=row.purpose,
        name=row.name,
        size=row.size,
        received=row.received,
        parts_key=row.parts_key,
        expires_at=row.expires_at,
        procedure_id=row.procedure_id,
    )


def _as_document(row: Row[Any]) -> Document:
    return Document(
        id=row.id,
        reference=row.reference,
        address=row.address,
        person_id=row.person_id,
        agency_id=row.agency_id,
        procedure_id=row.procedure_id,
        purpose=row.purpose,
        name=row.name,
        media_type=MediaType(row.media_type),
        size=row.size,
        sha256=row.sha256,
        storage_key=row.storage_key,
        scan_state=ScanState(row.scan_state),
        created_at=row.created_at,
    )
