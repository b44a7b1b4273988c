"""Documents that people send, and files that are arriving."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"

MOMENT = sa.DateTime(timezone=True)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _documents()
    _uploads()


def _documents() -> None:
    op.create_table(
        "document",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("reference", sa.String(43), nullable=False),
        sa.Column("address", sa.String(200), nullable=False, index=True),
        sa.Column("person_id", IDENTITY, sa.ForeignKey("person.id"), index=True),
        sa.Column("agency_id", IDENTITY, sa.ForeignKey("agency.id"), index=True),
        sa.Column("procedure_id", sa.BigInteger, index=True),
        sa.Column("purpose", sa.String(48), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("media_type", sa.String(32), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("storage_key", sa.String(80), nullable=False),
        sa.Column("scan_state", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("reference", name="uq_document_reference"),
    )
    op.create_index("ix_document_state_scan_state", "document", ["state", "scan_state"])


def _uploads() -> None:
    op.create_table(
        "upload",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("reference", sa.String(43), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("remote_digest", sa.String(64)),
        sa.Column("person_id", IDENTITY, sa.ForeignKey("person.id")),
        sa.Column("agency_id", IDENTITY, sa.ForeignKey("agency.id")),
        sa.Column("purpose", sa.String(48), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("received", sa.Integer, nullable=False),
        sa.Column("parts_key", sa.String(80), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False, index=True),
        sa.Column("expires_at", MOMENT, nullable=False, index=True),
        sa.Column("settling_at", MOMENT),
        sa.Column("outcome", sa.String(16)),
        sa.Column("document_id", IDENTITY, sa.ForeignKey("document.id")),
        sa.UniqueConstraint("reference", name="uq_upload_reference"),
    )
    op.create_index("ix_upload_address_created_at", "upload", ["address", "created_at"])
    op.create_index("ix_upload_remote_digest_created_at", "upload", ["remote_digest", "created_at"])
    op.create_table(
        "upload_part",
        sa.Column("upload_id", IDENTITY, sa.ForeignKey("upload.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("storage_key", sa.String(80), nullable=False),
    )


def downgrade() -> None:
    for table in ("upload_part", "upload", "document"):
        op.drop_table(table)
