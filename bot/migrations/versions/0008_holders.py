"""Who has a conversation, who of the staff wrote a message, and how far remote channels have been sent to."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

MOMENT = sa.DateTime(timezone=True)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("conversation", sa.Column("holder", sa.String(16), nullable=False, server_default="assistant"))
    op.add_column("message", sa.Column("signed_by", sa.String(80), nullable=False, server_default=""))
    op.create_table(
        "outbound",
        sa.Column("conversation_id", IDENTITY, sa.ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("sent_sequence", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", MOMENT),
        sa.Column("problem", sa.String(200)),
    )
    op.create_index("ix_outbound_due_at", "outbound", ["due_at"])


def downgrade() -> None:
    op.drop_table("outbound")
    op.drop_column("message", "signed_by")
    op.drop_column("conversation", "holder")
