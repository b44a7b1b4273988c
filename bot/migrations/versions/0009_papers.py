"""Which procedure a file is sent for, and whether its conversation was told what came of it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("upload", sa.Column("procedure_id", sa.BigInteger))
    op.add_column("upload", sa.Column("noted_at", MOMENT))
    op.add_column("upload", sa.Column("told_at", MOMENT))
    op.execute("UPDATE upload SET noted_at = created_at, told_at = created_at WHERE outcome IS NOT NULL")
    op.create_index("ix_upload_told_at_outcome", "upload", ["told_at", "outcome"])
    op.create_index("ix_document_procedure_id_created_at", "document", ["procedure_id", "created_at"])


def downgrade() -> None:
    op.drop_index("ix_document_procedure_id_created_at", "document")
    op.drop_index("ix_upload_told_at_outcome", "upload")
    for column in ("told_at", "noted_at", "procedure_id"):  # not in batch mode: pieces of uploads point to this table
        op.execute(f"ALTER TABLE upload DROP COLUMN {column}")
