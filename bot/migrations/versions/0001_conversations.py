"""Conversations, their messages and their dialogue state."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("address", sa.String(200), nullable=False, unique=True),
        sa.Column("last_sequence", sa.Integer, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_table(
        "message",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("conversation_id", IDENTITY, sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("author", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("buttons", sa.JSON, nullable=False),
        sa.Column("channel_message_id", sa.String(200)),
        sa.Column("answers_id", IDENTITY, sa.ForeignKey("message.id", ondelete="CASCADE"), index=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.UniqueConstraint("conversation_id", "sequence", name="uq_message_conversation_id_sequence"),
        sa.UniqueConstraint(
            "conversation_id", "channel_message_id", name="uq_message_conversation_id_channel_message_id"
        ),
    )
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_message_waiting",
        "message",
        ["conversation_id", "sequence"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_table(
        "dialogue",
        sa.Column("address", sa.String(200), primary_key=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
    )


def downgrade() -> None:
    for table in ("dialogue", "message", "conversation"):
        op.drop_table(table)
