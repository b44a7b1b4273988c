"""A client answers an agency's request in the chat: by the code of its mail, or signed in."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

MOMENT = sa.DateTime(timezone=True)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("assignment_request", sa.Column("code_digest", sa.String(64)))
    op.add_column("assignment_request", sa.Column("announced_at", MOMENT))
    op.execute("UPDATE assignment_request SET announced_at = used_at")
    op.create_index("ix_assignment_request_code_digest", "assignment_request", ["code_digest"], unique=True)
    with op.batch_alter_table("pending_operation") as pending:
        pending.alter_column("session_id", existing_type=IDENTITY, nullable=True)
        pending.add_column(sa.Column("address", sa.String(200)))
    op.create_index("ix_pending_operation_address", "pending_operation", ["address"])


def downgrade() -> None:
    op.drop_index("ix_pending_operation_address", "pending_operation")
    op.execute("DELETE FROM pending_operation WHERE session_id IS NULL")
    with op.batch_alter_table("pending_operation") as pending:
        pending.drop_column("address")
        pending.alter_column("session_id", existing_type=IDENTITY, nullable=False)
    op.drop_index("ix_assignment_request_code_digest", "assignment_request")
    for column in ("announced_at", "code_digest"):
        op.drop_column("assignment_request", column)
